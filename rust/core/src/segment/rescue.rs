//! Sealed segments whose bytes are not where they were: records are put back where they belong.
//!
//! No disk inserts bytes, but a copy or a restore may, or leave some out. All checks are keyed with the
//! place, so a record that moved is none to whoever reads; but the footer, which moved too, says where
//! each of them was, and the checks prove it.

use std::collections::HashMap;
use std::io;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::create::create_locked;
use super::day::Day;
use super::file::{is_zero, next_data, read_at, read_vec, segment_name, write_at};
use super::footer::{self, Entry};
use super::format::{SEGMENT_MAX, SegmentHeader};
use super::load::fits;
use super::record::{self, Key, RECORD_HEADER_BYTES, RecordHeader};
use super::scan::is_whole_at;
use crate::dir;

/// How much is searched at once.
const CHUNK: usize = 1 << 20;
/// And copied: stretches of zeros so long stay holes.
const BLOCK: usize = 1 << 16;
/// How the name of a damaged file ends that is kept.
pub(crate) const DAMAGED: &str = ".damaged";

/// A footer, whole, that is not where it should be.
#[derive(Debug)]
pub(crate) struct Moved {
    /// Where it was.
    at: u64,
    bytes: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
}

/// The last footer in a file that its checks prove to be this segment's.
pub(crate) fn moved_footer(
    fd: BorrowedFd<'_>,
    header: &SegmentHeader,
) -> io::Result<Option<Moved>> {
    let mut found = None;
    each_place(fd, *footer::MAGIC, |place, head| {
        let claimed = footer::place_of(head, header.salt);
        let Some((at, length)) = claimed.filter(|(at, length)| fits(header, *at, *length)) else {
            return Ok(());
        };
        let bytes = read_vec(fd, usize::try_from(length).unwrap_or(usize::MAX), place)?;
        if let Some(entries) = footer::decode(&bytes, at, header.salt) {
            found = Some(Moved { at, bytes, entries });
        }
        Ok(())
    })?;
    Ok(found)
}

/// What was put back.
pub(crate) struct Restored {
    /// Records that were found.
    pub(crate) found: usize,
    /// Those of them that are whole.
    pub(crate) whole: usize,
}

/// Put a file in the place of a segment, with all that can be found of it where it was. Unless all of
/// that is whole, the file as it was stays beside it.
pub(crate) fn put_back(
    day: &Day,
    fd: BorrowedFd<'_>,
    header: &SegmentHeader,
    moved: &Moved,
) -> io::Result<Restored> {
    let (dir, name) = (day.dir.as_fd(), format!("{:016x}.new", header.number));
    let segment = segment_name(header.number);
    let made = create_locked(&day.context, dir, &name)?;
    let done = restore(fd, made.as_fd(), header, moved).and_then(|done| {
        // Whatever saves wait for: what it replaces may long have been on the disk.
        crate::sync::all(&made)?;
        if done.whole < moved.entries.len() {
            let kept = format!("{:016x}{DAMAGED}", header.number);
            match rustix::fs::linkat(dir, &*segment, dir, kept, AtFlags::empty()) {
                // By somebody who was killed before the next step.
                Ok(()) | Err(Errno::EXIST) => {}
                Err(other) => return Err(other.into()),
            }
        }
        rustix::fs::renameat(dir, &*name, dir, segment)?;
        day.context.sync_all(dir)?;
        Ok(done)
    });
    if done.is_err() {
        let _ = dir::unlink(dir, &name);
    }
    done
}

/// Write a segment as it was when it was sealed, with what another file holds of it.
pub(crate) fn restore(
    from: BorrowedFd<'_>,
    into: BorrowedFd<'_>,
    header: &SegmentHeader,
    moved: &Moved,
) -> io::Result<Restored> {
    let mut missing: HashMap<(Key, u64), Vec<&Entry>> = HashMap::new();
    for entry in &moved.entries {
        let same = missing.entry((entry.key, entry.sequence)).or_default();
        same.push(entry);
    }
    let sealed = SegmentHeader {
        sealed: moved.at,
        ..*header
    };
    write_at(into, &sealed.encode_both(), 0)?;
    let mut done = Restored { found: 0, whole: 0 };
    each_place(from, *record::MAGIC, |place, head| {
        let Some(candidates) =
            record::of_what(head).and_then(|(key, sequence)| missing.get_mut(&(key, sequence)))
        else {
            return Ok(());
        };
        let is_it =
            |entry: &&Entry| RecordHeader::decode(head, header.salt, entry.offset).is_some();
        if let Some(at) = candidates.iter().position(is_it) {
            let entry = candidates.swap_remove(at);
            copy(from, place, into, entry)?;
            done.found += 1;
            done.whole += usize::from(is_whole_at(into, header.salt, entry.offset));
        }
        Ok(())
    })?;
    write_at(into, &moved.bytes, moved.at)?;
    Ok(done)
}

fn copy(from: BorrowedFd<'_>, place: u64, into: BorrowedFd<'_>, entry: &Entry) -> io::Result<()> {
    let mut done = 0;
    while done < entry.length {
        let length = usize::try_from(entry.length - done).map_or(BLOCK, |left| left.min(BLOCK));
        let block = read_vec(from, length, place + done)?;
        if !is_zero(&block) {
            write_at(into, &block, entry.offset + done)?;
        }
        done += length as u64;
    }
    Ok(())
}

/// Look at each place of a file where a word begins, with what a header there would be.
fn each_place(
    fd: BorrowedFd<'_>,
    word: [u8; 4],
    mut look: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK + RECORD_HEADER_BYTES];
    let mut at = 0;
    while let Some(data) = next_data(fd, at)?.filter(|data| *data < SEGMENT_MAX) {
        at = data;
        let read = read_at(fd, &mut chunk, at)?;
        let bytes = chunk.get(..read).unwrap_or_default();
        let begins = |place: &usize| {
            bytes
                .get(*place..)
                .is_some_and(|rest| rest.starts_with(&word))
        };
        for place in (0..read.min(CHUNK)).filter(begins) {
            let end = (place + RECORD_HEADER_BYTES).min(read);
            look(at + place as u64, bytes.get(place..end).unwrap_or_default())?;
        }
        if read <= CHUNK {
            return Ok(());
        }
        at += CHUNK as u64;
    }
    Ok(())
}
