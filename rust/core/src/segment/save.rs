//! Saving: a record, appended, indexed, and if asked for on the disk.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::append::{NewRecord, OpenSegment};
use super::commit::Target;
use super::context::is_full;
use super::create;
use super::day::{Day, Seen};
use super::file::{Segment, write_failed};
use super::footer::Entry;
use super::format::crc;
use super::pool::Taken;
use super::record::{Encoding, Flags, Key, Part, PartKind, RecordHeader, RecordKind};
use super::store::{SegmentStore, date_of};
use crate::crash_id::CrashId;
use crate::dir::FILE;
use crate::error::{During, Error, Result};
use crate::layout::DumpName;
use crate::object::Object;
use crate::write::Content;

/// Names that are longer could not be exported as `<crash_id>.<name>.dump`.
const NAME_MAX: usize = 255 - 36 - 1 - 5;

/// A part with its bytes as they are to be stored.
type NewPart<'a> = (Part, Cow<'a, [u8]>);

/// What is to be saved of a crash.
#[derive(Debug, Default)]
pub struct NewSegmentCrash<'a> {
    /// The raw crash, as JSON.
    pub raw: Option<&'a [u8]>,
    /// Its dumps; nothing leaves those that are stored.
    pub dumps: Option<Vec<(DumpName, Content<'a>)>>,
    /// The processed crash, as JSON.
    pub processed: Option<&'a [u8]>,
    /// Whether the crash is put into the queue.
    pub queue: bool,
}

impl SegmentStore {
    /// Save what is new of a crash, all of it or nothing.
    pub fn save(&self, id: &CrashId, crash: NewSegmentCrash<'_>) -> Result<()> {
        let (day, written) = self.write_crash(id, crash)?;
        day.settle(&written)
    }

    /// Save many; savers that wait for the disk wait once. The outcome of each, in order.
    pub fn save_many<'a>(
        &self,
        crashes: impl Iterator<Item = Result<(CrashId, NewSegmentCrash<'a>)>>,
    ) -> Vec<Result<()>> {
        let written: Vec<_> = crashes
            .map(|crash| crash.and_then(|(id, crash)| self.write_crash(&id, crash)))
            .collect();
        if self.context.is_durable() {
            let each = written.iter().flatten();
            let ends = each.map(|(_, written)| (&written.target, written.end()));
            self.context.committer.join(ends);
        }
        let settle = |(day, written): (Arc<Day>, Written)| day.settle(&written);
        written
            .into_iter()
            .map(|one| one.and_then(settle))
            .collect()
    }

    fn write_crash(&self, id: &CrashId, crash: NewSegmentCrash<'_>) -> Result<(Arc<Day>, Written)> {
        let flags = Flags::default()
            .with(Flags::RAW, crash.raw.is_some())
            .with(Flags::PROCESSED, crash.processed.is_some())
            .with(Flags::KEEPS_DUMPS, crash.dumps.is_none())
            .with(Flags::QUEUED, crash.queue);
        let parts = self.parts(crash)?;
        let record = NewRecord::new(Key::of(id), RecordKind::Crash, flags, &parts);
        let record = record
            .ok_or(Errno::FBIG)
            .during("save, as it is too large,", || id.as_str().into())?;
        let room = self.context.check_room(record.length());
        room.inspect_err(|_| self.context.spares.hurry())
            .during("save into", || self.path().into())?;
        self.with_day_to_write(date_of(id), |day| {
            let Seen::Is(known) = day.find(&record.key)? else {
                return Ok(Seen::Gone);
            };
            let sequence = self.context.next_sequence(known.newest());
            Ok(match day.write(&record, sequence)? {
                Seen::Is(written) => Seen::Is((Arc::clone(day), written)),
                Seen::Gone => Seen::Gone,
            })
        })
    }

    fn parts<'a>(&self, crash: NewSegmentCrash<'a>) -> Result<Vec<NewPart<'a>>> {
        let mut parts = Vec::with_capacity(4);
        if let Some(raw) = crash.raw {
            parts.push(self.part(PartKind::Raw, String::new(), Cow::Borrowed(raw))?);
        }
        for (name, content) in crash.dumps.unwrap_or_default() {
            let name = self.stored_name(&name)?;
            let taken = |(part, _): &NewPart<'_>| part.kind == PartKind::Dump && part.name == name;
            if parts.iter().any(taken) {
                let why = "two dumps of the crash have it";
                return Err(Error::InvalidDumpName { name, why });
            }
            parts.push(self.part(PartKind::Dump, name, bytes_of(content)?)?);
        }
        if let Some(processed) = crash.processed {
            parts.push(self.part(PartKind::Processed, String::new(), Cow::Borrowed(processed))?);
        }
        Ok(parts)
    }

    /// The name under which a dump is stored: none, if it is the main one.
    pub(crate) fn stored_name(&self, name: &DumpName) -> Result<String> {
        let name = name.as_str();
        if name == self.dump_field() {
            return Ok(String::new());
        }
        if name.len() > NAME_MAX {
            let (name, why) = (name.to_owned(), "the file name would pass 255 bytes");
            return Err(Error::InvalidDumpName { name, why });
        }
        Ok(name.to_owned())
    }

    fn part<'a>(&self, kind: PartKind, name: String, bytes: Cow<'a, [u8]>) -> Result<NewPart<'a>> {
        let expanded = bytes.len() as u64;
        let (encoding, bytes) = self.encoded(bytes)?;
        let part = Part {
            kind,
            encoding,
            crc: crc(&bytes),
            stored: bytes.len() as u64,
            expanded,
            name,
        };
        Ok((part, bytes))
    }

    /// Bytes as they are to be stored: compressed, if that is wanted and makes them fewer.
    fn encoded<'a>(&self, bytes: Cow<'a, [u8]>) -> Result<(Encoding, Cow<'a, [u8]>)> {
        let Some(level) = self.context.options.compression else {
            return Ok((Encoding::Plain, bytes));
        };
        let packed =
            zstd::bulk::compress(&bytes, level).during("compress for", || self.path().into())?;
        if packed.len() < bytes.len() {
            return Ok((Encoding::Zstd, Cow::Owned(packed)));
        }
        Ok((Encoding::Plain, bytes))
    }
}

