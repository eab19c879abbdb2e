//! Records: their header and their table of parts.

use super::format::{
    ALIGN_BYTES, Crc, SEGMENT_MAX, Salt, array_at, padded, put, u16_at, u32_at, u64_at,
};
use crate::crash_id::CrashId;

/// Length of a record's header.
pub(crate) const RECORD_HEADER: u64 = 64;
pub(crate) const RECORD_HEADER_BYTES: usize = 64;
/// Length of the mark at a record's end that says that it is complete.
pub(crate) const COMMIT: u64 = 8;
pub(crate) const COMMIT_BYTES: usize = 8;

pub(crate) const MAGIC: &[u8; 4] = b"SFrc";
/// Bytes of a table entry before the name.
const ENTRY: usize = 24;
/// A table that is longer is a lie: names have 219 bytes at most, and nobody sends so many dumps.
const TABLE_MAX: u32 = 1 << 24;

/// Where the pairs of digits of a crash ID begin.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// A crash ID in 16 bytes: its hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(pub(crate) [u8; 16]);

impl Key {
    pub(crate) fn of(id: &CrashId) -> Self {
        let text = id.as_bytes();
        let digit = |at: usize| text.get(at).map_or(0, |digit| value_of(*digit));
        Self(PAIRS.map(|at| (digit(at) << 4) | digit(at + 1)))
    }

    /// The key that was shortened for the index of a day.
    pub(crate) fn lengthened(short: &[u8; 13], date: u32) -> Self {
        let mut key = Self([0; 16]);
        put(&mut key.0, 0, short);
        for (at, divisor) in [(13, 10_000), (14, 100), (15, 1)] {
            let two = u8::try_from(date / divisor % 100).unwrap_or_default();
            put(&mut key.0, at, &[((two / 10) << 4) | (two % 10)]);
        }
        key
    }

    /// The crash ID, if these are the digits of one.
    pub(crate) fn crash_id(&self) -> Option<CrashId> {
        let mut text = [b'-'; 36];
        for (at, byte) in PAIRS.into_iter().zip(self.0) {
            if let Some([high, low]) = text.get_mut(at..at + 2) {
                (*high, *low) = (character_of(byte >> 4), character_of(byte & 15));
            }
        }
        CrashId::accept(&text)
    }
}

fn value_of(digit: u8) -> u8 {
    match digit {
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'0') & 15,
    }
}

fn character_of(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'a' + value - 10
    }
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RecordKind {
    Crash = 1,
    /// Ends everything of the crash that is older.
    Tombstone = 2,
    /// A save that failed when it was written already.
    Void = 3,
}

impl RecordKind {
    pub(crate) fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Crash),
            2 => Some(Self::Tombstone),
            3 => Some(Self::Void),
            _ => None,
        }
    }
}

/// What a record says about its crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(pub(crate) u8);

impl Flags {
    pub(crate) const RAW: Self = Self(1);
    pub(crate) const PROCESSED: Self = Self(2);
    /// The dumps stored before stay.
    pub(crate) const KEEPS_DUMPS: Self = Self(4);
    pub(crate) const QUEUED: Self = Self(8);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn with(self, other: Self, wanted: bool) -> Self {
        Self(if wanted { self.0 | other.0 } else { self.0 })
    }

    #[allow(dead_code, reason = "for compaction")]
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// What the header of a record says it is of, unchecked: a crash, and a sequence.
pub(crate) fn of_what(head: &[u8]) -> Option<(Key, u64)> {
    Some((Key(array_at(head, 8)?), u64_at(head, 24)?))
}

/// The header of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) kind: RecordKind,
    pub(crate) flags: Flags,
    pub(crate) parts: u16,
    pub(crate) key: Key,
    pub(crate) sequence: u64,
    /// Up to where the segment was known to be on the disk when this was written.
    pub(crate) durable: u64,
    /// Length of the parts together.
    pub(crate) data: u64,
    /// Length of the table.
    pub(crate) table: u32,
    pub(crate) table_crc: u32,
}

