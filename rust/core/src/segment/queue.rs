//! The queue of a segment storage: passes over its days, claims, acknowledgements.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use foldhash::fast::RandomState;
use rustix::io::Errno;

use super::backlog::Ticket;
use super::consumers::Consumer;
use super::day::{Day, Seen};
use super::file::locked;
use super::journal::{Appender, Event, Journal, Turn};
use super::queue_day::{QueueDay, turn_of};
use super::record::Key;
use super::store::SegmentStore;
use crate::crash_id::CrashId;
use crate::error::Result;
use crate::queue::Batch;

/// What one storage knows of its queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    consumer: Mutex<Option<Arc<Consumer>>>,
    days: Mutex<HashMap<u32, OpenDay>>,
    held: Mutex<HashMap<Key, Held, RandomState>>,
}

/// A crash that was handed out here.
#[derive(Debug, Clone)]
struct Held {
    turn: Turn,
    appender: Arc<Appender>,
}

/// A day, and its queue.
type OpenDay = (Arc<Day>, Arc<Mutex<QueueDay>>);

/// Crashes that the same journal says the rest about.
type OfJournal = (Arc<Appender>, Vec<Turn>);

impl Queue {
    /// The consumer that this storage is, once it is one.
    fn consumer(&self, store: &SegmentStore) -> Result<Arc<Consumer>> {
        let mut consumer = locked(&self.consumer);
        if let Some(known) = &*consumer {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(Consumer::new(&store.context)?);
        *consumer = Some(Arc::clone(&new));
        Ok(new)
    }

    fn day(&self, store: &SegmentStore, date: u32) -> Result<Option<Arc<Mutex<QueueDay>>>> {
        let Some(day) = store.day(date)? else {
            locked(&self.days).remove(&date);
            return Ok(None);
        };
        if let Some(known) = self.known_day(date, &day) {
            return Ok(Some(known));
        }
        let Some(new) = QueueDay::open(&day)? else {
            store.forget(&day);
            return Ok(None);
        };
        let new = Arc::new(Mutex::new(new));
        let mut days = locked(&self.days);
        // What the storage has closed is closed here, too.
        days.retain(|_, (day, _)| store.has_open(day));
        days.insert(date, (day, Arc::clone(&new)));
        Ok(Some(new))
    }

    fn known_day(&self, date: u32, day: &Arc<Day>) -> Option<Arc<Mutex<QueueDay>>> {
        let (of, known) = locked(&self.days).get(&date).cloned()?;
        // A day that was removed and made again is another one.
        Arc::ptr_eq(&of, day).then_some(known)
    }

    /// Claim crashes of a day behind `after`. `first`: the first look at this day in a pass.
    fn take(
        &self,
        store: &SegmentStore,
        date: u32,
        after: Option<Ticket>,
        limit: usize,
        first: bool,
    ) -> Result<Vec<Ticket>> {
        let Some(shared) = self.day(store, date)? else {
            return Ok(Vec::new());
        };
        let mut day = locked(&shared);
        if let Seen::Gone = day.refresh(first)? {
            // The next look is at the one that was made in its place, if there is one.
            store.forget(&day.day);
            drop(day);
            locked(&self.days).remove(&date);
            return Ok(Vec::new());
        }
        if first {
            self.tidy(store, &mut day)?;
        }
        if day.backlog.ready(after, 1).is_empty() {
            return Ok(Vec::new());
        }
        let consumer = self.consumer(store)?;
        let tickets = day.claim(consumer.number, after, limit)?;
        let mut held = locked(&self.held);
        for ticket in &tickets {
            let turn = turn_of(*ticket, consumer.number);
            let appender = Arc::clone(&day.journal.appender);
            held.insert(ticket.1, Held { turn, appender });
        }
        Ok(tickets)
    }

    /// What the first look of a pass brings in order.
    fn tidy(&self, store: &SegmentStore, day: &mut QueueDay) -> Result<()> {
        if !day.backlog.holders().is_empty() {
            let consumer = self.consumer(store)?;
            day.free_the_dead(&consumer);
            let held = locked(&self.held);
            day.give_back_unheld(consumer.number, |key| held.contains_key(key))?;
        }
        day.mark_done()
    }

    /// Say of a crash that was handed out what became of it; false if it was not handed out here.
    fn settle(&self, id: &CrashId, event: impl Fn(Turn) -> Event) -> Result<bool> {
        let key = Key::of(id);
        let Some(found) = locked(&self.held).get(&key).cloned() else {
            return Ok(false);
        };
        tell(&found.appender, &[event(found.turn)])?;
        self.let_go(&[found.turn]);
        Ok(true)
    }

    /// Acknowledge many with few writes; what could not be acknowledged is still held.
    fn ack_many(&self, ids: &[CrashId]) -> Result<()> {
        for (appender, found) in self.by_journal(ids) {
            let events: Vec<Event> = found.iter().map(|turn| Event::Ack(*turn)).collect();
            tell(&appender, &events)?;
            self.let_go(&found);
        }
        Ok(())
    }

    /// Crashes are held no longer, unless they were handed out again since.
    fn let_go(&self, turns: &[Turn]) {
        let mut held = locked(&self.held);
        for turn in turns {
            if held.get(&turn.key).is_some_and(|now| now.turn == *turn) {
                held.remove(&turn.key);
            }
        }
    }

    /// Those of some crashes that were handed out here, by the journal that says so.
    fn by_journal(&self, ids: &[CrashId]) -> Vec<OfJournal> {
        let mut groups: Vec<OfJournal> = Vec::new();
        let held = locked(&self.held);
        for found in ids.iter().filter_map(|id| held.get(&Key::of(id))) {
            match groups.last_mut() {
                Some((last, turns)) if Arc::ptr_eq(last, &found.appender) => turns.push(found.turn),
                _ => groups.push((Arc::clone(&found.appender), vec![found.turn])),
            }
        }
        groups
    }

    /// Let go of what is the parent's, in a fork's child. Its consumer does not end.
    pub(crate) fn abandon(&self) {
        if let Ok(mut consumer) = self.consumer.try_lock() {
            drop(consumer.take());
        }
        if let Ok(mut days) = self.days.try_lock() {
            days.clear();
        }
    }

    /// Let go of everything: the end of the consumer is the end of its claims.
    fn release_all(&self) {
        locked(&self.consumer).take();
        locked(&self.held).clear();
        locked(&self.days).clear();
    }
}

/// A batch ends after so many days: what is in somebody's hands keeps the journal of its day open.
const DAYS_MAX: usize = 8;

/// One pass over the queue of a segment storage: what is queued behind where it is, day by day.
#[derive(Debug)]
pub struct SegmentPass {
    store: Arc<SegmentStore>,
    days: VecDeque<u32>,
    after: Option<Ticket>,
    first: bool,
}

impl SegmentPass {
    /// Begin a pass.
    pub fn start(store: Arc<SegmentStore>) -> Result<Self> {
        let days = store.days()?.into();
        Ok(Self {
            store,
            days,
            after: None,
            first: true,
        })
    }

