//! Why a text is no crash ID, and why a crash ID cannot be made.

use thiserror::Error;

use super::{CrashId, DATE_AT, DEPTH_AT, Date, FORM, LENGTH, UUID_FORM, admits};

/// Messages are one line: what is longer than this is cut.
const SHOWN: usize = 100;

/// Why something is no crash ID. Positions count characters from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidCrashId {
    /// A character that cannot stand where it does.
    #[error(
        "crash ID {text:?} has '{}' at position {position}, where {wanted} belongs",
        found.escape_default()
    )]
    Character {
        /// What was to be a crash ID, cut if it is long.
        text: String,
        /// Where the character stands.
        position: usize,
        /// The character.
        found: char,
        /// What belongs there.
        wanted: &'static str,
    },
    /// Fewer than 36 characters.
    #[error("crash ID {text:?} ends at position {position}, where {wanted} belongs")]
    Short {
        /// What was to be a crash ID.
        text: String,
        /// Its length.
        position: usize,
        /// What belongs there.
        wanted: &'static str,
    },
    /// A date that the calendar does not have.
    #[error("crash ID {text:?} has the impossible date {date} at position {DATE_AT}")]
    Date {
        /// What was to be a crash ID.
        text: String,
        /// What its last six digits say.
        date: Date,
    },
}

impl InvalidCrashId {
    /// Say what is wrong with bytes that are no crash ID.
    #[cold]
    pub(super) fn of(bytes: &[u8]) -> Self {
        let whole = String::from_utf8_lossy(bytes);
        let position = agreement(bytes, FORM);
        let (text, wanted) = (shown(&whole), wanted(FORM, position));
        let date = bytes.try_into().map(|bytes| CrashId(bytes).date());
        match (whole.chars().nth(position), date) {
            (Some(found), _) => Self::Character {
                text,
                position,
                found,
                wanted,
            },
            (None, Ok(date)) => Self::Date { text, date },
            (None, Err(_)) => Self::Short {
                text,
                position,
                wanted,
            },
        }
    }
}

/// Why a crash ID cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NewCrashIdError {
    /// A depth that new crash IDs do not have.
    #[error("depth is {depth}; it must be 1 to 4")]
    Depth {
        /// What was asked for.
        depth: u8,
    },
    /// A day that no crash ID can name.
    #[error("date is {date}; it must be a day of the years 2000 to 2099")]
    Date {
        /// What was asked for.
        date: Date,
    },
    /// A clock that shows a day that no crash ID can name.
    #[error("the clock shows day {day} since 1970-01-01; it must be in the years 2000 to 2099")]
    Clock {
        /// Days since 1970-01-01.
        day: u64,
    },
    /// A UUID that is none.
    #[error("uuid is {text:?}, wrong at position {position}, where {wanted} belongs")]
    Uuid {
        /// What was to be a UUID, cut if it is long.
        text: String,
        /// The first character that is wrong or missing.
        position: usize,
        /// What belongs there.
        wanted: &'static str,
    },
    /// The operating system gives no random bytes.
    #[error("cannot get random bytes for a crash ID: {0}")]
    Random(#[from] getrandom::Error),
}

impl NewCrashIdError {
    /// Say what is wrong with a text that is no UUID.
    #[cold]
    pub(super) fn uuid(text: &str) -> Self {
        let position = agreement(text.as_bytes(), UUID_FORM);
        Self::Uuid {
            text: shown(text),
            position,
            wanted: wanted(UUID_FORM, position),
        }
    }
}

/// How many characters are as they should be. They are ASCII, so it is a position in the text too.
fn agreement(bytes: &[u8], form: &[u8; LENGTH]) -> usize {
    bytes
        .iter()
        .zip(form)
        .take_while(|(byte, place)| admits(**place, **byte))
        .count()
}

fn wanted(form: &[u8; LENGTH], position: usize) -> &'static str {
    match form.get(position) {
        Some(b'h') => "one of 0-9 and a-f",
        Some(b'-') => "a dash",
        Some(_) if position == DEPTH_AT => "the depth, one of 0-9,",
        Some(_) => "a digit of the date",
        None => "the end",
    }
}

fn shown(text: &str) -> String {
    let mut rest = text.chars();
    let mut shown: String = rest.by_ref().take(SHOWN).collect();
    if rest.next().is_some() {
        shown.push_str("...");
    }
    shown
}
