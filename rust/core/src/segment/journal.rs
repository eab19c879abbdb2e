//! The journal of a day's queue: what was claimed, acknowledged and released, and what is done with.
//!
//! Entries are appended by one write each call and never changed. Whoever appends without the lock
//! looks afterwards whether the file still has its name: it may have been rewritten meanwhile.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::OFlags;

use super::file::{lock, locked, open_making, read_vec, size_of_file};
use super::format::{array_at, crc, put, u32_at, u64_at};
use super::record::Key;
use crate::dir::{self, Locked, Modes};
use crate::error::{During, Result};

/// The name of a day's journal.
pub(crate) const JOURNAL: &str = "queue";
/// The name under which it is written anew. The lock keeps it from being written twice at once.
pub(crate) const REWRITTEN: &str = "queue.new";
/// Bytes of an entry.
const ENTRY: usize = 48;
/// How much is read at once.
const CHUNK: usize = ENTRY * 64 * 1024;

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A consumer has taken a crash.
    Claim(Turn),
    /// A crash is done with, as it was queued up to this sequence.
    Ack(Turn),
    /// A consumer has given a crash back.
    Release(Turn),
    /// Nothing in a sealed segment is queued any more.
    Done {
        /// The segment's number.
        segment: u64,
    },
}

/// A crash, and in whose hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) key: Key,
    /// That at which it was queued.
    pub(crate) sequence: u64,
    /// The consumer's number; 0 is nobody's.
    pub(crate) consumer: u64,
}

impl Event {
    fn encode(&self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        let kind = match self {
            Self::Claim(_) => 1,
            Self::Ack(_) => 2,
            Self::Release(_) => 3,
            Self::Done { .. } => 4,
        };
        put(&mut bytes, 0, &[kind]);
        match self {
            Self::Claim(turn) | Self::Ack(turn) | Self::Release(turn) => {
                put(&mut bytes, 8, &turn.key.0);
                put(&mut bytes, 24, &turn.sequence.to_le_bytes());
                put(&mut bytes, 32, &turn.consumer.to_le_bytes());
            }
            Self::Done { segment } => put(&mut bytes, 8, &segment.to_le_bytes()),
        }
        let sum = crc(bytes.get(..ENTRY - 4).unwrap_or_default());
        put(&mut bytes, ENTRY - 4, &sum.to_le_bytes());
        bytes
    }

    /// The entry that some bytes are; nothing if they are damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if crc(bytes.get(..ENTRY - 4)?) != u32_at(bytes, ENTRY - 4)? {
            return None;
        }
        let turn = Turn {
            key: Key(array_at(bytes, 8)?),
            sequence: u64_at(bytes, 24)?,
            consumer: u64_at(bytes, 32)?,
        };
        match bytes.first()? {
            1 => Some(Self::Claim(turn)),
            2 => Some(Self::Ack(turn)),
            3 => Some(Self::Release(turn)),
            4 => Some(Self::Done {
                segment: u64_at(bytes, 8)?,
            }),
            _ => None,
        }
    }
}

/// The entries in some bytes, and how many bytes those were: a part of an entry may be at the end.
///
/// Behind one that was torn the others do not lie at multiples of their length.
pub(crate) fn decode_all(bytes: &[u8]) -> (Vec<Event>, usize) {
    let (mut events, mut at) = (Vec::with_capacity(bytes.len() / ENTRY), 0);
    while let Some(entry) = bytes.get(at..at + ENTRY) {
        let event = Event::decode(entry);
        at += if event.is_some() { ENTRY } else { 1 };
        events.extend(event);
    }
    (events, at)
}

fn encode_all(events: &[Event]) -> Vec<u8> {
    events.iter().flat_map(Event::encode).collect()
}

/// Where entries of a day go to; any thread may append.
#[derive(Debug)]
pub(crate) struct Appender {
    dir: Arc<OwnedFd>,
    day: PathBuf,
    modes: Modes,
    fd: Mutex<Arc<OwnedFd>>,
}

impl Appender {
    fn path(&self) -> PathBuf {
        self.day.join(JOURNAL)
    }

    fn open(&self) -> Result<OwnedFd> {
        open_file(self.dir.as_fd(), self.modes).during("open", || self.path())
    }

    /// The length of a file of the journal's name; nothing if it has it no more.
    fn length_of(&self, fd: &OwnedFd) -> Result<Option<u64>> {
        let status = rustix::fs::fstat(fd).during("look at", || self.path())?;
        let length = u64::try_from(status.st_size).unwrap_or_default();
        Ok((status.st_nlink > 0).then_some(length))
    }

    /// The open file, which has its name or had it a moment ago, and its length.
    fn current(&self) -> Result<(Arc<OwnedFd>, u64)> {
        let mut fd = locked(&self.fd);
        let mut length = self.length_of(&fd)?;
        if length.is_none() {
            *fd = Arc::new(self.open()?);
            length = self.length_of(&fd)?;
        }
        Ok((Arc::clone(&fd), length.unwrap_or_default()))
    }

    /// Append entries, in one write if they are not very many.
    pub(crate) fn append(&self, events: &[Event]) -> Result<()> {
        let bytes = encode_all(events);
        loop {
            let fd = Arc::clone(&locked(&self.fd));
            append_all(fd.as_fd(), &bytes).during("write", || self.path())?;
            // Rewritten meanwhile, perhaps without these entries: twice does no harm.
            if self.length_of(&fd)?.is_some() {
                return Ok(());
            }
            self.current()?;
        }
    }
}

