//! Writing a range of a file out to the disk.
//!
//! The one call to the system that no safe library has, and hence the one unsafe line of this crate.

use std::io;

use rustix::fd::BorrowedFd;

/// Write the pages of a range out, and wait for that. Nothing is promised: the file's metadata and what
/// the disk has in its own memory need a sync all the same.
///
/// A sync would do it as well, with a commit of the journal each time.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "see above")]
pub(crate) fn write_out(fd: BorrowedFd<'_>, at: u64, length: u64) -> io::Result<()> {
    use rustix::fd::AsRawFd;

    const ALL: libc::c_uint = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    let offset = |number: u64| libc::off64_t::try_from(number).map_err(io::Error::other);
    let (at, length) = (offset(at)?, offset(length)?);
    // SAFETY: it takes numbers only, and the descriptor is open as long as it is borrowed.
    let returned = unsafe { libc::sync_file_range(fd.as_raw_fd(), at, length, ALL) };
    if returned == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Some kernels lack it, and some containers forbid it.
        Some(libc::EINTR | libc::ENOSYS | libc::EPERM) => Ok(crate::sync::data(fd)?),
        _ => Err(error),
    }
}

/// Elsewhere the sync at the end does it.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "as on Linux")]
pub(crate) fn write_out(_fd: BorrowedFd<'_>, _at: u64, _length: u64) -> io::Result<()> {
    Ok(())
}
