//! Learning what a day holds: listing its directory, loading segments, polling those being written.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::Mode;
use rustix::io::Errno;

use super::day::{CHANGES, Day, State};
use super::file::{
    Segment, number_in, open_repairable, read_vec, segment_name, size_of_file, take_lock,
};
use super::footer::{self, Entry, TAIL};
use super::format::{NoHeader, SEGMENT_MAX, SegmentHeader};
use super::header::{self, Place};
use super::journal::{JOURNAL, REWRITTEN};
use super::recover::recover;
use super::rescue::DAMAGED;
use super::scan::{Reading, scan};
use crate::dir::{self, EntryKind, Locked};
use crate::error::{During, Error, Result};

/// Reading a file's end, a small footer comes along.
const TAIL_READ: u64 = 64 * 1024;

/// Mending a damaged segment takes a second for half a gigabyte. After so long the lock is a writer's,
/// and what the header says is the damage.
const MENDING_MAX: Duration = Duration::from_secs(5);

/// A segment that another process is writing.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) slot: u32,
    fd: Arc<OwnedFd>,
    /// Where its next record will begin.
    end: u64,
}

/// List the directory, and load what was not known of it.
pub(crate) fn list(day: &Day, state: &mut State) -> Result<()> {
    let entries = day.files()?;
    let mut numbers = HashSet::new();
    for entry in &entries {
        match number_in(&entry.name, ".seg") {
            Some(number) if entry.kind == EntryKind::Other => drop(numbers.insert(number)),
            _ if number_in(&entry.name, ".new").is_some() => drop_dead(day, &entry.name),
            _ if is_ours(&entry.name) => {}
            _ => drop(foreign(day, &entry.name)),
        }
    }
    // Of those that are being made the name comes last.
    let known = |segment: &Arc<Segment>| {
        numbers.contains(&segment.number()) || day.pool.owns(segment.number())
    };
    if state.distrusted || state.segments.iter().flatten().any(|each| !known(each)) {
        forget_gone(day, state, known)?;
    }
    for number in numbers {
        if state.slot_of(number).is_none() {
            load(day, state, number)?;
        }
    }
    Ok(())
}

pub(crate) fn is_ours(name: &str) -> bool {
    [CHANGES, JOURNAL, REWRITTEN].contains(&name)
        || [".new", DAMAGED]
            .iter()
            .any(|suffix| number_in(name, suffix).is_some())
}

/// Remove what somebody was about to make a segment of, and died: nothing was saved in it.
fn drop_dead(day: &Day, name: &str) {
    let opened = rustix::fs::openat(&*day.dir, name, dir::FILE, Mode::empty());
    if opened.is_ok_and(|fd| take_lock(fd.as_fd())) {
        // Without permission it stays.
        let _ = dir::unlink(day.dir.as_fd(), name);
    }
}

/// Report what is not ours.
fn foreign(day: &Day, name: &str) -> Option<Loaded> {
    let path = day.path.join(name);
    let text = format!("'{}' is no segment and was left alone", path.display());
    day.context.note(text);
    None
}

/// Segments are gone. Others hold copies of what was in them, which the index may not know: what it
/// holds is read again.
fn forget_gone(
    day: &Day,
    state: &mut State,
    is_there: impl Fn(&Arc<Segment>) -> bool,
) -> Result<()> {
    // Until everything was read again: what is not in the index must not be taken for gone.
    state.distrusted = true;
    state.index = super::index::Index::default();
    state.live.clear();
    for slot in 0..state.segments.len() {
        let Some(place) = state.segments.get_mut(slot) else {
            continue;
        };
        let Some(segment) = place.take_if(|each| !is_there(each)) else {
            if let Some(segment) = place.clone() {
                let slot = u32::try_from(slot).unwrap_or(u32::MAX);
                reload(day, state, &segment, slot)?;
            }
            continue;
        };
        drop(segment);
    }
    Ok(())
}

fn reload(day: &Day, state: &mut State, segment: &Arc<Segment>, slot: u32) -> Result<()> {
    // Who mends a segment puts another file in its place.
    segment.close();
    match read(day, segment.number())? {
        Some(loaded) => take_in(day, state, loaded, slot),
        // Nothing is known of what is in it, least of all that it is dead.
        None => state.leave(slot),
    }
    Ok(())
}

fn load(day: &Day, state: &mut State, number: u64) -> Result<()> {
    let Some(loaded) = read(day, number)? else {
        return Ok(());
    };
    let segment = Segment::new(
        loaded.header,
        &day.path,
        Arc::clone(&day.dir),
        Arc::clone(&day.context.descriptors),
    );
    let slot = state.enter(Arc::new(segment));
    take_in(day, state, loaded, slot);
    Ok(())
}

fn take_in(day: &Day, state: &mut State, loaded: Loaded, slot: u32) {
    for entry in &loaded.entries {
        state.index.add(entry, slot);
    }
    // What this process writes it knows without looking.
    if let Some((fd, end)) = loaded
        .living
        .filter(|_| !day.pool.owns(loaded.header.number))
    {
        let fd = Arc::new(fd);
        state.live.push(Live { slot, fd, end });
    }
}

pub(crate) struct Loaded {
    pub(crate) header: SegmentHeader,
    pub(crate) entries: Vec<Entry>,
    /// Of a segment whose writer lives: its file, and where the next record will be.
    pub(crate) living: Option<(OwnedFd, u64)>,
}

