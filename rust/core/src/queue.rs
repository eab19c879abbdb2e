//! The queue of a dated tree: passes over its slots, acknowledgements.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::claims::{Claim, Relist};
use crate::crash_id::CrashId;
use crate::dir::{self, EntryKind, Reading};
use crate::error::{During, Error, Result};
use crate::layout::Layout;
use crate::slot::Slot;
use crate::slots::AGAIN;
use crate::tree::{Tree, second_of_day};

/// What a pass hands out at a time.
#[derive(Debug, Default)]
pub struct Batch {
    /// New crashes, in the order of day, hour, minute, slice and ID.
    pub ids: Vec<CrashId>,
    /// What was met and left alone, a line each.
    pub notes: Vec<String>,
}

/// One pass over the queue: every slot once, those that another consumer held once more at the end.
#[derive(Debug)]
pub struct Pass {
    tree: Arc<Tree>,
    second: Option<u32>,
    days: VecDeque<String>,
    day: String,
    hours: VecDeque<u8>,
    slots: VecDeque<(String, Slot)>,
    busy: VecDeque<(String, Slot)>,
    retrying: bool,
    listing: Option<Listing>,
}

/// A claimed slot's crashes that are still to be handed out.
#[derive(Debug)]
struct Listing {
    path: String,
    ids: VecDeque<CrashId>,
}

impl Pass {
    /// Begin a pass. `second` is the second of the day (UTC), nothing means that of the clock.
    pub fn start(tree: Arc<Tree>, second: Option<u32>) -> Result<Self> {
        let days = tree.days()?.into();
        let (hours, slots, busy) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        let day = String::new();
        Ok(Self {
            tree,
            second,
            days,
            day,
            hours,
            slots,
            busy,
            retrying: false,
            listing: None,
        })
    }

    /// The next crashes, `limit` at the most; none when the pass is over.
    ///
    /// A crash may be gone by the time it is asked for, so nothing is looked at here but the slots.
    pub fn next_batch(&mut self, limit: usize) -> Result<Batch> {
        let mut batch = Batch::default();
        while batch.ids.len() < limit {
            if let Some(listing) = &mut self.listing {
                let room = (limit - batch.ids.len()).min(listing.ids.len());
                let ids = listing.ids.drain(..room);
                self.tree.claims.hold(ids, &listing.path, &mut batch.ids);
                if listing.ids.is_empty() {
                    self.end_listing();
                }
            } else if !self.next_slot(&mut batch)? {
                break;
            }
        }
        Ok(batch)
    }

    fn end_listing(&mut self) {
        if let Some(listing) = self.listing.take() {
            self.tree
                .claims
                .end_listing(&listing.path, |claim| finish(claim, self.second));
        }
    }

