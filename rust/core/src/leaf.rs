//! Crashes with a directory of their own (`FSRadix`, `FSDated`): staged beside it, published by one rename.

use std::path::PathBuf;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::dir::{self, Durability, EntryKind, Reading, is_gone};
use crate::error::{During, Result};
use crate::save::{Found, NewCrash, Saver};
use crate::slot::Slot;
use crate::write::{self, Source, Style, staged_name};

/// A complete crash in a directory that no reader looks at.
struct StagedCrash<'a> {
    saver: &'a Saver<'a>,
    radix: BorrowedFd<'a>,
    name: String,
    /// Locked while the stager lives, so that others can tell a killed one's remains.
    alive: Option<OwnedFd>,
}

impl Saver<'_> {
    /// Save into the leaf family. Fails with "not found" when a directory was pruned meanwhile.
    pub(crate) fn save_leaf(&self, crash: &NewCrash<'_>) -> Result<()> {
        let radix = self.open_radix()?;
        let staged = self.stage(radix.as_fd(), crash)?;
        let target = self.id.as_str();
        match rustix::fs::renameat(radix.as_fd(), &*staged.name, radix.as_fd(), target) {
            Ok(()) => self.finish_first(radix.as_fd(), crash, &staged.name),
            // The directory is there and holds something.
            Err(Errno::NOTEMPTY | Errno::EXIST) => self.replace_leaf(radix.as_fd(), crash, &staged),
            Err(other) => Err(other).during("publish", || self.shown("")),
        }
        .inspect_err(|_| staged.discard())
    }

    fn finish_first(
        &self,
        radix: BorrowedFd<'_>,
        crash: &NewCrash<'_>,
        staged: &str,
    ) -> Result<()> {
        let finish = || {
            self.sync(radix)?;
            crash
                .slot
                .as_ref()
                .map_or(Ok(()), |slot| self.queueing().link(slot))
        };
        finish().inspect_err(|_| {
            // Out of sight again, for the staged crash's own clean-up.
            if let Some(slot) = &crash.slot {
                let path = self.layout.slot_dir(&self.day, slot);
                let _ = self.slots.unlink(self.root, &path, self.id.as_str());
            }
            let _ = rustix::fs::renameat(radix, self.id.as_str(), radix, staged);
        })
    }

    fn stage<'s>(&'s self, radix: BorrowedFd<'s>, crash: &NewCrash<'_>) -> Result<StagedCrash<'s>> {
        let name = self.make_staged_dir(radix)?;
        let mut staged = StagedCrash {
            saver: self,
            radix,
            name,
            alive: None,
        };
        staged.fill(crash).inspect_err(|_| staged.discard())?;
        Ok(staged)
    }

    fn make_staged_dir(&self, radix: BorrowedFd<'_>) -> Result<String> {
        loop {
            let name = staged_name(self.id);
            match rustix::fs::mkdirat(radix, &*name, self.style.modes.for_dir()) {
                Ok(()) => return Ok(name),
                Err(Errno::EXIST) => {}
                Err(other) => return Err(other).during("create directory", || self.shown("")),
            }
        }
    }

    /// Object by object into the directory that is there, the raw crash last.
    fn replace_leaf(
        &self,
        radix: BorrowedFd<'_>,
        crash: &NewCrash<'_>,
        staged: &StagedCrash<'_>,
    ) -> Result<()> {
        self.sweep(radix, &staged.name)?;
        let dir = dir::open_no_links(
            radix,
            self.id.as_str(),
            dir::DIRECTORY,
            rustix::fs::Mode::empty(),
        )
        .during("open directory", || self.shown(""))?;
        dir::lock(dir.as_fd());
        let found = self.find(dir.as_fd(), Reading::Whole)?;
        self.before_json(dir.as_fd(), crash, &found)?;
        for name in crash.file_names(self) {
            let from = [&staged.name, "/", &name].concat();
            rustix::fs::renameat(radix, &*from, &dir, &*name)
                .during("replace", || self.shown(&name))?;
        }
        self.after_json(dir.as_fd(), crash, &found)?;
        staged.discard();
        Ok(())
    }

    /// Remove a crash of the leaf family; what was found of it.
    pub(crate) fn remove_leaf(&self) -> Result<Found> {
        let path = self.layout.crash_dir(self.id);
        let dir = match self.root.open_dir(&path) {
            Err(Errno::NOENT) => return self.sweep_all().map(|()| Found::default()),
            other => other.during("open directory", || self.shown(""))?,
        };
        dir::lock(dir.as_fd());
        let first = self.find(dir.as_fd(), Reading::FirstPart)?;
        let mut left = first.clone();
        while self.empty_leaf(dir.as_fd(), &left)? {
            dir::rewind(dir.as_fd()).during("list directory", || self.shown(""))?;
            left = self.find(dir.as_fd(), Reading::Whole)?;
            if left.names.is_empty() {
                break; // The name is another directory's by now: a saver was waiting for us.
            }
        }
        self.prune(dir.as_fd(), "../");
        Ok(first)
    }

    /// Take away the crash's directory if a save that failed made it, and nobody else put something in.
    pub(crate) fn drop_empty_dir(&self) {
        if !self.layout.leaf {
            return;
        }
        if let Ok(radix) = self.root.open_dir(&self.layout.radix(self.id)) {
            dir::remove_empty(radix.as_fd(), self.id.as_str());
        }
    }

    /// Take everything out of a leaf directory and remove it; whether something is still in it.
    fn empty_leaf(&self, dir: BorrowedFd<'_>, found: &Found) -> Result<bool> {
        self.unqueue(found)?;
        for name in found.in_removal_order(self) {
            dir::unlink(dir, name).during("remove", || self.shown(name))?;
        }
        let own_name = ["../", self.id.as_str()].concat();
        match rustix::fs::unlinkat(dir, &*own_name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(true),
            Ok(()) | Err(Errno::NOENT) => Ok(false),
            Err(other) => Err(other).during("remove directory", || self.shown("")),
        }
    }

    /// There is no such crash, but there may be what its killed stagers left.
    fn sweep_all(&self) -> Result<()> {
        let radix = match self.root.open_dir(&self.layout.radix(self.id)) {
            Err(Errno::NOENT) => return Ok(()),
            other => other.during("open directory", || self.shown(""))?,
        };
        self.sweep(radix.as_fd(), "")?;
        self.prune(radix.as_fd(), "");
        Ok(())
    }

    /// Clean up after stagers of this crash that were killed.
    fn sweep(&self, radix: BorrowedFd<'_>, own: &str) -> Result<()> {
        let prefix = [".", self.id.as_str(), "."].concat();
        let mut left = Vec::new();
        dir::each_entry(radix, Reading::Whole, |name, kind| {
            if kind == EntryKind::Directory && name.starts_with(&prefix) && name != own {
                left.push(name.to_owned());
            }
        })
        .during("list directory", || self.shown(""))?;
        for name in left {
            StagedCrash {
                saver: self,
                radix,
                name,
                alive: None,
            }
            .discard_if_dead();
        }
        Ok(())
    }
}