fn bytes_of(content: Content<'_>) -> Result<Cow<'_, [u8]>> {
    match content {
        Content::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
        Content::File(path) => {
            let opened = rustix::fs::open(path, FILE.difference(OFlags::NOFOLLOW), Mode::empty());
            Object::of(opened, || path.to_owned())?
                .read()
                .map(Cow::Owned)
        }
    }
}

/// A record that was written, and is not yet settled.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) slot: u32,
    pub(crate) target: Arc<Target>,
    segment: Arc<Segment>,
    header: RecordHeader,
    entry: Entry,
    /// Its segment was not written ahead.
    appended: bool,
}

impl Written {
    fn end(&self) -> u64 {
        self.entry.offset + self.entry.length
    }
}

impl Day {
    /// Write a record into a segment of this day, and settle it.
    pub(crate) fn put(&self, record: &NewRecord<'_>, sequence: u64) -> Result<Seen<()>> {
        match self.write(record, sequence)? {
            Seen::Is(written) => self.settle(&written).map(Seen::Is),
            Seen::Gone => Ok(Seen::Gone),
        }
    }

    /// Write a record into a segment of this day.
    pub(crate) fn write(&self, record: &NewRecord<'_>, sequence: u64) -> Result<Seen<Written>> {
        self.try_write(record, sequence).inspect_err(|error| {
            if error.errno().is_some_and(is_full) {
                self.context.spares.hurry();
            }
        })
    }

    fn try_write(&self, record: &NewRecord<'_>, sequence: u64) -> Result<Seen<Written>> {
        let Seen::Is(mut open) = self.take_segment(record.length())? else {
            return Ok(Seen::Gone);
        };
        let (slot, target) = (open.slot, Arc::clone(&open.target));
        let segment = Arc::clone(&open.segment);
        let appended = !open.prewritten;
        let written = open
            .append(record, sequence)
            .and_then(|written| Ok((written, open.has_name()?)));
        self.give_back(open);
        let ((header, entry), has_name) = written.map_err(|error| write_failed(error, &segment))?;
        if !has_name {
            return Ok(Seen::Gone);
        }
        Ok(Seen::Is(Written {
            slot,
            target,
            segment,
            header,
            entry,
            appended,
        }))
    }

    /// Wait until a record is as safe as saves are here, and add it to the index.
    pub(crate) fn settle(&self, written: &Written) -> Result<()> {
        let Written {
            target, segment, ..
        } = written;
        if self.context.is_durable() {
            self.context
                .committer
                .wait(target, written.end())
                .map_err(|error| {
                    let salt = segment.header.salt;
                    OpenSegment::void(target, salt, &written.entry, &written.header);
                    write_failed(error, segment)
                })?;
            let (length, appended) = (written.entry.length, written.appended);
            // Now, not before the sync: what is written ahead then falls into the time between two.
            self.context.spares.count(&self.context, length, appended);
        }
        self.state().index.add(&written.entry, written.slot);
        Ok(())
    }

    /// A segment that has room for a record.
    fn take_segment(&self, length: u64) -> Result<Seen<OpenSegment>> {
        loop {
            let open = match self.pool.take() {
                Taken::Segment(open) => *open,
                Taken::Place => return self.make_segment(),
            };
            if open.target.outcome().is_ok() && open.has_room(length) && !self.has_better(&open) {
                return Ok(Seen::Is(open));
            }
            self.pool.give_up_place();
            self.seal(open);
        }
    }

    /// Whether a segment that is written out ahead waits to be used instead.
    fn has_better(&self, open: &OpenSegment) -> bool {
        self.context.is_durable() && !open.prewritten && self.context.spares.is_ready()
    }

    fn make_segment(&self) -> Result<Seen<OpenSegment>> {
        let made = create::make(self);
        if !matches!(made, Ok(Seen::Is(_))) {
            self.pool.give_up_place();
        }
        made
    }

    fn give_back(&self, open: OpenSegment) {
        if let Some(open) = self.pool.give_back(open) {
            self.seal(open);
        }
    }

    /// Seal a segment that is written no longer. What goes wrong is left to whoever meets it next.
    pub(crate) fn seal(&self, open: OpenSegment) {
        let number = open.segment.number();
        if open.target.outcome().is_ok() {
            let sealed = open.seal().and_then(|()| self.sync(&open.target));
            if let Err(error) = sealed {
                let path = open.segment.path();
                self.context
                    .note(format!("cannot seal '{}': {error}", path.display()));
            }
        }
        open.segment.close();
        drop(open);
        self.pool.leave(number);
    }

    fn sync(&self, target: &Target) -> io::Result<()> {
        if self.context.is_durable() {
            target.sync();
        }
        target.outcome()
    }
}
