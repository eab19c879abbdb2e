//! The crash-ID functions. A wrong argument of any kind is an `InvalidCrashID`.
#![allow(
    clippy::doc_markdown,
    reason = "these are the docstrings that Python shows"
)]

mod arguments;
mod dates;

use pyo3::prelude::*;
use pyo3::types::{PyDate, PyList, PyString};
use socorro_fast_core::crash_id::{self, CrashId, NewCrashIdError};
use socorro_fast_core::shard;

pub(crate) use self::arguments::CrashIdArg;
use self::arguments::{CountArg, DayArg, DepthArg, IdsArg, ShardsArg, UuidArg, ZeroDepthArg};
use self::arguments::{StorageUnavailable, invalid, is_crash_id};
use self::dates::python_date;

/// Make a crash ID that nobody else has.
///
/// Args:
///     date: The day that the ID names, of the years 2000 to 2099; a `datetime` counts as the day
///         that it shows. Default: today in UTC.
///     depth: How many radix levels the crash lies below its day, 1 to 4.
///
/// Returns:
///     A random UUID (version 4) whose last seven characters are the depth and the date, yymmdd.
///
/// Raises:
///     InvalidCrashID: An argument is out of its range.
///     StorageUnavailable: The operating system gives no random bytes.
#[pyfunction]
#[pyo3(signature = (date=None, depth=DepthArg(2)), text_signature = "(date=None, depth=2)")]
pub(crate) fn new_crash_id(
    py: Python<'_>,
    date: Option<DayArg>,
    depth: DepthArg,
) -> PyResult<Bound<'_, PyString>> {
    let id = tail(date, depth)?.random().map_err(refused)?;
    Ok(PyString::new(py, id.as_str()))
}

/// Make many crash IDs at once, which is faster than one by one.
///
/// Args:
///     n: How many, 0 to 10,000,000.
///     date: As in `new_crash_id`.
///     depth: As in `new_crash_id`.
///
/// Returns:
///     A list of `n` different IDs.
///
/// Raises:
///     InvalidCrashID: An argument is out of its range.
///     StorageUnavailable: The operating system gives no random bytes.
#[pyfunction]
#[pyo3(signature = (n, date=None, depth=DepthArg(2)), text_signature = "(n, date=None, depth=2)")]
pub(crate) fn new_crash_ids(
    py: Python<'_>,
    n: CountArg,
    date: Option<DayArg>,
    depth: DepthArg,
) -> PyResult<Bound<'_, PyList>> {
    let tail = tail(date, depth)?;
    let ids: Result<Vec<_>, _> = py.detach(|| (0..n.0).map(|_| tail.random()).collect());
    PyList::new(py, ids.map_err(refused)?.iter().map(CrashId::as_str))
}

/// Make the crash ID that shares its first 29 characters with a UUID.
///
/// Args:
///     uuid: A `uuid.UUID`, or its text in lower case.
///     date: As in `new_crash_id`.
///     depth: As in `new_crash_id`.
///
/// Raises:
///     InvalidCrashID: `uuid` is none, or another argument is out of its range.
#[pyfunction]
#[pyo3(
    signature = (uuid, date=None, depth=DepthArg(2)),
    text_signature = "(uuid, date=None, depth=2)"
)]
pub(crate) fn crash_id_from_uuid(
    py: Python<'_>,
    uuid: UuidArg,
    date: Option<DayArg>,
    depth: DepthArg,
) -> PyResult<Bound<'_, PyString>> {
    let UuidArg(text) = uuid;
    let id = tail(date, depth)?.of_uuid(&text).map_err(refused)?;
    Ok(PyString::new(py, id.as_str()))
}

