//! The days that a storage has open: so many at most, as each takes a few descriptors.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::day::Day;
use crate::error::Result;

/// Open days by date.
#[derive(Debug)]
pub(crate) struct Days {
    open: RwLock<HashMap<u32, Arc<Day>>>,
    /// Counts uses, to tell which was used last.
    uses: AtomicU64,
    max: usize,
}

impl Days {
    pub(crate) fn new(max: usize) -> Self {
        let open = RwLock::default();
        let uses = AtomicU64::new(1);
        Self { open, uses, max }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Day>> {
        let days = self.open.read().unwrap_or_else(PoisonError::into_inner);
        days.values().cloned().collect()
    }

    pub(crate) fn get(&self, date: u32) -> Option<Arc<Day>> {
        let days = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let day = days.get(&date)?;
        day.used
            .store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(Arc::clone(day))
    }

    /// Whether it is this day that is open, not one that was or will be.
    pub(crate) fn has(&self, day: &Arc<Day>) -> bool {
        let days = self.open.read().unwrap_or_else(PoisonError::into_inner);
        days.get(&day.date).is_some_and(|it| Arc::ptr_eq(it, day))
    }

    /// The open day, made if there is none. The one that was not used for longest may have to go: it is
    /// sealed, and whoever works with it goes on.
    pub(crate) fn enter(&self, date: u32, make: impl FnOnce() -> Result<Day>) -> Result<Arc<Day>> {
        let mut days = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(day) = days.get(&date) {
            return Ok(Arc::clone(day));
        }
        let day = Arc::new(make()?);
        let oldest = days
            .values()
            .min_by_key(|it| it.used.load(Ordering::Relaxed));
        let oldest = oldest.filter(|_| days.len() >= self.max).map(|it| it.date);
        let oldest = oldest.and_then(|date| days.remove(&date));
        days.insert(date, Arc::clone(&day));
        drop(days);
        let _ = self.get(date);
        if let Some(oldest) = oldest {
            oldest.close();
        }
        Ok(day)
    }

    /// Forget all.
    pub(crate) fn clear(&self) {
        let mut days = self.open.write().unwrap_or_else(PoisonError::into_inner);
        days.clear();
    }

    /// Forget a day whose directory was removed.
    pub(crate) fn forget(&self, gone: &Arc<Day>) {
        let mut days = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if days.get(&gone.date).is_some_and(|it| Arc::ptr_eq(it, gone)) {
            days.remove(&gone.date);
        }
    }
}
