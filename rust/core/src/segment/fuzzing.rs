//! What fuzzers call: segments that are damaged as the input says, read by everything that reads them.
//!
//! Checks are made right again where the input asks for it, as if the salt were known: the readers
//! behind them must stand lies, too.

use std::io;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};

use super::file::{size_of_file, write_at};
use super::footer::{self, Entry, TAIL};
use super::format::{
    COPY_AT, FIRST, HEADER, HEADER_BYTES, Salt, SegmentHeader, array_at, crc, put, u32_at, u64_at,
};
use super::header;
use super::journal;
use super::load;
use super::record::{
    Encoding, Flags, Key, Part, PartKind, RECORD_HEADER, RecordHeader, RecordKind, decode_table,
    encode_part,
};
use super::rescue;
use super::scan::{Reading, scan};

const SALT: Salt = Salt(*b"0123456789abcdef");
/// No input makes a file longer than this.
const LENGTH_MAX: usize = 1 << 16;

/// A file in memory that inputs are written to, one after the other.
#[derive(Debug)]
pub struct Fuzzer {
    file: OwnedFd,
    mended: OwnedFd,
    whole: Vec<u8>,
}

impl Fuzzer {
    /// Make the file, and the segment that inputs damage.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            file: nameless_file("segment")?,
            mended: nameless_file("mended")?,
            whole: sample(),
        })
    }

    /// Read what an input makes of a segment, and the input itself, in every way there is.
    ///
    /// # Panics
    /// A reader broke a promise.
    pub fn run(&self, input: &[u8]) {
        parse(input);
        let damaged = damage(&self.whole, input);
        parse(&damaged);
        let done = self
            .scan_all(&damaged)
            .and_then(|()| self.check_header(input));
        assert!(done.is_ok(), "reading failed: {done:?}");
    }

    fn scan_all(&self, bytes: &[u8]) -> io::Result<()> {
        let fd = self.file.as_fd();
        for reading in [
            Reading::New,
            Reading::Living,
            Reading::Dead { remounted: false },
            Reading::Dead { remounted: true },
            Reading::Sealed,
        ] {
            rustix::fs::ftruncate(fd, 0)?;
            write_at(fd, bytes, 0)?;
            check_scan(fd, reading)?;
        }
        self.check_restored()
    }

    /// The header is found if it is there once, and nothing else is taken for it.
    fn check_header(&self, input: &[u8]) -> io::Result<()> {
        let header = SegmentHeader {
            length: FIRST,
            ..header_of_sample()
        };
        let bytes = damage(&header.encode_both(), input);
        let fd = self.file.as_fd();
        rustix::fs::ftruncate(fd, 0)?;
        write_at(fd, &bytes, 0)?;
        let found = header::find(fd, |found| found.number == header.number)?;
        if let Ok((found, _)) = found {
            assert!(found.salt == SALT, "a header out of nothing");
        }
        let same = |at: u64| {
            let begin = usize::try_from(at).unwrap_or(usize::MAX);
            bytes.get(begin..begin + HEADER_BYTES) == Some(&header.encode())
        };
        let is_there = same(0) || same(COPY_AT);
        assert!(!is_there || found.is_ok(), "the header is lost");
        Ok(())
    }

    /// What is put back where it was is a whole segment again.
    fn check_restored(&self) -> io::Result<()> {
        let (from, into) = (self.file.as_fd(), self.mended.as_fd());
        let header = header_of_sample();
        let Some(moved) = rescue::moved_footer(from, &header)? else {
            return Ok(());
        };
        rustix::fs::ftruncate(into, 0)?;
        let done = rescue::restore(from, into, &header, &moved)?;
        let all = moved.entries.len();
        assert!(
            done.whole <= done.found && done.found <= all,
            "records out of nothing"
        );
        let entries = load::read_footer(into, &header)?;
        assert!(entries == Some(moved.entries), "the footer is another one");
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn nameless_file(name: &str) -> io::Result<OwnedFd> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    Ok(rustix::fs::memfd_create(name, flags)?)
}

