//! The footer of a sealed segment: an entry for each of its records.

use super::format::{ALIGN, Salt, array_at, crc, put, u16_at, u32_at, u64_at};
use super::record::{Flags, Key, RecordHeader, RecordKind};

pub(crate) const MAGIC: &[u8; 4] = b"SFft";
const SEALED: &[u8; 8] = b"SFSEALED";
const FOOTER_HEADER: usize = 64;
const ENTRY: usize = 40;
/// Length of what ends a sealed segment: where its footer begins, that one's check, and a word.
pub(crate) const TAIL: usize = 24;

/// Length of a footer without entries.
pub(crate) const SHORTEST: u64 = (FOOTER_HEADER + TAIL) as u64;

/// A record, as the footer and the index know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) sequence: u64,
    /// Where the record begins.
    pub(crate) offset: u64,
    /// Its length, to the end of its commit mark.
    pub(crate) length: u64,
    pub(crate) kind: RecordKind,
    pub(crate) flags: Flags,
    pub(crate) parts: u16,
}

impl Entry {
    /// The entry of a record at an offset.
    pub(crate) fn of(header: &RecordHeader, offset: u64) -> Self {
        Self {
            key: header.key,
            sequence: header.sequence,
            offset,
            length: header.length(),
            kind: header.kind,
            flags: header.flags,
            parts: header.parts,
        }
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        let eighths = |length: u64| u32::try_from(length / ALIGN).unwrap_or(u32::MAX);
        bytes.extend(self.key.0);
        bytes.extend(self.sequence.to_le_bytes());
        bytes.extend(eighths(self.offset).to_le_bytes());
        bytes.extend(eighths(self.length).to_le_bytes());
        bytes.extend([self.kind as u8, self.flags.0]);
        bytes.extend(self.parts.to_le_bytes());
        bytes.extend([0; 4]);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            key: Key(array_at(bytes, 0)?),
            sequence: u64_at(bytes, 16)?,
            offset: u64::from(u32_at(bytes, 24)?) * ALIGN,
            length: u64::from(u32_at(bytes, 28)?) * ALIGN,
            kind: RecordKind::of(*bytes.get(32)?)?,
            flags: Flags(*bytes.get(33)?),
            parts: u16_at(bytes, 34)?,
        })
    }
}

/// Whether bytes where a record could begin are the beginning of a footer.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The footer that is written at `at`, to the end of the file.
pub(crate) fn encode(entries: &[Entry], at: u64, given_up: u64, salt: Salt) -> Vec<u8> {
    let mut bytes = vec![0; FOOTER_HEADER];
    for entry in entries {
        entry.encode(&mut bytes);
    }
    let sequences = || entries.iter().map(|entry| entry.sequence);
    let sum = crc(bytes.get(FOOTER_HEADER..).unwrap_or_default());
    put(&mut bytes, 0, MAGIC);
    put(&mut bytes, 8, &(entries.len() as u64).to_le_bytes());
    put(&mut bytes, 16, &at.to_le_bytes());
    put(
        &mut bytes,
        24,
        &sequences().min().unwrap_or(0).to_le_bytes(),
    );
    put(
        &mut bytes,
        32,
        &sequences().max().unwrap_or(0).to_le_bytes(),
    );
    put(&mut bytes, 40, &given_up.to_le_bytes());
    put(&mut bytes, 48, &sum.to_le_bytes());
    let check = salt.check(bytes.get(..56).unwrap_or_default());
    put(&mut bytes, 56, &check.to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend((!check).to_le_bytes());
    bytes.extend(SEALED);
    bytes
}

/// Where the footer begins, by the last [`TAIL`] bytes of a file.
pub(crate) fn begin_of(tail: &[u8]) -> Option<u64> {
    tail.ends_with(SEALED).then(|| u64_at(tail, 0))?
}

/// What the header of a footer says, wherever it is: where the footer begins, and how long it is.
/// Nothing if the header is damaged, or no footer's of this segment.
pub(crate) fn place_of(head: &[u8], salt: Salt) -> Option<(u64, u64)> {
    let sound = begins(head) && salt.check(head.get(..56)?) == u64_at(head, 56)?;
    let entries = u64_at(head, 8)?.checked_mul(ENTRY as u64)?;
    let length = entries.checked_add(SHORTEST)?;
    sound.then_some((u64_at(head, 16)?, length))
}

/// The entries of a footer that begins at `at` and goes to the end of the file; nothing if it is
/// damaged.
pub(crate) fn decode(bytes: &[u8], at: u64, salt: Salt) -> Option<Vec<Entry>> {
    let check = u64_at(bytes, 56)?;
    let end = bytes.len().checked_sub(TAIL)?;
    let entries = bytes.get(FOOTER_HEADER..end)?;
    let sound = begins(bytes)
        && salt.check(bytes.get(..56)?) == check
        && u64_at(bytes, 16)? == at
        && begin_of(bytes.get(end..)?)? == at
        && u64_at(bytes, end + 8)? == !check
        && entries.len() % ENTRY == 0
        && u64_at(bytes, 8)? == (entries.len() / ENTRY) as u64
        && crc(entries) == u32_at(bytes, 48)?;
    if !sound {
        return None;
    }
    let entries: Option<Vec<Entry>> = entries.chunks_exact(ENTRY).map(Entry::decode).collect();
    // What a forged or damaged entry names must at least lie before the footer.
    entries.filter(|all| {
        all.iter()
            .all(|entry| entry.offset.saturating_add(entry.length) <= at)
    })
}
