//! Making segments: locked, with their header, before they get their name.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::append::OpenSegment;
use super::commit::Target;
use super::context::{Context, now};
use super::day::{Day, Seen};
use super::file::{Segment, lock, open_making, segment_name, write_at};
use super::format::{FIRST, Salt, SegmentHeader};
use super::spare::{SPARE, Spare};
use crate::dir;
use crate::error::{During, Error, Result};

/// How new files of ours are opened: nobody else may have them.
pub(crate) const CREATE: OFlags = OFlags::RDWR
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

/// A number that nobody else has.
pub(crate) fn random_number() -> Result<u64> {
    getrandom::u64().map_err(no_randomness)
}

fn random_salt() -> Result<Salt> {
    let mut salt = Salt([0; 16]);
    getrandom::fill(&mut salt.0).map_err(no_randomness)?;
    Ok(salt)
}

fn no_randomness(error: getrandom::Error) -> Error {
    Error::Io {
        action: "get random bytes from",
        path: PathBuf::from("the operating system"),
        source: std::io::Error::other(error.to_string()),
    }
}

/// Create a file, locked, whatever the umask of the process.
pub(crate) fn create_locked(
    context: &Context,
    dir: BorrowedFd<'_>,
    name: &str,
) -> rustix::io::Result<OwnedFd> {
    loop {
        let fd = open_making(dir, name, CREATE, context.modes)?;
        lock(fd.as_fd())?;
        // Somebody may have taken it for a dead one's before the lock was ours.
        if rustix::fs::fstat(&fd)?.st_nlink > 0 {
            return Ok(fd);
        }
    }
}

/// A file that is to become a segment: where it is now, and under which name.
struct Unnamed<'a> {
    fd: OwnedFd,
    dir: BorrowedFd<'a>,
    name: String,
    prewritten: bool,
}

/// Make a segment of a day, which is this storage's to write.
pub(crate) fn make(day: &Day) -> Result<Seen<OpenSegment>> {
    let number = random_number()?;
    let spare = day.context.spares.take();
    let made = match spare {
        Some(spare) => make_of_spare(day, number, spare),
        None => make_new(day, number),
    };
    if made.is_err() {
        day.pool.leave(number);
    }
    match made {
        Err(error) if error.errno() == Some(Errno::NOENT) => Ok(Seen::Gone),
        other => other.map(Seen::Is),
    }
}

fn make_of_spare(day: &Day, number: u64, spare: Spare) -> Result<OpenSegment> {
    let context = &day.context;
    let dir = context.root.open_dir(SPARE);
    let dir = dir.during("open directory", || context.root.join(SPARE))?;
    let file = Unnamed {
        fd: spare.fd,
        dir: dir.as_fd(),
        name: spare.name,
        prewritten: true,
    };
    make_segment(day, number, file)
}

fn make_new(day: &Day, number: u64) -> Result<OpenSegment> {
    let (dir, name) = (day.dir.as_fd(), format!("{number:016x}.new"));
    let fd = create_locked(&day.context, dir, &name).during("create", || day.path.join(&name))?;
    let file = Unnamed {
        fd,
        dir,
        name,
        prewritten: false,
    };
    make_segment(day, number, file)
}

fn make_segment(day: &Day, number: u64, file: Unnamed<'_>) -> Result<OpenSegment> {
    let (dir, name) = (file.dir, file.name.clone());
    let made = with_header(day, number, file);
    if made.is_err() {
        // It has its new name by now, or this one, or none.
        let _ = dir::unlink(dir, &name);
        let _ = dir::unlink(day.dir.as_fd(), &segment_name(number));
    }
    made
}

fn with_header(day: &Day, number: u64, file: Unnamed<'_>) -> Result<OpenSegment> {
    let context = &day.context;
    let path = || day.path.join(&file.name);
    let header = SegmentHeader {
        number,
        date: day.date,
        made: now(),
        salt: random_salt()?,
        mount: context.mount,
        length: FIRST,
        sealed: 0,
    };
    write_at(file.fd.as_fd(), &header.encode_both(), 0).during("write", path)?;
    context.sync_all(file.fd.as_fd()).during("sync", path)?;
    publish(day, header, file)
}

/// Give a file that is ready its name. From then on others see it.
fn publish(day: &Day, header: SegmentHeader, file: Unnamed<'_>) -> Result<OpenSegment> {
    let context = &day.context;
    let number = header.number;
    let fd = Arc::new(file.fd);
    let segment = Segment::new(
        header,
        &day.path,
        Arc::clone(&day.dir),
        Arc::clone(&context.descriptors),
    );
    let segment = Arc::new(segment.with_file(Arc::clone(&fd)));
    day.pool.enter(number);
    let (slot, named) = {
        // Whoever lists the day takes a segment that has no name for one that was removed.
        let mut state = day.state();
        let slot = state.enter(Arc::clone(&segment));
        let name = segment_name(number);
        (
            slot,
            rustix::fs::renameat(file.dir, &*file.name, &*day.dir, name),
        )
    };
    let named = named
        .during("create", || segment.path())
        .and_then(|()| day.ring())
        .and_then(|()| match day.changes_length()? {
            Seen::Is(_) => Ok(()),
            // Nobody heard that: the day was removed, and may have been made again by others.
            Seen::Gone => Err(Errno::NOENT).during("create", || segment.path()),
        })
        .and_then(|()| {
            context
                .sync_all(day.dir.as_fd())
                .during("sync directory", || day.path.clone())
        })
        .and_then(|()| day.sync_above());
    if let Err(error) = named {
        day.state().leave(slot);
        return Err(error);
    }
    Ok(OpenSegment {
        target: Arc::new(Target::new(fd, FIRST)),
        segment,
        slot,
        offset: FIRST,
        capacity: context.options.segment_bytes,
        prewritten: file.prewritten,
        entries: Vec::new(),
        given_up: 0,
        used: Instant::now(),
    })
}
