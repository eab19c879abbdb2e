//! The one place where an error of the core becomes a Python exception.

use pyo3::import_exception;
use pyo3::prelude::*;
use socorro_fast_core::Error;

import_exception!(socorro_fast.errors, ConfigurationError);
import_exception!(socorro_fast.errors, CorruptCrash);
import_exception!(socorro_fast.errors, CrashIDNotFound);
import_exception!(socorro_fast.errors, CrashStorageError);
import_exception!(socorro_fast.errors, InvalidCrashID);
import_exception!(socorro_fast.errors, InvalidDumpName);
import_exception!(socorro_fast.errors, StorageIOError);

/// The exception that an error of the core is in Python.
pub(crate) fn to_py(error: Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::InvalidCrashId(_) => InvalidCrashID::new_err(text),
        Error::InvalidDumpName { .. } => InvalidDumpName::new_err(text),
        Error::Configuration(_) => ConfigurationError::new_err(text),
        Error::NotFound { id, kind, root } => {
            CrashIDNotFound::new_err((id.to_string(), kind.to_string(), root.into_os_string()))
        }
        Error::Corrupt { path, why } => CorruptCrash::new_err((path.into_os_string(), why)),
        Error::Io {
            action,
            path,
            source,
        } => {
            let errno = source.raw_os_error();
            let strerror = errno.map_or_else(|| source.to_string(), strerror);
            StorageIOError::new_err((errno, strerror, path.into_os_string(), action))
        }
        _ => CrashStorageError::new_err(text),
    }
}

/// The system's text for an error number, without the number that Rust adds to it.
fn strerror(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    let end = text.rfind(" (os error").unwrap_or(text.len());
    text.chars().take(end).collect()
}
