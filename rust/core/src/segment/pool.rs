//! The open segments of a day: one for each saver that writes at the same time.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::append::OpenSegment;
use super::file::locked;

/// The segments of one day that this storage writes.
#[derive(Debug)]
pub(crate) struct Pool {
    inner: Mutex<Inner>,
    freed: Condvar,
    max: usize,
}

#[derive(Debug, Default)]
struct Inner {
    /// The one that was used last is used next: fewer segments have to be synced at once.
    idle: Vec<OpenSegment>,
    /// How many are in savers' hands, or being made.
    busy: usize,
    /// The numbers of all that are open.
    numbers: HashSet<u64>,
    closed: bool,
}

/// What a saver gets from the pool.
#[derive(Debug)]
pub(crate) enum Taken {
    Segment(Box<OpenSegment>),
    /// It may make a new one.
    Place,
}

impl Pool {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            inner: Mutex::default(),
            freed: Condvar::new(),
            max: max.max(1),
        }
    }

    /// Whether a segment is open for writing here.
    pub(crate) fn owns(&self, number: u64) -> bool {
        locked(&self.inner).numbers.contains(&number)
    }

    /// A segment nobody else writes to, or the permission to make one; waits for either.
    pub(crate) fn take(&self) -> Taken {
        let mut inner = locked(&self.inner);
        loop {
            if let Some(segment) = inner.idle.pop() {
                inner.busy += 1;
                return Taken::Segment(Box::new(segment));
            }
            if inner.busy < self.max {
                inner.busy += 1;
                return Taken::Place;
            }
            inner = self
                .freed
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A segment that is being made is this storage's, before anybody can see it.
    pub(crate) fn enter(&self, number: u64) {
        locked(&self.inner).numbers.insert(number);
    }

    /// A segment is no longer written here.
    pub(crate) fn leave(&self, number: u64) {
        locked(&self.inner).numbers.remove(&number);
    }

    /// Put a segment back; it is returned if the pool was closed meanwhile.
    pub(crate) fn give_back(&self, mut segment: OpenSegment) -> Option<OpenSegment> {
        segment.used = Instant::now();
        let mut inner = locked(&self.inner);
        inner.busy -= 1;
        self.freed.notify_one();
        if inner.closed {
            return Some(segment);
        }
        inner.idle.push(segment);
        None
    }

    /// The place that was taken is free.
    pub(crate) fn give_up_place(&self) {
        locked(&self.inner).busy -= 1;
        self.freed.notify_one();
    }

    /// The segments that nobody has written to for so long; they are to be sealed.
    pub(crate) fn take_unused(&self, since: Duration) -> Vec<OpenSegment> {
        let mut inner = locked(&self.inner);
        let idle = std::mem::take(&mut inner.idle).into_iter();
        let (unused, used) = idle.partition(|it| it.used.elapsed() >= since);
        inner.idle = used;
        unused
    }

    /// The segments that nobody is writing to; they are to be sealed. `closed`: none is kept from now.
    pub(crate) fn drain(&self, closed: bool) -> Vec<OpenSegment> {
        let mut inner = locked(&self.inner);
        inner.closed |= closed;
        std::mem::take(&mut inner.idle)
    }
}
