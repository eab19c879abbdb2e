//! The queue of one day: its journal, and the segments that are not done with.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;

use super::backlog::{Backlog, Ticket};
use super::consumers::Consumer;
use super::day::{Day, Seen};
use super::file::{number_in, segment_name, take_lock};
use super::format::Salt;
use super::journal::{Event, Journal, Turn};
use super::load;
use super::record::Key;
use super::scan::{Reading, scan};
use crate::dir::{self, EntryKind};
use crate::error::{During, Result};

/// A journal is not rewritten before it has so many entries.
const REWRITE_FROM: usize = 20_000;
/// Nor before it has so many times those that it needs.
const REWRITE_FACTOR: usize = 4;

pub(crate) fn turn_of((sequence, key): Ticket, consumer: u64) -> Turn {
    Turn {
        key,
        sequence,
        consumer,
    }
}

/// A segment that somebody is writing.
#[derive(Debug)]
struct Growing {
    fd: OwnedFd,
    salt: Salt,
    end: u64,
}

/// Whether nobody holds the lock of a file.
fn is_free(fd: BorrowedFd<'_>) -> bool {
    let free = take_lock(fd);
    if free {
        dir::unlock(fd);
    }
    free
}

/// The queue of a day, as far as it was read.
#[derive(Debug)]
pub(crate) struct QueueDay {
    pub(crate) day: Arc<Day>,
    pub(crate) journal: Journal,
    pub(crate) backlog: Backlog,
    growing: HashMap<u64, Growing>,
    listed_at: Option<u64>,
    /// A write failed: the journal may hold claims that nobody was told of.
    doubtful: bool,
}

