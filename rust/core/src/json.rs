//! What a fast JSON reader, or the jsonb of `PostgreSQL`, would change without a word.

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

/// Whether the jsonb of `PostgreSQL` takes `json` and gives every value of it back.
///
/// It refuses NaN, infinities, null characters and lone surrogates, makes whole numbers of floats
/// with a positive exponent, and knows no negative zero. It sorts keys; that is not looked at.
#[must_use]
pub fn survives_jsonb(json: &[u8]) -> bool {
    let mut rest = json;
    while let [byte, tail @ ..] = rest {
        let (length, survives) = match byte {
            b'"' => {
                let length = string_length(tail);
                (
                    1 + length,
                    survives_as_text(tail.get(..length).unwrap_or_default()),
                )
            }
            b'-' | b'0'..=b'9' => {
                let length = number_length(rest);
                (
                    length,
                    survives_as_number(rest.get(..length).unwrap_or_default()),
                )
            }
            other => (1, !matches!(other, b'N' | b'I')),
        };
        if !survives {
            return false;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

fn number_length(json: &[u8]) -> usize {
    let in_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    json.iter().take_while(in_number).count()
}

fn survives_as_number(number: &[u8]) -> bool {
    let exponent = number.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = number.split_at(exponent.unwrap_or(number.len()));
    let grows = exponent.len() > 1 && !exponent.starts_with(b"e-") && !exponent.starts_with(b"E-");
    let is_zero = mantissa
        .iter()
        .all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    !(grows || is_zero && mantissa.starts_with(b"-"))
}

fn survives_as_text(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = rest.get(at..).unwrap_or_default();
        let length = match utf16_unit(rest) {
            None => 2,
            Some(0 | 0xDC00..=0xDFFF) => return false,
            Some(0xD800..=0xDBFF) => match rest.get(6..).and_then(utf16_unit) {
                Some(0xDC00..=0xDFFF) => 12,
                _ => return false,
            },
            Some(_) => 6,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

/// The number that an escape such as `\u00e9` begins `text` with.
fn utf16_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
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

    #[test]
    fn what_jsonb_keeps_is_told_from_what_it_does_not() {
        for json in [
            r#"{"a": [0, -1, 1.0, 0.1, 1e-7, -2.5E-10, 123456789012345678901234567890, null]}"#,
            r#"["NaN Infinity -0.0 1e16", "\\u0000", "\u0041\ud83d\ude00", "\\\\ud800", true]"#,
            "",
        ] {
            assert!(survives_jsonb(json.as_bytes()), "{json}");
        }
        for json in [
            "[NaN]",
            "[-Infinity]",
            "[-0.0]",
            "[-0]",
            "[1e16]",
            "[1.5E+16]",
            r#"{"\u0000": 1}"#,
            r#"["\ud800"]"#,
            r#"["\ud800\u0041"]"#,
            r#"["\udc00"]"#,
            r#"["\\\u0000"]"#,
        ] {
            assert!(!survives_jsonb(json.as_bytes()), "{json}");
        }
    }
}
