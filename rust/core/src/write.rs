//! Making files appear: the only place that creates them.
//!
//! A file is written where nobody sees it and then given its name. Linux has files without a name
//! (`O_TMPFILE`): a killed writer leaves nothing behind. Elsewhere it has a staged name, locked while
//! its writer lives.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::crash_id::{self, CrashId};
use crate::dir::{self, Durability, Modes};
use crate::error::{During, Result};

const CREATE: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

/// What a caller wants a file to be made from.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// Bytes in memory.
    Bytes(&'a [u8]),
    /// A regular file of the caller's, copied by the kernel where it can.
    File(&'a Path),
}

/// A [`Content`] that is known to be there.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    Bytes(&'a [u8]),
    File(OwnedFd),
}

impl<'a> Source<'a> {
    /// Open what has to be opened, before anything is written.
    pub(crate) fn open(content: Content<'a>) -> Result<Self> {
        let path = match content {
            Content::Bytes(bytes) => return Ok(Self::Bytes(bytes)),
            Content::File(path) => path,
        };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fd = rustix::fs::open(path, flags, Mode::empty()).during("open", || path.to_owned())?;
        let status = rustix::fs::fstat(&fd).during("look at", || path.to_owned())?;
        if FileType::from_raw_mode(status.st_mode).is_file() {
            return Ok(Self::File(fd));
        }
        Err(Errno::INVAL).during("read, as it is no regular file,", || path.to_owned())
    }
}

/// How files are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) modes: Modes,
    pub(crate) durability: Durability,
    /// The process umask takes bits away that the options give.
    pub(crate) tight_umask: bool,
}

/// A name that no reader takes for an object: `.<crash_id>.<random>`.
pub(crate) fn staged_name(id: &CrashId) -> String {
    // Keys from the operating system, drawn once a thread: a name costs no system call. The children
    // of a fork have the same keys. With the same names they would step into each other's staged
    // directories, as soon as a third process clears one away.
    let random = RandomState::new().hash_one((id.as_bytes(), crash_id::salt()));
    format!(".{id}.{random:016x}")
}

/// Create a file under a name that must be free, and fill it. No step of the name may be a link.
pub(crate) fn create(
    dir: BorrowedFd<'_>,
    name: &str,
    content: &Source<'_>,
    style: Style,
    shown: impl Fn() -> PathBuf,
) -> Result<OwnedFd> {
    let fd =
        dir::open_no_links(dir, name, CREATE, style.modes.for_file()).during("create", &shown)?;
    set_up(fd.as_fd(), content, style, shown)?;
    Ok(fd)
}

fn set_up(
    fd: BorrowedFd<'_>,
    content: &Source<'_>,
    style: Style,
    shown: impl Fn() -> PathBuf,
) -> Result<()> {
    if style.tight_umask {
        rustix::fs::fchmod(fd, style.modes.for_file()).during("set the mode of", &shown)?;
    }
    fill(fd, content, style.durability, shown)
}

/// [`create`], taking the file away again if it could not be filled; false if the name was taken.
pub(crate) fn create_in_place(
    dir: BorrowedFd<'_>,
    name: &str,
    content: &Source<'_>,
    style: Style,
    shown: impl Fn() -> PathBuf,
) -> Result<bool> {
    let fd = match dir::open_no_links(dir, name, CREATE, style.modes.for_file()) {
        Err(Errno::EXIST) => return Ok(false),
        other => other.during("create", &shown)?,
    };
    let filled = set_up(fd.as_fd(), content, style, shown);
    if filled.is_err() {
        let _ = dir::unlink(dir, name);
    }
    filled.map(|()| true)
}

/// Write the content, and sync it if the style says so.
fn fill(
    fd: BorrowedFd<'_>,
    content: &Source<'_>,
    durability: Durability,
    shown: impl Fn() -> PathBuf,
) -> Result<()> {
    match content {
        Source::Bytes(bytes) => write_all(fd, bytes),
        Source::File(file) => copy_all(file.as_fd(), fd),
    }
    .during("write", &shown)?;
    if durability == Durability::Disk {
        crate::sync::all(fd).during("sync", shown)?;
    }
    Ok(())
}

fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(fd, bytes))?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn copy_all(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> rustix::io::Result<()> {
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    let mut at = 0;
    loop {
        match rustix::fs::copy_file_range(from, Some(&mut at), to, None, 1 << 30) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            // Across file systems on old kernels, and on some network ones.
            Err(Errno::XDEV | Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP | Errno::PERM) => {
                return copy_through_memory(from, at, to);
            }
            Err(other) => return Err(other),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn copy_all(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> rustix::io::Result<()> {
    copy_through_memory(from, 0, to)
}

fn copy_through_memory(
    from: BorrowedFd<'_>,
    mut at: u64,
    to: BorrowedFd<'_>,
) -> rustix::io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = rustix::io::retry_on_intr(|| rustix::io::pread(from, &mut *buffer, at))?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(()),
            Some(part) => write_all(to, part)?,
        }
        at += read as u64;
    }
}

/// Give a new file the permission bits that a tight process umask took from it; whether it did.
fn loosen(fd: BorrowedFd<'_>, status: &Stat, modes: Modes) -> rustix::io::Result<bool> {
    if dir::mode_bits(status) & 0o777 == modes.file & 0o777 {
        return Ok(false);
    }
    rustix::fs::fchmod(fd, modes.for_file())?;
    Ok(true)
}

/// A complete file that nobody sees yet.
#[derive(Debug)]
pub(crate) struct Staged<'d> {
    dir: BorrowedFd<'d>,
    fd: OwnedFd,
    name: Option<String>,
    /// Whether the process umask was found too tight for this file.
    pub(crate) tight_umask: bool,
    /// What tells this file from another one of its name.
    pub(crate) inode: u64,
}

