//! Group commit: savers that wait for the disk share one round of syncs.

use std::io;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::file::locked;

/// So long a round waits for savers at the most, unless more was asked for.
const PATIENCE_MAX: Duration = Duration::from_millis(1);

/// A segment that is being written, as the committer sees it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) fd: Arc<OwnedFd>,
    /// Up to where records were written.
    pub(crate) written: AtomicU64,
    /// Up to where they are known to be on the disk.
    pub(crate) durable: AtomicU64,
    /// Why a sync failed. After that nothing is known about what was written.
    errno: AtomicI32,
}

impl Target {
    pub(crate) fn new(fd: Arc<OwnedFd>, at: u64) -> Self {
        Self {
            fd,
            written: AtomicU64::new(at),
            durable: AtomicU64::new(0),
            errno: AtomicI32::new(0),
        }
    }

    pub(crate) fn outcome(&self) -> io::Result<()> {
        match self.errno.load(Ordering::Acquire) {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    /// Sync, and keep the outcome: the system tells a failure once only.
    pub(crate) fn sync(&self) {
        let written = self.written.load(Ordering::Acquire);
        match crate::sync::data(&*self.fd) {
            Ok(()) => drop(self.durable.fetch_max(written, Ordering::AcqRel)),
            Err(error) => self.fail(error),
        }
    }

    /// Whether a sync has nothing to add for what ends at an offset: that is on the disk, or nothing can
    /// be known any more.
    fn is_settled(&self, end: u64) -> bool {
        self.outcome().is_err() || self.durable.load(Ordering::Acquire) >= end
    }

    /// Nothing more may be promised about this segment.
    pub(crate) fn fail(&self, error: Errno) {
        self.errno.store(error.raw_os_error(), Ordering::Release);
    }
}

#[derive(Debug, Default)]
struct Rounds {
    /// The number of the round that collects targets now.
    next: u64,
    /// How many rounds are over.
    over: u64,
    running: bool,
    targets: Vec<Arc<Target>>,
    /// Where the savers sleep that wait for the round that collects now.
    sleepers: Arc<Condvar>,
    /// How many wait for it, and how many waited for the last one.
    savers: usize,
    last_savers: usize,
    /// How long the last round took.
    took: Duration,
}

/// Rounds of syncs.
#[derive(Debug)]
pub(crate) struct Committer {
    rounds: Mutex<Rounds>,
    /// As many savers have joined the round that collects as were in the last one.
    complete: Condvar,
    interval: Duration,
}

impl Committer {
    /// `interval`: microseconds that a round waits for more savers.
    pub(crate) fn new(interval: u64) -> Self {
        Self {
            rounds: Mutex::default(),
            complete: Condvar::new(),
            interval: Duration::from_micros(interval),
        }
    }

    /// Wait until what was written to a target, up to an offset, is on the disk.
    pub(crate) fn wait(&self, target: &Arc<Target>, end: u64) -> io::Result<()> {
        self.join(std::iter::once((target, end)));
        target.outcome()
    }

    /// [`Committer::wait`] for many; their outcomes are asked of the targets.
    pub(crate) fn join<'a>(&self, targets: impl Iterator<Item = (&'a Arc<Target>, u64)>) {
        let mut rounds = locked(&self.rounds);
        let mine = rounds.next;
        let mut waits = false;
        for (target, _) in targets.filter(|(target, end)| !target.is_settled(*end)) {
            waits = true;
            if !rounds.targets.iter().any(|each| Arc::ptr_eq(each, target)) {
                rounds.targets.push(Arc::clone(target));
            }
        }
        if !waits {
            return;
        }
        let sleepers = Arc::clone(&rounds.sleepers);
        rounds.savers += 1;
        if rounds.savers >= rounds.last_savers {
            self.complete.notify_one();
        }
        while rounds.over <= mine {
            rounds = if rounds.running {
                let woken = sleepers.wait(rounds);
                woken.unwrap_or_else(PoisonError::into_inner)
            } else {
                self.lead(rounds)
            };
        }
        drop(rounds);
        // One wakes the next: all at once they would only wait for each other's locks.
        sleepers.notify_one();
    }

    /// Sync what was collected, on behalf of everybody who waits.
    fn lead<'a>(&'a self, mut rounds: MutexGuard<'a, Rounds>) -> MutexGuard<'a, Rounds> {
        rounds.running = true;
        rounds = self.gather(rounds);
        let targets = std::mem::take(&mut rounds.targets);
        rounds.next += 1;
        rounds.last_savers = std::mem::take(&mut rounds.savers);
        rounds.sleepers = Arc::default();
        drop(rounds);
        let begin = Instant::now();
        for target in &targets {
            target.sync();
        }
        let mut rounds = locked(&self.rounds);
        rounds.took = begin.elapsed();
        rounds.running = false;
        rounds.over = rounds.next;
        // Somebody who waits for the next round leads it.
        rounds.sleepers.notify_one();
        rounds
    }

    /// Let more savers come: for as long as was asked for, or until those of the last round, who are
    /// writing again by now, are here. Without that every other round would be for a single saver.
    fn gather<'a>(&'a self, mut rounds: MutexGuard<'a, Rounds>) -> MutexGuard<'a, Rounds> {
        let asked = !self.interval.is_zero();
        let patience = if asked {
            self.interval
        } else {
            (rounds.took / 2).min(PATIENCE_MAX)
        };
        let end = Instant::now() + patience;
        while asked || rounds.savers < rounds.last_savers {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                break;
            };
            let waited = self.complete.wait_timeout(rounds, left);
            rounds = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        rounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_saver_is_forgotten() {
        let file: OwnedFd = tempfile::tempfile().unwrap().into();
        let target = Arc::new(Target::new(Arc::new(file), 0));
        let committer = Committer::new(0);
        let save = || {
            for _ in 0..2_000 {
                let end = target.written.fetch_add(1, Ordering::AcqRel) + 1;
                committer.wait(&target, end).unwrap();
                assert!(target.durable.load(Ordering::Acquire) >= end);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(save);
            }
        });
    }
}
