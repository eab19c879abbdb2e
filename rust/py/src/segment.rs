//! `SegmentStore`: the crashes of one root in segments.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use socorro_fast_core::crash_id::CrashId;
use socorro_fast_core::layout::DumpName;
use socorro_fast_core::segment::{NewSegmentCrash, SegmentOptions, SegmentStore as Store, Stored};
use socorro_fast_core::{Durability, Modes, Result};

use crate::bytes::new_filled;
use crate::crash_id::CrashIdArg;
use crate::error::{CorruptCrash, to_py};
use crate::tree::{Dumps, new_dumps, outcomes};

/// A part of a record as bytes, without a copy in between where it is stored as it is.
fn read<'py>(py: Python<'py>, stored: &Stored) -> PyResult<Bound<'py, PyBytes>> {
    if stored.is_plain() {
        return new_filled(py, stored.len(), |bytes| {
            py.detach(|| stored.read_into(bytes)).map_err(to_py)
        });
    }
    let bytes = py.detach(|| stored.read()).map_err(to_py)?;
    Ok(PyBytes::new(py, &bytes))
}

/// A raw crash to be queued, its arguments checked.
fn new_crash(
    (crash_id, json, dumps): &(String, PyBackedBytes, Dumps),
) -> Result<(CrashId, NewSegmentCrash<'_>)> {
    let crash = NewSegmentCrash {
        raw: Some(json),
        dumps: dumps.as_deref().map(new_dumps).transpose()?,
        processed: None,
        queue: true,
    };
    Ok((CrashId::parse(crash_id)?, crash))
}

/// Crashes in segments.
#[pyclass(frozen, module = "socorro_fast._rust")]
pub(crate) struct SegmentStore {
    pub(crate) store: Arc<Store>,
}

#[pymethods]
impl SegmentStore {
    #[new]
    #[pyo3(signature = (
        fs_root, *, dump_field, file_mode, dir_mode, sync, segment_bytes, compression,
        sync_interval, keep_free, max_open, allow_network
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword options")]
    fn new(
        py: Python<'_>,
        fs_root: PathBuf,
        dump_field: String,
        file_mode: u32,
        dir_mode: u32,
        sync: bool,
        segment_bytes: u64,
        compression: Option<i32>,
        sync_interval: u64,
        keep_free: u64,
        max_open: usize,
        allow_network: bool,
    ) -> PyResult<Self> {
        let options = SegmentOptions {
            modes: Modes {
                file: file_mode,
                dir: dir_mode,
            },
            durability: if sync {
                Durability::Disk
            } else {
                Durability::Os
            },
            segment_bytes,
            compression,
            sync_interval,
            keep_free,
            max_open,
            dump_field,
            allow_network,
        };
        let store = py
            .detach(|| Store::open(&fs_root, options))
            .map_err(to_py)?;
        let store = Arc::new(store);
        Ok(Self { store })
    }

    /// The root, absolute.
    #[getter]
    fn path(&self) -> PathBuf {
        self.store.path().to_owned()
    }

    /// The same storage without anything of the parent's: for the child of a fork.
    fn renewed(&self) -> Self {
        Self {
            store: Arc::new(self.store.renewed()),
        }
    }

