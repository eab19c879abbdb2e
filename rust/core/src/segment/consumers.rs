//! Who lives among the consumers of a queue.
//!
//! A consumer holds the lock of a file whose name is its number, for as long as it lives. Numbers are
//! random and never given twice, so a file that is not there means one that is dead.

use std::path::PathBuf;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::context::Context;
use super::file::{self, number_in, open_making, take_lock};
use crate::dir::{self, FILE};
use crate::error::{During, Result};

/// The directory of the files.
const CONSUMERS: &str = "consumers";

/// This process's consumer of one storage.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) number: u64,
    /// Its lock is what says that the consumer lives.
    _lock: OwnedFd,
    directory: OwnedFd,
    /// The process that it lives in; a fork's child has a copy of it that is not its own.
    process: u32,
}

impl Consumer {
    /// Become a consumer.
    pub(crate) fn new(context: &Context) -> Result<Self> {
        let path = || context.root.join(CONSUMERS);
        let directory = context
            .root
            .make_dir(CONSUMERS, crate::dir::Durability::Os)?;
        take_dead_away(directory.as_fd());
        loop {
            let number = random(&path)?;
            let name = name_of(number);
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let flags = flags | OFlags::NOFOLLOW;
            let made = open_making(directory.as_fd(), &name, flags, context.modes);
            let lock = match made {
                Err(Errno::EXIST) => continue,
                other => other.during("create", || path().join(&name))?,
            };
            file::lock(lock.as_fd()).during("lock", || path().join(&name))?;
            // Somebody may have taken it for a dead one's before the lock was ours.
            let status = rustix::fs::fstat(&lock).during("look at", || path().join(&name))?;
            if status.st_nlink > 0 {
                return Ok(Self {
                    number,
                    _lock: lock,
                    directory,
                    process: std::process::id(),
                });
            }
        }
    }

    /// Whether another consumer lives. What a dead one has left is taken away.
    pub(crate) fn is_alive(&self, number: u64) -> bool {
        if number == 0 {
            return false;
        }
        is_alive(self.directory.as_fd(), &name_of(number))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            let _ = dir::unlink(self.directory.as_fd(), &name_of(self.number));
        }
    }
}

/// Whether the consumer of a file lives; a dead one's is taken away.
fn is_alive(directory: BorrowedFd<'_>, name: &str) -> bool {
    match rustix::fs::openat(directory, name, FILE, Mode::empty()) {
        Ok(fd) => {
            let dead = take_lock(fd.as_fd());
            if dead {
                let _ = dir::unlink(directory, name);
                dir::unlock(fd.as_fd());
            }
            !dead
        }
        Err(Errno::NOENT) => false,
        // To be on the safe side: what it holds is not lost, only late.
        Err(_) => true,
    }
}

/// Nobody asks for those that died with nothing in hand.
fn take_dead_away(directory: BorrowedFd<'_>) {
    // Who cannot list them leaves them to the next one.
    for entry in dir::list(directory).unwrap_or_default() {
        if number_in(&entry.name, "").is_some() {
            is_alive(directory, &entry.name);
        }
    }
}

fn name_of(number: u64) -> String {
    format!("{number:016x}")
}

fn random(path: &impl Fn() -> PathBuf) -> Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(std::io::Error::other)
        .during("draw a number for", path)?;
    // 0 is nobody's number.
    Ok(u64::from_le_bytes(bytes).max(1))
}
