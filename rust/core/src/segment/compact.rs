//! Compaction: what counts is copied out of segments that are mostly dead, and those go.

use std::collections::HashSet;
use std::sync::Arc;

use rustix::fd::AsFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::append::{NewRecord, OpenSegment};
use super::create;
use super::day::{CHANGES, Day, Seen, State};
use super::file::{Segment, number_in, read_vec, regular, segment_name, take_lock, write_failed};
use super::footer::Entry;
use super::format::crc;
use super::load;
use super::queue_day::QueueDay;
use super::record::{Flags, Part, RECORD_HEADER_BYTES, RecordHeader, RecordKind, decode_table};
use super::store::SegmentStore;
use crate::dir::{self, FILE, Locked};
use crate::error::{During, Result};

/// What a compaction did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Segments that were removed.
    pub segments: usize,
    /// Bytes of them that were not copied.
    pub bytes: u64,
}

/// A segment that is to go.
#[derive(Debug)]
struct Victim {
    segment: Arc<Segment>,
    /// Its lock is held by this.
    fd: Locked,
    live: Vec<Entry>,
    /// Bytes that are not copied.
    dead: u64,
}

impl SegmentStore {
    /// Compact the segments of a day of whose bytes at least `percent` in a hundred are dead.
    ///
    /// Only sealed segments are, and only those that nothing is queued in any more. Nothing is done
    /// while somebody else compacts that day.
    pub fn compact(&self, date: u32, percent: u64) -> Result<Compacted> {
        let found = self.with_day(date, |day| {
            let _alone = match alone(day)? {
                Seen::Is(Some(lock)) => lock,
                Seen::Is(None) => return Ok(Seen::Is(Compacted::default())),
                Seen::Gone => return Ok(Seen::Gone),
            };
            let Some(mut queue) = QueueDay::open(day)? else {
                return Ok(Seen::Gone);
            };
            if let Seen::Gone = queue.refresh(true)? {
                return Ok(Seen::Gone);
            }
            queue.mark_done()?;
            let is_done = |number| queue.backlog.is_done(number);
            compact_day(day, percent, is_done)
        })?;
        Ok(found.unwrap_or_default())
    }
}

/// The lock of whoever compacts a day; nothing if somebody has it.
///
/// A compaction that died has left copies, and each process chooses for itself which of two counts: two
/// that compact at once could each remove the one that the other keeps.
fn alone(day: &Day) -> Result<Seen<Option<Locked>>> {
    match rustix::fs::openat(&*day.dir, CHANGES, FILE, Mode::empty()).and_then(regular) {
        Err(Errno::NOENT) => Ok(Seen::Gone),
        other => {
            let fd = other.during("open", || day.path.join(CHANGES))?;
            Ok(Seen::Is(take_lock(fd.as_fd()).then(|| Locked(fd))))
        }
    }
}

fn compact_day(
    day: &Arc<Day>,
    percent: u64,
    is_done: impl Fn(u64) -> bool,
) -> Result<Seen<Compacted>> {
    let Seen::Is(state) = day.refreshed()? else {
        return Ok(Seen::Gone);
    };
    let segments: Vec<(u32, Arc<Segment>)> = state.numbered().collect();
    drop(state);
    let mut victims = Vec::new();
    for (slot, segment) in &segments {
        if is_done(segment.number()) {
            victims.extend(victim(day, *slot, segment, percent)?);
        }
    }
    if victims.is_empty() {
        return Ok(Seen::Is(Compacted::default()));
    }
    let going: HashSet<u64> = victims.iter().map(|it| it.segment.number()).collect();
    // Listed again: a listing that others move segments beside may have missed one.
    let mut staying = numbers(day)?;
    staying.extend(segments.iter().map(|(_, it)| it.number()));
    staying.retain(|number| !going.contains(number));
    // What goes goes one by one: what a tombstone ends may be there for longer than the tombstone.
    let tombstones = !staying.is_empty() || victims.len() > 1;
    if let Seen::Gone = copy_out(day, &victims, tombstones)? {
        return Ok(Seen::Gone);
    }
    // What replaced the dead may not be on the disk yet.
    sync_all(day, &staying)?;
    remove_all(day, &victims)
}

