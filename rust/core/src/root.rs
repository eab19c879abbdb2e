//! The root of a tree, held open, and the directories below it.
//!
//! No step below the root follows a symbolic link, unless day directories may be links.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, TryLockError};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::dir::{
    DIRECTORY, Durability, Entry, FILE, Modes, TRIES, is_gone, list, mode_bits, open_no_links,
};
use crate::error::{During, Result};

/// The root of a tree, held open.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    fd: RwLock<Arc<OwnedFd>>,
    first: Arc<OwnedFd>,
    modes: Modes,
    follow_day_links: bool,
}

impl Root {
    /// Open the root, making it where it is missing.
    pub(crate) fn open(path: &Path, modes: Modes, follow_day_links: bool) -> Result<Self> {
        let first = Arc::new(open_or_make_root(path, modes)?);
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self {
            path,
            fd: RwLock::new(Arc::clone(&first)),
            first,
            modes,
            follow_day_links,
        })
    }

    /// The same root, for the child of a fork, where nobody lets go of a lock that was held.
    pub(crate) fn again(&self) -> Self {
        let first = match self.fd.try_read() {
            Ok(fd) => Arc::clone(&fd),
            Err(TryLockError::Poisoned(fd)) => Arc::clone(&fd.into_inner()),
            // Held by who replaces it, as its directory is gone: the first to save does that here.
            Err(TryLockError::WouldBlock) => Arc::clone(&self.first),
        };
        Self {
            path: self.path.clone(),
            fd: RwLock::new(Arc::clone(&first)),
            first,
            ..*self
        }
    }

    /// The root's path, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something below the root, for messages.
    pub(crate) fn join(&self, relative: &str) -> PathBuf {
        self.path.join(relative)
    }

    pub(crate) fn fd(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.fd.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Open a directory below the root.
    pub(crate) fn open_dir(&self, relative: &str) -> rustix::io::Result<OwnedFd> {
        self.open_below(relative, DIRECTORY)
    }

    /// Open a file below the root for reading.
    pub(crate) fn open_file(&self, relative: &str) -> rustix::io::Result<OwnedFd> {
        self.open_below(relative, FILE)
    }

    fn open_below(&self, relative: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let root = self.fd();
        if !self.follow_day_links {
            return open_no_links(root.as_fd(), relative, flags, Mode::empty());
        }
        let (day, rest) = relative.split_once('/').unwrap_or((relative, "."));
        let day = rustix::fs::openat(
            &*root,
            day,
            DIRECTORY.difference(OFlags::NOFOLLOW),
            Mode::empty(),
        )?;
        open_no_links(day.as_fd(), rest, flags, Mode::empty())
    }

    /// Whether a file is there, behind no link. One call, and no descriptor to close: a regular file
    /// asked for as a directory is refused with an error of its own.
    pub(crate) fn is_file(&self, relative: &str) -> rustix::io::Result<bool> {
        match self.open_below(relative, DIRECTORY.difference(OFlags::NOFOLLOW)) {
            Err(Errno::NOTDIR) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(other) => Err(other),
            Ok(_directory) => Err(Errno::ISDIR),
        }
    }

    /// Open a directory below the root, making what is missing of its path.
    pub(crate) fn make_dir(&self, relative: &str, durability: Durability) -> Result<OwnedFd> {
        let mut made = self
            .open_dir(relative)
            .during("open directory", || self.join(relative));
        let mut tries = 0;
        while is_gone(&made) && tries < TRIES {
            made = self.make_steps(relative, durability);
            tries += 1;
        }
        made
    }

    fn make_steps(&self, relative: &str, durability: Durability) -> Result<OwnedFd> {
        let mut parent = self.living_fd()?;
        let mut end = 0;
        for (at, step) in relative.split('/').enumerate() {
            end += step.len() + usize::from(at > 0);
            let shown = || self.join(relative.get(..end).unwrap_or(relative));
            let follow = self.follow_day_links && at == 0;
            let child = make_step(parent.as_fd(), step, self.modes, follow)
                .during("create directory", shown)?;
            if durability == Durability::Disk {
                crate::sync::all(&*parent).during("sync the directory above", shown)?;
            }
            parent = Arc::new(child);
        }
        // Only this call holds the last step.
        Arc::try_unwrap(parent)
            .map_err(|_| Errno::BADF)
            .during("open directory", || self.join(relative))
    }

    /// The root's descriptor, opened anew if somebody removed the directory and made it again.
    fn living_fd(&self) -> Result<Arc<OwnedFd>> {
        let fd = self.fd();
        let status = rustix::fs::fstat(&*fd).during("look at", || self.path.clone())?;
        if status.st_nlink > 0 {
            return Ok(fd);
        }
        let fresh = Arc::new(open_or_make_root(&self.path, self.modes)?);
        *self.fd.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// Sync every directory from `relative` up to the root.
    pub(crate) fn sync_up(&self, relative: &str) -> Result<()> {
        let mut path = relative;
        loop {
            let fd = self
                .open_dir(path)
                .during("open directory", || self.join(path))?;
            crate::sync::all(&fd).during("sync directory", || self.join(path))?;
            match path.rfind('/').and_then(|at| path.get(..at)) {
                Some(parent) => path = parent,
                None => {
                    return crate::sync::all(&*self.fd())
                        .during("sync directory", || self.path.clone());
                }
            }
        }
    }

    /// The entries of a directory below the root; nothing if it is not there.
    pub(crate) fn list(&self, relative: &str) -> Result<Vec<Entry>> {
        let fd = match self.open_dir(relative) {
            Err(Errno::NOENT) => return Ok(Vec::new()),
            other => other.during("open directory", || self.join(relative))?,
        };
        list(fd.as_fd()).during("list directory", || self.join(relative))
    }

    /// The entries of the root itself.
    pub(crate) fn list_days(&self) -> Result<Vec<Entry>> {
        // A descriptor of its own: two listings through one would share their position.
        let own = rustix::fs::openat(&*self.fd(), ".", DIRECTORY, Mode::empty());
        match own {
            Err(Errno::NOENT) => Ok(Vec::new()),
            other => other
                .map_err(io::Error::from)
                .and_then(|fd| list(fd.as_fd()))
                .during("list directory", || self.path.clone()),
        }
    }
}

fn open_or_make_root(path: &Path, modes: Modes) -> Result<OwnedFd> {
    let open = || rustix::fs::open(path, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty());
    match open() {
        Err(Errno::NOENT) => {
            make_path(path, modes).during("create directory", || path.to_owned())?;
            open().during("open directory", || path.to_owned())
        }
        other => other.during("open directory", || path.to_owned()),
    }
}

fn make_path(path: &Path, modes: Modes) -> rustix::io::Result<()> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty() && !parent.exists())
    {
        make_path(parent, modes)?;
    }
    match rustix::fs::mkdir(path, modes.for_dir()) {
        Ok(()) => {
            rustix::fs::chmod(path, modes.for_dir())?;
            sync_above(path)
        }
        Err(Errno::EXIST) => Ok(()),
        Err(other) => Err(other),
    }
}

