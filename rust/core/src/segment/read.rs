//! Reading records: every checksum is verified.

use std::mem::MaybeUninit;
use std::sync::Arc;

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;

use super::day::Seen;
use super::file::{Segment, read_vec};
use super::format::{Crc, crc};
use super::index::{Known, Place};
use super::record::{
    Encoding, Key, Part, PartKind, RECORD_HEADER_BYTES, RecordHeader, RecordKind, decode_table,
};
use super::store::{SegmentStore, date_of};
use crate::crash_id::CrashId;
use crate::error::{During, Error, Kind, Result};
use crate::layout::DumpName;

/// What is read of a record at first: header, table and an ordinary raw crash, in one call.
const AHEAD: usize = 4096;
/// What expands further than this is taken for a bomb.
const EXPANDED_MAX: u64 = 8 << 30;
/// What moved while it was read is looked for again so often.
const TRIES: usize = 3;

/// A record that is open for reading.
#[derive(Debug)]
struct Record {
    segment: Arc<Segment>,
    fd: Arc<OwnedFd>,
    offset: u64,
    data_at: u64,
    parts: Vec<Part>,
    /// Its first bytes.
    ahead: Vec<u8>,
}

/// A part of a record, open for reading.
#[derive(Debug)]
pub struct Stored {
    segment: Arc<Segment>,
    fd: Arc<OwnedFd>,
    record: u64,
    at: u64,
    part: Part,
}

impl Record {
    fn open(segment: &Arc<Segment>, place: &Place, key: &Key) -> Result<Self> {
        let fd = segment.file()?;
        let path = || segment.path();
        let offset = place.offset;
        let mut ahead = read_vec(fd.as_fd(), AHEAD, offset).during("read", path)?;
        let found = RecordHeader::decode(&ahead, segment.header.salt, offset)
            .map(|(header, _)| header)
            .filter(|header| header.key == *key && header.kind == RecordKind::Crash);
        let header = found.ok_or_else(|| segment.damaged(offset, "has no valid header"))?;
        let data_at = header.data_at();
        let table_end = usize::try_from(data_at).unwrap_or(usize::MAX);
        if ahead.len() < table_end {
            ahead = read_vec(fd.as_fd(), table_end, offset).during("read", path)?;
        }
        let parts = ahead
            .get(RECORD_HEADER_BYTES..table_end)
            .and_then(|table| decode_table(table, &header))
            .ok_or_else(|| segment.damaged(offset, "has a damaged table of parts"))?;
        Ok(Self {
            segment: Arc::clone(segment),
            fd,
            offset,
            data_at,
            parts,
            ahead,
        })
    }

    /// The parts that `wanted` wants, in their order.
    fn parts(&self, wanted: impl Fn(&Part) -> bool) -> Vec<Stored> {
        let mut at = self.data_at;
        let mut found = Vec::new();
        for part in &self.parts {
            if wanted(part) {
                found.push(Stored {
                    segment: Arc::clone(&self.segment),
                    fd: Arc::clone(&self.fd),
                    record: self.offset,
                    at: self.offset + at,
                    part: part.clone(),
                });
            }
            at += part.stored;
        }
        found
    }

    /// The first part of a kind.
    fn read(&self, kind: PartKind) -> Result<Option<Vec<u8>>> {
        let Some(stored) = self.parts(|part| part.kind == kind).into_iter().next() else {
            return Ok(None);
        };
        let start = usize::try_from(stored.at - self.offset).unwrap_or(usize::MAX);
        let ahead = self.ahead.get(start..start.saturating_add(stored.len()));
        match ahead {
            Some(bytes) => stored.verified(bytes.to_vec()).map(Some),
            None => stored.read().map(Some),
        }
    }
}

impl Stored {
    /// Length in bytes as stored.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.part.stored).unwrap_or(usize::MAX)
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.part.stored == 0
    }

    /// Whether what is stored is what is to be read.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.part.encoding == Encoding::Plain
    }

    /// Fill a buffer of [`Stored::len`] bytes with what is stored. Returns how many bytes it holds now.
    pub fn read_into(&self, buffer: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let (mut at, mut crc) = (0, Crc::new());
        while let Some(rest @ [_, ..]) = buffer.get_mut(at..) {
            let read = match rustix::io::pread(&*self.fd, rest, self.at + at as u64) {
                Err(Errno::INTR) => continue,
                other => other.during("read", || self.segment.path())?.0,
            };
            if read.is_empty() {
                return Err(self.damaged("ends early"));
            }
            crc = crc.add(read);
            at += read.len();
        }
        if crc.value() != self.part.crc {
            return Err(self.damaged("fails its checksum"));
        }
        Ok(at)
    }

    /// The whole part, expanded.
    pub fn read(&self) -> Result<Vec<u8>> {
        // The length may be a lie: no more memory is taken than the file has bytes.
        let size =
            super::file::size_of_file(self.fd.as_fd()).during("look at", || self.segment.path())?;
        if self.at.saturating_add(self.part.stored) > size {
            return Err(self.damaged("ends early"));
        }
        let bytes = read_vec(self.fd.as_fd(), self.len(), self.at);
        self.verified(bytes.during("read", || self.segment.path())?)
    }

    fn verified(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        if crc(&bytes) != self.part.crc {
            return Err(self.damaged("fails its checksum"));
        }
        if self.is_plain() {
            return Ok(bytes);
        }
        let expanded = expand(&bytes, self.part.expanded);
        expanded.ok_or_else(|| self.damaged("cannot be expanded"))
    }

    fn damaged(&self, why: &str) -> Error {
        self.segment.damaged(self.record, why)
    }
}

