//! Files of zeros, written out and synced ahead of their use as segments.
//!
//! A sync of what was written over blocks that are on the disk already has no metadata to commit. A
//! thread makes the next file while the last one fills; it is this storage's, and ends with it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::fd::{AsFd, OwnedFd};

use super::context::Context;
use super::create::{create_locked, random_number};
use super::file::{locked, number_in, take_lock, write_at};
use crate::dir;
use crate::error::{During, Result};

/// The directory of spare files below the root.
pub(crate) const SPARE: &str = "spare";
/// Zeros written between two syncs: savers' own syncs have to wait for so much at the most.
const CHUNK: usize = 1 << 20;
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
    stopped: bool,
    thread: Option<JoinHandle<()>>,
}

/// The spare file of a storage, and the thread that makes it.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    state: Mutex<State>,
    changed: Condvar,
    saves: AtomicU64,
    bytes: AtomicU64,
}

impl Spares {
    /// A durable save of so many bytes was made. It may be time to make a file, if `soon` one is needed.
    pub(crate) fn count(&self, context: &Arc<Context>, length: u64, soon: bool) {
        let saves = self.saves.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = self.bytes.fetch_add(length, Ordering::Relaxed) + length;
        if soon && saves % SAVES == 0 && bytes / saves <= LENGTH_MAX {
            self.want(context);
        }
    }

    fn want(&self, context: &Arc<Context>) {
        let mut state = locked(&self.state);
        if state.stopped || state.ready.is_some() || state.wanted {
            return;
        }
        state.wanted = true;
        if state.thread.is_none() {
            let context = Arc::clone(context);
            let thread = std::thread::Builder::new().name("socorro-fast-spares".to_owned());
            // Without a thread, segments are appended to, as they were before.
            state.thread = thread.spawn(move || context.spares.serve(&context)).ok();
        }
        self.changed.notify_all();
    }

    /// Whether there is a file to take.
    pub(crate) fn is_ready(&self) -> bool {
        locked(&self.state).ready.is_some()
    }

    /// The file that is ready.
    pub(crate) fn take(&self) -> Option<Spare> {
        locked(&self.state).ready.take()
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
            if let Ok(dir) = context.root.open_dir(SPARE) {
                let _ = dir::unlink(dir.as_fd(), &spare.name);
            }
        }
    }

    /// In a fork's child the thread is not there, and its number may be another one's by now. The file
    /// is the parent's, and so is its lock: it must not stay open here.
    pub(crate) fn abandon(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            std::mem::forget(state.thread.take());
            drop(state.ready.take());
        }
    }

    fn is_stopped(&self) -> bool {
        locked(&self.state).stopped
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
        let filled = self.fill(context, &fd);
        if !matches!(filled, Ok(true)) {
            let _ = dir::unlink(dir.as_fd(), &name);
        }
        let filled = filled.during("write", path)?;
        Ok(filled.then_some(Spare { fd, name }))
    }

    /// Write zeros; false if there is no more need for them, or hardly room.
    fn fill(&self, context: &Context, fd: &OwnedFd) -> io::Result<bool> {
        if context.room()? / 2 < context.options.segment_bytes {
            // What is left is for crashes: they would meet a full disk as long as the zeros are there.
            return Ok(false);
        }
        let zeros = vec![0; CHUNK];
        let mut at = 0;
        while at < context.options.segment_bytes {
            if self.is_stopped() {
                return Ok(false);
            }
            context.check_room(CHUNK as u64)?;
            write_at(fd.as_fd(), &zeros, at)?;
            rustix::io::retry_on_intr(|| rustix::fs::fdatasync(fd))?;
            at += CHUNK as u64;
        }
        Ok(true)
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
}
