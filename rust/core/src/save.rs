//! What saving and removing have in common in both families.

use rustix::fd::BorrowedFd;

use crate::crash_id::CrashId;
use crate::dir::{self, Durability, EntryKind, Reading};
use crate::error::{During, Result};
use crate::layout::Layout;
use crate::root::Root;
use crate::slot::Slot;
use crate::slots::{Queueing, Slots};
use crate::synced::Synced;
use crate::write::{Source, Style};

/// A raw crash to be saved, its dump names turned into file names.
pub(crate) struct NewCrash<'a> {
    pub(crate) json: &'a [u8],
    /// File name and content; nothing means: leave the stored dumps as they are.
    pub(crate) dumps: Option<Vec<(String, Source<'a>)>>,
    /// Where to queue it, if at all.
    pub(crate) slot: Option<Slot>,
}

impl NewCrash<'_> {
    /// The crash's files, the raw crash last: it is what makes the others readable.
    pub(crate) fn file_names(&self, saver: &Saver<'_>) -> Vec<String> {
        let dumps = self.dumps.iter().flatten().map(|(name, _)| name.clone());
        dumps.chain([saver.layout.json_name(saver.id)]).collect()
    }
}

/// Everything an operation on one crash works with.
pub(crate) struct Saver<'a> {
    pub(crate) root: &'a Root,
    pub(crate) layout: &'a Layout,
    pub(crate) slots: &'a Slots,
    pub(crate) synced: &'a Synced,
    pub(crate) style: Style,
    pub(crate) prune_empty_dirs: bool,
    pub(crate) id: &'a CrashId,
    pub(crate) day: String,
    /// Now, as seconds since midnight UTC.
    pub(crate) second_of_day: u32,
}

/// What a directory holds of one crash.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Names of the crash's objects and links.
    pub(crate) names: Vec<String>,
    pub(crate) json: bool,
    pub(crate) back_link: bool,
    /// Staged files of this crash, their writers alive or dead.
    pub(crate) staged: Vec<String>,
    /// Whether the directory holds anything else.
    pub(crate) others: bool,
    /// The slot that the back link names.
    pub(crate) slot: Option<Slot>,
}

impl Found {
    /// The raw crash first: without it nothing is read. The back link last: until then the crash's
    /// name cannot be taken by a new one, whose slot link could be the same.
    pub(crate) fn in_removal_order<'f>(
        &'f self,
        saver: &Saver<'_>,
    ) -> impl Iterator<Item = &'f str> {
        let json = saver.layout.json_name(saver.id);
        let back = saver.layout.back_link(saver.id).to_owned();
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.sort_by_key(|name| (*name == back, *name != json));
        names.into_iter()
    }
}