/// The numbers of the segments of a day.
fn numbers(day: &Day) -> Result<HashSet<u64>> {
    let files = day.files()?;
    let numbers = files.iter().filter_map(|it| number_in(&it.name, ".seg"));
    Ok(numbers.collect())
}

/// Wait until what segments hold is on the disk, whatever saves wait for: what goes may have been.
fn sync_all(day: &Day, segments: &HashSet<u64>) -> Result<()> {
    for number in segments {
        let name = segment_name(*number);
        let opened = rustix::fs::openat(&*day.dir, &*name, FILE, Mode::empty());
        let synced = match opened.and_then(regular) {
            Err(Errno::NOENT | Errno::LOOP | Errno::INVAL) => Ok(()),
            opened => opened.and_then(crate::sync::data),
        };
        synced.during("sync", || day.path.join(&name))?;
    }
    crate::sync::all(&*day.dir).during("sync directory", || day.path.clone())
}

/// The segment, locked, if it is sealed, nobody else's, and dead enough.
fn victim(day: &Day, slot: u32, segment: &Arc<Segment>, percent: u64) -> Result<Option<Victim>> {
    let flags = FILE.difference(OFlags::RDONLY) | OFlags::RDWR;
    let name = segment_name(segment.number());
    let fd = match rustix::fs::openat(&*day.dir, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        other => other.during("open", || segment.path())?,
    };
    if !take_lock(fd.as_fd()) {
        return Ok(None);
    }
    let fd = Locked(fd);
    let footer =
        load::read_footer(fd.0.as_fd(), &segment.header).during("read", || segment.path())?;
    let Some(entries) = footer else {
        return Ok(None);
    };
    let all: u64 = entries.iter().map(|entry| entry.length).sum();
    let live: Vec<Entry> = {
        // Of an index that another thread could not read anew in full, nothing is learned of the dead.
        let Seen::Is(state) = day.refreshed()? else {
            return Ok(None);
        };
        let counts = |entry: &Entry| is_live(&state, slot, entry);
        entries.into_iter().filter(counts).collect()
    };
    let dead = all - live.iter().map(|entry| entry.length).sum::<u64>();
    let segment = Arc::clone(segment);
    let enough = dead > 0 && dead.saturating_mul(100) >= all.saturating_mul(percent);
    Ok(enough.then_some(Victim {
        segment,
        fd,
        live,
        dead,
    }))
}

/// Whether a record is one of those that say what there is of its crash.
fn is_live(state: &State, slot: u32, entry: &Entry) -> bool {
    let known = state.index.get(&entry.key);
    known
        .places()
        .any(|place| place.slot == slot && place.offset == entry.offset)
}

/// Copy what counts into segments of ours. Until the originals go there are two of each record, with
/// the same sequence, and either will do.
///
/// `tombstones`: there are other segments, which may hold what a tombstone ends.
fn copy_out(day: &Day, victims: &[Victim], tombstones: bool) -> Result<Seen<()>> {
    let mut copy: Option<OpenSegment> = None;
    let copied = victims.iter().try_for_each(|victim| {
        let wanted = |entry: &&Entry| entry.kind == RecordKind::Crash || tombstones;
        let mut live = victim.live.iter().filter(wanted);
        live.try_for_each(|entry| copy_record(day, victim, entry, &mut copy))
    });
    // Sealed in any case: nobody else can as long as this process has it.
    let ended = copy.map_or(Ok(()), |open| finish(day, open));
    match copied.and(ended) {
        Err(error) if error.errno() == Some(Errno::NOENT) => Ok(Seen::Gone),
        other => other.map(Seen::Is),
    }
}

