//! Removing days.

use rustix::fd::AsFd;
use rustix::fs::AtFlags;
use rustix::io::Errno;

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
            day.ring()?;
            let files = day.files()?;
            let ours = files.iter().filter(|file| {
                let named = is_ours(&file.name) || number_in(&file.name, ".seg").is_some();
                named && file.kind == EntryKind::Other
            });
            for file in ours {
                dir::unlink(day.dir.as_fd(), &file.name)
                    .during("remove", || day.path.join(&file.name))?;
            }
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
