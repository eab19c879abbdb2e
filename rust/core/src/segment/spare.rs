//! Files of zeros, written out and synced ahead of their use as segments.
//!
//! A sync of what was written over blocks that are on the disk already has no metadata to commit. A
//! thread makes the next file while the last one fills, a little with every save: so what it takes from
//! the disk is the same at any time. The file is this storage's, and ends with it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::FallocateFlags;

use super::context::Context;
use super::create::{create_locked, random_number};
use super::file::{locked, number_in, take_lock, write_at};
use super::write_out::write_out;
use crate::dir;
use crate::error::{During, Result};

/// The directory of spare files below the root.
pub(crate) const SPARE: &str = "spare";
/// Zeros written at a time: savers' own syncs have to wait for so much at the most.
const CHUNK: usize = 128 * 1024;
/// The same where the disk is slow: without zeros, savers pay for every sync with a commit of the journal.
const CHUNK_MAX: usize = 8 * CHUNK;
/// It is slow if savers get so many bytes ahead of the zeros.
const LAG: u64 = 8 << 20;
/// Bytes saved for so many zeros: the next file is ready a little before the last one is full.
const PACE: (u64, u64) = (15, 16);
/// Durable saves after which it is worth while to write ahead.
const SAVES: u64 = 64;
/// Where crashes are larger on average, their data is the cost, and writing everything twice no gain.
const LENGTH_MAX: u64 = 512 * 1024;

/// A file that is ready, locked.
#[derive(Debug)]
pub(crate) struct Spare {
    pub(crate) fd: OwnedFd,
    pub(crate) name: String,
}

#[derive(Debug, Default)]
struct State {
    ready: Option<Spare>,
    wanted: bool,
    /// Savers have to do without for now.
    urgent: bool,
    stopped: bool,
    /// What the thread makes, while it waits: a fork's child lets go of it.
    making: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

/// The spare file of a storage, and the thread that makes it.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    state: Mutex<State>,
    changed: Condvar,
    saves: AtomicU64,
    bytes: AtomicU64,
    /// The thread waits for so many bytes to be saved, if it waits for any.
    awaited: AtomicU64,
}

impl Spares {
    /// A durable save of so many bytes was made, into zeros or (`urgent`) without.
    pub(crate) fn count(&self, context: &Arc<Context>, length: u64, urgent: bool) {
        let saves = self.saves.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = self.bytes.fetch_add(length, Ordering::SeqCst) + length;
        if saves % SAVES == 0 && self.is_worth_it() {
            self.want(context, urgent);
        }
        if (1..=bytes).contains(&self.awaited.load(Ordering::SeqCst)) {
            // The thread has this lock from its last look at the bytes until it sleeps.
            drop(locked(&self.state));
            self.changed.notify_all();
        }
    }

    fn want(&self, context: &Arc<Context>, urgent: bool) {
        let mut state = locked(&self.state);
        if state.stopped || state.ready.is_some() {
            return;
        }
        state.wanted = true;
        state.urgent = urgent;
        if state.thread.is_none() {
            let context = Arc::clone(context);
            let thread = std::thread::Builder::new().name("socorro-fast-spares".to_owned());
            // Without a thread, segments are appended to, as they were before.
            state.thread = thread.spawn(move || context.spares.serve(&context)).ok();
        }
        self.changed.notify_all();
    }

    fn is_worth_it(&self) -> bool {
        let saves = self.saves.load(Ordering::Relaxed).max(1);
        self.bytes.load(Ordering::SeqCst) / saves <= LENGTH_MAX
    }

    /// A save met a full disk. A file that waits for the next one holds room that nobody can use.
    pub(crate) fn hurry(&self) {
        locked(&self.state).urgent = true;
        self.changed.notify_all();
    }

    /// Whether there is a file to take.
    pub(crate) fn is_ready(&self) -> bool {
        locked(&self.state).ready.is_some()
    }