impl<'d> Staged<'d> {
    /// Write a file in `dir` without publishing it.
    pub(crate) fn write(
        dir: BorrowedFd<'d>,
        id: &CrashId,
        content: &Source<'_>,
        style: Style,
        shown: impl Fn() -> PathBuf,
    ) -> Result<Self> {
        let mut staged = Self::open(dir, id, style.modes).during("create", &shown)?;
        let status = rustix::fs::fstat(&staged.fd).during("look at", &shown)?;
        staged.inode = status.st_ino;
        staged.tight_umask =
            loosen(staged.fd.as_fd(), &status, style.modes).during("set the mode of", &shown)?;
        fill(staged.fd.as_fd(), content, style.durability, shown)?;
        Ok(staged)
    }

    #[cfg(target_os = "linux")]
    fn open(dir: BorrowedFd<'d>, id: &CrashId, modes: Modes) -> rustix::io::Result<Self> {
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        match rustix::fs::openat(dir, ".", flags, modes.for_file()) {
            Ok(fd) => Ok(Self {
                dir,
                fd,
                name: None,
                tight_umask: false,
                inode: 0,
            }),
            // Not every file system has them.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Self::open_named(dir, id, modes),
            // So ext4 says that the directory was removed.
            Err(Errno::PERM) if rustix::fs::fstat(dir)?.st_nlink == 0 => Err(Errno::NOENT),
            Err(other) => Err(other),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open(dir: BorrowedFd<'d>, id: &CrashId, modes: Modes) -> rustix::io::Result<Self> {
        Self::open_named(dir, id, modes)
    }

    fn open_named(dir: BorrowedFd<'d>, id: &CrashId, modes: Modes) -> rustix::io::Result<Self> {
        let name = staged_name(id);
        let fd = rustix::fs::openat(dir, &*name, CREATE, modes.for_file())?;
        dir::try_lock(fd.as_fd(), true);
        Ok(Self {
            dir,
            fd,
            name: Some(name),
            tight_umask: false,
            inode: 0,
        })
    }

    /// Give the file its name if the name is free; whether it was.
    pub(crate) fn publish_new(
        mut self,
        name: &str,
    ) -> rustix::io::Result<std::result::Result<(), Self>> {
        let linked = match &self.name {
            None => link_unnamed(self.fd.as_fd(), self.dir, name),
            Some(staged) => {
                rustix::fs::linkat(self.dir, &**staged, self.dir, name, AtFlags::empty())
            }
        };
        match linked {
            Ok(()) => Ok(Ok(())),
            Err(Errno::EXIST) => Ok(Err(self)),
            Err(other) => {
                self.discard();
                Err(other)
            }
        }
    }

    /// Give the file a staged name, if it has none: publishing it over another takes no room then.
    pub(crate) fn named(mut self, id: &CrashId) -> rustix::io::Result<Self> {
        if self.name.is_none() {
            let staged = staged_name(id);
            dir::try_lock(self.fd.as_fd(), true);
            link_unnamed(self.fd.as_fd(), self.dir, &staged)?;
            self.name = Some(staged);
        }
        Ok(self)
    }

    /// As [`Staged::named`], under a name that nobody but the holder of a lock uses, and who was killed
    /// has left.
    pub(crate) fn named_as(mut self, staged: String) -> rustix::io::Result<Self> {
        if self.name.is_none() {
            match link_unnamed(self.fd.as_fd(), self.dir, &staged) {
                Err(Errno::EXIST) => {
                    dir::unlink(self.dir, &staged)?;
                    link_unnamed(self.fd.as_fd(), self.dir, &staged)
                }
                other => other,
            }?;
            self.name = Some(staged);
        }
        Ok(self)
    }

    /// Give the file its name, in place of what has it now.
    pub(crate) fn publish_over(self, id: &CrashId, name: &str) -> rustix::io::Result<()> {
        let mut named = self.named(id)?;
        if let Some(staged) = &named.name {
            rustix::fs::renameat(named.dir, &**staged, named.dir, name)?;
            named.name = None;
        }
        Ok(())
    }

    fn discard(&mut self) {
        if let Some(staged) = self.name.take() {
            let _ = dir::unlink(self.dir, &staged);
        }
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        self.discard();
    }
}

#[cfg(target_os = "linux")]
fn link_unnamed(fd: BorrowedFd<'_>, dir: BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
    use std::os::fd::AsRawFd as _;
    match rustix::fs::linkat(fd, "", dir, name, AtFlags::EMPTY_PATH) {
        // Only root could link a descriptor before Linux 6.10; everybody can through /proc.
        Err(Errno::NOENT | Errno::PERM | Errno::INVAL) => {
            let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
            rustix::fs::linkat(rustix::fs::CWD, &*path, dir, name, AtFlags::SYMLINK_FOLLOW)
        }
        other => other,
    }
}

#[cfg(not(target_os = "linux"))]
fn link_unnamed(_: BorrowedFd<'_>, _: BorrowedFd<'_>, _: &str) -> rustix::io::Result<()> {
    Err(Errno::NOSYS)
}
