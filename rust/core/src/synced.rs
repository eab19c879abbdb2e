//! Which directories are known to be on the disk.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dir::Durability;
use crate::error::Result;
use crate::root::Root;

/// Directories are forgotten when there are this many.
const MAX: usize = 100_000;

/// Directories whose path to the root is known to be on the disk.
#[derive(Debug, Default)]
pub(crate) struct Synced(Mutex<HashSet<String>>);

impl Synced {
    /// Sync a directory and those above it, once: another process may have made them without.
    pub(crate) fn ensure(&self, root: &Root, path: &str, durability: Durability) -> Result<()> {
        if durability == Durability::Os || self.known().contains(path) {
            return Ok(());
        }
        root.sync_up(path)?;
        let mut known = self.known();
        if known.len() >= MAX {
            known.clear();
        }
        known.insert(path.to_owned());
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
