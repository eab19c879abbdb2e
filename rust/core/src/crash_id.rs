//! Crash IDs: 36 characters, a lower-case UUID whose last seven are a depth digit and the date.
//!
//! ```text
//! aabbcccc-0000-4000-8000-000002180601
//! |                            |+----- date, yymmdd: 2018-06-01
//! |                            +------ depth digit: 2
//! +----------------------------------- radix at that depth: aa, bb
//! ```

mod date;
mod error;
mod new;
mod pool;

use std::fmt;
use std::str::FromStr;

pub use self::date::Date;
pub use self::error::{InvalidCrashId, NewCrashIdError};
pub use self::new::{NEW_DEPTHS, Tail};
pub use self::pool::reseed_after_fork;
pub(crate) use self::pool::salt;

/// Length of a crash ID in characters.
const LENGTH: usize = 36;
/// Where the depth digit stands.
const DEPTH_AT: usize = 29;
/// Where the date begins.
const DATE_AT: usize = 30;

/// A crash ID that is one: its form and its date were checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashId([u8; LENGTH]);

/// What may stand where: `h` a hexadecimal digit, `d` a decimal one, `-` itself.
const FORM: &[u8; LENGTH] = b"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhddddddd";
const UUID_FORM: &[u8; LENGTH] = b"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

#[inline]
fn admits(place: u8, byte: u8) -> bool {
    match place {
        b'h' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        b'd' => byte.is_ascii_digit(),
        _ => byte == place,
    }
}

/// Looks at every character: without a branch this is a few vector instructions.
#[inline]
fn has_form(text: &[u8; LENGTH], form: &[u8; LENGTH]) -> bool {
    text.iter()
        .zip(form)
        .fold(true, |so_far, (byte, place)| so_far & admits(*place, *byte))
}

impl CrashId {
    /// Check a text and keep it as a crash ID.
    pub fn parse(text: &str) -> Result<Self, InvalidCrashId> {
        Self::from_bytes(text.as_bytes())
    }

    /// Check the bytes of a text and keep them as a crash ID.
    #[inline]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidCrashId> {
        Self::accept(bytes).ok_or_else(|| InvalidCrashId::of(bytes))
    }

    /// Keep bytes as a crash ID, or not, without saying why.
    #[must_use]
    #[inline]
    pub fn accept(bytes: &[u8]) -> Option<Self> {
        let id = Self(bytes.try_into().ok()?);
        (has_form(&id.0, FORM) && id.date().exists()).then_some(id)
    }

    /// The 36 characters as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Never the default: every byte is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The 36 characters as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// How many levels of two characters the crash lies below its day: 0 to 9.
    ///
    /// The digit 0 meant 4 to the Socorro of the past and means 0 to today's; the caller says which.
    #[must_use]
    #[inline]
    pub fn depth(&self, zero_depth: u8) -> usize {
        let [.., digit, _, _, _, _, _, _] = self.0;
        usize::from(if digit == b'0' {
            zero_depth
        } else {
            digit.wrapping_sub(b'0')
        })
    }

    /// The day that the ID was made for.
    #[must_use]
    #[inline]
    pub fn date(&self) -> Date {
        let [.., y1, y0, m1, m0, d1, d0] = self.0;
        Date {
            year: 2000 + u16::from(number(y1, y0)),
            month: number(m1, m0),
            day: number(d1, d0),
        }
    }

    /// The levels that the crash lies below: pairs of characters, from the left.
    ///
    /// From depth 5 on they cut through the dashes, as they always did.
    pub fn radix(&self, zero_depth: u8) -> impl Iterator<Item = &str> {
        (0..self.depth(zero_depth)).filter_map(|level| self.as_str().get(2 * level..2 * level + 2))
    }
}

/// The value of two digits; of anything else, some number.
#[inline]
fn number(tens: u8, ones: u8) -> u8 {
    tens.wrapping_sub(b'0')
        .wrapping_mul(10)
        .wrapping_add(ones.wrapping_sub(b'0'))
}

impl fmt::Display for CrashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CrashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CrashId({})", self.as_str())
    }
}

impl AsRef<str> for CrashId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for CrashId {
    type Err = InvalidCrashId;

    fn from_str(text: &str) -> Result<Self, InvalidCrashId> {
        Self::parse(text)
    }
}
