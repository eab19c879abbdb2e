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
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::Interrupted => write_out_all(fd),
        // Some kernels lack it, and some containers forbid it.
        error if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            write_out_all(fd)
        }
        error => Err(error),
    }
}

/// The same where there is no such call.
#[cfg(not(target_os = "linux"))]
pub(crate) fn write_out(fd: BorrowedFd<'_>, _at: u64, _length: u64) -> io::Result<()> {
    write_out_all(fd)
}

fn write_out_all(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::io::retry_on_intr(|| rustix::fs::fdatasync(fd))?)
}