impl RecordHeader {
    /// The header as bytes, and its check.
    pub(crate) fn encode(&self, salt: Salt, offset: u64) -> ([u8; RECORD_HEADER_BYTES], u64) {
        let mut bytes = [0; RECORD_HEADER_BYTES];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 4, &[self.kind as u8, self.flags.0]);
        put(&mut bytes, 6, &self.parts.to_le_bytes());
        put(&mut bytes, 8, &self.key.0);
        put(&mut bytes, 24, &self.sequence.to_le_bytes());
        put(&mut bytes, 32, &self.durable.to_le_bytes());
        put(&mut bytes, 40, &self.data.to_le_bytes());
        put(&mut bytes, 48, &self.table.to_le_bytes());
        put(&mut bytes, 52, &self.table_crc.to_le_bytes());
        let check = check_of(&bytes, salt, offset);
        put(&mut bytes, 56, &check.to_le_bytes());
        (bytes, check)
    }

    /// The header at an offset of its segment, with its check, or nothing if there is none.
    pub(crate) fn decode(bytes: &[u8], salt: Salt, offset: u64) -> Option<(Self, u64)> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let bytes: [u8; RECORD_HEADER_BYTES] = array_at(bytes, 0)?;
        let check = u64_at(&bytes, 56)?;
        if check != check_of(&bytes, salt, offset) {
            return None;
        }
        let header = Self {
            kind: RecordKind::of(*bytes.get(4)?)?,
            flags: Flags(*bytes.get(5)?),
            parts: u16_at(&bytes, 6)?,
            key: Key(array_at(&bytes, 8)?),
            sequence: u64_at(&bytes, 24)?,
            durable: u64_at(&bytes, 32)?,
            data: u64_at(&bytes, 40)?,
            table: u32_at(&bytes, 48)?,
            table_crc: u32_at(&bytes, 52)?,
        };
        // Whatever else is a lie: these lengths can be added up.
        (header.data <= SEGMENT_MAX && header.table <= TABLE_MAX).then_some((header, check))
    }

    /// The header at an offset as it was before one of its bytes was damaged, or nothing. That there
    /// is one by chance is as likely as that a check is right by chance, 14,000 times.
    pub(crate) fn mended(
        bytes: &[u8],
        salt: Salt,
        offset: u64,
    ) -> Option<[u8; RECORD_HEADER_BYTES]> {
        let damaged: [u8; RECORD_HEADER_BYTES] = array_at(bytes, 0)?;
        let magic = damaged.iter().zip(MAGIC).filter(|(is, was)| is == was);
        if magic.count() + 1 < MAGIC.len() {
            return None;
        }
        let mut mended = damaged;
        put(
            &mut mended,
            56,
            &check_of(&damaged, salt, offset).to_le_bytes(),
        );
        let differing = mended
            .iter()
            .zip(&damaged)
            .filter(|(one, other)| one != other);
        if differing.count() <= 1 {
            return Some(mended);
        }
        let check = u64_at(&damaged, 56)?;
        (0..56_usize).find_map(|at| {
            let mut mended = damaged;
            (0..=u8::MAX).find_map(|value| {
                put(&mut mended, at, &[value]);
                (check_of(&mended, salt, offset) == check).then_some(mended)
            })
        })
    }

    /// Length of the whole record, from its header to its commit mark.
    pub(crate) fn length(&self) -> u64 {
        self.data_at() + padded(self.data) + COMMIT
    }

    /// Where the parts begin, from the record's beginning.
    pub(crate) fn data_at(&self) -> u64 {
        RECORD_HEADER + padded(self.table.into())
    }
}

/// The check covers the offset: a copy of a record elsewhere is none.
fn check_of(bytes: &[u8; RECORD_HEADER_BYTES], salt: Salt, offset: u64) -> u64 {
    let mut checked = *bytes;
    put(&mut checked, 56, &offset.to_le_bytes());
    salt.check(&checked)
}

