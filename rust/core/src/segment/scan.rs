//! Reading the records of a segment one by one: what other processes append, and what dead ones left.

use std::io;

use rustix::fd::BorrowedFd;

use super::file::{is_zero, next_data, read_at, read_vec, size_of_file, write_at};
use super::footer::{self, Entry};
use super::format::{ALIGN, ALIGN_BYTES, Crc, SEGMENT_MAX, Salt, u64_at};
use super::record::{
    COMMIT, COMMIT_BYTES as MARK, RECORD_HEADER, RECORD_HEADER_BYTES as HEAD, RecordHeader,
    RecordKind, decode_table,
};

/// How much is searched at once for the next record behind damage.
const CHUNK: usize = 1 << 20;

/// How much is read at once to find headers and marks: of small records several.
const WINDOW: usize = 4096;
/// And to look whether there is anything new.
const GLANCE: usize = 256;

/// A stretch of a file in memory.
struct Window<'a> {
    fd: BorrowedFd<'a>,
    start: u64,
    bytes: Vec<u8>,
    /// How much is read at once.
    size: usize,
}

impl Window<'_> {
    /// Bytes at an offset: `length`, or fewer at the end of the file. Unless `fresh`, they may have been
    /// read with those before.
    fn at(&mut self, offset: u64, length: usize, fresh: bool) -> io::Result<&[u8]> {
        let end = self.start + self.bytes.len() as u64;
        let stale = fresh && self.start != offset;
        if stale || offset < self.start || offset + length as u64 > end {
            self.bytes.resize(self.size.max(length), 0);
            let read = read_at(self.fd, &mut self.bytes, offset)?;
            self.bytes.truncate(read);
            self.start = offset;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        let rest = self.bytes.get(from..).unwrap_or_default();
        Ok(rest.get(..length).unwrap_or(rest))
    }
}

/// On whose behalf a segment is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Its writer lives, and all was read up to where this begins.
    New,
    /// Its writer lives.
    Living,
    /// Its writer is dead, and its lock ours. `remounted`: power may have been lost since.
    Dead { remounted: bool },
    /// It was sealed, so all of its records were whole; its footer is lost, and its lock ours.
    Sealed,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    /// Where the next record is to be looked for.
    pub(crate) end: u64,
    /// A footer begins there.
    pub(crate) sealed: bool,
    /// Bytes that hold nothing that counts.
    pub(crate) given_up: u64,
    /// The end of what lies behind [`Found::end`], is no record, and was not being written either.
    pub(crate) unknown: u64,
}

/// Read the records from an offset on.
pub(crate) fn scan(
    fd: BorrowedFd<'_>,
    salt: Salt,
    from: u64,
    reading: Reading,
) -> io::Result<Found> {
    let mut scan = Scan {
        fd,
        window: Window {
            fd,
            start: 0,
            bytes: Vec::new(),
            size: if reading == Reading::New {
                GLANCE
            } else {
                WINDOW
            },
        },
        salt,
        reading,
        found: Found {
            end: from,
            ..Found::default()
        },
        doubtful: Vec::new(),
        durable: 0,
    };
    scan.run()?;
    scan.settle_doubts();
    Ok(scan.found)
}

struct Scan<'a> {
    fd: BorrowedFd<'a>,
    window: Window<'a>,
    salt: Salt,
    reading: Reading,
    found: Found,
    /// Records that may never have been whole.
    doubtful: Vec<u64>,
    /// Up to where a record said that everything was on the disk.
    durable: u64,
}

