//! Finding a segment's header, which is there twice: without it all of the segment would be lost.

use std::io;

use rustix::fd::BorrowedFd;

use super::file::{read_vec, write_at};
use super::format::{COPY_AT, HEADER_BYTES, MAGIC, NoHeader, SEALED_AT, SegmentHeader};
use super::rescue::moved_footer;

/// How far a header that moved is looked for.
const SEARCHED: usize = 1 << 16;

/// Where a header was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where it belongs.
    First,
    /// The first is damaged, and the copy is not.
    Copy,
    /// The first is damaged, and bytes were put in or taken out before the copy.
    Moved,
}

/// The header of a segment that is the one that is wanted.
pub(crate) fn find(
    fd: BorrowedFd<'_>,
    is_it: impl Fn(&SegmentHeader) -> bool,
) -> io::Result<Result<(SegmentHeader, Place), NoHeader>> {
    let first = SegmentHeader::decode(&read_vec(fd, HEADER_BYTES, 0)?);
    let first = match first {
        Ok(header) if is_it(&header) => return Ok(Ok((header, Place::First))),
        other => other.err().unwrap_or(NoHeader::Damaged),
    };
    let begin = read_vec(fd, SEARCHED, 0)?;
    let copies = (0..begin.len()).filter_map(|at| {
        let bytes = begin.get(at..)?;
        let header = bytes
            .starts_with(MAGIC)
            .then(|| SegmentHeader::decode(bytes))?;
        Some((at as u64, header.ok().filter(&is_it)?))
    });
    for (at, header) in copies {
        if at == COPY_AT {
            return Ok(Ok((header, Place::Copy)));
        }
        // Only then it is known what else moved.
        if header.sealed > 0 && moved_footer(fd, &header)?.is_some() {
            return Ok(Ok((header, Place::Moved)));
        }
    }
    Ok(Err(first))
}

/// Write a header where it belongs, as its copy has it. Others may do the same, and the segment's writer may
/// seal it meanwhile.
pub(crate) fn mend(fd: BorrowedFd<'_>, header: &SegmentHeader) -> io::Result<()> {
    let bytes = header.encode();
    if header.sealed > 0 {
        return write_at(fd, &bytes, 0);
    }
    let behind = SEALED_AT + 4;
    write_at(fd, bytes.get(..SEALED_AT).unwrap_or_default(), 0)?;
    write_at(fd, bytes.get(behind..).unwrap_or_default(), behind as u64)
}
