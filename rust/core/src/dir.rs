//! Open directories: what is opened, listed, locked and removed relative to them.
//!
//! Linux refuses symbolic links on a path in one call (`openat2`); where that is missing (macOS, kernels
//! before 5.6, some sandboxes) each step is opened by itself.

use std::io;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::Result;

pub(crate) const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);
/// Without NONBLOCK, opening a FIFO that somebody left in the tree would wait for a writer.
pub(crate) const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

/// Whoever prunes empty directories may be faster than whoever fills them, but not for ever.
pub(crate) const TRIES: usize = 1000;

/// Whether a directory vanished under the operation: worth another try.
pub(crate) fn is_gone<T>(result: &Result<T>) -> bool {
    matches!(result, Err(error) if error.errno() == Some(Errno::NOENT))
}

/// Permission bits for what is made; independent of the process umask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// Of files.
    pub file: u32,
    /// Of directories.
    pub dir: u32,
}

impl Modes {
    pub(crate) fn for_file(self) -> Mode {
        Mode::from_raw_mode(self.file as rustix::fs::RawMode)
    }

    pub(crate) fn for_dir(self) -> Mode {
        Mode::from_raw_mode(self.dir as rustix::fs::RawMode)
    }
}

/// Whether data must reach the disk before a save returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Survives the death of the process.
    Os,
    /// Survives the loss of power: files and directories are synced.
    Disk,
}

/// The permission bits and the type of a file.
#[allow(clippy::useless_conversion)] // 16 bits on macOS, 32 on Linux
pub(crate) fn mode_bits(status: &rustix::fs::Stat) -> u32 {
    u32::from(status.st_mode)
}

/// Open or create a path, no step of which may be a symbolic link. `mode` is for what is created.
#[cfg(target_os = "linux")]
pub(crate) fn open_no_links(
    dir: BorrowedFd<'_>,
    relative: &str,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    match openat2(dir, relative, flags, mode, ResolveFlags::NO_SYMLINKS) {
        Err(Errno::NOSYS | Errno::PERM) => open_by_steps(dir, relative, flags, mode),
        other => other,
    }
}

/// Open or create a path, no step of which may be a symbolic link. `mode` is for what is created.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_no_links(
    dir: BorrowedFd<'_>,
    relative: &str,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<OwnedFd> {
    open_by_steps(dir, relative, flags, mode)
}

fn open_by_steps(
    dir: BorrowedFd<'_>,
    relative: &str,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<OwnedFd> {
    let Some((above, last)) = relative.rsplit_once('/') else {
        return rustix::fs::openat(dir, relative, flags | OFlags::NOFOLLOW, mode);
    };
    let mut parent: Option<OwnedFd> = None;
    for step in above.split('/') {
        let here = parent.as_ref().map_or(dir, AsFd::as_fd);
        parent = Some(rustix::fs::openat(here, step, DIRECTORY, Mode::empty())?);
    }
    let here = parent.as_ref().map_or(dir, AsFd::as_fd);
    rustix::fs::openat(here, last, flags | OFlags::NOFOLLOW, mode)
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: EntryKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryKind {
    Directory,
    Link,
    Other,
}

/// The entries of an open directory, in no order. Names that are no UTF-8 are none of ours.
pub(crate) fn list(dir: BorrowedFd<'_>) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    each_entry(dir, Reading::Whole, |name, kind| {
        let name = name.to_owned();
        entries.push(Entry { name, kind });
    })?;
    Ok(entries)
}

/// How much of a directory to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Whole,
    /// What one call brings: all there is in any directory but a very large one.
    FirstPart,
}

/// Read on from the beginning, for a descriptor that was listed before.
pub(crate) fn rewind(dir: BorrowedFd<'_>) -> rustix::io::Result<()> {
    rustix::fs::seek(dir, rustix::fs::SeekFrom::Start(0)).map(drop)
}

#[cfg(target_os = "linux")]
pub(crate) fn each_entry(
    dir: BorrowedFd<'_>,
    reading: Reading,
    mut visit: impl FnMut(&str, EntryKind),
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(32 * 1024);
    let mut raw = rustix::fs::RawDir::new(dir, buffer.spare_capacity_mut());
    while let Some(entry) = raw.next() {
        let entry = match entry {
            // Removed while it was open: nothing is in it.
            Err(Errno::NOENT) => break,
            other => other?,
        };
        visit_named(dir, entry.file_name(), entry.file_type(), &mut visit);
        if reading == Reading::FirstPart && raw.is_buffer_empty() {
            break;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn each_entry(
    dir: BorrowedFd<'_>,
    _: Reading,
    mut visit: impl FnMut(&str, EntryKind),
) -> io::Result<()> {
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        visit_named(dir, entry.file_name(), entry.file_type(), &mut visit);
    }
    Ok(())
}

fn visit_named(
    dir: BorrowedFd<'_>,
    name: &std::ffi::CStr,
    kind: FileType,
    visit: &mut impl FnMut(&str, EntryKind),
) {
    let Ok(text) = name.to_str() else { return };
    if text == "." || text == ".." {
        return;
    }
    let kind = match kind {
        // Some file systems do not tell the type while listing.
        FileType::Unknown => rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_or(FileType::Unknown, |status| {
                FileType::from_raw_mode(status.st_mode)
            }),
        known => known,
    };
    let kind = match kind {
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    };
    visit(text, kind);
}

/// Read a symbolic link beside others, as text; nothing if there is none.
pub(crate) fn read_link(dir: BorrowedFd<'_>, name: &str) -> rustix::io::Result<Option<String>> {
    match rustix::fs::readlinkat(dir, name, Vec::with_capacity(128)) {
        // Not a link at all: nobody's queue entry.
        Err(Errno::NOENT | Errno::INVAL) => Ok(None),
        other => other.map(|target| target.into_string().ok()),
    }
}

/// Remove a name; whether it was there.
pub(crate) fn unlink(dir: BorrowedFd<'_>, name: &str) -> rustix::io::Result<bool> {
    match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Remove a directory if it is empty; whether it was removed.
pub(crate) fn remove_empty(dir: BorrowedFd<'_>, name: &str) -> bool {
    rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR).is_ok()
}

/// Wait for the exclusive lock on an open directory or file. Where the file system has no such locks
/// (some network ones) there is nothing to wait for.
pub(crate) fn lock(fd: BorrowedFd<'_>) {
    let _ = rustix::io::retry_on_intr(|| {
        rustix::fs::flock(fd, rustix::fs::FlockOperation::LockExclusive)
    });
}

/// Let go of a lock. Closing the descriptor is not enough: a fork's child may have inherited it.
pub(crate) fn unlock(fd: BorrowedFd<'_>) {
    let _ = rustix::fs::flock(fd, rustix::fs::FlockOperation::Unlock);
}

/// A descriptor whose lock is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Locked(pub(crate) OwnedFd);

impl AsFd for Locked {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        unlock(self.as_fd());
    }
}

/// Take a lock if nobody holds it: false means that a living process does.
pub(crate) fn try_lock(fd: BorrowedFd<'_>, exclusive: bool) -> bool {
    let operation = if exclusive {
        rustix::fs::FlockOperation::NonBlockingLockExclusive
    } else {
        rustix::fs::FlockOperation::NonBlockingLockShared
    };
    !matches!(rustix::fs::flock(fd, operation), Err(Errno::WOULDBLOCK))
}
