//! Waiting for the disk.
#![allow(
    clippy::disallowed_methods,
    reason = "everybody else calls this module"
)]

use rustix::fd::AsFd;
#[cfg(target_vendor = "apple")]
use rustix::io::Errno;
use rustix::io::{Result, retry_on_intr};

/// Wait until the data of a file is on the disk, and what it takes to find them.
pub(crate) fn data(fd: impl AsFd) -> Result<()> {
    #[cfg(target_vendor = "apple")]
    return all(fd);
    #[cfg(not(target_vendor = "apple"))]
    retry_on_intr(|| rustix::fs::fdatasync(&fd))
}

/// Wait until a file or directory is on the disk, with all that the file system knows about it.
pub(crate) fn all(fd: impl AsFd) -> Result<()> {
    // There, a sync alone leaves it in the disk's own memory. Not every file system knows the other call.
    #[cfg(target_vendor = "apple")]
    match retry_on_intr(|| rustix::fs::fcntl_fullfsync(&fd)) {
        Err(Errno::NOTSUP | Errno::INVAL | Errno::NOTTY) => {}
        done => return done,
    }
    retry_on_intr(|| rustix::fs::fsync(&fd))
}
