//! What all parts of a segment storage share: options, the root, notes for its owner.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::commit::Committer;
use super::file::{Descriptors, locked};
use super::spare::Spares;
use crate::dir::{Durability, Modes};
use crate::root::Root;

/// Notes that nobody has asked for are dropped beyond this.
const NOTES_MAX: usize = 1000;
/// So much is written at the most before the free space is looked at again.
const ALLOWANCE_MAX: u64 = 64 << 20;

/// What a segment storage is opened with. Names are those of the Python options.
#[derive(Debug, Clone)]
pub struct SegmentOptions {
    /// Permission bits of what is made.
    pub modes: Modes,
    /// What a save waits for.
    pub durability: Durability,
    /// A segment is sealed when it has so many bytes.
    pub segment_bytes: u64,
    /// The zstd level of what is stored, if it is compressed.
    pub compression: Option<i32>,
    /// Microseconds that a sync may wait for more savers to share it.
    pub sync_interval: u64,
    /// Bytes of the file system that saves leave free.
    pub keep_free: u64,
    /// Savers of one day that write at the same time.
    pub max_open: usize,
    /// The name under which the main dump is known.
    pub dump_field: String,
    /// Whether file systems that other machines share are taken.
    pub allow_network: bool,
}

/// What all parts of a segment storage share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) root: Root,
    pub(crate) options: SegmentOptions,
    pub(crate) modes: Modes,
    pub(crate) max_open: usize,
    /// Tells this mount of the file system from others.
    pub(crate) mount: u32,
    pub(crate) descriptors: Arc<Descriptors>,
    pub(crate) committer: Committer,
    pub(crate) spares: Spares,
    /// Bytes that may be written before the free space is looked at again.
    allowance: AtomicU64,
    /// The highest sequence that was given or seen.
    sequence: AtomicU64,
    notes: Mutex<Vec<String>>,
}

impl Context {
    pub(crate) fn new(root: Root, options: SegmentOptions, mount: u32) -> Self {
        Self {
            root,
            modes: options.modes,
            // Syncs are the cost of durable saves, and every segment takes one: all savers share one.
            max_open: if options.durability == Durability::Disk {
                1
            } else {
                options.max_open
            },
            mount,
            descriptors: Arc::new(Descriptors::new(descriptors_max())),
            committer: Committer::new(options.sync_interval),
            spares: Spares::default(),
            allowance: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
            notes: Mutex::default(),
            options,
        }
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.options.durability == Durability::Disk
    }

    /// Wait until a file's data is on the disk, if saves wait for that.
    pub(crate) fn sync(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        if self.is_durable() {
            crate::sync::data(fd)?;
        }
        Ok(())
    }

    /// [`Context::sync`], with what the file system knows about the file or directory.
    pub(crate) fn sync_all(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        if self.is_durable() {
            crate::sync::all(fd)?;
        }
        Ok(())
    }

    /// Refuse to write so many bytes if that leaves less free than it should.
    pub(crate) fn check_room(&self, length: u64) -> io::Result<()> {
        if self.options.keep_free == 0 {
            return Ok(());
        }
        let spend = |left: u64| left.checked_sub(length);
        let taken = self
            .allowance
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
        if taken.is_ok() {
            return Ok(());
        }
        let room = self.room()?;
        if room < length {
            return Err(Errno::NOSPC.into());
        }
        let allowance = ((room - length) / 4).min(ALLOWANCE_MAX);
        self.allowance.store(allowance, Ordering::Relaxed);
        Ok(())
    }

    /// Bytes of the file system that are free for saves.
    pub(crate) fn room(&self) -> io::Result<u64> {
        let found = rustix::fs::fstatvfs(&*self.root.fd())?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        Ok(free.saturating_sub(self.options.keep_free))
    }

    /// A sequence higher than `above` and than all that were given before.
    pub(crate) fn next_sequence(&self, above: u64) -> u64 {
        let at_least = now().max(above.saturating_add(1));
        let next = |last: u64| at_least.max(last.saturating_add(1));
        let before = self
            .sequence
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(next(last))
            });
        next(before.unwrap_or_default())
    }

    /// Keep something that the owner of the storage should know.
    pub(crate) fn note(&self, text: impl Into<String>) {
        let (mut notes, text) = (locked(&self.notes), text.into());
        if notes.len() < NOTES_MAX && !notes.contains(&text) {
            notes.push(text);
        }
    }

    /// Take the notes made so far.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.notes))
    }
}

/// Whether an error says that there is no room.
pub(crate) fn is_full(errno: Errno) -> bool {
    matches!(errno, Errno::NOSPC | Errno::DQUOT)
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// A quarter of the files that the process may open.
fn descriptors_max() -> usize {
    (files_max() / 4).clamp(16, 4096)
}

/// How many days are open at most: each takes three to five of the files that the process may open, and
/// some more where many write to it at once.
pub(crate) fn days_max() -> usize {
    (files_max() / 16).clamp(4, 1024)
}

fn files_max() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(1024)
}