impl Scan<'_> {
    fn run(&mut self) -> io::Result<()> {
        loop {
            let at = self.found.end;
            let head = self.window.at(at, HEAD, false)?;
            let header = RecordHeader::decode(head, self.salt, at);
            let next = match header.or_else(|| self.mended_header(at)) {
                Some((header, check)) => self.record(&header, check)?,
                None => self.no_record(at)?,
            };
            match next {
                Some(next) => self.found.end = next,
                None => return Ok(()),
            }
        }
    }

    /// The header of a record that nobody writes any more, if one byte of it is damaged: that is put
    /// right. Where it cannot be, reading the crash reports it.
    fn mended_header(&mut self, at: u64) -> Option<(RecordHeader, u64)> {
        if matches!(self.reading, Reading::New | Reading::Living) {
            return None;
        }
        let head = self.window.at(at, HEAD, false).ok()?;
        let mended = RecordHeader::mended(head, self.salt, at)?;
        let _ = write_at(self.fd, &mended, at);
        RecordHeader::decode(&mended, self.salt, at)
    }

    /// Take a record in; where the next one is.
    fn record(&mut self, header: &RecordHeader, check: u64) -> io::Result<Option<u64>> {
        let at = self.found.end;
        let end = at + header.length();
        let void = header.kind == RecordKind::Void;
        if void && end > size_of_file(self.fd)? {
            return Ok(None);
        }
        let whole = void
            || self.reading == Reading::Sealed
            || self.is_committed(end, check)?
            || self.is_followed(end)?
            || self.repaired(header, at, check)?;
        if !whole {
            if !matches!(self.reading, Reading::Dead { .. }) || end > size_of_file(self.fd)? {
                return Ok(None);
            }
            self.doubtful.push(at);
        } else if matches!(self.reading, Reading::Dead { remounted: true }) && !void {
            self.doubtful.push(at);
        }
        self.durable = self.durable.max(header.durable);
        if void {
            self.found.given_up += header.length();
        } else {
            self.found.entries.push(Entry::of(header, at));
        }
        Ok(Some(end))
    }

    fn is_committed(&mut self, end: u64, check: u64) -> io::Result<bool> {
        let is_it = |mark: &[u8]| mark == (!check).to_le_bytes();
        let mark_at = end - COMMIT;
        // The mark is written last: the header may have been read before that.
        Ok(is_it(self.window.at(mark_at, MARK, false)?)
            || is_it(self.window.at(mark_at, MARK, true)?))
    }

    /// Whether a living writer is further: then it is the mark that is damaged.
    fn is_followed(&self, end: u64) -> io::Result<bool> {
        if matches!(self.reading, Reading::Dead { .. }) {
            return Ok(false);
        }
        let head = read_vec(self.fd, HEAD, end)?;
        Ok(RecordHeader::decode(&head, self.salt, end).is_some())
    }

    /// Whether a dead writer's record is whole but for its mark, which it gets.
    fn repaired(&self, header: &RecordHeader, at: u64, check: u64) -> io::Result<bool> {
        if !matches!(self.reading, Reading::Dead { .. }) || !is_whole(self.fd, header, at)? {
            return Ok(false);
        }
        let mark = (!check).to_le_bytes();
        // On a read-only file system the record counts all the same.
        let _ = write_at(self.fd, &mark, at + header.length() - COMMIT);
        Ok(true)
    }

    /// There is no record here; where the next one is, if the rest has to be searched.
    fn no_record(&mut self, at: u64) -> io::Result<Option<u64>> {
        // What was read with an earlier record may have been written over since.
        let head = self.window.at(at, HEAD, true)?;
        if RecordHeader::decode(head, self.salt, at).is_some() {
            return Ok(Some(at));
        }
        self.found.sealed = footer::begins(head);
        let at_end = head.len() < MARK || head.iter().take(MARK).all(|byte| *byte == 0);
        let search = match self.reading {
            Reading::New | Reading::Living => !at_end,
            // Blocks of records that nobody was promised may be missing between others that are there.
            Reading::Dead { remounted } => !at_end || remounted,
            Reading::Sealed => true,
        };
        if self.found.sealed || !search {
            return Ok(None);
        }
        let next = match next_record(self.fd, self.salt, at + ALIGN)? {
            Next::Record(next) => next,
            Next::Nothing { until } => {
                // Of a header that was being written some may be there, up to where a page ends.
                let unknown = until > at + RECORD_HEADER;
                self.found.unknown = if unknown { until } else { 0 };
                return Ok(None);
            }
        };
        // A living writer may have been half-way here at the first look, and have gone on since.
        let head = read_vec(self.fd, HEAD, at)?;
        if RecordHeader::decode(&head, self.salt, at).is_some() {
            self.window.bytes.clear();
            return Ok(Some(at));
        }
        self.found.given_up += next - at;
        Ok(Some(next))
    }

    /// Drop what was never promised to anybody and is not whole.
    fn settle_doubts(&mut self) {
        if self.found.unknown > 0 && self.reading == (Reading::Dead { remounted: false }) {
            // Its writer was further: they were whole once.
            return;
        }
        let (fd, salt, durable) = (self.fd, self.salt, self.durable);
        let doubtful = std::mem::take(&mut self.doubtful);
        let mut dropped = doubtful
            .into_iter()
            .filter(|at| *at >= durable && !is_whole_at(fd, salt, *at));
        let dropped: Vec<u64> = dropped.by_ref().collect();
        if dropped.is_empty() {
            return;
        }
        let Found {
            entries,
            end,
            given_up,
            ..
        } = &mut self.found;
        while let Some(last) = entries.last().filter(|last| dropped.contains(&last.offset)) {
            *end = last.offset;
            entries.pop();
        }
        entries.retain(|entry| {
            let gone = dropped.contains(&entry.offset);
            *given_up += if gone { entry.length } else { 0 };
            !gone
        });
    }
}