#[cfg(not(target_os = "linux"))]
fn nameless_file(name: &str) -> io::Result<OwnedFd> {
    let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file.into())
}

fn check_scan(fd: BorrowedFd<'_>, reading: Reading) -> io::Result<()> {
    let found = scan(fd, SALT, HEADER, reading)?;
    let size = size_of_file(fd)?;
    let mut end = HEADER;
    for entry in &found.entries {
        assert!(entry.offset >= end, "records overlap");
        end = entry.offset + entry.length;
        let fits = end <= size || reading == Reading::Sealed;
        assert!(fits, "a record passes the end");
    }
    assert!(found.end >= end, "the next record is within one");
    let footer = footer::encode(&found.entries, found.end, found.given_up, SALT);
    let entries = footer::decode(&footer, found.end, SALT);
    assert!(
        entries.as_ref() == Some(&found.entries),
        "the footer differs"
    );
    Ok(())
}

/// Every parser over the same bytes.
fn parse(bytes: &[u8]) {
    let _ = SegmentHeader::decode(bytes);
    if let Some((header, _)) = RecordHeader::decode(bytes, SALT, 0) {
        check_table(bytes, &header);
    }
    let tail = bytes.get(bytes.len().saturating_sub(TAIL)..);
    if let Some(at) = tail.and_then(footer::begin_of) {
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let entries = footer::decode(bytes.get(start..).unwrap_or_default(), at, SALT);
        check_entries(&entries.unwrap_or_default(), at);
    }
    let (events, read) = journal::decode_all(bytes);
    assert!(
        events.len() * 48 <= read && read <= bytes.len(),
        "events out of nothing"
    );
}

fn check_table(bytes: &[u8], header: &RecordHeader) {
    let end = usize::try_from(header.data_at()).unwrap_or(usize::MAX);
    let start = usize::try_from(RECORD_HEADER).unwrap_or(usize::MAX);
    let table = bytes.get(start..end).unwrap_or_default();
    if let Some(parts) = decode_table(table, header) {
        let stored = parts.iter().map(|part| part.stored).sum::<u64>();
        assert!(stored == header.data, "parts do not add up");
        assert!(
            parts.len() == usize::from(header.parts),
            "parts are missing"
        );
    }
}

fn check_entries(entries: &[Entry], at: u64) {
    let fits = |entry: &Entry| entry.offset + entry.length <= at;
    assert!(entries.iter().all(fits), "an entry passes the footer");
}

fn header_of_sample() -> SegmentHeader {
    SegmentHeader {
        number: 5,
        date: 20_180_601,
        made: 1,
        salt: SALT,
        mount: 7,
        length: HEADER,
        sealed: 0,
    }
}

/// A sealed segment with a few records.
fn sample() -> Vec<u8> {
    let (mut bytes, mut entries) = (header_of_sample().encode().to_vec(), Vec::new());
    for (at, sizes) in [&[40_usize, 300][..], &[], &[7, 0, 64], &[1000]]
        .iter()
        .enumerate()
    {
        let offset = bytes.len() as u64;
        let header = add_record(&mut bytes, at, sizes);
        entries.push(Entry::of(&header, offset));
    }
    let end = bytes.len() as u64;
    bytes.extend(footer::encode(&entries, end, 0, SALT));
    bytes
}

