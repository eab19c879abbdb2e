//! What the codec asks before it trusts a fast JSON library.

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use socorro_fast_core::json;

/// Deeper values are left to the standard library, which has limits and errors of its own.
const MAX_DEPTH: usize = 200;

/// Say whether `data` may hold an integer beyond 64 bits, which orjson reads as a float.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(crate) fn needs_exact_json(data: &[u8]) -> bool {
    json::may_have_big_integer(data)
}

/// Say whether the jsonb of `PostgreSQL` gives every value of `data` back; it sorts keys.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(crate) fn survives_jsonb(py: Python<'_>, data: &[u8]) -> bool {
    py.detach(|| json::survives_jsonb(data))
}

/// Say whether `value` is made of nothing but the types of JSON, finite floats, and `others`.
///
/// Subclasses count as other types.
#[pyfunction]
#[pyo3(signature = (value, others, /))]
pub(crate) fn is_plain_json(value: &Bound<'_, PyAny>, others: &Bound<'_, PyTuple>) -> bool {
    is_plain(value, others, MAX_DEPTH)
}

fn is_plain(value: &Bound<'_, PyAny>, others: &Bound<'_, PyTuple>, depth: usize) -> bool {
    if value.is_exact_instance_of::<PyString>() || value.is_exact_instance_of::<PyInt>() {
        return true;
    }
    if value.is_none() || value.is_exact_instance_of::<PyBool>() {
        return true;
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return float.value().is_finite();
    }
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return all_values_plain(dict, others, depth);
    }
    if let Ok(list) = value.cast_exact::<PyList>() {
        return list.iter().all(|item| is_plain(&item, others, depth));
    }
    if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        return tuple
            .iter_borrowed()
            .all(|item| is_plain(&item, others, depth));
    }
    others
        .iter_borrowed()
        .any(|other| value.get_type().is(&*other))
}

fn all_values_plain(dict: &Bound<'_, PyDict>, others: &Bound<'_, PyTuple>, depth: usize) -> bool {
    // Plain iteration panics where another thread changes the dict.
    let plain = Cell::new(true);
    let walked = dict.locked_for_each(|_, value| {
        plain.set(plain.get() && is_plain(&value, others, depth));
        Ok(())
    });
    walked.is_ok() && plain.get()
}
