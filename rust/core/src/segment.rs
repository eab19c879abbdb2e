//! Segments: crashes in append-only files, some for each day, with an index in memory.
//!
//! The format is described in `docs/on-disk-segments.md`, byte by byte.

mod append;
mod commit;
mod context;
mod create;
mod day;
mod file;
mod footer;
mod format;
mod index;
mod load;
mod pool;
mod radix;
mod read;
mod record;
mod remove;
mod save;
mod scan;
mod store;

pub use context::SegmentOptions;
pub use format::VERSION;
pub use read::Stored;
pub use save::NewSegmentCrash;
pub use store::SegmentStore;