fn add_record(bytes: &mut Vec<u8>, number: usize, sizes: &[usize]) -> RecordHeader {
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for (at, size) in sizes.iter().enumerate() {
        let part = vec![b'x'; *size];
        let entry = Part {
            kind: if at == 0 {
                PartKind::Raw
            } else {
                PartKind::Dump
            },
            encoding: Encoding::Plain,
            crc: crc(&part),
            stored: *size as u64,
            expanded: *size as u64,
            name: "n".repeat(at),
        };
        encode_part(&entry, &mut table);
        data.extend(part);
    }
    let header = RecordHeader {
        kind: if sizes.is_empty() {
            RecordKind::Tombstone
        } else {
            RecordKind::Crash
        },
        flags: Flags::RAW,
        parts: u16::try_from(sizes.len()).unwrap_or_default(),
        key: Key([u8::try_from(number).unwrap_or_default(); 16]),
        sequence: number as u64,
        durable: if number > 2 { HEADER } else { 0 },
        data: data.len() as u64,
        table: u32::try_from(table.len()).unwrap_or_default(),
        table_crc: crc(&table),
    };
    let (head, check) = header.encode(SALT, bytes.len() as u64);
    data.resize(data.len().next_multiple_of(8), 0);
    bytes.extend(head.iter().chain(&table).chain(&data));
    bytes.extend((!check).to_le_bytes());
    header
}

/// Do to a segment what an input says, four bytes a step: where (two), what, and a value.
fn damage(whole: &[u8], input: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for step in input.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes(array_at(step, 0).unwrap_or_default()));
        let at = at % bytes.len().max(1);
        let value = step.get(3).copied().unwrap_or_default();
        change(
            &mut bytes,
            at,
            step.get(2).copied().unwrap_or_default(),
            value,
        );
        bytes.truncate(LENGTH_MAX);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, at: usize, what: u8, value: u8) {
    let length = usize::from(value);
    match what % 8 {
        0 => put(bytes, at, &[value]),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at..(at + length).min(bytes.len()))),
        3 => {
            let copy = bytes.get(at..at + 8 * length).unwrap_or_default().to_vec();
            bytes.splice(at..at, copy);
        }
        4 => bytes.extend(std::iter::repeat_n(0, 8 * length)),
        5 => put(bytes, at & !7, &[value; 8]),
        6 => sign_record(bytes, at & !7),
        _ => sign_all(bytes),
    }
}

/// Make the checks of what may be a record right.
fn sign_record(bytes: &mut [u8], at: usize) {
    let Some(head) = array_at::<64>(bytes, at) else {
        return;
    };
    put(bytes, at, b"SFrc");
    let table = usize::try_from(u32_at(&head, 48).unwrap_or_default()).unwrap_or_default();
    let sum = crc(bytes
        .get(at + 64..at + 64 + table % LENGTH_MAX)
        .unwrap_or_default());
    put(bytes, at + 52, &sum.to_le_bytes());
    let mut checked = array_at::<64>(bytes, at).unwrap_or([0; 64]);
    put(&mut checked, 56, &(at as u64).to_le_bytes());
    let check = SALT.check(&checked);
    put(bytes, at + 56, &check.to_le_bytes());
    if let Some((header, _)) =
        RecordHeader::decode(bytes.get(at..).unwrap_or_default(), SALT, at as u64)
    {
        let end = usize::try_from(at as u64 + header.length()).unwrap_or(usize::MAX);
        if end <= bytes.len() {
            put(bytes, end - 8, &(!check).to_le_bytes());
        }
    }
}

/// Make the checks of all records and of the footer right.
fn sign_all(bytes: &mut [u8]) {
    let mut at = 64;
    while bytes.get(at..at + 4) == Some(b"SFrc") {
        sign_record(bytes, at);
        let rest = bytes.get(at..).unwrap_or_default();
        let Some((header, _)) = RecordHeader::decode(rest, SALT, at as u64) else {
            return;
        };
        at = at.saturating_add(usize::try_from(header.length()).unwrap_or(usize::MAX) & !7);
    }
    let end = bytes.len().saturating_sub(TAIL);
    let begin = u64_at(bytes, end).and_then(|at| usize::try_from(at).ok());
    if let Some(begin) = begin.filter(|begin| *begin <= end.saturating_sub(64)) {
        let sum = crc(bytes.get(begin + 64..end).unwrap_or_default());
        put(bytes, begin + 48, &sum.to_le_bytes());
        let check = SALT.check(bytes.get(begin..begin + 56).unwrap_or_default());
        put(bytes, begin + 56, &check.to_le_bytes());
        put(bytes, end + 8, &(!check).to_le_bytes());
    }
}
