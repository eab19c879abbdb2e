//! What a fast JSON reader would change without a word.

/// The shortest integers beyond 64 bits have this many digits.
const LONG: usize = 19;

/// Whether `json` may hold an integer beyond 64 bits, which fast readers turn into a float.
///
/// Never false where there is one; true for a few texts that have none. A run of [`LONG`] digits
/// covers every [`LONG`]th byte, so only those are looked at until one is in such a run.
#[must_use]
pub fn may_have_big_integer(json: &[u8]) -> bool {
    let mut sampled = (LONG - 1..json.len()).step_by(LONG);
    sampled.any(|at| digits_around(json, at) >= LONG) && has_big_integer(json)
}

fn digits_around(json: &[u8], at: usize) -> usize {
    let (before, from) = json.split_at(at);
    match from {
        [b'0'..=b'9', ..] => leading_digits(from.iter()) + leading_digits(before.iter().rev()),
        _ => 0,
    }
}

fn leading_digits<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    bytes.take_while(|byte| byte.is_ascii_digit()).count()
}

fn has_big_integer(json: &[u8]) -> bool {
    let mut rest = json;
    let mut before = b' ';
    while let [byte, tail @ ..] = rest {
        let length = match byte {
            b'"' => 1 + string_length(tail),
            b'0'..=b'9' => leading_digits(rest.iter()),
            _ => 1,
        };
        if byte.is_ascii_digit() && is_big(before, length) {
            return true;
        }
        before = *byte;
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

/// The greatest values, 2^64 - 1 and -2^63, have 20 and 19 digits: those lengths are doubted.
fn is_big(before: u8, digits: usize) -> bool {
    match before {
        b'.' => false,
        b'-' => digits >= LONG,
        _ => digits > LONG,
    }
}

/// The bytes of a string after its opening quote, the closing one included.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = !escaped && *byte == b'"';
        escaped = !escaped && *byte == b'\\';
        ends
    });
    end.map_or(text.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_beyond_64_bits_are_found() {
        for json in [
            "18446744073709551616",
            "-9223372036854775809",
            "[1, 123456789012345678901]",
        ] {
            assert!(may_have_big_integer(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn other_numbers_are_left_to_the_fast_reader() {
        for json in [
            "",
            "1",
            "1700000000000000000",
            "[0.00012345678901234567]",
            "1e400",
            "-1",
        ] {
            assert!(!may_have_big_integer(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn digits_in_strings_are_text() {
        let digits = "1".repeat(60);
        for json in [
            format!(r#""{digits}""#),
            format!(r#"["\"{digits}", "\\", "{digits}"#),
        ] {
            assert!(!may_have_big_integer(json.as_bytes()), "{json}");
        }
        let after = format!(r#"["\\", {digits}, "\""]"#);
        assert!(may_have_big_integer(after.as_bytes()));
    }

    #[test]
    fn a_number_is_found_wherever_it_lies() {
        for at in 0..60 {
            let json = format!(
                "{}-9223372036854775809{}",
                " ".repeat(at),
                " ".repeat(60 - at)
            );
            assert!(may_have_big_integer(json.as_bytes()), "{at}");
        }
    }
}
