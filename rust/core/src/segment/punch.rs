//! Giving the space of records back that nothing counts of any more.

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::day::Day;
use super::file::{read_vec, segment_name};
use super::index::Place;
use super::record::{COMMIT, RECORD_HEADER_BYTES, RecordHeader};
use crate::dir::FILE;

/// Blocks of all file systems in use are this long, or shorter.
const BLOCK: u64 = 4096;

impl Day {
    /// Punch a hole where the parts of a record are: its header and its mark stay.
    ///
    /// That is for the space only. A file system that cannot do it, or a segment that went meanwhile,
    /// is no failure.
    pub(crate) fn punch(&self, place: &Place) {
        let Some(segment) = self.segment_of(place) else {
            return;
        };
        let name = segment_name(segment.number());
        let flags = FILE.difference(OFlags::RDONLY) | OFlags::RDWR;
        let Ok(fd) = rustix::fs::openat(&*self.dir, name, flags, Mode::empty()) else {
            return;
        };
        let head = read_vec(fd.as_fd(), RECORD_HEADER_BYTES, place.offset).unwrap_or_default();
        let header = RecordHeader::decode(&head, segment.header.salt, place.offset);
        if let Some((header, _)) = header.filter(|(header, _)| header.sequence == place.sequence) {
            let start = place.offset + RECORD_HEADER_BYTES as u64;
            let end = place.offset + header.length() - COMMIT;
            let _ = punch_blocks(fd.as_fd(), start, end);
        }
    }
}

/// Punch the whole blocks between two offsets.
fn punch_blocks(fd: BorrowedFd<'_>, start: u64, end: u64) -> Result<(), Errno> {
    let (start, end) = (start.next_multiple_of(BLOCK), end - end % BLOCK);
    if start >= end {
        return Ok(());
    }
    punch(fd, start, end - start)
}

#[cfg(target_os = "linux")]
fn punch(fd: BorrowedFd<'_>, start: u64, length: u64) -> Result<(), Errno> {
    use rustix::fs::FallocateFlags;

    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    rustix::fs::fallocate(fd, flags, start, length)
}

/// Elsewhere the space comes back with compaction.
#[cfg(not(target_os = "linux"))]
fn punch(_fd: BorrowedFd<'_>, _start: u64, _length: u64) -> Result<(), Errno> {
    Err(Errno::NOTSUP)
}
