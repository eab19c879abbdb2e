//! Removing a crash.

use super::append::NewRecord;
use super::context::is_full;
use super::day::Seen;
use super::queue::unqueue;
use super::record::Key;
use super::store::{SegmentStore, date_of};
use crate::crash_id::CrashId;
use crate::error::{Kind, Result};

impl SegmentStore {
    /// Remove everything of one crash, and give its space back.
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
            if let Seen::Gone = day.put(&record, sequence)? {
                return Ok(Seen::Gone);
            }
            for place in [known.raw, known.dumps, known.processed]
                .into_iter()
                .flatten()
            {
                day.punch(&place);
            }
            if known.queued_at().is_some() {
                // Consumers that have read the record see the tombstone only if they read its segment.
                let told = unqueue(day, record.key, sequence);
                // It is removed: who is handed it on a full disk is told so by its gets.
                if !matches!(&told, Err(error) if error.errno().is_some_and(is_full)) {
                    told?;
                }
            }
            Ok(Seen::Is(true))
        })?;
        if removed == Some(true) {
            return Ok(());
        }
        Err(self.not_found(id, Kind::Crash))
    }
}