/// A root is made once, whatever saves wait for: it is synced in any case.
fn sync_above(path: &Path) -> rustix::io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    match rustix::fs::open(
        parent,
        DIRECTORY.difference(OFlags::NOFOLLOW),
        Mode::empty(),
    ) {
        // One that must not be read cannot be synced.
        Err(Errno::ACCESS) => Ok(()),
        other => match other.and_then(crate::sync::all) {
            // Nor can directories of some file systems.
            Err(Errno::INVAL) => Ok(()),
            synced => synced,
        },
    }
}

/// Make one directory if it is missing and open it. The mode is set on what was made here only.
fn make_step(
    parent: BorrowedFd<'_>,
    name: &str,
    modes: Modes,
    follow: bool,
) -> rustix::io::Result<OwnedFd> {
    let made = match rustix::fs::mkdirat(parent, name, modes.for_dir()) {
        Ok(()) => true,
        Err(Errno::EXIST) => false,
        Err(other) => return Err(other),
    };
    let flags = if follow {
        DIRECTORY.difference(OFlags::NOFOLLOW)
    } else {
        DIRECTORY
    };
    let child = rustix::fs::openat(parent, name, flags, Mode::empty())?;
    if made {
        loosen_dir(child.as_fd(), modes)?;
    }
    Ok(child)
}

/// Give a directory the bits that a tight process umask took from it.
fn loosen_dir(dir: BorrowedFd<'_>, modes: Modes) -> rustix::io::Result<()> {
    let have = mode_bits(&rustix::fs::fstat(dir)?);
    if have & 0o777 == modes.dir & 0o777 {
        return Ok(());
    }
    rustix::fs::fchmod(
        dir,
        Mode::from_raw_mode((have & 0o7000 | modes.dir) as rustix::fs::RawMode),
    )
}
