//! Slots of the date branch: where the queue's links are made and taken away.

use std::sync::{Arc, Mutex, PoisonError};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;

use crate::crash_id::CrashId;
use crate::dir::{self, Durability, TRIES};
use crate::error::{During, Result};
use crate::layout::Layout;
use crate::root::Root;
use crate::slot::Slot;

/// Open slot directories that are kept: savers use the present slot of one or two days.
const KEPT: usize = 8;
/// Marks a slot link of a crash that was saved again while a consumer held its slot. No crash ID ends so,
/// and whoever claims the slot next turns it into a slot link.
pub(crate) const AGAIN: &str = ".again";

/// The slots of one tree.
#[derive(Debug)]
pub(crate) struct Slots {
    kept: Mutex<Vec<(String, Arc<OwnedFd>)>>,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::new(Vec::with_capacity(KEPT)),
        }
    }

    fn kept(&self, path: &str) -> Option<Arc<OwnedFd>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|(name, _)| name == path)
            .map(|(_, fd)| Arc::clone(fd))
    }

    fn keep(&self, path: &str, fd: OwnedFd) -> Arc<OwnedFd> {
        let fd = Arc::new(fd);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(name, _)| name != path);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((path.to_owned(), Arc::clone(&fd)));
        fd
    }

    fn forget(&self, path: &str) {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(name, _)| name != path);
    }

    fn open(&self, root: &Root, path: &str, durability: Durability) -> Result<Arc<OwnedFd>> {
        let fd = root.make_dir(path, durability)?;
        if durability == Durability::Disk {
            // Another process may have made it without syncing it.
            root.sync_up(path)?;
        }
        Ok(self.keep(path, fd))
    }

    /// Make a link in a slot, and the slot where it is missing: a consumer may have removed it a moment
    /// ago. A link that is there already is as good as a new one.
    pub(crate) fn link(
        &self,
        root: &Root,
        path: &str,
        name: &str,
        target: &str,
        durability: Durability,
    ) -> Result<()> {
        let mut last = Errno::NOENT;
        for _ in 0..TRIES {
            let slot = match self.kept(path) {
                Some(slot) => slot,
                None => self.open(root, path, durability)?,
            };
            match rustix::fs::symlinkat(target, &*slot, name) {
                Ok(()) | Err(Errno::EXIST) => {
                    return sync_dir(&*slot, durability)
                        .during("sync directory", || root.join(path));
                }
                Err(Errno::NOENT) => self.forget(path),
                Err(other) => {
                    last = other;
                    break;
                }
            }
        }
        Err(last).during("queue the crash as", || root.join(path).join(name))
    }

    /// Remove a slot that is empty, and what that leaves empty above it, `steps` directories at the most.
    pub(crate) fn prune(&self, root: &Root, path: &str, steps: usize) {
        let mut below = path;
        for _ in 0..steps {
            let Some((above, name)) = below.rsplit_once('/') else {
                return;
            };
            let removed = root
                .open_dir(above)
                .is_ok_and(|dir| dir::remove_empty(dir.as_fd(), name));
            if !removed {
                return;
            }
            self.forget(below);
            below = above;
        }
    }

    /// Take a link out of a slot.
    pub(crate) fn unlink(&self, root: &Root, path: &str, name: &str) -> Result<()> {
        let shown = || root.join(path).join(name);
        if let Some(slot) = self.kept(path) {
            if dir::unlink(slot.as_fd(), name).during("remove", shown)? {
                return Ok(());
            }
            // The kept directory may be one that was removed, its name taken by another.
            self.forget(path);
        }
        match root.open_dir(path) {
            Ok(slot) => {
                dir::unlink(slot.as_fd(), name).during("remove", shown)?;
                self.keep(path, slot);
                Ok(())
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(other) => Err(other).during("remove", shown),
        }
    }
}

fn sync_dir(dir: impl AsFd, durability: Durability) -> rustix::io::Result<()> {
    match durability {
        Durability::Os => Ok(()),
        Durability::Disk => crate::sync::all(dir),
    }
}

