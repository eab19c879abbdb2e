//! Removing days.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

use rustix::fd::AsFd;
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::context::is_full;
use super::day::Day;
use super::file::number_in;
use super::load::is_ours;
use super::store::{SegmentStore, day_name};
use crate::dir::{self, EntryKind};
use crate::error::{During, Result};

/// Savers may be faster than whoever removes a day, but not for ever.
const TRIES: usize = 100;
/// Threads that unlink the segments of a day: file systems do little more with many.
const THREADS: usize = 4;

impl SegmentStore {
    /// Remove a day and all its crashes, with a call to the system for each of its files; whether it
    /// was there.
    ///
    /// What is saved meanwhile either goes too, before its save has returned, or is there afterwards.
    pub fn prune(&self, date: u32) -> Result<bool> {
        let (name, mut found) = (day_name(date), false);
        for _ in 0..TRIES {
            let Some(day) = self.day(date)? else {
                return Ok(found);
            };
            found = true;
            self.forget(&day);
            day.pool.drain(true);
            if let Err(error) = day.ring() {
                // Pruning is what makes room: others see as well that `changes` has no name any more.
                if !error.errno().is_some_and(is_full) {
                    return Err(error);
                }
            }
            day.unlink_all()?;
            match rustix::fs::unlinkat(&*self.context.root.fd(), &*name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => return Ok(true),
                // Somebody saves into it, and will see that what was saved has no name any more.
                Err(Errno::NOTEMPTY | Errno::EXIST) => {}
                Err(other) => return Err(other).during("remove", || day.path.clone()),
            }
        }
        Err(Errno::NOTEMPTY).during("remove", || self.context.root.join(&name))
    }
}

impl Day {
    /// Remove every file of ours.
    fn unlink_all(&self) -> Result<()> {
        let names = self
            .files()?
            .into_iter()
            .filter(|file| file.kind == EntryKind::Other)
            .map(|file| file.name);
        let (segments, others): (Vec<String>, Vec<String>) =
            names.partition(|name| number_in(name, ".seg").is_some());
        self.unlink_together(&segments)?;
        // Last: without its journal, what is left by a removal that dies half-way would be queued anew.
        for name in others.iter().filter(|name| is_ours(name)) {
            self.unlink(name)?;
        }
        Ok(())
    }

    /// Unlink files in several threads: most of the time the kernel frees their pages, one by one.
    fn unlink_together(&self, names: &[String]) -> Result<()> {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut left = std::iter::from_fn(|| names.get(next.fetch_add(1, Ordering::Relaxed)));
            left.try_for_each(|name| self.unlink(name))
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..processors.min(names.len()).min(THREADS))
                // The caller's own thread is enough where there are no more to be had.
                .filter_map(|_| Builder::new().spawn_scoped(scope, work).ok())
                .collect();
            let mut result = work();
            for other in others {
                result = result.and(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            result
        })
    }

    fn unlink(&self, name: &str) -> Result<()> {
        dir::unlink(self.dir.as_fd(), name).during("remove", || self.path.join(name))?;
        Ok(())
    }
}
