//! Appending records to a segment that is ours, and sealing it.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;

use super::commit::Target;
use super::file::{Segment, size_of_file, write_at};
use super::footer::{self, Entry};
use super::format::{SEGMENT_MAX, Salt, SegmentHeader, crc, padded, sealed_word};
use super::record::{Flags, Key, Part, RecordHeader, RecordKind, encode_part};

/// What the kernel takes in one call.
const IOV_MAX: usize = 1024;
/// Zeros behind the last record: the end.
const END: u64 = 8;
const END_BYTES: usize = 8;

/// A record that is to be written.
#[derive(Debug)]
pub(crate) struct NewRecord<'a> {
    pub(crate) key: Key,
    pub(crate) kind: RecordKind,
    pub(crate) flags: Flags,
    parts: u16,
    table: Vec<u8>,
    data: Vec<&'a [u8]>,
    data_length: u64,
}

impl<'a> NewRecord<'a> {
    /// A record of some parts, each with its bytes as stored. Nothing if there are too many.
    pub(crate) fn new(
        key: Key,
        kind: RecordKind,
        flags: Flags,
        parts: &'a [(Part, impl AsRef<[u8]>)],
    ) -> Option<Self> {
        let mut table = Vec::with_capacity(parts.len() * 48);
        for (part, _) in parts {
            encode_part(part, &mut table);
        }
        let data: Vec<&[u8]> = parts.iter().map(|(_, bytes)| bytes.as_ref()).collect();
        let data_length = data.iter().map(|bytes| bytes.len() as u64).sum();
        let record = Self {
            key,
            kind,
            flags,
            parts: u16::try_from(parts.len()).ok()?,
            table,
            data,
            data_length,
        };
        (record.header(0, 0).length() < SEGMENT_MAX / 2).then_some(record)
    }

    /// A record that ends everything older of its crash.
    pub(crate) fn tombstone(key: Key) -> Self {
        Self {
            key,
            kind: RecordKind::Tombstone,
            flags: Flags::default(),
            parts: 0,
            table: Vec::new(),
            data: Vec::new(),
            data_length: 0,
        }
    }

    fn header(&self, sequence: u64, durable: u64) -> RecordHeader {
        RecordHeader {
            kind: self.kind,
            flags: self.flags,
            parts: self.parts,
            key: self.key,
            sequence,
            durable,
            data: self.data_length,
            table: u32::try_from(self.table.len()).unwrap_or(u32::MAX),
            table_crc: crc(&self.table),
        }
    }

    /// The length of the record.
    pub(crate) fn length(&self) -> u64 {
        self.header(0, 0).length()
    }
}

/// A segment that this process writes, and nobody else.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    pub(crate) segment: Arc<Segment>,
    pub(crate) slot: u32,
    pub(crate) target: Arc<Target>,
    /// Where the next record begins.
    pub(crate) offset: u64,
    /// It is full when it has so many bytes.
    pub(crate) capacity: u64,
    /// Its blocks are on the disk already, up to its capacity.
    pub(crate) prewritten: bool,
    pub(crate) entries: Vec<Entry>,
    pub(crate) given_up: u64,
    /// When a record was written to it last, or it was made.
    pub(crate) used: Instant,
}

impl OpenSegment {
    fn fd(&self) -> BorrowedFd<'_> {
        self.target.fd.as_fd()
    }

    /// Whether a record fits in. Into an empty segment every record does.
    pub(crate) fn has_room(&self, length: u64) -> bool {
        self.entries.is_empty() || self.offset + length + END <= self.capacity
    }

    /// Write a record; its header and entry.
    pub(crate) fn append(
        &mut self,
        record: &NewRecord<'_>,
        sequence: u64,
    ) -> io::Result<(RecordHeader, Entry)> {
        let header = record.header(sequence, self.target.durable.load(Ordering::Acquire));
        let (head, check) = header.encode(self.segment.header.salt, self.offset);
        let padding = padded(record.data_length) - record.data_length;
        let mut end = [0; 24];
        super::format::put(&mut end, 0, &[0; 8]);
        let mark_at = usize::try_from(padding).unwrap_or_default();
        super::format::put(&mut end, mark_at, &(!check).to_le_bytes());
        let end = end.get(..mark_at + 16).unwrap_or_default();
        let mut slices: Vec<&[u8]> = Vec::with_capacity(record.data.len() + 3);
        slices.extend([head.as_slice(), &record.table]);
        slices.extend(&record.data);
        slices.push(end);
        if let Err(error) = write_slices(self.fd(), &slices, self.offset) {
            self.undo();
            return Err(error);
        }
        let entry = Entry::of(&header, self.offset);
        self.offset += entry.length;
        self.target.written.store(self.offset, Ordering::Release);
        self.entries.push(entry);
        Ok((header, entry))
    }

    /// Nothing of a record that could not be written may be found.
    fn undo(&self) {
        let undone = if self.prewritten {
            write_at(self.fd(), &[0; END_BYTES], self.offset)
        } else {
            rustix::fs::ftruncate(self.fd(), self.offset).map_err(io::Error::from)
        };
        if undone.is_err() {
            self.target.fail(Errno::IO);
        }
    }

    /// Make a record void that may or may not have reached the disk.
    pub(crate) fn void(target: &Target, salt: Salt, entry: &Entry, header: &RecordHeader) {
        let void = RecordHeader {
            kind: RecordKind::Void,
            ..*header
        };
        let (bytes, _) = void.encode(salt, entry.offset);
        // Nobody was promised anything about this record: if this fails too, there is no more to do.
        let _ = write_at(target.fd.as_fd(), &bytes, entry.offset);
    }

    /// Whether the file still has a name: without one, what was written is lost.
    pub(crate) fn has_name(&self) -> io::Result<bool> {
        Ok(rustix::fs::fstat(self.fd())?.st_nlink > 0)
    }

    /// Write the footer, and cut off what is behind it.
    pub(crate) fn seal(&self) -> io::Result<()> {
        let header = &self.segment.header;
        write_footer(self.fd(), header, &self.entries, self.offset, self.given_up)
    }
}

/// Seal a segment whose records end at `at`. That it is sealed is said last.
pub(crate) fn write_footer(
    fd: BorrowedFd<'_>,
    header: &SegmentHeader,
    entries: &[Entry],
    at: u64,
    given_up: u64,
) -> io::Result<()> {
    let footer = footer::encode(entries, at, given_up, header.salt);
    write_at(fd, &footer, at)?;
    let end = at + footer.len() as u64;
    // XFS writes the whole file out first, even if nothing is to be cut off.
    if size_of_file(fd)? > end {
        rustix::fs::ftruncate(fd, end)?;
    }
    header
        .sealed_at()
        .try_for_each(|place| write_at(fd, &sealed_word(at), place))
}

/// Write slices one behind the other.
fn write_slices(fd: BorrowedFd<'_>, slices: &[&[u8]], mut at: u64) -> io::Result<()> {
    for slices in slices.chunks(IOV_MAX) {
        let mut buffers: Vec<IoSlice<'_>> =
            slices.iter().map(|bytes| IoSlice::new(bytes)).collect();
        let mut left = buffers.as_mut_slice();
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            match rustix::io::pwritev(fd, left, at) {
                Ok(0) => return Err(Errno::NOSPC.into()),
                Ok(written) => {
                    at += written as u64;
                    IoSlice::advance_slices(&mut left, written);
                }
                Err(Errno::INTR) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }
    Ok(())
}
