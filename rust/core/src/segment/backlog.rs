//! What is queued in a day, and in whose hands: what records and the journal add up to.

use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;

use super::footer::Entry;
use super::journal::{Event, News, Turn};
use super::record::{Flags, Key, RecordKind};

/// A crash in the queue: ordered by when it was queued.
pub(crate) type Ticket = (u64, Key);

/// What is known of a crash.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// The sequence of the newest record that queued it; 0: none is known.
    queued: u64,
    /// Up to which sequence it was acknowledged, or removed.
    settled: u64,
    /// The segment of the record that queued it.
    segment: u64,
    /// Number of the consumer that has it; 0: nobody.
    holder: u64,
    /// How many records of segments that are not done with have queued it.
    records: u32,
}

impl State {
    fn is_open(&self) -> bool {
        self.queued > self.settled
    }
}

/// What is known of a segment that is not done with.
#[derive(Debug, Default)]
struct Part {
    /// The crashes that it queued.
    keys: Vec<Key>,
    /// How many of them are queued by it still.
    open: usize,
    sealed: bool,
}

/// The queue of a day.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    crashes: HashMap<Key, State, RandomState>,
    /// Those that can be handed out.
    ready: BTreeSet<Ticket>,
    /// Segments by number.
    parts: HashMap<u64, Part>,
    /// Segments that nothing is queued in any more.
    done: HashSet<u64>,
    /// Crashes by the number of the consumer that has them.
    held: HashMap<u64, HashSet<Key, RandomState>>,
}

impl Backlog {
    /// Whether a segment has to be read.
    pub(crate) fn wants(&self, segment: u64) -> bool {
        !self.done.contains(&segment) && !self.parts.contains_key(&segment)
    }

    /// Take in what was found in a segment. `sealed`: nothing will come after it.
    pub(crate) fn add(&mut self, segment: u64, entries: &[Entry], sealed: bool) {
        self.parts.entry(segment).or_default().sealed |= sealed;
        for entry in entries {
            if entry.kind == RecordKind::Tombstone {
                self.settle(entry.key, entry.sequence);
            } else if entry.flags.has(Flags::QUEUED) {
                self.queue(segment, entry.key, entry.sequence);
            }
        }
    }

    fn queue(&mut self, segment: u64, key: Key, sequence: u64) {
        let state = self.crashes.entry(key).or_default();
        if let Some(part) = self.parts.get_mut(&segment) {
            part.keys.push(key);
            state.records += 1;
        }
        let before = *state;
        if sequence <= before.queued {
            return;
        }
        (state.queued, state.segment) = (sequence, segment);
        let opened = state.is_open();
        if before.is_open() {
            self.ready.remove(&(before.queued, key));
            self.close_one(before.segment);
        }
        if opened {
            if let Some(part) = self.parts.get_mut(&segment) {
                part.open += 1;
            }
            if before.holder == 0 {
                self.ready.insert((sequence, key));
            }
        }
    }

    fn close_one(&mut self, segment: u64) {
        if let Some(part) = self.parts.get_mut(&segment) {
            part.open = part.open.saturating_sub(1);
        }
    }

    fn settle(&mut self, key: Key, sequence: u64) {
        let state = self.crashes.entry(key).or_default();
        let before = *state;
        state.settled = state.settled.max(sequence);
        if before.is_open() && !state.is_open() {
            self.ready.remove(&(before.queued, key));
            self.close_one(before.segment);
        }
    }

    /// Take in what the journal says.
    pub(crate) fn hear(&mut self, news: &News) {
        if news.anew {
            let consumers: Vec<u64> = self.held.keys().copied().collect();
            for consumer in consumers {
                self.free_all(consumer);
            }
        }
        for event in &news.events {
            match event {
                Event::Claim(turn) => self.claim(turn),
                Event::Ack(turn) => {
                    self.settle(turn.key, turn.sequence);
                    self.free(turn.key, turn.consumer);
                }
                Event::Release(turn) => self.free(turn.key, turn.consumer),
                Event::Done { segment } => self.finish(*segment),
            }
        }
    }