impl StagedCrash<'_> {
    fn fill(&mut self, crash: &NewCrash<'_>) -> Result<()> {
        let style = self.style()?;
        let json_name = self.saver.layout.json_name(self.saver.id);
        // Nobody else creates in here, so the lock is free.
        let alive = self.create(&json_name, &Source::Bytes(crash.json), style)?;
        dir::try_lock(alive.as_fd(), true);
        self.alive = Some(alive);
        for (name, source) in crash.dumps.iter().flatten() {
            self.create(name, source, style)?;
        }
        if let Some(slot) = &crash.slot {
            self.add_back_link(slot)?;
        }
        self.sync()
    }

    /// One look at the new directory tells whether the process umask is in the way, also of the files.
    fn style(&self) -> Result<Style> {
        let modes = self.saver.style.modes;
        let shown = || self.saver.shown("");
        let status = rustix::fs::statat(self.radix, &*self.name, AtFlags::SYMLINK_NOFOLLOW)
            .during("look at", shown)?;
        let have = dir::mode_bits(&status);
        let tight_dir = have & 0o777 != modes.dir & 0o777;
        if tight_dir {
            let mode =
                rustix::fs::Mode::from_raw_mode((have & 0o7000 | modes.dir) as rustix::fs::RawMode);
            rustix::fs::chmodat(self.radix, &*self.name, mode, AtFlags::empty())
                .during("set the mode of", shown)?;
        }
        // Bits that only files have cannot be told from the directory: set the mode to be sure.
        let tight_umask = tight_dir || modes.file & !modes.dir & 0o777 != 0;
        Ok(Style {
            tight_umask,
            ..self.saver.style
        })
    }

    fn create(&self, name: &str, source: &Source<'_>, style: Style) -> Result<OwnedFd> {
        write::create(self.radix, &self.path(name), source, style, || {
            self.saver.shown(name)
        })
    }

    fn add_back_link(&self, slot: &Slot) -> Result<()> {
        let (layout, id) = (self.saver.layout, self.saver.id);
        let name = layout.back_link(id);
        rustix::fs::symlinkat(
            &*layout.back_target(id, slot),
            self.radix,
            &*self.path(name),
        )
        .during("create", || self.saver.shown(name))
    }

    fn sync(&self) -> Result<()> {
        if self.saver.style.durability == Durability::Os {
            return Ok(());
        }
        let dir = dir::open_no_links(
            self.radix,
            &self.name,
            dir::DIRECTORY,
            rustix::fs::Mode::empty(),
        )
        .during("open directory", || self.saver.shown(""))?;
        self.saver.sync(dir.as_fd())
    }

    fn path(&self, name: &str) -> String {
        [&self.name, "/", name].concat()
    }

    /// Best effort: what stays behind is invisible, and met again by whoever lists the directory.
    fn discard(&self) {
        let Ok(dir) = dir::open_no_links(
            self.radix,
            &self.name,
            dir::DIRECTORY,
            rustix::fs::Mode::empty(),
        ) else {
            return;
        };
        for entry in dir::list(dir.as_fd()).unwrap_or_default() {
            let _ = dir::unlink(dir.as_fd(), &entry.name);
        }
        dir::remove_empty(self.radix, &self.name);
    }

    fn discard_if_dead(mut self) {
        let json = self.path(&self.saver.layout.json_name(self.saver.id));
        let alive = dir::open_no_links(self.radix, &json, dir::FILE, rustix::fs::Mode::empty())
            .is_ok_and(|fd| !dir::try_lock(fd.as_fd(), true));
        // Its stager may have made it a moment ago, the lock being its next step. Under another name it
        // gets nothing more from there: the stager misses it and begins anew.
        let doomed = staged_name(self.saver.id);
        if !alive && rustix::fs::renameat(self.radix, &*self.name, self.radix, &*doomed).is_ok() {
            self.name = doomed;
            self.discard();
        }
    }
}

/// Try again as long as the directories are pruned away under the save.
pub(crate) fn until_there<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let mut result = attempt();
    for _ in 0..dir::TRIES {
        if !is_gone(&result) {
            break;
        }
        result = attempt();
    }
    result
}

impl Saver<'_> {
    /// A path in the crash's directory, or the directory itself, for messages.
    pub(crate) fn shown(&self, name: &str) -> PathBuf {
        let dir = self.root.join(&self.layout.crash_dir(self.id));
        if name.is_empty() { dir } else { dir.join(name) }
    }
}
