//! Walks that hand over batches: `QueuePass` and `SegmentPass` over queues, `DayWalk` over the crashes
//! of a day.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use socorro_fast_core::crash_id::CrashId;
use socorro_fast_core::segment::SegmentPass as SegmentWalk;
use socorro_fast_core::{Batch, Pass, Walk};

use crate::error::to_py;
use crate::segment::SegmentStore;
use crate::tree::RadixTree;

fn texts(ids: &[CrashId]) -> Vec<&str> {
    ids.iter().map(CrashId::as_str).collect()
}

fn both(py: Python<'_>, batch: Batch) -> PyResult<Bound<'_, PyAny>> {
    Ok((texts(&batch.ids), batch.notes)
        .into_pyobject(py)?
        .into_any())
}

/// One pass over the queue of a dated tree.
#[pyclass(frozen, module = "socorro_fast._rust")]
pub(crate) struct QueuePass {
    /// Taken when the pass is closed: its claims end with it.
    pass: Mutex<Option<Pass>>,
}

#[pymethods]
impl QueuePass {
    #[new]
    #[pyo3(signature = (tree, second, /))]
    fn new(py: Python<'_>, tree: &RadixTree, second: Option<u32>) -> PyResult<Self> {
        let pass = py
            .detach(|| Pass::start(tree.tree.clone(), second))
            .map_err(to_py)?;
        Ok(Self {
            pass: Mutex::new(Some(pass)),
        })
    }

    /// The next new crashes, at most `limit`, and what was met and left alone. No crash: the end.
    fn next_batch<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyAny>> {
        let batch = py
            .detach(|| {
                let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
                pass.as_mut()
                    .map_or_else(|| Ok(<_>::default()), |pass| pass.next_batch(limit))
            })
            .map_err(to_py)?;
        both(py, batch)
    }

    /// End the pass: what it has not handed out is anybody's.
    fn close(&self, py: Python<'_>) {
        let end = || {
            self.pass
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
        };
        drop(py.detach(end));
    }
}

/// One pass over the queue of a segment storage.
#[pyclass(frozen, module = "socorro_fast._rust")]
pub(crate) struct SegmentPass {
    pass: Mutex<SegmentWalk>,
}

#[pymethods]
impl SegmentPass {
    #[new]
    #[pyo3(signature = (store, /))]
    fn new(py: Python<'_>, store: &SegmentStore) -> PyResult<Self> {
        let pass = py
            .detach(|| SegmentWalk::start(store.store.clone()))
            .map_err(to_py)?;
        Ok(Self {
            pass: Mutex::new(pass),
        })
    }

    /// The next new crashes, at most `limit`, and what was met and left alone. No crash: the end.
    fn next_batch<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyAny>> {
        let next = || {
            let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
            pass.next_batch(limit)
        };
        both(py, py.detach(next).map_err(to_py)?)
    }

    /// End the pass; claims do not hang on it.
    #[expect(clippy::unused_self, reason = "as QueuePass")]
    fn close(&self) {}
}

/// A walk over the raw crashes of one day.
#[pyclass(frozen, module = "socorro_fast._rust")]
pub(crate) struct DayWalk {
    walk: Mutex<Walk>,
}

#[pymethods]
impl DayWalk {
    #[new]
    #[pyo3(signature = (tree, day, /))]
    fn new(tree: &RadixTree, day: &str) -> Self {
        Self {
            walk: Mutex::new(Walk::start(tree.tree.clone(), day)),
        }
    }

    /// The next crashes, about `limit`; none at the end.
    fn next_batch<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyAny>> {
        let ids = py
            .detach(|| {
                self.walk
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .next_batch(limit)
            })
            .map_err(to_py)?;
        Ok(texts(&ids).into_pyobject(py)?.into_any())
    }
}