/// Read what a segment holds; nothing if it went meanwhile, or is none.
pub(crate) fn read(day: &Day, number: u64) -> Result<Option<Loaded>> {
    let name = segment_name(number);
    let path = || day.path.join(&name);
    let (fd, writable) = match open_repairable(day.dir.as_fd(), &name) {
        Err(Errno::NOENT) => return Ok(None),
        // Such as a socket.
        Err(Errno::NXIO | Errno::INVAL) => return Ok(foreign(day, &name)),
        other => other.during("open", path)?,
    };
    let is_it = |header: &SegmentHeader| header.number == number && header.date == day.date;
    match header::find(fd.as_fd(), is_it).during("read", path)? {
        Ok((header, place)) => {
            if place == Place::Copy {
                mend_header(day, &fd, writable, &header);
            }
            let loaded = read_records(day, fd, writable, header).during("read", path)?;
            loaded.map_or_else(|| read(day, number), |loaded| Ok(Some(loaded)))
        }
        Err(NoHeader::Newer(version)) => Err(Error::Configuration(format!(
            "{} is of version {version} of the segment format; this release reads up to {}",
            path().display(),
            super::format::VERSION
        ))),
        Err(NoHeader::Damaged) => Ok(foreign(day, &name)),
    }
}

fn mend_header(day: &Day, fd: &OwnedFd, writable: bool, header: &SegmentHeader) {
    let mended = if writable {
        header::mend(fd.as_fd(), header)
    } else {
        Err(Errno::ROFS.into())
    };
    let done = match mended {
        Ok(()) => "was damaged, and is mended from its copy".to_owned(),
        Err(error) => format!("is damaged; its copy is used, as it cannot be mended: {error}"),
    };
    let path = day.path.join(segment_name(header.number));
    day.context
        .note(format!("the header of '{}' {done}", path.display()));
}

/// Read the records of a segment; nothing if another file took its place meanwhile.
fn read_records(
    day: &Day,
    fd: OwnedFd,
    writable: bool,
    header: SegmentHeader,
) -> io::Result<Option<Loaded>> {
    let loaded = |entries| Loaded {
        header,
        entries,
        living: None,
    };
    if let Some(entries) = read_footer(fd.as_fd(), &header)? {
        return Ok(Some(loaded(entries)));
    }
    let ours = day.pool.owns(header.number);
    // Nobody writes to what is sealed: who has it mends it.
    let is_written = ours || !(take_lock(fd.as_fd()) || header.sealed > 0 && is_let_go(fd.as_fd()));
    if is_written {
        let found = scan(fd.as_fd(), header.salt, header.length, Reading::Living)?;
        let living = Some((fd, found.end)).filter(|_| !found.sealed);
        return Ok(Some(Loaded {
            living,
            ..loaded(found.entries)
        }));
    }
    let fd = Locked(fd);
    if rustix::fs::fstat(&fd.0)?.st_nlink == 0 {
        return Ok(None);
    }
    // The writer may have sealed it between the first look and its end.
    if let Some(entries) = read_footer(fd.0.as_fd(), &header)? {
        return Ok(Some(loaded(entries)));
    }
    recover(day, &fd.0, writable, &header).map(|entries| Some(loaded(entries)))
}

/// Take a lock that somebody holds for a moment, but not if that is a lie.
fn is_let_go(fd: BorrowedFd<'_>) -> bool {
    let end = Instant::now() + MENDING_MAX;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
        if take_lock(fd) {
            return true;
        }
    }
    false
}

/// Whether a footer of that length can be at an offset. An entry is shorter than its record: one that
/// is longer than all records is none.
pub(crate) fn fits(header: &SegmentHeader, at: u64, length: u64) -> bool {
    (header.length..SEGMENT_MAX).contains(&at) && length > 0 && length <= at + footer::SHORTEST
}

/// The entries of a sealed segment; nothing if it is not sealed.
pub(crate) fn read_footer(
    fd: BorrowedFd<'_>,
    header: &SegmentHeader,
) -> io::Result<Option<Vec<Entry>>> {
    let size = size_of_file(fd)?;
    let from = size.saturating_sub(TAIL_READ).max(header.length).min(size);
    let end = read_vec(fd, usize::try_from(size - from).unwrap_or_default(), from)?;
    let tail = end
        .get(end.len().saturating_sub(TAIL)..)
        .unwrap_or_default();
    let begin = footer::begin_of(tail);
    let Some(begin) = begin.filter(|at| fits(header, *at, size.saturating_sub(*at))) else {
        return Ok(None);
    };
    if begin >= from {
        let skipped = usize::try_from(begin - from).unwrap_or_default();
        let bytes = end.get(skipped..).unwrap_or_default();
        return Ok(footer::decode(bytes, begin, header.salt));
    }
    let bytes = read_vec(fd, usize::try_from(size - begin).unwrap_or_default(), begin)?;
    Ok(footer::decode(&bytes, begin, header.salt))
}

/// Look for what other processes have appended.
pub(crate) fn poll(day: &Day, state: &mut State) -> Result<()> {
    let State {
        index,
        live,
        segments,
        ..
    } = state;
    let mut outcome = Ok(());
    live.retain_mut(|live| {
        let Some(Some(segment)) = segments.get(live.slot as usize) else {
            return false;
        };
        let found = scan(live.fd.as_fd(), segment.header.salt, live.end, Reading::New);
        match found.during("read", || segment.path()) {
            Ok(found) => {
                for entry in &found.entries {
                    index.add(entry, live.slot);
                }
                live.end = found.end;
                !found.sealed
            }
            Err(error) => {
                outcome = Err(error);
                true
            }
        }
    });
    let _ = day;
    outcome
}