/// Expand what zstd made of `length` bytes.
fn expand(bytes: &[u8], length: u64) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut expanded = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(bytes).ok()?;
    // Memory is taken as bytes come, however long the whole claims to be.
    let mut limited = decoder.take(length.min(EXPANDED_MAX) + 1);
    limited.read_to_end(&mut expanded).ok()?;
    (expanded.len() as u64 == length).then_some(expanded)
}

/// Do a read again whose crash was moved or removed while it ran; damage that stays is reported.
fn read_again<T>(
    store: &SegmentStore,
    id: &CrashId,
    mut read: impl FnMut() -> Result<T>,
) -> Result<T> {
    for _ in 1..TRIES {
        match read() {
            Err(Error::Corrupt { .. }) => store.distrust(id),
            Err(error) if error.errno() == Some(Errno::NOENT) => store.distrust(id),
            other => return other,
        }
    }
    read()
}

impl SegmentStore {
    /// Have the index of a crash's day built anew at the next look: something was not where it said.
    pub fn distrust(&self, id: &CrashId) {
        if let Ok(Some(day)) = self.day(date_of(id)) {
            day.state().distrusted = true;
        }
    }

    /// The record that `pick` picks of what is known of a crash.
    fn record(
        &self,
        id: &CrashId,
        pick: impl Fn(&Known) -> Option<Place>,
    ) -> Result<Option<Record>> {
        let key = Key::of(id);
        let found = self.with_day(date_of(id), |day| {
            let Seen::Is(state) = day.refreshed()? else {
                return Ok(Seen::Gone);
            };
            let Some(place) = pick(&state.index.get(&key)) else {
                return Ok(Seen::Is(None));
            };
            // Of a segment that went, others hold copies: the index is to be built anew.
            let segment = state.segment(place.slot).ok_or(Errno::NOENT);
            let segment = segment.during("find a segment in", || day.path.clone())?;
            Ok(Seen::Is(Some((Arc::clone(segment), place))))
        })?;
        match found.flatten() {
            Some((segment, place)) => Record::open(&segment, &place, &key).map(Some),
            None => Ok(None),
        }
    }

    /// The raw crash as stored.
    pub fn raw_crash(&self, id: &CrashId) -> Result<Vec<u8>> {
        read_again(self, id, || {
            let record = self.record(id, |known| known.raw)?;
            let json = record
                .map(|record| record.read(PartKind::Raw))
                .transpose()?;
            json.flatten()
                .ok_or_else(|| self.not_found(id, Kind::RawCrash))
        })
    }

    /// The processed crash as JSON.
    pub fn processed(&self, id: &CrashId) -> Result<Vec<u8>> {
        read_again(self, id, || {
            let record = self.record(id, |known| known.processed)?;
            let json = record
                .map(|record| record.read(PartKind::Processed))
                .transpose()?;
            json.flatten()
                .ok_or_else(|| self.not_found(id, Kind::ProcessedCrash))
        })
    }

    /// One dump; the main dump has the empty name or `dump_field`.
    pub fn raw_dump(&self, id: &CrashId, name: &DumpName) -> Result<Stored> {
        read_again(self, id, || {
            let record = self.record(id, |known| known.raw.and(known.dumps_at()))?;
            self.dump_of(id, record.as_ref(), name.as_str())
        })
    }

    fn dump_of(&self, id: &CrashId, record: Option<&Record>, name: &str) -> Result<Stored> {
        let name = if name == self.dump_field() { "" } else { name };
        let is_it = |part: &Part| part.kind == PartKind::Dump && part.name == name;
        record
            .and_then(|record| record.parts(is_it).into_iter().next())
            .ok_or_else(|| self.not_found(id, Kind::Dump(self.shown_name(name))))
    }

    fn shown_name(&self, name: &str) -> String {
        if name.is_empty() {
            self.dump_field()
        } else {
            name
        }
        .to_owned()
    }

    /// The dumps of the names given, in that order.
    pub fn raw_dumps_named(
        &self,
        id: &CrashId,
        names: &[DumpName],
    ) -> Result<Vec<(String, Stored)>> {
        read_again(self, id, || {
            let record = self.record(id, |known| known.raw.and(known.dumps_at()))?;
            let open = |name: &DumpName| {
                let stored = self.dump_of(id, record.as_ref(), name.as_str())?;
                Ok((self.shown_name(name.as_str()), stored))
            };
            names.iter().map(open).collect()
        })
    }

    /// Every dump, by name, in the order of the names.
    pub fn raw_dumps(&self, id: &CrashId) -> Result<Vec<(String, Stored)>> {
        // A raw crash that says nothing about dumps, with none stored before, has none.
        let pick = |known: &Known| known.raw.map(|raw| known.dumps_at().unwrap_or(raw));
        let record = read_again(self, id, || self.record(id, pick))?;
        let record = record.ok_or_else(|| self.not_found(id, Kind::Crash))?;
        let mut dumps: Vec<_> = record
            .parts(|part| part.kind == PartKind::Dump)
            .into_iter()
            .map(|stored| (self.shown_name(&stored.part.name), stored))
            .collect();
        dumps.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(dumps)
    }
}