impl QueueDay {
    /// The queue of a day; nothing if its directory was removed.
    pub(crate) fn open(day: &Arc<Day>) -> Result<Option<Self>> {
        let journal = match Journal::open(&day.dir, &day.path, day.context.modes) {
            Err(error) if error.errno() == Some(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        Ok(Some(Self {
            day: Arc::clone(day),
            journal,
            backlog: Backlog::default(),
            growing: HashMap::new(),
            listed_at: None,
            doubtful: false,
        }))
    }

    /// Learn what came since the last look. `thorough`: look for writers that have died, too.
    pub(crate) fn refresh(&mut self, thorough: bool) -> Result<Seen<()>> {
        let Seen::Is(length) = self.day.changes_length()? else {
            return Ok(Seen::Gone);
        };
        // The journal first: what it says was acknowledged is in segments by then.
        self.hear()?;
        if thorough {
            self.read_dead_writers()?;
        }
        let to_list = length.is_none() || length != self.listed_at;
        if to_list {
            self.list()?;
            self.listed_at = length;
        }
        self.poll()?;
        if to_list {
            // The records of all that was acknowledged are there by now.
            self.backlog.forget_done();
        }
        Ok(Seen::Is(()))
    }

    /// What a dead writer has left is read again, which seals it.
    fn read_dead_writers(&mut self) -> Result<()> {
        let all = self.growing.iter();
        let dead = all.filter(|(_, growing)| is_free(growing.fd.as_fd()));
        let dead: Vec<u64> = dead.map(|(number, _)| *number).collect();
        // One that cannot be read now stays among those that grow, for the next time.
        dead.into_iter().try_for_each(|number| self.load(number))
    }

    fn list(&mut self) -> Result<()> {
        let entries = self.day.files()?;
        let numbers: HashSet<u64> = entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Other)
            .filter_map(|entry| number_in(&entry.name, ".seg"))
            .collect();
        self.backlog.keep_only(&numbers);
        self.growing.retain(|number, _| numbers.contains(number));
        for number in numbers {
            if self.backlog.wants(number) {
                self.load(number)?;
            }
        }
        Ok(())
    }

    fn load(&mut self, number: u64) -> Result<()> {
        let Some(loaded) = load::read(&self.day, number)? else {
            return Ok(());
        };
        let sealed = loaded.living.is_none();
        self.backlog.add(number, &loaded.entries, sealed);
        match loaded.living {
            Some((fd, end)) => {
                let salt = loaded.header.salt;
                self.growing.insert(number, Growing { fd, salt, end });
            }
            None => drop(self.growing.remove(&number)),
        }
        Ok(())
    }

    /// Look for what was appended to segments that are being written.
    fn poll(&mut self) -> Result<()> {
        let mut sealed = Vec::new();
        for (number, growing) in &mut self.growing {
            let found = scan(growing.fd.as_fd(), growing.salt, growing.end, Reading::New)
                .during("read", || self.day.path.join(segment_name(*number)))?;
            growing.end = found.end;
            self.backlog.add(*number, &found.entries, found.sealed);
            if found.sealed {
                sealed.push(*number);
            }
        }
        for number in sealed {
            self.growing.remove(&number);
        }
        Ok(())
    }

    pub(crate) fn free_the_dead(&mut self, consumer: &Consumer) {
        for holder in self.backlog.holders() {
            if holder != consumer.number && !consumer.is_alive(holder) {
                self.backlog.free_all(holder);
            }
        }
    }

    /// Give back what the journal says we have, and we do not.
    pub(crate) fn give_back_unheld(
        &mut self,
        consumer: u64,
        is_held: impl Fn(&Key) -> bool,
    ) -> Result<()> {
        if !self.doubtful {
            return Ok(());
        }
        let held = self.backlog.held_by(consumer);
        let unheld = held.filter(|key| !is_held(key));
        let events: Vec<Event> = unheld
            .map(|key| Event::Release(turn_of((0, *key), consumer)))
            .collect();
        self.tell(&events)?;
        self.doubtful = false;
        Ok(())
    }

    /// Write down which segments hold nothing that is queued: nobody reads those again.
    pub(crate) fn mark_done(&mut self) -> Result<()> {
        let done: Vec<Event> = self
            .backlog
            .settled_parts()
            .into_iter()
            .map(|segment| Event::Done { segment })
            .collect();
        self.tell(&done)?;
        if self.is_long() {
            // What was consumed makes nobody's start longer.
            let lock = self.journal.lock()?;
            self.hear()?;
            self.keep_short();
            drop(lock);
        }
        Ok(())
    }

    fn tell(&mut self, events: &[Event]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.journal.appender.append(events)?;
        self.hear()
    }

    fn hear(&mut self) -> Result<()> {
        let news = self.journal.news()?;
        self.backlog.hear(&news);
        // What is done with must not come to life again.
        let backlog = &self.backlog;
        self.growing.retain(|number, _| !backlog.is_done(*number));
        Ok(())
    }

    /// Claim what is ready behind `after`, and is still when nobody else can claim.
    pub(crate) fn claim(
        &mut self,
        consumer: u64,
        after: Option<Ticket>,
        limit: usize,
    ) -> Result<Vec<Ticket>> {
        let lock = self.journal.lock()?;
        self.hear()?;
        let tickets = self.backlog.ready(after, limit);
        let claim = |ticket: &Ticket| Event::Claim(turn_of(*ticket, consumer));
        let claims: Vec<Event> = tickets.iter().map(claim).collect();
        self.doubtful = true;
        self.tell(&claims)?;
        self.doubtful = false;
        self.keep_short();
        drop(lock);
        Ok(tickets)
    }

    /// Whether most of the journal is of no use any more.
    fn is_long(&self) -> bool {
        self.journal.length() > REWRITE_FROM.max(REWRITE_FACTOR * self.backlog.weight())
    }

    /// Rewrite the journal if that is worth while; only under its lock, and as the last thing.
    fn keep_short(&mut self) {
        if !self.is_long() {
            return;
        }
        // Who cannot shorten the journal works with a long one.
        if let Err(error) = self.shorten() {
            let text = format!("the journal stays as long as it is: {error}");
            self.day.context.note(text);
        }
    }

    /// Rewrite the journal; only under its lock, and as the last thing.
    fn shorten(&mut self) -> Result<()> {
        self.hear()?;
        // The records of all that was acknowledged are there by now: what is not known is done with.
        self.list()?;
        self.poll()?;
        self.journal.rewrite(&self.backlog.as_events())
    }
}