    /// Claim the next slot that can be claimed; false at the end of the pass.
    fn next_slot(&mut self, batch: &mut Batch) -> Result<bool> {
        if !self.tree.claims.has_room() {
            batch
                .notes
                .push("too many slots are unacknowledged: the pass ends early".to_owned());
            return Ok(false);
        }
        while let Some((day, slot)) = self.upcoming(batch)? {
            if self.open_slot(&day, &slot, batch)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn upcoming(&mut self, batch: &mut Batch) -> Result<Option<(String, Slot)>> {
        loop {
            if let Some(next) = self.slots.pop_front() {
                return Ok(Some(next));
            }
            if let Some(hour) = self.hours.pop_front() {
                let slots = self.tree.slots_of(&self.day, hour, &mut batch.notes)?;
                self.slots = slots
                    .into_iter()
                    .map(|slot| (self.day.clone(), slot))
                    .collect();
            } else if let Some(day) = self.days.pop_front() {
                self.hours = self.tree.hours_of(&day, &mut batch.notes)?.into();
                self.day = day;
            } else if self.retrying || self.busy.is_empty() {
                return Ok(None);
            } else {
                self.retrying = true;
                self.slots = std::mem::take(&mut self.busy);
            }
        }
    }

    fn open_slot(&mut self, day: &str, slot: &Slot, batch: &mut Batch) -> Result<bool> {
        let path = self.tree.layout().slot_dir(day, slot);
        let Some((fd, held)) = self.claim(&path, (day, slot), batch)? else {
            return Ok(false);
        };
        let mut found = Found::default();
        let listed = dir::each_entry(fd.as_fd(), Reading::Whole, |name, kind| {
            found.sort_in(self.tree.layout(), day, name, kind);
        });
        if let Err(error) = listed.during("list directory", || self.tree.root.join(&path)) {
            self.tree.claims.end_listing(&path, |_| ());
            return Err(error);
        }
        found.ids.retain(|id| !held.contains(id));
        found.marks.retain(|id| !held.contains(id));
        let ids = self.settle(found, (day, slot), fd.as_fd(), batch);
        self.listing = Some(Listing { path, ids });
        Ok(true)
    }

    /// The slot's descriptor once it is ours, or nothing if it is another's or gone; and what of it was
    /// in somebody's hands before.
    fn claim(
        &mut self,
        path: &str,
        at: (&str, &Slot),
        batch: &mut Batch,
    ) -> Result<Option<(Arc<OwnedFd>, HashSet<CrashId>)>> {
        match self.tree.claims.relist(path) {
            Relist::Ours(fd, held) => {
                dir::rewind(fd.as_fd()).during("list directory", || self.tree.root.join(path))?;
                return Ok(Some((fd, held)));
            }
            Relist::Busy => return Ok(None),
            Relist::NotOurs => {}
        }
        let fd = match self.tree.root.open_dir(path) {
            Ok(fd) => Arc::new(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(error @ (Errno::NOTDIR | Errno::LOOP)) => {
                batch.notes.push(format!("{path} is left alone: {error}"));
                return Ok(None);
            }
            Err(error) => return Err(error).during("open directory", || self.tree.root.join(path)),
        };
        if !dir::try_lock(fd.as_fd(), true) || !self.tree.claims.enter(path, at.1, &fd) {
            self.busy.push_back((at.0.to_owned(), at.1.clone()));
            return Ok(None);
        }
        Ok(Some((fd, HashSet::new())))
    }

    fn settle(
        &mut self,
        found: Found,
        (day, slot): (&str, &Slot),
        fd: BorrowedFd<'_>,
        batch: &mut Batch,
    ) -> VecDeque<CrashId> {
        let Found {
            mut ids,
            marks,
            others,
        } = found;
        ids.sort_unstable();
        for id in marks {
            self.tree.settle_mark(&mut ids, id, fd, slot);
        }
        for (name, kind) in others {
            // Collectors of 2009 had a directory each below the slot.
            if kind == EntryKind::Directory && slot.webhead.is_none() && !name.starts_with('.') {
                let webhead = Slot {
                    webhead: Some(name),
                    ..slot.clone()
                };
                self.slots.push_front((day.to_owned(), webhead));
            } else {
                let slot = slot.path();
                batch
                    .notes
                    .push(format!("{day}/{slot}/{name} is left alone: no slot link"));
            }
        }
        ids.into()
    }
}

/// What lies in a slot.
#[derive(Default)]
struct Found {
    ids: Vec<CrashId>,
    marks: Vec<CrashId>,
    others: Vec<(String, EntryKind)>,
}

impl Found {
    fn sort_in(&mut self, layout: &Layout, day: &str, name: &str, kind: EntryKind) {
        let (list, id) = match name.strip_suffix(AGAIN) {
            Some(marked) => (&mut self.marks, marked),
            None => (&mut self.ids, name),
        };
        match CrashId::accept(id.as_bytes()) {
            Some(id) if kind == EntryKind::Link && layout.is_of_day(&id, day) => list.push(id),
            _ => self.others.push((name.to_owned(), kind)),
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.end_listing();
    }
}

impl Tree {
    /// Acknowledge a crash: it leaves the queue. False if this tree has not handed it out.
    pub fn ack(&self, id: &CrashId, second: Option<u32>) -> Result<bool> {
        let Some(claim) = self.claims.claim_of(id) else {
            return Ok(false);
        };
        let path = || {
            self.root
                .join(&self.layout().slot_dir(&self.layout().day(id), &claim.slot))
        };
        self.drop_back_link(id, &claim, &path)?;
        dir::unlink(claim.fd.as_fd(), id.as_str()).during("remove", || path().join(id.as_str()))?;
        self.claims.settle(id, |claim| finish(claim, second));
        Ok(true)
    }

    /// Remove the link back from a crash to its slot, unless that leads through a link: then it is not
    /// this tree's. The raw crash tells, being beside it.
    fn drop_back_link(
        &self,
        id: &CrashId,
        claim: &Claim,
        slot: &impl Fn() -> PathBuf,
    ) -> Result<()> {
        let json = self.json_path(id);
        match self.root.is_file(&json) {
            Ok(true) | Err(Errno::ISDIR) => {}
            Ok(false) => self.check_orphan(id, claim, slot)?,
            Err(Errno::LOOP | Errno::NOTDIR) => return Ok(()),
            Err(other) => return Err(other).during("look at", || self.root.join(&json)),
        }
        let back = [
            self.layout().crash_dir(id).as_str(),
            "/",
            self.layout().back_link(id),
        ]
        .concat();
        match rustix::fs::unlinkat(&*self.root.fd(), &*back, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(other) => Err(other).during("remove", || self.root.join(&back)),
        }
    }

    /// No raw crash: it was removed, unless the options make us look for it in the wrong place. Then
    /// the whole queue would be dropped, crash by crash, by a consumer that finds none of them.
    fn check_orphan(&self, id: &CrashId, claim: &Claim, slot: &impl Fn() -> PathBuf) -> Result<()> {
        let path = || slot().join(id.as_str());
        let target = dir::read_link(claim.fd.as_fd(), id.as_str()).during("read link", path)?;
        if target
            .as_ref()
            .is_none_or(|target| *target == self.layout().slot_target(id, &claim.slot))
        {
            return Ok(());
        }
        let (path, target) = (path(), target.unwrap_or_default());
        let why = format!(
            "{} leads to {target}, which is not where {id} lies by the options given",
            path.display()
        );
        Err(Error::Configuration(why))
    }

    /// Give a crash back: it will be handed out again. False if this tree has not handed it out.
    pub fn release(&self, id: &CrashId) -> bool {
        let held = self.claims.holds(id);
        self.claims.settle(id, |_| ());
        held
    }

    /// Give everything back that was handed out and not acknowledged.
    pub fn release_all(&self) {
        self.claims.clear();
    }

    /// Drop what a fork brought along from the parent, which goes on holding it.
    pub fn abandon_claims(&self) {
        self.claims.abandon();
    }

    /// A crash was saved again while a consumer held its slot: it is new once more.
    fn settle_mark(&self, ids: &mut Vec<CrashId>, id: CrashId, fd: BorrowedFd<'_>, slot: &Slot) {
        let mark = [id.as_str(), AGAIN].concat();
        let Err(at) = ids.binary_search(&id) else {
            // Not acknowledged: once it is free, whoever gets it gets the new one.
            if !self.claims.holds(&id) {
                let _ = dir::unlink(fd, &mark);
            }
            return;
        };
        if rustix::fs::renameat(fd, &*mark, fd, id.as_str()).is_ok() {
            if let Ok(crash) = self.root.open_dir(&self.layout().crash_dir(&id)) {
                let target = self.layout().back_target(&id, slot);
                let _ = rustix::fs::symlinkat(&*target, &crash, self.layout().back_link(&id));
            }
            ids.insert(at, id);
        }
    }
}

/// A slot is done with: it goes, and its hour, if they are empty and no writer is near.
fn finish(claim: &Claim, second: Option<u32>) {
    let now = second.unwrap_or_else(second_of_day);
    let path = claim.slot.path();
    // The descriptor leads to the directory wherever it is; its own name is below "..".
    let mut up = "../".to_owned();
    for step in path.rsplit('/').take(claim.slot.removable_steps(now)) {
        if !dir::remove_empty(claim.fd.as_fd(), &[&up, step].concat()) {
            break;
        }
        up.push_str("../");
    }
}