/// Return the day that a crash ID names.
///
/// Raises:
///     InvalidCrashID: `crash_id` is none.
#[pyfunction]
pub(crate) fn date_of(py: Python<'_>, crash_id: CrashIdArg) -> PyResult<Bound<'_, PyDate>> {
    python_date(py, crash_id.0.date())
}

/// Return how many radix levels a crash lies below its day.
///
/// Args:
///     crash_id: The ID.
///     zero_depth: What the depth digit 0 means, 0 to 9: 4 in IDs of Socorro's past (the
///         default), 0 in those of today's Socorro and Antenna.
///
/// Returns:
///     0 to 9.
///
/// Raises:
///     InvalidCrashID: `crash_id` is none, or `zero_depth` is out of its range.
#[pyfunction]
#[pyo3(
    signature = (crash_id, zero_depth=ZeroDepthArg(4)),
    text_signature = "(crash_id, zero_depth=4)"
)]
pub(crate) fn depth_of(crash_id: CrashIdArg, zero_depth: ZeroDepthArg) -> usize {
    crash_id.0.depth(zero_depth.0)
}

/// Return `(date_of(crash_id), depth_of(crash_id, zero_depth))`.
///
/// Raises:
///     InvalidCrashID: `crash_id` is none, or `zero_depth` is out of its range.
#[pyfunction]
#[pyo3(
    signature = (crash_id, zero_depth=ZeroDepthArg(4)),
    text_signature = "(crash_id, zero_depth=4)"
)]
pub(crate) fn date_and_depth(
    py: Python<'_>,
    crash_id: CrashIdArg,
    zero_depth: ZeroDepthArg,
) -> PyResult<(Bound<'_, PyDate>, usize)> {
    Ok((
        python_date(py, crash_id.0.date())?,
        crash_id.0.depth(zero_depth.0),
    ))
}

/// Return the radix levels of a crash: pairs of characters, from the left.
///
/// From depth 5 on the pairs cut through the dashes, as they always did.
///
/// Raises:
///     InvalidCrashID: `crash_id` is none, or `zero_depth` is out of its range.
#[pyfunction]
#[pyo3(
    signature = (crash_id, zero_depth=ZeroDepthArg(4)),
    text_signature = "(crash_id, zero_depth=4)"
)]
pub(crate) fn radix_of(
    py: Python<'_>,
    crash_id: CrashIdArg,
    zero_depth: ZeroDepthArg,
) -> PyResult<Bound<'_, PyList>> {
    PyList::new(py, crash_id.0.radix(zero_depth.0).collect::<Vec<_>>())
}

/// Say whether something is a crash ID; what is no `str` is none.
#[pyfunction]
#[pyo3(signature = (crash_id, /))]
pub(crate) fn is_valid(crash_id: &Bound<'_, PyAny>) -> bool {
    is_crash_id(crash_id)
}

/// Return a list of bool: `is_valid` of each of many.
///
/// Args:
///     ids: Any iterable but a `str`.
///
/// Raises:
///     InvalidCrashID: `ids` is a `str` or cannot be iterated over.
#[pyfunction]
pub(crate) fn validate_many(ids: IdsArg<'_>) -> PyResult<Vec<bool>> {
    ids.0.map(|id| Ok(is_crash_id(&id?))).collect()
}

/// Return the shard of a crash, 0 to `shards - 1`, the same for all time.
///
/// The jump consistent hash over XXH3-64 of the 36 characters: one more shard takes an even part
/// of the crashes from the others and moves none between them.
///
/// Args:
///     crash_id: The ID.
///     shards: How many shards there are, 1 to 2,147,483,647.
///
/// Raises:
///     InvalidCrashID: `crash_id` is none, or `shards` is out of its range.
#[pyfunction]
pub(crate) fn shard_of(crash_id: CrashIdArg, shards: ShardsArg) -> u32 {
    shard::shard_of(&crash_id.0, shards.0)
}

/// Forget the pooled randomness of every thread, as a forked child must.
#[pyfunction]
pub(crate) fn reseed_after_fork() {
    crash_id::reseed_after_fork();
}

fn tail(date: Option<DayArg>, depth: DepthArg) -> PyResult<crash_id::Tail> {
    let date = match date {
        Some(day) => Ok(day.0),
        None => crash_id::Date::today(),
    };
    date.and_then(|date| crash_id::Tail::new(date, depth.0))
        .map_err(refused)
}

fn refused(error: NewCrashIdError) -> PyErr {
    match error {
        NewCrashIdError::Random(_) => StorageUnavailable::new_err(error.to_string()),
        _ => invalid(error),
    }
}
