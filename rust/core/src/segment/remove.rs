//! Removing a crash.

use super::append::NewRecord;
use super::day::Seen;
use super::record::Key;
use super::store::{SegmentStore, date_of};
use crate::crash_id::CrashId;
use crate::error::{Kind, Result};

impl SegmentStore {
    /// Remove everything of one crash.
    pub fn remove(&self, id: &CrashId) -> Result<()> {
        let record = NewRecord::tombstone(Key::of(id));
        let removed = self.with_day(date_of(id), |day| {
            let Seen::Is(known) = day.find(&record.key)? else {
                return Ok(Seen::Gone);
            };
            if !known.is_there() {
                return Ok(Seen::Is(false));
            }
            let sequence = self.context.next_sequence(known.newest());
            Ok(match day.put(&record, sequence)? {
                Seen::Is(()) => Seen::Is(true),
                Seen::Gone => Seen::Gone,
            })
        })?;
        if removed == Some(true) {
            return Ok(());
        }
        Err(self.not_found(id, Kind::Crash))
    }
}