    /// Seal what is open, and end what runs beside.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.store.close());
    }

    /// What was met and left alone, repaired or given up since the last call.
    fn take_notes(&self) -> Vec<String> {
        self.store.take_notes()
    }

    /// Bytes of memory that the index takes, and how many crashes it knows.
    fn index_size(&self, py: Python<'_>) -> (usize, usize) {
        py.detach(|| self.store.index_size())
    }

    /// Save a raw crash, its dumps and a processed crash, what there is of them, in one record.
    #[pyo3(signature = (crash_id, raw_crash, dumps, processed_crash, queue, /))]
    fn save(
        &self,
        py: Python<'_>,
        crash_id: CrashIdArg,
        raw_crash: Option<PyBackedBytes>,
        dumps: Dumps,
        processed_crash: Option<PyBackedBytes>,
        queue: bool,
    ) -> PyResult<()> {
        let id = crash_id.0;
        let crash = NewSegmentCrash {
            raw: raw_crash.as_deref(),
            dumps: dumps.as_deref().map(new_dumps).transpose().map_err(to_py)?,
            processed: processed_crash.as_deref(),
            queue,
        };
        py.detach(|| self.store.save(&id, crash)).map_err(to_py)
    }

    /// Save and queue many: `(crash_id, raw_crash, dumps)` each. None or the exception for each.
    fn save_many<'py>(
        &self,
        py: Python<'py>,
        items: Vec<(String, PyBackedBytes, Dumps)>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let results = py.detach(|| self.store.save_many(items.iter().map(new_crash)));
        outcomes(py, results, |()| Ok(py.None().into_bound(py)))
    }

    /// Save a processed crash.
    fn save_processed(
        &self,
        py: Python<'_>,
        crash_id: CrashIdArg,
        processed_crash: PyBackedBytes,
    ) -> PyResult<()> {
        self.save(py, crash_id, None, None, Some(processed_crash), false)
    }

    /// The raw crash as stored.
    fn get_raw_crash<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        let bytes = py.detach(|| self.store.raw_crash(&id)).map_err(to_py)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Many raw crashes: the bytes or the exception for each, in order.
    fn get_many<'py>(
        &self,
        py: Python<'py>,
        crash_ids: Vec<String>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let get = |crash_id: &String| self.store.raw_crash(&CrashId::parse(crash_id)?);
        let results = py.detach(|| crash_ids.iter().map(get).collect());
        outcomes(py, results, |bytes: Vec<u8>| {
            Ok(PyBytes::new(py, &bytes).into_any())
        })
    }

    /// One dump; the main dump has the empty name or `dump_field`.
    fn get_raw_dump<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
        name: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        let name = DumpName::parse_stored(name).map_err(to_py)?;
        self.again(py, &id, || {
            let open = || self.store.raw_dump(&id, &name);
            read(py, &py.detach(open).map_err(to_py)?)
        })
    }

    /// Dumps by name: those of the names given, or all.
    #[pyo3(signature = (crash_id, names=None))]
    fn get_raw_dumps<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
        names: Option<Vec<String>>,
    ) -> PyResult<Vec<(String, Bound<'py, PyBytes>)>> {
        let id = crash_id.0;
        let parse = |names: Vec<String>| {
            let names = names.iter().map(|name| DumpName::parse_stored(name));
            names.collect::<Result<Vec<DumpName>>>()
        };
        let names = names.map(parse).transpose().map_err(to_py)?;
        let open = || match &names {
            None => self.store.raw_dumps(&id),
            Some(names) => self.store.raw_dumps_named(&id, names),
        };
        self.again(py, &id, || {
            let dumps = py.detach(open).map_err(to_py)?;
            let read = |(name, stored)| Ok((name, read(py, &stored)?));
            dumps.into_iter().map(read).collect()
        })
    }

    /// The processed crash as JSON.
    fn get_processed<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        let bytes = py.detach(|| self.store.processed(&id)).map_err(to_py)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Remove everything of one crash.
    fn remove(&self, py: Python<'_>, crash_id: CrashIdArg) -> PyResult<()> {
        let id = crash_id.0;
        py.detach(|| self.store.remove(&id)).map_err(to_py)
    }

    /// Remove many: None or the exception for each, in order.
    fn remove_many<'py>(
        &self,
        py: Python<'py>,
        crash_ids: Vec<String>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let remove = |crash_id: &String| self.store.remove(&CrashId::parse(crash_id)?);
        let results = py.detach(|| crash_ids.iter().map(remove).collect());
        outcomes(py, results, |()| Ok(py.None().into_bound(py)))
    }

    /// Take a crash that was handed out off the queue; false if it was not handed out here.
    fn ack(&self, py: Python<'_>, crash_id: CrashIdArg) -> PyResult<bool> {
        let id = crash_id.0;
        py.detach(|| self.store.ack(&id)).map_err(to_py)
    }

    /// Take crashes off the queue, with few writes; those not handed out here are passed over.
    fn ack_many(&self, py: Python<'_>, crash_ids: Vec<CrashIdArg>) -> PyResult<()> {
        let ids: Vec<CrashId> = crash_ids.into_iter().map(|id| id.0).collect();
        py.detach(|| self.store.ack_many(&ids)).map_err(to_py)
    }

    /// Give a crash back that was handed out; false if it was not handed out here.
    fn release(&self, py: Python<'_>, crash_id: CrashIdArg) -> PyResult<bool> {
        let id = crash_id.0;
        py.detach(|| self.store.release(&id)).map_err(to_py)
    }

    /// Give everything back that was handed out and not acknowledged.
    fn release_all(&self, py: Python<'_>) {
        py.detach(|| self.store.release_all());
    }

    /// Remove a day, yyyymmdd, and all its crashes; whether it was there.
    fn prune(&self, py: Python<'_>, day: u32) -> PyResult<bool> {
        py.detach(|| self.store.prune(day)).map_err(to_py)
    }

    /// Rewrite what counts of segments of a day that are dead by `percent` at least; how many segments
    /// went, and how many bytes were not worth keeping.
    fn compact(&self, py: Python<'_>, day: u32, percent: u64) -> PyResult<(usize, u64)> {
        let done = py
            .detach(|| self.store.compact(day, percent))
            .map_err(to_py)?;
        Ok((done.segments, done.bytes))
    }

    /// The days there are, oldest first, as yyyymmdd.
    fn days(&self, py: Python<'_>) -> PyResult<Vec<u32>> {
        py.detach(|| self.store.days()).map_err(to_py)
    }

    /// The next raw crashes of a day behind `after`, in the order of their IDs; none at the end.
    fn list_day(
        &self,
        py: Python<'_>,
        day: u32,
        after: Option<String>,
        limit: usize,
    ) -> PyResult<Vec<String>> {
        let parse = |after: String| CrashId::parse(&after).map_err(|error| to_py(error.into()));
        let after = after.map(parse).transpose()?;
        let list = || self.store.list(day, after.as_ref(), limit);
        let ids = py.detach(list).map_err(to_py)?;
        Ok(ids.iter().map(CrashId::to_string).collect())
    }
}

impl SegmentStore {
    /// Read; what is damaged may have been moved or removed since it was opened: look again.
    fn again<T>(
        &self,
        py: Python<'_>,
        id: &CrashId,
        read: impl Fn() -> PyResult<T>,
    ) -> PyResult<T> {
        match read() {
            Err(error) if error.is_instance_of::<CorruptCrash>(py) => {
                self.store.distrust(id);
                read()
            }
            other => other,
        }
    }
}
