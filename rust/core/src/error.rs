//! The one error type of this crate.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::crash_id::{CrashId, InvalidCrashId};

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// What was looked for and not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any object of the crash.
    Crash,
    /// The raw crash (its annotations).
    RawCrash,
    /// One dump, by name.
    Dump(String),
    /// The list of the dumps' names, in a tree that keeps one.
    DumpNames,
    /// The processed crash.
    ProcessedCrash,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash => f.write_str("crash"),
            Self::RawCrash => f.write_str("raw crash"),
            Self::Dump(name) => write!(f, "dump '{name}'"),
            Self::DumpNames => f.write_str("list of dump names"),
            Self::ProcessedCrash => f.write_str("processed crash"),
        }
    }
}

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no crash ID; nothing was touched.
    #[error(transparent)]
    InvalidCrashId(#[from] InvalidCrashId),
    /// The text cannot name a dump; nothing was touched.
    #[error("invalid dump name {name:?}: {why}")]
    InvalidDumpName {
        /// The name as it was given.
        name: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// The options contradict each other or the tree that is there.
    #[error("{0}")]
    Configuration(String),
    /// What was asked for is not stored.
    #[error("no {kind} for crash {id} in {}", root.display())]
    NotFound {
        /// The crash.
        id: CrashId,
        /// The object.
        kind: Kind,
        /// The root of the storage.
        root: PathBuf,
    },
    /// The bytes are there and cannot be read as what they should be.
    #[error("{} is damaged: {why}", path.display())]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file system refused.
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// What it was being done to.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    /// The operating system's error number, where there is one.
    #[must_use]
    pub fn errno(&self) -> Option<rustix::io::Errno> {
        match self {
            Self::Io { source, .. } => rustix::io::Errno::from_io_error(source),
            _ => None,
        }
    }
}

/// Adds what was being done, and to what, to an error of the operating system.
pub(crate) trait During<T> {
    fn during(self, action: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T>;
}

impl<T, E: Into<io::Error>> During<T> for std::result::Result<T, E> {
    fn during(self, action: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T> {
        self.map_err(|error| Error::Io {
            action,
            path: path(),
            source: error.into(),
        })
    }
}

pub(crate) fn corrupt(path: &Path, why: impl Into<String>) -> Error {
    Error::Corrupt {
        path: path.to_owned(),
        why: why.into(),
    }
}