impl Saver<'_> {
    pub(crate) fn queueing(&self) -> Queueing<'_> {
        Queueing {
            root: self.root,
            layout: self.layout,
            slots: self.slots,
            durability: self.style.durability,
            id: self.id,
            day: &self.day,
        }
    }

    pub(crate) fn open_radix(&self) -> Result<rustix::fd::OwnedFd> {
        let path = self.layout.radix(self.id);
        let radix = self.root.make_dir(&path, self.style.durability)?;
        self.sync_path(&path)?;
        Ok(radix)
    }

    /// Another process may have made these directories without syncing them.
    pub(crate) fn sync_path(&self, path: &str) -> Result<()> {
        self.synced.ensure(self.root, path, self.style.durability)
    }

    pub(crate) fn sync(&self, dir: BorrowedFd<'_>) -> Result<()> {
        match self.style.durability {
            Durability::Os => Ok(()),
            Durability::Disk => crate::sync::all(dir).during("sync directory", || self.shown("")),
        }
    }

    /// What an open directory holds of this crash. `reading` one part is enough where a removal of the
    /// directory will tell whether there was more.
    pub(crate) fn find(&self, dir: BorrowedFd<'_>, reading: Reading) -> Result<Found> {
        let mut found = Found::default();
        dir::each_entry(dir, reading, |name, kind| {
            self.sort_in(&mut found, name, kind);
        })
        .during("list directory", || self.shown(""))?;
        if found.back_link {
            let name = self.layout.back_link(self.id);
            let target = dir::read_link(dir, name).during("read link", || self.shown(name))?;
            found.slot = target.and_then(|target| self.layout.slot_of_target(&target));
        }
        Ok(found)
    }

    fn sort_in(&self, found: &mut Found, name: &str, kind: EntryKind) {
        let back = name == self.layout.back_link(self.id) && kind == EntryKind::Link;
        let below = name
            .strip_prefix(self.id.as_str())
            .is_some_and(|rest| rest.starts_with('.'));
        if !(back || below || self.layout.leaf) {
            let staged = name
                .strip_prefix('.')
                .is_some_and(|rest| rest.starts_with(self.id.as_str()));
            if staged {
                found.staged.push(name.to_owned());
            } else {
                found.others = true;
            }
            return;
        }
        found.back_link |= back;
        found.json |= below && *name == self.layout.json_name(self.id);
        found.names.push(name.to_owned());
    }

    /// Dumps that a save before us left without a raw crash must not become part of this one.
    pub(crate) fn before_json(
        &self,
        dir: BorrowedFd<'_>,
        crash: &NewCrash<'_>,
        found: &Found,
    ) -> Result<()> {
        if found.json {
            Ok(())
        } else {
            self.drop_absent_dumps(dir, crash, found)
        }
    }

    /// The new raw crash is there: what it no longer has goes, and it is queued.
    pub(crate) fn after_json(
        &self,
        dir: BorrowedFd<'_>,
        crash: &NewCrash<'_>,
        found: &Found,
    ) -> Result<()> {
        if found.json {
            self.drop_absent_dumps(dir, crash, found)?;
        }
        self.sync(dir)?;
        crash
            .slot
            .as_ref()
            .map_or(Ok(()), |slot| self.queueing().requeue(dir, slot))
    }

    fn drop_absent_dumps(
        &self,
        dir: BorrowedFd<'_>,
        crash: &NewCrash<'_>,
        found: &Found,
    ) -> Result<()> {
        let Some(dumps) = &crash.dumps else {
            return Ok(());
        };
        let is_dump = |name: &&String| self.layout.dump_of(self.id, name).is_some();
        for name in found.names.iter().filter(is_dump) {
            if !dumps.iter().any(|(kept, _)| kept == name) {
                dir::unlink(dir, name).during("remove", || self.shown(name))?;
            }
        }
        Ok(())
    }

    /// Take the slot link of a crash away, and its slot if that leaves it empty and nobody writes there.
    pub(crate) fn unqueue(&self, found: &Found) -> Result<()> {
        let Some(slot) = &found.slot else {
            return Ok(());
        };
        let path = self.layout.slot_dir(&self.day, slot);
        self.slots.unlink(self.root, &path, self.id.as_str())?;
        let steps = slot.removable_steps(self.second_of_day);
        if self.prune_empty_dirs && steps > 0 {
            // With the hour gone the date branch and the day may be empty too.
            let whole = steps == slot.path().split('/').count();
            self.slots
                .prune(self.root, &path, if whole { steps + 2 } else { steps });
        }
        Ok(())
    }

    /// Remove the radix directories that are empty now, up to the day. `here` leads from the open
    /// directory to the lowest of them.
    pub(crate) fn prune(&self, dir: BorrowedFd<'_>, here: &str) {
        if !self.prune_empty_dirs {
            return;
        }
        let radix = self.layout.radix(self.id);
        let mut up = [here, "../"].concat();
        for step in radix.rsplit('/') {
            let path = [&up, step].concat();
            if step == self.day && self.layout.dated {
                // A consumer leaves it, having emptied it hour by hour.
                dir::remove_empty(dir, &[&path, "/", &self.layout.date_branch].concat());
            }
            if !dir::remove_empty(dir, &path) {
                break;
            }
            up.push_str("../");
        }
    }
}
