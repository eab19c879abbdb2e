//! Bytes objects that are filled in place: the one place with unsafe code.
//!
//! `PyO3` zeroes a new bytes object before it may be filled: measured on dumps of 64 KB, a fifth of the
//! time of a read.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Make a bytes object of `length` bytes out of what `fill` writes. `fill` returns how many bytes it
/// wrote; unless that is all of them, there is no object.
pub(crate) fn new_filled(
    py: Python<'_>,
    length: usize,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> PyResult<usize>,
) -> PyResult<Bound<'_, PyBytes>> {
    let size = ffi::Py_ssize_t::try_from(length)?;
    // SAFETY: the interpreter is attached, and null asks for an object with content yet to come.
    let object = unsafe { ffi::PyBytes_FromStringAndSize(std::ptr::null(), size) };
    // SAFETY: that is a new reference, or null with an exception set.
    let bytes = unsafe { Bound::from_owned_ptr_or_err(py, object) }?.cast_into::<PyBytes>()?;
    // SAFETY: the object is a bytes object.
    let start = unsafe { ffi::PyBytes_AsString(bytes.as_ptr()) }.cast::<MaybeUninit<u8>>();
    // SAFETY: the object has `length` bytes from there, nobody else has seen it, and it outlives the
    // slice. An object without bytes is shared, but there is nothing in it to write to.
    let buffer = unsafe { std::slice::from_raw_parts_mut(start, length) };
    if fill(buffer)? == length {
        Ok(bytes)
    } else {
        Err(PySystemError::new_err("a bytes object was not filled"))
    }
}