    /// The file that is ready. The next one is begun at once, to be ready when this one is full.
    pub(crate) fn take(&self) -> Option<Spare> {
        let mut state = locked(&self.state);
        let taken = state.ready.take();
        if taken.is_some() && self.is_worth_it() {
            (state.wanted, state.urgent) = (true, false);
            self.changed.notify_all();
        }
        taken
    }

    /// End the thread, and remove what it made.
    pub(crate) fn stop(&self, context: &Context) {
        let (thread, ready) = {
            let mut state = locked(&self.state);
            state.stopped = true;
            self.changed.notify_all();
            (state.thread.take(), state.ready.take())
        };
        if let Some(thread) = thread {
            // It cannot have panicked; if it has, there is nothing to wait for.
            let _ = thread.join();
        }
        let late = locked(&self.state).ready.take();
        for spare in [ready, late].into_iter().flatten() {
            unlink(context, &spare.name);
        }
    }

    /// In a fork's child the thread is not there, and its number may be another one's by now. The file
    /// is the parent's, and so is its lock: it must not stay open here.
    pub(crate) fn abandon(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            std::mem::forget(state.thread.take());
            drop((state.ready.take(), state.making.take()));
        }
    }

    /// The thread: make a file whenever one is wanted.
    fn serve(&self, context: &Context) {
        let mut state = locked(&self.state);
        while !state.stopped {
            if !state.wanted {
                let woken = self.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            drop(state);
            let made = self.make(context);
            state = locked(&self.state);
            state.wanted = false;
            match made {
                Ok(spare) => state.ready = spare,
                Err(error) => context.note(format!("no segment is written ahead: {error}")),
            }
        }
    }

    fn make(&self, context: &Context) -> Result<Option<Spare>> {
        let dir = context.root.make_dir(SPARE, context.options.durability)?;
        drop_dead(&dir);
        let name = format!("{:016x}.spare", random_number()?);
        let path = || context.root.join(SPARE).join(&name);
        let fd = create_locked(context, dir.as_fd(), &name).during("create", path)?;
        // A fork's child would have it for ever.
        drop(dir);
        let filled = self.fill(context, fd);
        if !matches!(filled, Ok(Some(_))) {
            unlink(context, &name);
        }
        let filled = filled.during("write", path)?;
        Ok(filled.map(|fd| Spare { fd, name }))
    }

    /// Write zeros; nothing if there is no more need for them, or hardly room.
    fn fill(&self, context: &Context, mut fd: OwnedFd) -> io::Result<Option<OwnedFd>> {
        let segment_bytes = context.options.segment_bytes;
        if context.room()? / 2 < segment_bytes {
            // What is left is for crashes: they would meet a full disk as long as the zeros are there.
            return Ok(None);
        }
        // Where it can be done, one commit of the journal then does for all. It is no more than that.
        let _ = rustix::fs::fallocate(&fd, FallocateFlags::empty(), 0, segment_bytes);
        let zeros = vec![0; CHUNK_MAX];
        let (mut at, begin) = (0, self.bytes.load(Ordering::SeqCst));
        while at < segment_bytes {
            let Some((back, length)) = self.wait_until_due(fd, begin, at) else {
                return Ok(None);
            };
            fd = back;
            let length = length.min(usize::try_from(segment_bytes - at).unwrap_or(CHUNK_MAX));
            context.check_room(length as u64)?;
            write_at(fd.as_fd(), zeros.get(..length).unwrap_or_default(), at)?;
            write_out(fd.as_fd(), at, length as u64)?;
            at += length as u64;
        }
        crate::sync::data(&fd)?;
        Ok(Some(fd))
    }

    /// Wait until more zeros are to be written to a file behind those that are; how many, or none any
    /// more.
    fn wait_until_due(&self, fd: OwnedFd, begin: u64, at: u64) -> Option<(OwnedFd, usize)> {
        let mut state = locked(&self.state);
        state.making = Some(fd);
        loop {
            self.awaited.store(begin + awaited(at), Ordering::SeqCst);
            let saved = self.bytes.load(Ordering::SeqCst) - begin;
            let due = due(saved, at, state.urgent);
            if state.stopped || due.is_some() {
                self.awaited.store(0, Ordering::SeqCst);
                let fd = state.making.take();
                return fd.zip(due).filter(|_| !state.stopped);
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Bytes to be saved before zeros are written at an offset.
fn awaited(at: u64) -> u64 {
    at / PACE.1 * PACE.0
}

/// How many zeros are to be written at an offset when so many bytes were saved.
fn due(saved: u64, at: u64, urgent: bool) -> Option<usize> {
    if saved >= awaited(at) + LAG {
        return Some(CHUNK_MAX);
    }
    (urgent || saved >= awaited(at)).then_some(CHUNK)
}

fn unlink(context: &Context, name: &str) {
    if let Ok(dir) = context.root.open_dir(SPARE) {
        let _ = dir::unlink(dir.as_fd(), name);
    }
}

/// Remove what dead processes have left below a root.
pub(crate) fn clean_up(context: &Context) {
    if let Ok(dir) = context.root.open_dir(SPARE) {
        drop_dead(&dir);
    }
}

fn drop_dead(dir: &OwnedFd) {
    // Whatever cannot be listed, opened or removed now is met again next time.
    let entries = dir::list(dir.as_fd()).unwrap_or_default();
    let spares = entries
        .iter()
        .filter(|entry| number_in(&entry.name, ".spare").is_some());
    for entry in spares {
        let opened = rustix::fs::openat(dir, &*entry.name, dir::FILE, rustix::fs::Mode::empty());
        if opened.is_ok_and(|fd| take_lock(fd.as_fd())) {
            let _ = dir::unlink(dir.as_fd(), &entry.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::store::SegmentStore;
    use super::super::testing::options;
    use super::*;

    #[test]
    fn what_little_room_there_is_is_left_to_crashes() {
        let root = tempfile::tempdir().unwrap();
        let mut full = options();
        let made = |options| {
            let store = SegmentStore::open(root.path(), options).unwrap();
            store.context.spares.make(&store.context).unwrap().is_some()
        };
        assert!(made(full.clone()));
        full.keep_free = u64::MAX;
        assert!(!made(full));
        let spares = std::fs::read_dir(root.path().join(SPARE)).unwrap();
        assert_eq!(spares.count(), 0);
    }
    #[test]
    fn the_next_file_is_begun_with_the_last_one() {
        let root = tempfile::tempdir().unwrap();
        let mut options = options();
        options.segment_bytes = 1 << 20;
        let store = SegmentStore::open(root.path(), options).unwrap();
        let (context, spares) = (&store.context, &store.context.spares);
        let wait_until = |condition: &dyn Fn() -> bool| {
            let end = Instant::now() + Duration::from_secs(60);
            while !condition() {
                assert!(Instant::now() < end);
                std::thread::yield_now();
            }
        };
        for _ in 0..SAVES {
            spares.count(context, 1, true);
        }
        wait_until(&|| spares.is_ready());
        assert!(spares.take().is_some());
        wait_until(&|| locked(&spares.state).making.is_some());
        assert!(!spares.is_ready());
        spares.hurry();
        wait_until(&|| spares.is_ready());
        store.close();
    }

    #[test]
    fn zeros_keep_pace_with_saves() {
        const SEGMENT: u64 = 64 << 20;
        let (mut saved, mut at) = (0, 0);
        while at < SEGMENT {
            match due(saved, at, false) {
                Some(length) => {
                    assert_eq!(length, CHUNK);
                    at += length as u64;
                }
                None => saved += 66 * 1024,
            }
        }
        assert!((SEGMENT * 9 / 10..SEGMENT).contains(&saved));
        // Savers have to do without; and on a slow disk they get ahead.
        assert_eq!(due(0, at, true), Some(CHUNK));
        assert_eq!(due(saved, at / 2, false), Some(CHUNK_MAX));
    }
}
