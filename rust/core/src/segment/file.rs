//! Segment files: their names, and reading them at an offset.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, FlockOperation, Mode, OFlags, SeekFrom, Stat};
use rustix::io::Errno;

use super::format::SegmentHeader;
use crate::dir::{FILE, Modes, mode_bits};
use crate::error::{During, Error, Result, corrupt};

/// The lock of a mutex, whatever a panic left in it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file name of a segment.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:016x}.seg")
}

/// The number in a name of 16 hexadecimal digits and a suffix.
pub(crate) fn number_in(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_suffix(suffix)?;
    let plain = digits.len() == 16
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    plain.then(|| u64::from_str_radix(digits, 16).ok())?
}

/// Read at an offset, as much as there is.
pub(crate) fn read_at(fd: BorrowedFd<'_>, into: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest @ [_, ..]) = into.get_mut(done..) {
        match rustix::io::pread(fd, rest, at + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(Errno::INTR) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(done)
}

/// Read `length` bytes at an offset, or fewer at the end of the file.
pub(crate) fn read_vec(fd: BorrowedFd<'_>, length: usize, at: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // The length may be a lie: then this is an error, not the end of the process.
    bytes.try_reserve_exact(length)?;
    while bytes.len() < length {
        let from = at + bytes.len() as u64;
        match rustix::io::pread(fd, rustix::buffer::spare_capacity(&mut bytes), from) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(other) => return Err(other.into()),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// What was opened, if it is a regular file: nothing else is a file of ours.
pub(crate) fn regular(fd: OwnedFd) -> rustix::io::Result<OwnedFd> {
    if is_regular(&rustix::fs::fstat(&fd)?) {
        Ok(fd)
    } else {
        Err(Errno::INVAL)
    }
}

fn is_regular(status: &Stat) -> bool {
    FileType::from_raw_mode(status.st_mode).is_file()
}

/// Write all of some bytes at an offset.
pub(crate) fn write_at(fd: BorrowedFd<'_>, bytes: &[u8], at: u64) -> io::Result<()> {
    let mut done = 0;
    while let Some(rest @ [_, ..]) = bytes.get(done..) {
        match rustix::io::pwrite(fd, rest, at + done as u64) {
            Ok(0) => return Err(Errno::NOSPC.into()),
            Ok(written) => done += written,
            Err(Errno::INTR) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

/// How many bytes a file has.
pub(crate) fn size_of_file(fd: BorrowedFd<'_>) -> io::Result<u64> {
    let status = rustix::fs::fstat(fd)?;
    Ok(u64::try_from(status.st_size).unwrap_or_default())
}

/// Whether all bytes are zero. All are looked at: many at a time is faster than up to the first.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |any, byte| any | byte) == 0
}

/// The next place from an offset on where a file has data; nothing if only a hole is left.
pub(crate) fn next_data(fd: BorrowedFd<'_>, at: u64) -> io::Result<Option<u64>> {
    match rustix::fs::seek(fd, SeekFrom::Data(at)) {
        Ok(data) => Ok(Some(data)),
        Err(Errno::NXIO) => Ok(None),
        // Where holes are not told from data, all is data.
        Err(Errno::INVAL) => Ok(Some(at)),
        Err(other) => Err(other.into()),
    }
}

/// Files of segments that are kept open for reading, so many at most.
#[derive(Debug)]
pub(crate) struct Descriptors {
    open: Mutex<VecDeque<Weak<Segment>>>,
    max: usize,
}

impl Descriptors {
    pub(crate) fn new(max: usize) -> Self {
        let open = Mutex::default();
        Self { open, max }
    }

    /// A segment was opened: the one that was opened first may have to go.
    fn entered(&self, segment: &Arc<Segment>) {
        let oldest = {
            let mut open = locked(&self.open);
            open.push_back(Arc::downgrade(segment));
            if open.len() > self.max {
                open.pop_front()
            } else {
                None
            }
        };
        if let Some(oldest) = oldest.and_then(|oldest| oldest.upgrade()) {
            locked(&oldest.file).take();
        }
    }
}

/// A segment of a day, as readers see it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) header: SegmentHeader,
    /// For messages.
    day: PathBuf,
    dir: Arc<OwnedFd>,
    descriptors: Arc<Descriptors>,
    file: Mutex<Option<Arc<OwnedFd>>>,
}

impl Segment {
    pub(crate) fn new(
        header: SegmentHeader,
        day: &Path,
        dir: Arc<OwnedFd>,
        descriptors: Arc<Descriptors>,
    ) -> Self {
        Self {
            header,
            day: day.to_owned(),
            dir,
            descriptors,
            file: Mutex::default(),
        }
    }

    /// The segment with its file open.
    pub(crate) fn with_file(mut self, file: Arc<OwnedFd>) -> Self {
        self.file = Mutex::new(Some(file));
        self
    }

    /// Let go of the open file.
    pub(crate) fn close(&self) {
        locked(&self.file).take();
    }

    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    /// The path, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        self.day.join(segment_name(self.header.number))
    }

    /// The open file.
    pub(crate) fn file(self: &Arc<Self>) -> Result<Arc<OwnedFd>> {
        let mut file = locked(&self.file);
        if let Some(open) = &*file {
            return Ok(Arc::clone(open));
        }
        let name = segment_name(self.header.number);
        let opened = rustix::fs::openat(&*self.dir, name, FILE, Mode::empty());
        let opened = Arc::new(opened.during("open", || self.path())?);
        *file = Some(Arc::clone(&opened));
        drop(file);
        self.descriptors.entered(self);
        Ok(opened)
    }

    /// Damage at an offset, as an error.
    pub(crate) fn damaged(&self, offset: u64, why: &str) -> Error {
        corrupt(&self.path(), format!("the record at {offset} {why}"))
    }
}

/// Wait for the lock of a file. Where there are no locks, nothing here is safe.
pub(crate) fn lock(fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(fd, FlockOperation::LockExclusive))
}

/// Take the lock of a file whose holder is dead. False too where that cannot be known.
pub(crate) fn take_lock(fd: BorrowedFd<'_>) -> bool {
    rustix::fs::flock(fd, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Open a file that these flags may create, whatever the umask of the process.
pub(crate) fn open_making(
    dir: BorrowedFd<'_>,
    name: &str,
    flags: OFlags,
    modes: Modes,
) -> rustix::io::Result<OwnedFd> {
    let fd = rustix::fs::openat(dir, name, flags, modes.for_file())?;
    let status = rustix::fs::fstat(&fd)?;
    if !is_regular(&status) {
        return Err(Errno::INVAL);
    }
    // A file of somebody else's, or one that is in use already, keeps the mode that it has.
    if status.st_size == 0 && mode_bits(&status) & 0o777 != modes.file & 0o777 {
        let _ = rustix::fs::fchmod(&fd, modes.for_file());
    }
    Ok(fd)
}

/// What became of a write to a segment.
pub(crate) fn write_failed(error: io::Error, segment: &Segment) -> Error {
    Error::Io {
        action: "write",
        path: segment.path(),
        source: error,
    }
}

/// Open a file that may have to be repaired, for writing too where that is allowed.
pub(crate) fn open_repairable(
    dir: BorrowedFd<'_>,
    name: &str,
) -> rustix::io::Result<(OwnedFd, bool)> {
    let writing = FILE.difference(OFlags::RDONLY) | OFlags::RDWR;
    match rustix::fs::openat(dir, name, writing, Mode::empty()) {
        Err(Errno::ACCESS | Errno::ROFS | Errno::PERM) => {
            let fd = rustix::fs::openat(dir, name, FILE, Mode::empty()).and_then(regular)?;
            Ok((fd, false))
        }
        other => Ok((other.and_then(regular)?, true)),
    }
}

/// A number that tells this mount of the file system from others, of other boots above all.
pub(crate) fn mount_of(fd: BorrowedFd<'_>) -> u32 {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let mount = mount_number(fd.as_fd());
    super::format::Crc::new()
        .add(&boot)
        .add(&mount.to_le_bytes())
        .value()
}

#[cfg(target_os = "linux")]
fn mount_number(fd: BorrowedFd<'_>) -> u64 {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    /// `STATX_MNT_ID_UNIQUE`: a number that no other mount of this boot has; Linux 6.8.
    const UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);
    statx(fd, "", AtFlags::EMPTY_PATH, UNIQUE)
        .ok()
        .filter(|found| found.stx_mask & UNIQUE.bits() != 0)
        .map_or(0, |found| found.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount_number(_: BorrowedFd<'_>) -> u64 {
    0
}
