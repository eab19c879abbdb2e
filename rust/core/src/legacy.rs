//! Crashes that share a radix directory (`FSLegacy...`): file by file, the raw crash last.

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::dir::{self, Reading};
use crate::error::{During, Result};
use crate::save::{Found, NewCrash, Saver};
use crate::write::{self, Source, Staged, Style};

/// Dumps without a raw crash are a save in progress or what a killed one left; after this, the latter.
const ORPHAN_SECONDS: i64 = 60;

impl Saver<'_> {
    /// Save into the legacy family. Fails with "not found" when a directory was pruned meanwhile.
    pub(crate) fn save_legacy(&self, crash: &NewCrash<'_>) -> Result<()> {
        let radix = self.open_radix()?;
        let mut made = Vec::new();
        let saved = match self.save_first(radix.as_fd(), crash, &mut made) {
            Ok(false) => self.replace_legacy(radix.as_fd(), crash),
            first => first.map(drop),
        };
        saved.inspect_err(|_| {
            for name in made.iter().rev() {
                let _ = dir::unlink(radix.as_fd(), name);
            }
        })
    }

    /// Save a crash of which nothing is there yet; false if something was.
    fn save_first(
        &self,
        radix: BorrowedFd<'_>,
        crash: &NewCrash<'_>,
        made: &mut Vec<String>,
    ) -> Result<bool> {
        // The back link first: it marks a save in progress, so that whoever comes after a killed one
        // knows that its dumps are worth nothing. Only so may they be written in place.
        if !self.mark(radix, crash, made)? {
            return Ok(false);
        }
        let json_name = self.layout.json_name(self.id);
        let json = self.stage_file(radix, &json_name, &Source::Bytes(crash.json))?;
        let style = Style {
            tight_umask: json.tight_umask,
            ..self.style
        };
        for (name, source) in crash.dumps.iter().flatten() {
            if !self.add_dump(radix, name, source, style, crash.slot.is_some(), made)? {
                return Ok(false);
            }
        }
        self.sync(radix)?;
        if json
            .publish_new(&json_name)
            .during("publish", || self.shown(&json_name))?
            .is_err()
        {
            return Ok(false);
        }
        made.push(json_name);
        self.sync(radix)?;
        crash
            .slot
            .as_ref()
            .map_or(Ok(()), |slot| self.queueing().link(slot))?;
        Ok(true)
    }

    fn mark(
        &self,
        radix: BorrowedFd<'_>,
        crash: &NewCrash<'_>,
        made: &mut Vec<String>,
    ) -> Result<bool> {
        let Some(slot) = &crash.slot else {
            return Ok(true);
        };
        let name = self.layout.back_link(self.id);
        match rustix::fs::symlinkat(&*self.layout.back_target(self.id, slot), radix, name) {
            Ok(()) => made.push(name.to_owned()),
            Err(Errno::EXIST) => return Ok(false),
            Err(other) => return Err(other).during("create", || self.shown(name)),
        }
        Ok(true)
    }

    /// Add a dump under its own name; false if the name is taken.
    fn add_dump(
        &self,
        radix: BorrowedFd<'_>,
        name: &str,
        source: &Source<'_>,
        style: Style,
        marked: bool,
        made: &mut Vec<String>,
    ) -> Result<bool> {
        let added = if marked {
            write::create_in_place(radix, name, source, style, || self.shown(name))?
        } else {
            let staged = self.stage_file(radix, name, source)?;
            staged
                .publish_new(name)
                .during("publish", || self.shown(name))?
                .is_ok()
        };
        if added {
            made.push(name.to_owned());
        }
        Ok(added)
    }

    pub(crate) fn stage_file<'d>(
        &self,
        dir: BorrowedFd<'d>,
        name: &str,
        source: &Source<'_>,
    ) -> Result<Staged<'d>> {
        Staged::write(dir, self.id, source, self.style, || self.shown(name))
    }

    /// Stage a file so that a full disk can no longer come between it and the others of its crash.
    fn stage_named<'d>(
        &self,
        dir: BorrowedFd<'d>,
        name: &str,
        source: &Source<'_>,
    ) -> Result<Staged<'d>> {
        self.stage_file(dir, name, source)?
            .named(self.id)
            .during("create", || self.shown(name))
    }

    /// Object by object over what is there, the raw crash last.
    fn replace_legacy(&self, radix: BorrowedFd<'_>, crash: &NewCrash<'_>) -> Result<()> {
        dir::lock(radix);
        let found = self.find(radix, Reading::Whole)?;
        sweep_files(radix, &found.staged);
        let json_name = self.layout.json_name(self.id);
        let json = self.stage_named(radix, &json_name, &Source::Bytes(crash.json))?;
        let mut staged = Vec::new();
        for (name, source) in crash.dumps.iter().flatten() {
            staged.push((name, self.stage_named(radix, name, source)?));
        }
        self.before_json(radix, crash, &found)?;
        for (name, file) in staged {
            file.publish_over(self.id, name)
                .during("replace", || self.shown(name))?;
        }
        self.sync(radix)?;
        json.publish_over(self.id, &json_name)
            .during("replace", || self.shown(&json_name))?;
        self.after_json(radix, crash, &found)
    }

    /// Remove a crash of the legacy family; what was found of it.
    pub(crate) fn remove_legacy(&self) -> Result<Found> {
        let radix = match self.root.open_dir(&self.layout.radix(self.id)) {
            Err(Errno::NOENT) => return Ok(Found::default()),
            other => other.during("open directory", || self.shown(""))?,
        };
        dir::lock(radix.as_fd());
        let mut found = self.find(radix.as_fd(), Reading::Whole)?;
        sweep_files(radix.as_fd(), &found.staged);
        if !found.json {
            self.spare_the_unfinished(radix.as_fd(), &mut found)?;
        }
        self.unqueue(&found)?;
        for name in found.in_removal_order(self) {
            dir::unlink(radix.as_fd(), name).during("remove", || self.shown(name))?;
        }
        if !found.others && !found.names.is_empty() {
            self.prune(radix.as_fd(), "");
        }
        Ok(found)
    }

    /// Keep away from objects that a first save may be putting there just now.
    fn spare_the_unfinished(&self, radix: BorrowedFd<'_>, found: &mut Found) -> Result<()> {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
        let mut old = Vec::new();
        for name in &found.names {
            match rustix::fs::statat(radix, &**name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(status) if is_older(status.st_mtime, now) || self.is_processed(name) => {
                    old.push(name.clone());
                }
                Ok(_) => found.others = true,
                Err(Errno::NOENT) => {}
                Err(other) => return Err(other).during("look at", || self.shown(name)),
            }
        }
        if !old
            .iter()
            .any(|name| name == self.layout.back_link(self.id))
        {
            found.slot = None;
        }
        found.names = old;
        Ok(())
    }

    fn is_processed(&self, name: &str) -> bool {
        *name == self.layout.jsonz_name(self.id)
    }
}

/// Clean up after killed writers, where files have to have a name while they are written.
fn sweep_files(radix: BorrowedFd<'_>, staged: &[String]) {
    for name in staged {
        let fd = dir::open_no_links(radix, name, dir::FILE, rustix::fs::Mode::empty());
        if fd.is_ok_and(|fd| dir::try_lock(fd.as_fd(), true)) {
            let _ = dir::unlink(radix, name);
        }
    }
}

#[allow(clippy::useless_conversion)] // the width of st_mtime differs between platforms
fn is_older(mtime: impl TryInto<i64>, now: i64) -> bool {
    mtime
        .try_into()
        .is_ok_and(|mtime| now - mtime > ORPHAN_SECONDS)
}
