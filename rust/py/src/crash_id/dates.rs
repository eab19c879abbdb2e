//! `datetime.date` objects, one for each day ever asked for: traffic has few distinct days, and
//! without the C interface of `datetime` making one costs more than all the rest of a call.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDate;
use socorro_fast_core::crash_id::Date;

type Month = [PyOnceLock<Py<PyDate>>; 31];

/// The months of 2000 to 2099: 36,525 days at most, about two megabytes if all are asked for.
static MONTHS: [PyOnceLock<Box<Month>>; 1200] = [const { PyOnceLock::new() }; 1200];

/// The Python object of a day.
#[inline]
pub(crate) fn python_date(py: Python<'_>, date: Date) -> PyResult<Bound<'_, PyDate>> {
    let Some(place) = place(py, date) else {
        return make(py, date);
    };
    let kept = place.get_or_try_init(py, || make(py, date).map(Bound::unbind))?;
    Ok(kept.bind(py).clone())
}

#[inline]
fn place(py: Python<'_>, date: Date) -> Option<&'static PyOnceLock<Py<PyDate>>> {
    let month = usize::from(date.year.checked_sub(2000)?) * 12 + usize::from(date.month);
    let month = MONTHS.get(month.checked_sub(1)?)?;
    let days = month.get_or_init(py, || Box::new([const { PyOnceLock::new() }; 31]));
    days.get(usize::from(date.day).checked_sub(1)?)
}

fn make(py: Python<'_>, date: Date) -> PyResult<Bound<'_, PyDate>> {
    PyDate::new(py, date.year.into(), date.month, date.day)
}
