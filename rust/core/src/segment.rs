//! Segments: crashes in append-only files, some for each day, with an index in memory.
//!
//! The format is described in `docs/on-disk-segments.md`, byte by byte.

mod append;
mod backlog;
mod commit;
mod compact;
mod consumers;
mod context;
mod create;
mod day;
mod days;
mod file;
mod footer;
mod format;
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod index;
mod journal;
mod load;
mod network;
mod pool;
mod prune;
mod punch;
mod queue;
mod queue_day;
mod radix;
mod read;
mod record;
mod recover;
mod remove;
mod rescue;
mod save;
mod scan;
mod spare;
mod store;
#[cfg(test)]
mod testing;
mod write_out;

pub use compact::Compacted;
pub use context::SegmentOptions;
pub use format::VERSION;
pub use queue::SegmentPass;
pub use read::Stored;
pub use save::NewSegmentCrash;
pub use store::SegmentStore;