/// The journal of a day, open, and read up to somewhere.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) appender: Arc<Appender>,
    fd: Arc<OwnedFd>,
    /// How far it was read.
    read: u64,
}

/// What there is to know of a journal since it was read last.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) events: Vec<Event>,
    /// It was rewritten: claims that were known before, and are not among these entries, have ended.
    pub(crate) anew: bool,
}

impl Journal {
    /// Open the journal of a day, making it if there is none.
    pub(crate) fn open(dir: &Arc<OwnedFd>, day: &Path, modes: Modes) -> Result<Self> {
        let path = || day.join(JOURNAL);
        let fd = Arc::new(open_file(dir.as_fd(), modes).during("open", path)?);
        let appender = Appender {
            dir: Arc::clone(dir),
            day: day.to_owned(),
            modes,
            fd: Mutex::new(Arc::clone(&fd)),
        };
        Ok(Self {
            appender: Arc::new(appender),
            fd,
            read: 0,
        })
    }

    fn path(&self) -> PathBuf {
        self.appender.path()
    }

    /// Wait for the lock; it is held as long as what is returned.
    pub(crate) fn lock(&self) -> Result<Locked> {
        // A lock of its own open file: threads of one process exclude each other too.
        loop {
            let held = Locked(self.appender.open()?);
            lock(held.as_fd()).during("lock", || self.path())?;
            if self.appender.length_of(&held.0)?.is_some() {
                return Ok(held);
            }
        }
    }

    /// What was appended since this was asked last.
    pub(crate) fn news(&mut self) -> Result<News> {
        let mut news = News::default();
        let (current, length) = self.appender.current()?;
        if !Arc::ptr_eq(&current, &self.fd) {
            self.fd = current;
            self.read = 0;
            news.anew = true;
        }
        self.read_to(length, &mut news.events)?;
        Ok(news)
    }

    /// Read what there is up to an offset.
    fn read_to(&mut self, end: u64, events: &mut Vec<Event>) -> Result<()> {
        while self.read + ENTRY as u64 <= end {
            let left = usize::try_from(end - self.read).unwrap_or(CHUNK).min(CHUNK);
            let bytes = read_vec(self.fd.as_fd(), left, self.read);
            let (found, length) = decode_all(&bytes.during("read", || self.path())?);
            events.extend(found);
            self.read += length as u64;
            if length == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Entries read so far, damaged ones among them.
    pub(crate) fn length(&self) -> usize {
        usize::try_from(self.read).unwrap_or(usize::MAX) / ENTRY
    }

    /// Put a file with these entries in place of the journal: the last thing that is done under the
    /// lock, with everything read. What was appended meanwhile comes along.
    pub(crate) fn rewrite(&mut self, events: &[Event]) -> Result<()> {
        let (dir, modes) = (&self.appender.dir, self.appender.modes);
        let path = || self.appender.day.join(REWRITTEN);
        dir::unlink(dir.as_fd(), REWRITTEN).during("remove", path)?;
        let flags = APPENDING | OFlags::EXCL;
        let new = open_making(dir.as_fd(), REWRITTEN, flags, modes).during("create", path)?;
        let new = Locked(new);
        lock(new.as_fd()).during("lock", path)?;
        append_all(new.as_fd(), &encode_all(events)).during("write", path)?;
        crate::sync::data(&new).during("sync", path)?;
        rustix::fs::renameat(dir, REWRITTEN, dir, JOURNAL).during("rename", path)?;
        let mut late = Vec::new();
        let end = size_of_file(self.fd.as_fd()).during("look at", || self.path())?;
        self.read_to(end, &mut late)?;
        append_all(new.as_fd(), &encode_all(&late)).during("write", || self.path())
    }
}

const APPENDING: OFlags = OFlags::RDWR
    .union(OFlags::APPEND)
    .union(OFlags::CREATE)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

fn open_file(dir: BorrowedFd<'_>, modes: Modes) -> rustix::io::Result<OwnedFd> {
    open_making(dir, JOURNAL, APPENDING, modes)
}

fn append_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(fd, bytes))?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_event() -> impl Strategy<Value = Event> {
        (0_u8..4, any::<[u8; 16]>(), any::<u64>(), any::<u64>()).prop_map(
            |(kind, key, sequence, consumer)| {
                let turn = Turn {
                    key: Key(key),
                    sequence,
                    consumer,
                };
                match kind {
                    0 => Event::Claim(turn),
                    1 => Event::Ack(turn),
                    2 => Event::Release(turn),
                    _ => Event::Done { segment: sequence },
                }
            },
        )
    }

    proptest! {
        /// Whatever torn writes have left between entries, those that are whole are all found.
        #[test]
        fn entries_are_found_between_torn_ones(
            pieces in prop::collection::vec((any_event(), 0_usize..ENTRY), 0..40),
        ) {
            let mut bytes = Vec::new();
            for (event, torn) in &pieces {
                bytes.extend(event.encode());
                bytes.extend(&Event::Done { segment: 7 }.encode()[..*torn]);
            }
            bytes.extend(Event::Done { segment: 8 }.encode());
            let (found, length) = decode_all(&bytes);
            let wanted: Vec<Event> = pieces
                .into_iter()
                .map(|(event, _)| event)
                .chain([Event::Done { segment: 8 }])
                .collect();
            prop_assert_eq!(found, wanted);
            prop_assert_eq!(length, bytes.len());
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let (_, length) = decode_all(&bytes);
            prop_assert!(length <= bytes.len() && bytes.len() - length < ENTRY);
        }
    }
}
