//! Python arguments turned into the types of core, or refused by name and range.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDate, PyIterator, PyString, PyType};
use pyo3::{Borrowed, import_exception, intern};
use socorro_fast_core::crash_id::{CrashId, Date, NEW_DEPTHS};

import_exception!(socorro_fast.errors, InvalidCrashID);
import_exception!(socorro_fast.errors, StorageUnavailable);

/// Beyond this the list of IDs would take more than a gigabyte.
const MAX_COUNT: i64 = 10_000_000;
/// Messages are one line: a repr that is longer is cut.
const SHOWN: usize = 100;

/// A crash ID.
#[derive(Clone, Copy)]
pub(crate) struct CrashIdArg(pub(crate) CrashId);
/// The depth of a new crash ID.
#[derive(Clone, Copy)]
pub(crate) struct DepthArg(pub(crate) u8);
/// What the depth digit 0 means.
#[derive(Clone, Copy)]
pub(crate) struct ZeroDepthArg(pub(crate) u8);
/// How many new crash IDs.
#[derive(Clone, Copy)]
pub(crate) struct CountArg(pub(crate) i64);
/// How many shards.
#[derive(Clone, Copy)]
pub(crate) struct ShardsArg(pub(crate) NonZeroU32);
/// The day of a new crash ID; the core checks it.
#[derive(Clone, Copy)]
pub(crate) struct DayArg(pub(crate) Date);
/// The text of a UUID; the core checks it.
pub(crate) struct UuidArg(pub(crate) String);
/// An iterable that is no text.
pub(crate) struct IdsArg<'py>(pub(crate) Bound<'py, PyIterator>);

impl<'py> FromPyObject<'_, 'py> for CrashIdArg {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match accepted(object) {
            Some(id) => Ok(Self(id)),
            None => refuse_crash_id(object),
        }
    }
}

/// Whether an object is a crash ID.
#[inline]
pub(crate) fn is_crash_id(object: &Bound<'_, PyAny>) -> bool {
    accepted(object.as_borrowed()).is_some()
}

#[inline]
fn accepted(object: Borrowed<'_, '_, PyAny>) -> Option<CrashId> {
    CrashId::accept(object.cast::<PyString>().ok()?.to_str().ok()?.as_bytes())
}

#[cold]
fn refuse_crash_id(object: Borrowed<'_, '_, PyAny>) -> PyResult<CrashIdArg> {
    let text = text_of("crash ID", "a str", object)?;
    CrashId::parse(&text).map(CrashIdArg).map_err(invalid)
}

impl<'py> FromPyObject<'_, 'py> for DepthArg {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        small("depth", object, NEW_DEPTHS).map(Self)
    }
}

impl<'py> FromPyObject<'_, 'py> for ZeroDepthArg {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        small("zero_depth", object, 0..=9).map(Self)
    }
}

impl<'py> FromPyObject<'_, 'py> for CountArg {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        whole("n", object, 0..=MAX_COUNT).map(Self)
    }
}

impl<'py> FromPyObject<'_, 'py> for ShardsArg {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let allowed = 1..=i64::from(i32::MAX);
        let shards = whole("shards", object, allowed.clone())?;
        let shards = u32::try_from(shards).ok().and_then(NonZeroU32::new);
        shards
            .map(Self)
            .ok_or_else(|| out_of_range("shards", object, &allowed))
    }
}

impl<'py> FromPyObject<'_, 'py> for DayArg {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        // By attribute and not by C: pandas' NaT is a datetime whose year is a float.
        day(object).map(Self).map_err(|_| {
            let shown = shown(object);
            invalid(format_args!(
                "date is {shown}; it must be a datetime.date of 2000 to 2099"
            ))
        })
    }
}

fn day(object: Borrowed<'_, '_, PyAny>) -> PyResult<Date> {
    let (py, date) = (object.py(), object.cast::<PyDate>()?);
    Ok(Date {
        year: date.getattr(intern!(py, "year"))?.extract()?,
        month: date.getattr(intern!(py, "month"))?.extract()?,
        day: date.getattr(intern!(py, "day"))?.extract()?,
    })
}

impl<'py> FromPyObject<'_, 'py> for UuidArg {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        if object.is_instance(UUID.import(object.py(), "uuid", "UUID")?)? {
            return object.str()?.extract().map(Self);
        }
        text_of("uuid", "a uuid.UUID or a str", object).map(Self)
    }
}

impl<'py> FromPyObject<'_, 'py> for IdsArg<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return Err(invalid("ids is a str; it must be an iterable of crash IDs"));
        }
        object.try_iter().map(Self).map_err(|_| {
            let shown = shown(object);
            invalid(format_args!(
                "ids is {shown}; it must be an iterable of crash IDs"
            ))
        })
    }
}

/// The one way in which this module refuses.
#[cold]
pub(crate) fn invalid(why: impl Display) -> PyErr {
    InvalidCrashID::new_err(why.to_string())
}

#[cold]
fn out_of_range(
    name: &str,
    object: Borrowed<'_, '_, PyAny>,
    allowed: &RangeInclusive<i64>,
) -> PyErr {
    let (shown, low, high) = (shown(object), allowed.start(), allowed.end());
    invalid(format_args!(
        "{name} is {shown}; it must be an int from {low} to {high}"
    ))
}

#[inline]
fn whole(
    name: &str,
    object: Borrowed<'_, '_, PyAny>,
    allowed: RangeInclusive<i64>,
) -> PyResult<i64> {
    match object.extract() {
        Ok(number) if allowed.contains(&number) => Ok(number),
        _ => Err(out_of_range(name, object, &allowed)),
    }
}

#[inline]
fn small(name: &str, object: Borrowed<'_, '_, PyAny>, allowed: RangeInclusive<u8>) -> PyResult<u8> {
    match object.extract() {
        Ok(number) if allowed.contains(&number) => Ok(number),
        _ => {
            let allowed = i64::from(*allowed.start())..=i64::from(*allowed.end());
            Err(out_of_range(name, object, &allowed))
        }
    }
}

/// A `str` as text. A lone surrogate, which has no UTF-8, becomes three replacement characters.
fn text_of(name: &str, wanted: &str, object: Borrowed<'_, '_, PyAny>) -> PyResult<String> {
    let text = object.cast::<PyString>().map_err(|_| {
        let shown = shown(object);
        invalid(format_args!("{name} is {shown}; it must be {wanted}"))
    })?;
    Ok(text.to_string_lossy().into_owned())
}

/// The repr of an object on one line, cut if it is long; its type if it has no repr.
fn shown(object: Borrowed<'_, '_, PyAny>) -> String {
    let Ok(repr) = object.repr() else {
        return object.get_type().to_string();
    };
    let whole = repr.to_string_lossy().replace(['\n', '\r'], " ");
    let mut rest = whole.chars();
    let mut shown: String = rest.by_ref().take(SHOWN).collect();
    if rest.next().is_some() {
        shown.push_str("...");
    }
    shown
}
