//! Reading a segment that nobody writes to and that has no footer, and sealing it.

use std::fmt::Display;
use std::io;

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;

use super::append;
use super::day::Day;
use super::file::{segment_name, size_of_file};
use super::footer::Entry;
use super::format::{SEGMENT_MAX, SegmentHeader, padded};
use super::rescue::{self, DAMAGED, Moved};
use super::scan::{Found, Reading, scan};

/// The entries of a segment without a footer, whose lock is ours. Where it can be written it is sealed.
pub(crate) fn recover(
    day: &Day,
    fd: &OwnedFd,
    writable: bool,
    header: &SegmentHeader,
) -> io::Result<Vec<Entry>> {
    if header.sealed > 0 {
        return recover_sealed(day, fd, writable, header);
    }
    let remounted = header.mount != day.context.mount;
    let reading = Reading::Dead { remounted };
    let mut found = scan(fd.as_fd(), header.salt, header.length, reading)?;
    keep_unknown(&mut found);
    seal(day, fd, writable, header, &found);
    note_damage(day, header, found.given_up);
    Ok(found.entries)
}

/// It was sealed: everything in it was whole, and what there was is known if the footer is found.
fn recover_sealed(
    day: &Day,
    fd: &OwnedFd,
    writable: bool,
    header: &SegmentHeader,
) -> io::Result<Vec<Entry>> {
    if let Some(moved) = rescue::moved_footer(fd.as_fd(), header)? {
        put_back(day, fd, writable, header, &moved);
        return Ok(moved.entries);
    }
    let mut found = scan(fd.as_fd(), header.salt, header.length, Reading::Sealed)?;
    let size = size_of_file(fd.as_fd())?;
    let lost = header.sealed.saturating_sub(found.end.max(size));
    if found.end != header.sealed {
        found.unknown = found.unknown.max(size);
        keep_unknown(&mut found);
    }
    seal(day, fd, writable, header, &found);
    if lost > 0 {
        let was = header.sealed;
        note(
            day,
            header,
            format_args!("was cut short: {lost} of its {was} bytes of crashes are missing"),
        );
    }
    note_damage(day, header, found.given_up);
    Ok(found.entries)
}

fn put_back(day: &Day, fd: &OwnedFd, writable: bool, header: &SegmentHeader, moved: &Moved) {
    let done = if writable {
        rescue::put_back(day, fd.as_fd(), header, moved)
    } else {
        Err(Errno::ROFS.into())
    };
    let (all, what) = (moved.entries.len(), "had bytes put in or taken out");
    match done {
        Ok(done) => {
            let (found, whole) = (done.found, done.whole);
            let kept = if whole < all {
                format!("; the file as it was is kept beside it, as '*{DAMAGED}'")
            } else {
                String::new()
            };
            note(
                day,
                header,
                format_args!(
                    "{what}: {found} of its {all} records were put back where they belong, \
                     {whole} of them whole{kept}"
                ),
            );
        }
        Err(error) => note(
            day,
            header,
            format_args!("{what}, and cannot be repaired: {error}"),
        ),
    }
}

/// What cannot be read is not cut off: the footer comes behind it.
fn keep_unknown(found: &mut Found) {
    let end = padded(found.unknown);
    if end > found.end {
        found.given_up += end - found.end;
        found.end = end;
    }
}

fn seal(day: &Day, fd: &OwnedFd, writable: bool, header: &SegmentHeader, found: &Found) {
    if !writable || found.end >= SEGMENT_MAX {
        return;
    }
    let sealed = append::write_footer(
        fd.as_fd(),
        header,
        &found.entries,
        found.end,
        found.given_up,
    );
    if let Err(error) = sealed.and_then(|()| day.context.sync(fd.as_fd())) {
        note(day, header, format_args!("cannot be sealed: {error}"));
    }
}

fn note_damage(day: &Day, header: &SegmentHeader, bytes: u64) {
    if bytes > 0 {
        let path = day.path.join(segment_name(header.number));
        day.context
            .note(format!("{bytes} bytes of '{}' are damaged", path.display()));
    }
}

fn note(day: &Day, header: &SegmentHeader, what: impl Display) {
    let path = day.path.join(segment_name(header.number));
    day.context.note(format!("'{}' {what}", path.display()));
}
