//! The days that a storage has open: so many at most, as each takes a few descriptors.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::day::Day;
use crate::error::Result;

/// Crashes of a day come in after its end, too, but not for much longer.
const UNUSED: Duration = Duration::from_secs(3600);

/// Open days by date.
#[derive(Debug)]
pub(crate) struct Days {
    open: RwLock<HashMap<u32, Arc<Day>>>,
    /// Counts uses, to tell which was used last.
    uses: AtomicU64,
    max: usize,
    /// When another day begins, what was not written to for so long is sealed.
    unused: Duration,
}

impl Days {
    pub(crate) fn new(max: usize) -> Self {
        let open = RwLock::default();
        let uses = AtomicU64::new(1);
        let unused = UNUSED;
        Self {
            open,
            uses,
            max,
            unused,
        }
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
        for day in self.all() {
            day.seal_unused(self.unused);
        }
        Ok(day)
    }

    /// Forget all.
    pub(crate) fn clear(&self) {
        let mut days = self.open.write().unwrap_or_else(PoisonError::into_inner);
        days.clear();
    }

    /// Forget all in a fork's child, if that is possible.
    pub(crate) fn abandon(&self) {
        if let Ok(mut days) = self.open.try_write() {
            days.clear();
        }
    }

    /// Forget a day whose directory was removed.
    pub(crate) fn forget(&self, gone: &Arc<Day>) {
        let mut days = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if days.get(&gone.date).is_some_and(|it| Arc::ptr_eq(it, gone)) {
            days.remove(&gone.date);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::SegmentStore;
    use super::super::testing::options;
    use super::*;
    use crate::crash_id::CrashId;
    use crate::segment::NewSegmentCrash;

    fn sealed_when_the_next_day_begins(unused: Duration) -> bool {
        let root = tempfile::tempdir().unwrap();
        let mut store = SegmentStore::open(root.path(), options()).unwrap();
        store.days.unused = unused;
        for date in ["180601", "180602"] {
            let id = format!("aabbcccc-0000-4000-8000-000002{date}");
            let crash = NewSegmentCrash {
                raw: Some(b"{}"),
                ..NewSegmentCrash::default()
            };
            store.save(&CrashId::parse(&id).unwrap(), crash).unwrap();
        }
        let day = root.path().join("20180601");
        let mut files = std::fs::read_dir(day).unwrap().map(|it| it.unwrap().path());
        let segment = files.find(|it| it.extension().is_some_and(|it| it == "seg"));
        std::fs::read(segment.unwrap())
            .unwrap()
            .ends_with(b"SFSEALED")
    }

    #[test]
    fn a_day_is_sealed_when_another_begins_and_nothing_came_for_long() {
        assert!(sealed_when_the_next_day_begins(Duration::ZERO));
        assert!(!sealed_when_the_next_day_begins(UNUSED));
    }
}
