//! A day: the directory of its segments, and what is known of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::context::Context;
use super::file::{Segment, locked, open_making, regular};
use super::index::{Index, Known, Place};
use super::load::{self, Live};
use super::pool::Pool;
use super::record::Key;
use crate::dir::{self, DIRECTORY, Entry, FILE};
use crate::error::{During, Result};

/// The file that grows when segments come or go.
pub(crate) const CHANGES: &str = "changes";

/// Others may make segments faster than a day is listed, but not for ever.
const TRIES: usize = 100;

/// A day of segments.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) context: Arc<Context>,
    /// yyyymmdd.
    pub(crate) date: u32,
    pub(crate) path: PathBuf,
    pub(crate) dir: Arc<OwnedFd>,
    /// Absent where nothing can be written, and nobody has.
    changes: Option<OwnedFd>,
    state: Mutex<State>,
    pub(crate) pool: Pool,
    /// Its name is known to be on the disk.
    has_name: AtomicBool,
    /// When it was used last, as [`super::days::Days`] counts.
    pub(crate) used: AtomicU64,
}

/// What is known of a day.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) index: Index,
    /// Segments by slot. A slot is never given to another segment; one that is gone leaves it empty.
    pub(crate) segments: Vec<Option<Arc<Segment>>>,
    /// Segments that other processes are writing.
    pub(crate) live: Vec<Live>,
    /// Something was not where the index said: it is to be built anew.
    pub(crate) distrusted: bool,
    /// Length of `changes` when the directory was listed last.
    listed_at: Option<u64>,
}

impl State {
    pub(crate) fn segment(&self, slot: u32) -> Option<&Arc<Segment>> {
        self.segments.get(slot as usize)?.as_ref()
    }

    pub(crate) fn slot_of(&self, number: u64) -> Option<u32> {
        let found = self
            .segments
            .iter()
            .position(|each| each.as_ref().is_some_and(|each| each.number() == number))?;
        u32::try_from(found).ok()
    }

    /// Give a segment a slot.
    pub(crate) fn enter(&mut self, segment: Arc<Segment>) -> u32 {
        self.segments.push(Some(segment));
        u32::try_from(self.segments.len() - 1).unwrap_or(u32::MAX)
    }

    /// The segments there are, by slot.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u32, Arc<Segment>)> {
        let slots = (0..).zip(&self.segments);
        slots.filter_map(|(slot, segment)| Some((slot, Arc::clone(segment.as_ref()?))))
    }

    /// Empty a slot.
    pub(crate) fn leave(&mut self, slot: u32) {
        if let Some(place) = self.segments.get_mut(slot as usize) {
            *place = None;
        }
    }
}

/// What an operation over a day comes to.
#[derive(Debug)]
pub(crate) enum Seen<T> {
    /// The directory was removed: another one may be there by now.
    Gone,
    Is(T),
}

impl Day {
    /// The day in an open directory. `make`: the file `changes` may be made.
    pub(crate) fn open(
        context: &Arc<Context>,
        date: u32,
        path: &Path,
        dir: OwnedFd,
    ) -> Result<Self> {
        let changes = open_changes(context, &dir).during("open", || path.join(CHANGES))?;
        Ok(Self {
            context: Arc::clone(context),
            date,
            path: path.to_owned(),
            dir: Arc::new(dir),
            changes,
            state: Mutex::default(),
            pool: Pool::new(context.max_open),
            has_name: AtomicBool::new(false),
            used: AtomicU64::new(0),
        })
    }

    /// Seal what is open. Saves that are under way seal what they use.
    pub(crate) fn close(&self) {
        for segment in self.pool.drain(true) {
            self.seal(segment);
        }
    }

    /// Wait until the directory has its name on the disk, if saves wait for that: whoever made it may not
    /// have, or not yet.
    pub(crate) fn sync_above(&self) -> Result<()> {
        if !self.has_name.load(Ordering::Acquire) {
            let root = self.context.root.fd();
            let synced = self.context.sync_all(root.as_fd());
            synced.during("sync directory", || self.context.root.path().to_owned())?;
            self.has_name.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Seal what nobody has written to for so long.
    pub(crate) fn seal_unused(&self, since: Duration) {
        for segment in self.pool.take_unused(since) {
            self.seal(segment);
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// What is known, after a look at what others have done since.
    pub(crate) fn refreshed(&self) -> Result<Seen<MutexGuard<'_, State>>> {
        let mut state = self.state();
        for _ in 0..TRIES {
            let Seen::Is(length) = self.changes_length()? else {
                return Ok(Seen::Gone);
            };
            if length.is_some() && state.listed_at == length && !state.distrusted {
                break;
            }
            load::list(self, &mut state)?;
            (state.listed_at, state.distrusted) = (length, false);
            if length.is_none() {
                break;
            }
            // What was listed may have been moved before it was read: to where, this listing does not say.
        }
        load::poll(self, &mut state)?;
        Ok(Seen::Is(state))
    }

    /// The length of `changes`, if that can be known.
    pub(crate) fn changes_length(&self) -> Result<Seen<Option<u64>>> {
        let watched = self.changes.as_ref().map_or(self.dir.as_fd(), AsFd::as_fd);
        let status = rustix::fs::fstat(watched).during("look at", || self.path.join(CHANGES))?;
        if status.st_nlink == 0 {
            return Ok(Seen::Gone);
        }
        let length = u64::try_from(status.st_size).unwrap_or_default();
        Ok(Seen::Is(self.changes.is_some().then_some(length)))
    }

    /// What lies in the directory.
    pub(crate) fn files(&self) -> Result<Vec<Entry>> {
        // A descriptor of its own: two listings through one would share their position.
        let own = rustix::fs::openat(&*self.dir, ".", DIRECTORY, Mode::empty());
        let listed = match own {
            Err(Errno::NOENT) => Ok(Vec::new()),
            Err(other) => Err(other.into()),
            Ok(fd) => dir::list(fd.as_fd()),
        };
        listed.during("list directory", || self.path.clone())
    }

    /// Tell everybody that a segment came or is about to go.
    pub(crate) fn ring(&self) -> Result<()> {
        let Some(changes) = &self.changes else {
            return Ok(());
        };
        let written = rustix::io::write(changes, b"+");
        written
            .map(drop)
            .during("write", || self.path.join(CHANGES))
    }

    /// Where a crash's records lie, as far as anybody knows now.
    pub(crate) fn find(&self, key: &Key) -> Result<Seen<Known>> {
        Ok(match self.refreshed()? {
            Seen::Is(state) => Seen::Is(state.index.get(key)),
            Seen::Gone => Seen::Gone,
        })
    }

    /// The segment of a place, if it is still there.
    pub(crate) fn segment_of(&self, place: &Place) -> Option<Arc<Segment>> {
        self.state().segment(place.slot).cloned()
    }
}

fn open_changes(context: &Context, dir: &OwnedFd) -> rustix::io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match open_making(dir.as_fd(), CHANGES, flags, context.modes) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno::ACCESS | Errno::ROFS | Errno::PERM) => {
            match rustix::fs::openat(dir, CHANGES, FILE, Mode::empty()) {
                Err(Errno::NOENT) => Ok(None),
                other => other.and_then(regular).map(Some),
            }
        }
        Err(other) => Err(other),
    }
}