    /// The next crashes, `limit` at the most; none when the pass is over.
    pub fn next_batch(&mut self, limit: usize) -> Result<Batch> {
        let (mut ids, mut ended) = (Vec::new(), 0);
        while let Some(date) = self.days.front().copied() {
            if ids.len() >= limit || ended >= DAYS_MAX {
                break;
            }
            let (queue, left) = (&self.store.queue, limit - ids.len());
            let taken = queue.take(&self.store, date, self.after, left, self.first);
            if taken.is_err() && !ids.is_empty() {
                // Those were claimed, and are handed out first; the next call meets the failure again.
                break;
            }
            let tickets = taken?;
            ids.extend(tickets.iter().filter_map(|(_, key)| key.crash_id()));
            self.first = tickets.is_empty();
            self.after = tickets.last().copied();
            if tickets.is_empty() {
                self.days.pop_front();
                ended += usize::from(!ids.is_empty());
            }
        }
        let notes = self.store.take_notes();
        Ok(Batch { ids, notes })
    }
}

impl SegmentStore {
    /// Acknowledge a crash: it leaves the queue. False if it was not handed out here.
    pub fn ack(&self, id: &CrashId) -> Result<bool> {
        self.queue.settle(id, Event::Ack)
    }

    /// Acknowledge crashes, with few writes. What was not handed out here is passed over.
    pub fn ack_many(&self, ids: &[CrashId]) -> Result<()> {
        self.queue.ack_many(ids)
    }

    /// Give a crash back: it will be handed out again. False if it was not handed out here.
    pub fn release(&self, id: &CrashId) -> Result<bool> {
        self.queue.settle(id, Event::Release)
    }

    /// Give everything back that was handed out and not acknowledged.
    pub fn release_all(&self) {
        self.queue.release_all();
    }
}

/// Take a removed crash off the queue of its day.
pub(crate) fn unqueue(day: &Day, key: Key, sequence: u64) -> Result<()> {
    let journal = Journal::open(&day.dir, &day.path, day.context.modes)?;
    let nobody = turn_of((sequence, key), 0);
    tell(&journal.appender, &[Event::Ack(nobody)])
}

/// Append to a journal, unless its day was removed: nothing of that is queued any more.
fn tell(appender: &Appender, events: &[Event]) -> Result<()> {
    match appender.append(events) {
        Err(error) if error.errno() == Some(Errno::NOENT) => Ok(()),
        other => other,
    }
}
