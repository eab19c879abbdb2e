//! Objects of a crash, open for reading.

use std::mem::MaybeUninit;
use std::path::PathBuf;

use rustix::fd::OwnedFd;
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::error::{During, Result, corrupt};

/// An object that is open for reading.
#[derive(Debug)]
pub struct Object {
    fd: OwnedFd,
    len: usize,
    /// Whether it still had a name when it was opened.
    pub(crate) linked: bool,
    pub(crate) path: PathBuf,
}

impl Object {
    /// What was opened, if it is a regular file.
    pub(crate) fn of(
        opened: rustix::io::Result<OwnedFd>,
        path: impl Fn() -> PathBuf,
    ) -> Result<Self> {
        let fd = opened.during("open", &path)?;
        let status = rustix::fs::fstat(&fd).during("look at", &path)?;
        let errno = match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => {
                let len = usize::try_from(status.st_size).unwrap_or_default();
                return Ok(Self {
                    fd,
                    len,
                    linked: status.st_nlink > 0,
                    path: path(),
                });
            }
            FileType::Directory => Errno::ISDIR,
            _ => Errno::INVAL,
        };
        Err(errno).during("read, as it is no regular file,", path)
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fill a buffer of [`Object::len`] bytes, which need not hold anything yet. Returns how many bytes
    /// it holds now: all of them, or this is an error.
    pub fn read_into(&self, buffer: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let mut at = 0;
        while let Some(rest @ [_, ..]) = buffer.get_mut(at..) {
            let read = match rustix::io::read(&self.fd, rest) {
                Err(Errno::INTR) => continue,
                other => other.during("read", || self.path.clone())?.0,
            };
            if read.is_empty() {
                return Err(corrupt(&self.path, "it shrank while it was read"));
            }
            at += read.len();
        }
        Ok(at)
    }

    /// The whole object.
    pub fn read(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.len);
        while bytes.len() < self.len {
            let rest = rustix::buffer::spare_capacity(&mut bytes);
            let read = match rustix::io::read(&self.fd, rest) {
                Err(Errno::INTR) => continue,
                other => other.during("read", || self.path.clone())?,
            };
            if read == 0 {
                return Err(corrupt(&self.path, "it shrank while it was read"));
            }
        }
        Ok(bytes)
    }
}
