//! Removing days.

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
        let is_segment = |name: &str| number_in(name, ".seg").is_some();
        let mut names: Vec<String> = self
            .files()?
            .into_iter()
            .filter(|file| file.kind == EntryKind::Other)
            .map(|file| file.name)
            .filter(|name| is_segment(name) || is_ours(name))
            .collect();
        // Without its journal, what is left by a removal that dies half-way would all be queued again.
        names.sort_unstable_by_key(|name| !is_segment(name));
        for name in names {
            dir::unlink(self.dir.as_fd(), &name).during("remove", || self.path.join(&name))?;
        }
        Ok(())
    }
}