    fn claim(&mut self, turn: &Turn) {
        let state = self.crashes.entry(turn.key).or_default();
        let before = std::mem::replace(&mut state.holder, turn.consumer);
        self.ready.remove(&(state.queued, turn.key));
        if let Some(held) = self.held.get_mut(&before) {
            held.remove(&turn.key);
        }
        self.held.entry(turn.consumer).or_default().insert(turn.key);
    }

    /// A consumer has a crash no longer.
    fn free(&mut self, key: Key, consumer: u64) {
        let Some(held) = self.held.get_mut(&consumer) else {
            return;
        };
        if !held.remove(&key) {
            return;
        }
        if held.is_empty() {
            self.held.remove(&consumer);
        }
        if let Some(state) = self.crashes.get_mut(&key) {
            state.holder = 0;
            if state.is_open() {
                self.ready.insert((state.queued, key));
            }
        }
    }

    /// A consumer is dead, or its claims have ended otherwise.
    pub(crate) fn free_all(&mut self, consumer: u64) {
        for key in self.held.get(&consumer).cloned().unwrap_or_default() {
            self.free(key, consumer);
        }
    }

    /// The consumers that have something.
    pub(crate) fn holders(&self) -> Vec<u64> {
        self.held.keys().copied().collect()
    }

    /// The crashes that a consumer has.
    pub(crate) fn held_by(&self, consumer: u64) -> impl Iterator<Item = &Key> {
        self.held.get(&consumer).into_iter().flatten()
    }

    /// What can be handed out, behind `after`.
    pub(crate) fn ready(&self, after: Option<Ticket>, limit: usize) -> Vec<Ticket> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.ready
            .range((from, Unbounded))
            .take(limit)
            .copied()
            .collect()
    }

    /// Sealed segments that nothing is queued in any more, and are not known to be done with.
    pub(crate) fn settled_parts(&self) -> Vec<u64> {
        let settled = self
            .parts
            .iter()
            .filter(|(_, part)| part.sealed && part.open == 0);
        settled.map(|(segment, _)| *segment).collect()
    }

    /// Whether a segment is done with: what it queued was acknowledged, queued anew, or removed.
    pub(crate) fn is_done(&self, segment: u64) -> bool {
        self.done.contains(&segment)
    }

    fn finish(&mut self, segment: u64) {
        self.done.insert(segment);
        self.drop_part(segment);
    }

    fn drop_part(&mut self, segment: u64) {
        let Some(part) = self.parts.remove(&segment) else {
            return;
        };
        for key in part.keys {
            let Some(state) = self.crashes.get_mut(&key) else {
                continue;
            };
            // As long as another segment queues it too, that must not come to life again.
            state.records = state.records.saturating_sub(1);
            if state.records == 0 && !state.is_open() && state.holder == 0 {
                self.crashes.remove(&key);
            }
        }
    }

    /// Forget what was acknowledged of segments that are done with; only when all others were read.
    pub(crate) fn forget_done(&mut self) {
        self.crashes
            .retain(|_, state| state.records > 0 || state.holder != 0 || state.is_open());
    }

    /// Forget segments that are gone.
    pub(crate) fn keep_only(&mut self, there: &HashSet<u64>) {
        self.done.retain(|segment| there.contains(segment));
        let gone: Vec<u64> = self
            .parts
            .keys()
            .filter(|segment| !there.contains(segment))
            .copied()
            .collect();
        for segment in gone {
            self.drop_part(segment);
        }
    }

    /// The shortest journal that says the same.
    pub(crate) fn as_events(&self) -> Vec<Event> {
        let mut events: Vec<Event> = self
            .done
            .iter()
            .map(|segment| Event::Done { segment: *segment })
            .collect();
        for (key, state) in &self.crashes {
            let turn = |sequence, consumer| Turn {
                key: *key,
                sequence,
                consumer,
            };
            if state.settled > 0 && state.records > 0 {
                events.push(Event::Ack(turn(state.settled, 0)));
            }
            if state.holder != 0 {
                events.push(Event::Claim(turn(state.queued, state.holder)));
            }
        }
        events
    }

    /// How many entries that journal would have at most.
    pub(crate) fn weight(&self) -> usize {
        self.done.len() + 2 * self.crashes.len()
    }
}