fn copy_record(
    day: &Day,
    victim: &Victim,
    entry: &Entry,
    copy: &mut Option<OpenSegment>,
) -> Result<()> {
    let (header, parts) = read_record(victim, entry)?;
    let flags = header.flags.without(Flags::QUEUED);
    let record = NewRecord::new(header.key, header.kind, flags, &parts);
    let record =
        record.ok_or_else(|| victim.segment.damaged(entry.offset, "has too many parts"))?;
    if let Some(full) = copy.take_if(|open| !open.has_room(record.length())) {
        finish(day, full)?;
    }
    let open = match copy {
        Some(open) => open,
        None => copy.insert(make(day)?),
    };
    let written = open.append(&record, header.sequence);
    let (_, copied) = written.map_err(|error| write_failed(error, &open.segment))?;
    day.state().index.add(&copied, open.slot);
    Ok(())
}

fn make(day: &Day) -> Result<OpenSegment> {
    match create::make(day)? {
        Seen::Is(open) => Ok(open),
        Seen::Gone => Err(Errno::NOENT).during("compact", || day.path.clone()),
    }
}

fn finish(day: &Day, open: OpenSegment) -> Result<()> {
    // Whatever saves wait for: the originals, which go next, may long have been on the disk.
    open.target.sync();
    let synced = open
        .target
        .outcome()
        .and_then(|()| Ok(crate::sync::all(&*day.dir)?))
        .map_err(|error| write_failed(error, &open.segment));
    day.seal(open);
    synced
}

/// A part with its bytes as stored.
type StoredPart = (Part, Vec<u8>);

/// A record with its parts.
fn read_record(victim: &Victim, entry: &Entry) -> Result<(RecordHeader, Vec<StoredPart>)> {
    let (segment, at) = (&victim.segment, entry.offset);
    let length = usize::try_from(entry.length).unwrap_or(usize::MAX);
    let bytes = read_vec(victim.fd.as_fd(), length, at).during("read", || segment.path())?;
    let damaged = || segment.damaged(at, "cannot be copied: it fails its checksum");
    let (header, _) = RecordHeader::decode(&bytes, segment.header.salt, at).ok_or_else(damaged)?;
    let mut data = usize::try_from(header.data_at()).unwrap_or(usize::MAX);
    let table = bytes.get(RECORD_HEADER_BYTES..data).unwrap_or_default();
    let mut parts = Vec::new();
    for part in decode_table(table, &header).ok_or_else(damaged)? {
        let end = data.saturating_add(usize::try_from(part.stored).unwrap_or(usize::MAX));
        let stored = bytes.get(data..end).filter(|it| crc(it) == part.crc);
        parts.push((part, stored.ok_or_else(damaged)?.to_vec()));
        data = end;
    }
    Ok((header, parts))
}

fn remove_all(day: &Day, victims: &[Victim]) -> Result<Seen<Compacted>> {
    let mut done = Compacted::default();
    for victim in victims {
        let name = segment_name(victim.segment.number());
        dir::unlink(day.dir.as_fd(), &name).during("remove", || victim.segment.path())?;
        done.segments += 1;
        done.bytes += victim.dead;
    }
    day.ring()?;
    Ok(Seen::Is(done))
}

#[cfg(test)]
mod tests {
    use super::super::testing::options;
    use super::*;
    use crate::crash_id::CrashId;
    use crate::segment::NewSegmentCrash;

    #[test]
    fn an_index_that_was_half_read_makes_nothing_dead() {
        let root = tempfile::tempdir().unwrap();
        let store = SegmentStore::open(root.path(), options()).unwrap();
        let id = CrashId::parse("aabbcccc-0000-4000-8000-000002180601").unwrap();
        let crash = NewSegmentCrash {
            raw: Some(b"{}"),
            ..NewSegmentCrash::default()
        };
        store.save(&id, crash).unwrap();
        let day = store.day(20_180_601).unwrap().unwrap();
        day.close();
        let mut state = day.state();
        state.index = super::super::index::Index::default();
        state.distrusted = true;
        let (slot, segment) = state.numbered().next().unwrap();
        drop(state);
        assert!(victim(&day, slot, &segment, 1).unwrap().is_none());
    }
}
