//! New crash IDs: a UUID version 4 whose last seven characters give way to depth and date.

use std::ops::RangeInclusive;

use super::pool::{self, Draw};
use super::{CrashId, DEPTH_AT, Date, LENGTH, NewCrashIdError, UUID_FORM, has_form};

/// The depths that a new crash ID can have. (Old ones have any digit.)
pub const NEW_DEPTHS: RangeInclusive<u8> = 1..=4;

/// What the crash IDs of one day and depth have in common: the last seven characters.
#[derive(Debug, Clone, Copy)]
pub struct Tail([u8; LENGTH - DEPTH_AT]);

impl Tail {
    /// Check a day and a depth to make crash IDs for.
    pub fn new(date: Date, depth: u8) -> Result<Self, NewCrashIdError> {
        if !NEW_DEPTHS.contains(&depth) {
            return Err(NewCrashIdError::Depth { depth });
        }
        if !date.exists() {
            return Err(NewCrashIdError::Date { date });
        }
        let [y1, y0] = digits((date.year % 100) as u8);
        let [m1, m0] = digits(date.month);
        let [d1, d0] = digits(date.day);
        Ok(Self([b'0' + depth, y1, y0, m1, m0, d1, d0]))
    }

    /// Make a crash ID that nobody else has.
    #[inline]
    pub fn random(self) -> Result<CrashId, NewCrashIdError> {
        Ok(self.end(uuid4(pool::draw()?)))
    }

    /// Make the crash ID that shares its first 29 characters with a UUID in lower case.
    pub fn of_uuid(self, uuid: &str) -> Result<CrashId, NewCrashIdError> {
        match uuid.as_bytes().try_into() {
            Ok(text) if has_form(&text, UUID_FORM) => Ok(self.end(text)),
            _ => Err(NewCrashIdError::uuid(uuid)),
        }
    }

    #[inline]
    fn end(self, mut text: [u8; LENGTH]) -> CrashId {
        text[DEPTH_AT..].copy_from_slice(&self.0);
        CrashId(text)
    }
}

fn digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10, b'0' + number % 10]
}

/// The text of a random UUID; its last seven characters are left to be filled in.
#[inline]
pub(crate) fn uuid4(random: Draw) -> [u8; LENGTH] {
    let mut hex = [0; 24];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(random) {
        pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
    }
    let mut text = *b"........-....-4...-....-............";
    text[..8].copy_from_slice(&hex[..8]);
    text[9..13].copy_from_slice(&hex[8..12]);
    text[15..18].copy_from_slice(&hex[12..15]);
    // The variant of RFC 9562: the two highest bits are 10.
    text[19] = hex_digit(8 | (random[7] & 3));
    text[20..23].copy_from_slice(&hex[16..19]);
    text[24..29].copy_from_slice(&hex[19..]);
    text
}

#[inline]
fn hex_digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
}