/// Whether a record at an offset is whole.
pub(crate) fn is_whole_at(fd: BorrowedFd<'_>, salt: Salt, at: u64) -> bool {
    let whole = || -> io::Result<bool> {
        let head = read_vec(fd, HEAD, at)?;
        match RecordHeader::decode(&head, salt, at) {
            Some((header, _)) => is_whole(fd, &header, at),
            None => Ok(false),
        }
    };
    // What cannot be read is not dropped: reading that crash will say why.
    whole().unwrap_or(true)
}

/// Whether every CRC of a record is right.
fn is_whole(fd: BorrowedFd<'_>, header: &RecordHeader, at: u64) -> io::Result<bool> {
    if at + header.length() - COMMIT > size_of_file(fd)? {
        return Ok(false);
    }
    let table = read_vec(fd, header.table as usize, at + RECORD_HEADER)?;
    let Some(parts) = decode_table(&table, header) else {
        return Ok(false);
    };
    let mut data_at = at + header.data_at();
    for part in parts {
        if crc_of(fd, data_at, part.stored)? != Some(part.crc) {
            return Ok(false);
        }
        data_at += part.stored;
    }
    Ok(true)
}

/// The CRC of a stretch of a file, or nothing if the file ends in it.
fn crc_of(fd: BorrowedFd<'_>, mut at: u64, mut left: u64) -> io::Result<Option<u32>> {
    let mut chunk = vec![0; usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
    let mut crc = Crc::new();
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(chunk.len());
        let part = chunk.get_mut(..wanted).unwrap_or_default();
        if read_at(fd, part, at)? < wanted {
            return Ok(None);
        }
        crc = crc.add(part);
        at += wanted as u64;
        left -= wanted as u64;
    }
    Ok(Some(crc.value()))
}

/// What a search for a record came to.
enum Next {
    Record(u64),
    /// There is none. Behind `until` there are only zeros.
    Nothing {
        until: u64,
    },
}

/// Search for the next record from an offset on.
fn next_record(fd: BorrowedFd<'_>, salt: Salt, from: u64) -> io::Result<Next> {
    let mut chunk = vec![0; CHUNK + HEAD];
    let (mut at, mut until) = (from, 0);
    while let Some(data) = next_data(fd, at)?.filter(|data| *data < SEGMENT_MAX) {
        at = data - data % ALIGN;
        let read = read_at(fd, &mut chunk, at)?;
        let bytes = chunk.get(..read).unwrap_or_default();
        let found = (0..read.min(CHUNK)).step_by(ALIGN_BYTES).find(|place| {
            is_record(
                bytes.get(*place..).unwrap_or_default(),
                salt,
                at + *place as u64,
            )
        });
        if let Some(place) = found {
            return Ok(Next::Record(at + place as u64));
        }
        if !is_zero(bytes) {
            let last = bytes.iter().rposition(|byte| *byte != 0);
            until = at + last.unwrap_or_default() as u64 + 1;
        }
        if read <= CHUNK {
            break;
        }
        at += CHUNK as u64;
    }
    Ok(Next::Nothing { until })
}

fn is_record(bytes: &[u8], salt: Salt, at: u64) -> bool {
    // Most of what is searched is zeros.
    u64_at(bytes, 0).is_some_and(|word| word != 0)
        && RecordHeader::decode(bytes, salt, at).is_some()
}