/// What putting a crash into the queue needs to know.
pub(crate) struct Queueing<'a> {
    pub(crate) root: &'a Root,
    pub(crate) layout: &'a Layout,
    pub(crate) slots: &'a Slots,
    pub(crate) durability: Durability,
    pub(crate) id: &'a CrashId,
    pub(crate) day: &'a str,
}

impl Queueing<'_> {
    /// Make the slot link of a crash whose back link is there.
    pub(crate) fn link(&self, slot: &Slot) -> Result<()> {
        self.link_as(slot, self.id.as_str())
    }

    fn link_as(&self, slot: &Slot, name: &str) -> Result<()> {
        let path = self.layout.slot_dir(self.day, slot);
        let target = self.layout.slot_target(self.id, slot);
        self.slots
            .link(self.root, &path, name, &target, self.durability)
    }

    /// Queue a crash that was stored before and may be in the queue, or in a consumer's hands.
    ///
    /// `crash` is the open directory of its back link. In the queue: it stays where it is. In somebody's
    /// hands: it comes again after that. Neither: it is queued in `now`.
    pub(crate) fn requeue(&self, crash: BorrowedFd<'_>, now: &Slot) -> Result<()> {
        for _ in 0..TRIES {
            if self.try_requeue(crash, now)? {
                return Ok(());
            }
        }
        Err(Errno::BUSY).during("queue again", || {
            self.root.join(self.day).join(self.id.as_str())
        })
    }

    fn try_requeue(&self, crash: BorrowedFd<'_>, now: &Slot) -> Result<bool> {
        let Some(slot) = self.slot_of(crash)? else {
            return self.queue_anew(crash, now);
        };
        let path = self.layout.slot_dir(self.day, &slot);
        // A descriptor of its own: a lock belongs to the opening, and kept ones are shared.
        let fd = self.root.make_dir(&path, self.durability)?;
        if !dir::try_lock(fd.as_fd(), false) {
            return self.leave_mark(fd.as_fd(), &slot);
        }
        // No consumer holds the slot, and none can take it now. One may have finished a moment ago.
        if self.slot_of(crash)?.as_ref() != Some(&slot) {
            return Ok(false);
        }
        self.link(&slot).map(|()| true)
    }

    fn slot_of(&self, crash: BorrowedFd<'_>) -> Result<Option<Slot>> {
        let name = self.layout.back_link(self.id);
        let target = dir::read_link(crash, name).during("read link", || self.shown(name))?;
        Ok(target.and_then(|target| self.layout.slot_of_target(&target)))
    }

    fn queue_anew(&self, crash: BorrowedFd<'_>, now: &Slot) -> Result<bool> {
        let name = self.layout.back_link(self.id);
        let target = self.layout.back_target(self.id, now);
        match rustix::fs::symlinkat(&*target, crash, name) {
            Ok(()) => {
                sync_dir(crash, self.durability).during("sync directory", || self.shown(""))?;
                // Not yet the slot link: a consumer that is acknowledging the crash in this very slot
                // has taken the back link and is about to take that.
                Ok(false)
            }
            // Somebody was faster, or the link that is there names no slot of this tree.
            Err(Errno::EXIST) if self.slot_of(crash)?.is_some() => Ok(false),
            Err(Errno::EXIST) => dir::unlink(crash, name)
                .during("remove", || self.shown(name))
                .map(|_| false),
            Err(other) => Err(other).during("create", || self.shown(name)),
        }
    }

    fn leave_mark(&self, slot_dir: BorrowedFd<'_>, slot: &Slot) -> Result<bool> {
        let name = [self.id.as_str(), AGAIN].concat();
        let target = self.layout.slot_target(self.id, slot);
        match rustix::fs::symlinkat(&*target, slot_dir, &*name) {
            Ok(()) | Err(Errno::EXIST) => Ok(true),
            // The consumer finished and removed the slot.
            Err(Errno::NOENT) => Ok(false),
            Err(other) => Err(other).during("queue again as", || self.shown(&name)),
        }
    }

    fn shown(&self, name: &str) -> std::path::PathBuf {
        self.root.join(&self.layout.crash_dir(self.id)).join(name)
    }
}
