//! Which crashes of the queue are in whose hands.
//!
//! A slot is claimed by an exclusive lock on its directory, held by an open descriptor until everything
//! that was handed out of it is settled: the kernel lets go of it when the process dies.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fd::OwnedFd;
use rustix::process::{Resource, getrlimit};

use crate::crash_id::CrashId;
use crate::slot::Slot;

/// Claims at the most, where the limit of open files cannot be asked for.
const FALLBACK_MAX: usize = 512;

/// A claimed slot.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) fd: Arc<OwnedFd>,
    pub(crate) slot: Slot,
    pending: usize,
    listing: bool,
}

/// Whether a slot that is to be listed is claimed by this storage.
pub(crate) enum Relist {
    NotOurs,
    /// Another thread is listing it.
    Busy,
    /// With what was in somebody's hands before the listing began. What of that is listed may be
    /// acknowledged, and gone, by the time the list is read.
    Ours(Arc<OwnedFd>, HashSet<CrashId>),
}

#[derive(Debug, Default)]
struct Table {
    /// By the slot's path.
    claims: HashMap<Arc<str>, Claim>,
    /// Crashes handed out, and of which slot.
    held: HashMap<CrashId, Arc<str>>,
}

/// The claims of one storage.
#[derive(Debug)]
pub(crate) struct Claims {
    table: Mutex<Table>,
    max: usize,
}

impl Claims {
    pub(crate) fn new() -> Self {
        // Half of the files that the process may open: its readers and connections need some too.
        let limit = getrlimit(Resource::Nofile)
            .current
            .map(|limit| usize::try_from(limit / 2));
        let max = limit.and_then(Result::ok).unwrap_or(FALLBACK_MAX).max(8);
        Self {
            table: Mutex::default(),
            max,
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether more slots may be claimed before something is acknowledged.
    pub(crate) fn has_room(&self) -> bool {
        self.table().claims.len() < self.max
    }

    /// Begin to list a slot if it is claimed here already.
    pub(crate) fn relist(&self, path: &str) -> Relist {
        let mut table = self.table();
        let Table { claims, held } = &mut *table;
        let Some(claim) = claims.get_mut(path) else {
            return Relist::NotOurs;
        };
        if std::mem::replace(&mut claim.listing, true) {
            return Relist::Busy;
        }
        let of_slot = held.iter().filter(|(_, slot)| &***slot == path);
        Relist::Ours(Arc::clone(&claim.fd), of_slot.map(|(id, _)| *id).collect())
    }

    /// Enter a slot whose lock was taken, as being listed; false if another thread was faster.
    pub(crate) fn enter(&self, path: &str, slot: &Slot, fd: &Arc<OwnedFd>) -> bool {
        let claim = Claim {
            fd: Arc::clone(fd),
            slot: slot.clone(),
            pending: 0,
            listing: true,
        };
        let mut table = self.table();
        if table.claims.contains_key(path) {
            return false;
        }
        table.claims.insert(path.into(), claim);
        true
    }

    pub(crate) fn holds(&self, id: &CrashId) -> bool {
        self.table().held.contains_key(id)
    }

    /// Hand crashes out of a slot that is being listed, but those that are in somebody's hands.
    pub(crate) fn hold(
        &self,
        ids: impl Iterator<Item = CrashId>,
        path: &str,
        out: &mut Vec<CrashId>,
    ) {
        let mut table = self.table();
        let Table { claims, held } = &mut *table;
        let Some((key, _)) = claims.get_key_value(path) else {
            return;
        };
        let (key, before) = (Arc::clone(key), out.len());
        for id in ids {
            if let Entry::Vacant(free) = held.entry(id) {
                free.insert(Arc::clone(&key));
                out.push(id);
            }
        }
        if let Some(claim) = claims.get_mut(path) {
            claim.pending += out.len() - before;
        }
    }

    /// The claim that a crash was handed out of.
    pub(crate) fn claim_of(&self, id: &CrashId) -> Option<Claim> {
        let table = self.table();
        table.claims.get(table.held.get(id)?).cloned()
    }

    /// A crash is settled; `finish` gets the claim if it was the last of it.
    pub(crate) fn settle(&self, id: &CrashId, finish: impl FnOnce(&Claim)) {
        let done = {
            let mut table = self.table();
            let Some(path) = table.held.remove(id) else {
                return;
            };
            if let Some(claim) = table.claims.get_mut(&path) {
                claim.pending -= 1;
            }
            Self::take_done(&mut table, &path)
        };
        if let Some(claim) = &done {
            finish(claim);
        }
    }

    /// A slot is listed to its end; `finish` gets the claim if nothing of it is in anybody's hands.
    pub(crate) fn end_listing(&self, path: &str, finish: impl FnOnce(&Claim)) {
        let done = {
            let mut table = self.table();
            if let Some(claim) = table.claims.get_mut(path) {
                claim.listing = false;
            }
            Self::take_done(&mut table, path)
        };
        if let Some(claim) = &done {
            finish(claim);
        }
    }

    fn take_done(table: &mut Table, path: &str) -> Option<Claim> {
        let done = table
            .claims
            .get(path)
            .is_some_and(|claim| claim.pending == 0 && !claim.listing);
        if done {
            table.claims.remove(path)
        } else {
            None
        }
    }

    /// Let go of everything: other consumers may have it.
    pub(crate) fn clear(&self) {
        *self.table() = Table::default();
    }

    /// [`Claims::clear`] for the child of a fork, where a thread that does not exist here may hold the
    /// table for ever.
    pub(crate) fn abandon(&self) {
        if let Ok(mut table) = self.table.try_lock() {
            *table = Table::default();
        }
    }
}
