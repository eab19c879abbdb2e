//! Crash IDs and crash storage on file systems, without Python.
#![deny(unsafe_code)]

pub mod antenna;
mod claims;
pub mod crash_id;
mod dir;
pub mod error;
pub mod gzip;
pub mod json;
pub mod layout;
mod leaf;
mod legacy;
mod object;
mod queue;
mod root;
mod save;
pub mod segment;
pub mod shard;
pub mod slot;
mod slots;
mod sync;
mod synced;
mod tree;
mod walk;
mod write;

pub use dir::{Durability, Modes};
pub use error::{Error, Kind, Result};
pub use object::Object;
pub use queue::{Batch, Pass};
pub use tree::{NewDumps, Options, Queue, Tree};
pub use walk::{Family, Walk};
pub use write::Content;