/// What a part of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum PartKind {
    Raw = 1,
    Dump = 2,
    Processed = 3,
}

/// How a part is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Encoding {
    Plain = 0,
    Zstd = 1,
}

/// A part of a record, as its table describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) kind: PartKind,
    pub(crate) encoding: Encoding,
    pub(crate) crc: u32,
    /// Length as stored.
    pub(crate) stored: u64,
    /// Length when expanded.
    pub(crate) expanded: u64,
    /// Of a dump; the main dump's is empty.
    pub(crate) name: String,
}

/// Append a part's entry to a table.
pub(crate) fn encode_part(part: &Part, table: &mut Vec<u8>) {
    let name = u16::try_from(part.name.len()).unwrap_or(u16::MAX);
    table.extend([part.kind as u8, part.encoding as u8]);
    table.extend(name.to_le_bytes());
    table.extend(part.crc.to_le_bytes());
    table.extend(part.stored.to_le_bytes());
    table.extend(part.expanded.to_le_bytes());
    table.extend(part.name.bytes().take(name.into()));
    table.resize(table.len().next_multiple_of(ALIGN_BYTES), 0);
}

/// The parts of a record, if its table is what the header promised.
pub(crate) fn decode_table(table: &[u8], header: &RecordHeader) -> Option<Vec<Part>> {
    if Crc::new().add(table).value() != header.table_crc {
        return None;
    }
    let (mut rest, mut parts, mut data) = (table, Vec::new(), 0_u64);
    for _ in 0..header.parts {
        let (part, length) = decode_part(rest)?;
        data = data.checked_add(part.stored)?;
        parts.push(part);
        rest = rest.get(length..)?;
    }
    (rest.is_empty() && data == header.data).then_some(parts)
}

fn decode_part(bytes: &[u8]) -> Option<(Part, usize)> {
    let length = ENTRY + usize::from(u16_at(bytes, 2)?);
    let name = std::str::from_utf8(bytes.get(ENTRY..length)?).ok()?;
    let part = Part {
        kind: match bytes.first()? {
            1 => PartKind::Raw,
            2 => PartKind::Dump,
            3 => PartKind::Processed,
            _ => return None,
        },
        encoding: match bytes.get(1)? {
            0 => Encoding::Plain,
            1 => Encoding::Zstd,
            _ => return None,
        },
        crc: u32_at(bytes, 4)?,
        stored: u64_at(bytes, 8)?,
        expanded: u64_at(bytes, 16)?,
        name: name.to_owned(),
    };
    Some((part, length.next_multiple_of(ALIGN_BYTES)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: Salt = Salt([7; 16]);

    fn header() -> [u8; RECORD_HEADER_BYTES] {
        let header = RecordHeader {
            kind: RecordKind::Crash,
            flags: Flags::RAW,
            parts: 2,
            key: Key([0xab; 16]),
            sequence: 1 << 60,
            durable: 4160,
            data: 65_536,
            table: 64,
            table_crc: 12_345,
        };
        header.encode(SALT, 8000).0
    }

    #[test]
    fn any_wrong_byte_of_a_header_is_found() {
        let whole = header();
        for at in 0..RECORD_HEADER_BYTES {
            for wrong in [0x01, 0x80, 0xff] {
                let mut damaged = whole;
                damaged[at] ^= wrong;
                let mended = RecordHeader::mended(&damaged, SALT, 8000);
                assert_eq!(mended, Some(whole), "byte {at}");
            }
        }
    }

    #[test]
    fn a_header_with_two_wrong_bytes_or_in_another_place_is_none() {
        let mut damaged = header();
        assert_eq!(RecordHeader::mended(&damaged, SALT, 8008), None);
        assert_eq!(RecordHeader::mended(&damaged, Salt([8; 16]), 8000), None);
        damaged[20] ^= 1;
        damaged[60] ^= 1;
        assert_eq!(RecordHeader::mended(&damaged, SALT, 8000), None);
    }
}
