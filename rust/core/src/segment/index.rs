//! What is known of the crashes of one day, and how records of any order add up to it.

use super::footer::Entry;
use super::radix::{Item, Radix, ShortKey, shorten};
use super::record::{Flags, Key, RecordKind};

const RAW: u8 = 0;
const DUMPS: u8 = 1;
const PROCESSED: u8 = 2;
const ENDED: u8 = 3;
const QUEUED: u8 = 4;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the segment in this process's table of the day.
    pub(crate) slot: u32,
    pub(crate) offset: u64,
    pub(crate) sequence: u64,
    pub(crate) flags: Flags,
}

/// All that is known of a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Known {
    pub(crate) raw: Option<Place>,
    /// The record with the dumps, if it is not that of the raw crash.
    pub(crate) dumps: Option<Place>,
    pub(crate) processed: Option<Place>,
    /// The newest tombstone.
    pub(crate) ended: Option<Place>,
    /// The newest record that queued the crash, if it is not that of the raw crash.
    pub(crate) queued: Option<Place>,
}

impl Known {
    /// The record that holds the dumps, or would.
    pub(crate) fn dumps_at(&self) -> Option<Place> {
        match self.raw {
            Some(raw) if !raw.flags.has(Flags::KEEPS_DUMPS) => Some(raw),
            _ => self.dumps,
        }
    }

    #[allow(dead_code, reason = "for the queue")]
    /// The sequence at which the crash was put into the queue last.
    pub(crate) fn queued_at(&self) -> Option<u64> {
        match self.raw {
            Some(raw) if raw.flags.has(Flags::QUEUED) => Some(raw.sequence),
            _ => self.queued.map(|queued| queued.sequence),
        }
    }

    /// Whether there is anything of the crash.
    pub(crate) fn is_there(&self) -> bool {
        self.raw.is_some() || self.processed.is_some()
    }

    /// The highest sequence that was seen of the crash.
    pub(crate) fn newest(&self) -> u64 {
        self.places().map(|place| place.sequence).max().unwrap_or(0)
    }

    /// Every record that counts, tombstone included; one may come twice.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        [
            self.raw,
            self.dumps,
            self.processed,
            self.ended,
            self.queued,
        ]
        .into_iter()
        .flatten()
    }

    fn of(items: &[Item]) -> Self {
        let mut known = Self::default();
        for item in items {
            let place = Some(Place {
                slot: item.slot(),
                offset: item.offset(),
                sequence: item.sequence(),
                flags: Flags(item.role & 15),
            });
            match item.role >> 4 {
                RAW => known.raw = place,
                DUMPS => known.dumps = place,
                PROCESSED => known.processed = place,
                ENDED => known.ended = place,
                _ => known.queued = place,
            }
        }
        known
    }

    /// Add what a record says.
    fn add(&mut self, entry: &Entry, slot: u32) {
        let place = Place {
            slot,
            offset: entry.offset,
            sequence: entry.sequence,
            flags: entry.flags,
        };
        if entry.kind == RecordKind::Tombstone {
            self.end(place);
        } else if entry.kind == RecordKind::Crash && !is_older(&place, self.ended) {
            self.add_raw(place);
            if entry.flags.has(Flags::PROCESSED) && !is_older(&place, self.processed) {
                self.processed = Some(place);
            }
        }
    }

    fn add_raw(&mut self, place: Place) {
        if !place.flags.has(Flags::RAW) {
            return;
        }
        let (dumps, queued) = (self.dumps_at(), self.queued_place());
        if !is_older(&place, self.raw) {
            self.raw = Some(place);
        }
        let has_dumps = !place.flags.has(Flags::KEEPS_DUMPS);
        self.dumps = newer(dumps, has_dumps.then_some(place));
        self.queued = newer(queued, place.flags.has(Flags::QUEUED).then_some(place));
        self.tidy();
    }

    fn queued_place(&self) -> Option<Place> {
        self.raw
            .filter(|raw| raw.flags.has(Flags::QUEUED))
            .or(self.queued)
    }

    /// Drop what the place of the raw crash says already.
    fn tidy(&mut self) {
        let same = |place: &Place| self.raw.is_some_and(|raw| raw.sequence == place.sequence);
        self.dumps = self.dumps.filter(|place| !same(place));
        self.queued = self.queued.filter(|place| !same(place));
    }

    fn end(&mut self, tombstone: Place) {
        if is_older(&tombstone, self.ended) {
            return;
        }
        let (dumps, queued) = (self.dumps_at(), self.queued_place());
        let left = |place: &Place| place.sequence > tombstone.sequence;
        self.ended = Some(tombstone);
        self.raw = self.raw.filter(left);
        self.processed = self.processed.filter(left);
        self.dumps = dumps.filter(left);
        self.queued = queued.filter(left);
        self.tidy();
    }

    fn items(&self, key: &ShortKey) -> ([Item; 5], usize) {
        let roles = [
            (RAW, self.raw),
            (DUMPS, self.dumps),
            (PROCESSED, self.processed),
            (ENDED, self.ended),
            (QUEUED, self.queued),
        ];
        let (mut items, mut count) = ([Item::new(*key, 0, 0, 0, 0); 5], 0);
        for (role, place) in roles {
            if let (Some(place), Some(item)) = (place, items.get_mut(count)) {
                let role = (role << 4) | (place.flags.0 & 15);
                *item = Item::new(*key, role, place.sequence, place.slot, place.offset);
                count += 1;
            }
        }
        (items, count)
    }
}

/// Of two with the same sequence, copies of each other, the one that came later counts.
fn is_older(place: &Place, other: Option<Place>) -> bool {
    other.is_some_and(|other| place.sequence < other.sequence)
}

fn newer(one: Option<Place>, other: Option<Place>) -> Option<Place> {
    match (one, other) {
        (Some(old), Some(new)) if is_older(&new, Some(old)) => one,
        _ => other.or(one),
    }
}

/// The index of one day.
#[derive(Debug, Default)]
pub(crate) struct Index {
    radix: Radix,
}

impl Index {
    /// Add a record.
    pub(crate) fn add(&mut self, entry: &Entry, slot: u32) {
        let key = shorten(&entry.key);
        self.radix.update(&key, |items| {
            let mut known = Known::of(items);
            known.add(entry, slot);
            known.items(&key)
        });
    }

    pub(crate) fn get(&self, key: &Key) -> Known {
        Known::of(self.radix.get(&shorten(key)))
    }

    /// The crashes behind `after`, in the order of their IDs, that `wanted` wants, at most `limit`.
    pub(crate) fn list(
        &self,
        after: Option<&Key>,
        limit: usize,
        wanted: impl Fn(&Known) -> bool,
    ) -> Vec<ShortKey> {
        let mut found = Vec::new();
        self.radix.walk(after.map(shorten).as_ref(), |items| {
            if let (Some(first), true) = (items.first(), wanted(&Known::of(items))) {
                found.push(first.key);
            }
            found.len() < limit
        });
        found
    }

    /// Bytes of memory in use.
    pub(crate) fn memory(&self) -> usize {
        self.radix.memory()
    }
}
