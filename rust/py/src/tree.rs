//! `RadixTree`: the crashes of one root.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use socorro_fast_core::crash_id::CrashId;
use socorro_fast_core::layout::{DayStyle, DumpName, Layout};
use socorro_fast_core::{
    Content, Durability, Error, Family, Modes, NewDumps, Object, Options, Queue, Result, Tree,
};

use crate::bytes::new_filled;
use crate::crash_id::CrashIdArg;
use crate::error::to_py;

/// A dump as Python hands it over.
#[derive(FromPyObject)]
pub(crate) enum Dump {
    Bytes(PyBackedBytes),
    Path(PathBuf),
}

pub(crate) type Dumps = Option<Vec<(String, Dump)>>;

/// Dumps with their names checked.
pub(crate) fn new_dumps(dumps: &[(String, Dump)]) -> Result<NewDumps<'_>> {
    let mut checked = Vec::with_capacity(dumps.len());
    for (name, dump) in dumps {
        checked.push((DumpName::parse(name)?, content(dump)));
    }
    Ok(checked)
}

fn content(dump: &Dump) -> Content<'_> {
    match dump {
        Dump::Bytes(bytes) => Content::Bytes(bytes),
        Dump::Path(path) => Content::File(path),
    }
}

/// An open object as bytes, without a copy in between.
pub(crate) fn read<'py>(py: Python<'py>, object: &Object) -> PyResult<Bound<'py, PyBytes>> {
    new_filled(py, object.len(), |bytes| {
        py.detach(|| object.read_into(bytes)).map_err(to_py)
    })
}

/// Names with the bytes of what they name.
fn read_all(
    py: Python<'_>,
    objects: Vec<(String, Object)>,
) -> PyResult<Vec<(String, Bound<'_, PyBytes>)>> {
    objects
        .into_iter()
        .map(|(name, object)| Ok((name, read(py, &object)?)))
        .collect()
}

/// Every outcome as Python sees it: a value, or the exception itself.
pub(crate) fn outcomes<'py, T>(
    py: Python<'py>,
    results: Vec<Result<T>>,
    value: impl Fn(T) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let outcome = |result: Result<T>| match result {
        Ok(found) => value(found),
        Err(error) => Ok(to_py(error).into_value(py).into_bound(py).into_any()),
    };
    results.into_iter().map(outcome).collect()
}

/// Crashes in a radix tree of directories.
#[pyclass(frozen, module = "socorro_fast._rust")]
pub(crate) struct RadixTree {
    pub(crate) tree: Arc<Tree>,
}

#[pymethods]
impl RadixTree {
    #[new]
    #[pyo3(signature = (
        fs_root, *, leaf, dated, day_of_month, zero_depth, name_branch_base, date_branch_base,
        json_file_suffix, jsonz_file_suffix, dump_file_suffix, dump_field, minute_slice_interval,
        file_mode, dir_mode, sync, compression_level, prune_empty_dirs, follow_day_links
    ))]
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::similar_names,
        reason = "keyword options"
    )]
    fn new(
        py: Python<'_>,
        fs_root: PathBuf,
        leaf: bool,
        dated: bool,
        day_of_month: bool,
        zero_depth: u8,
        name_branch_base: String,
        date_branch_base: String,
        json_file_suffix: String,
        jsonz_file_suffix: String,
        dump_file_suffix: String,
        dump_field: String,
        minute_slice_interval: u32,
        file_mode: u32,
        dir_mode: u32,
        sync: bool,
        compression_level: u32,
        prune_empty_dirs: bool,
        follow_day_links: bool,
    ) -> PyResult<Self> {
        let layout = Layout {
            day_style: if day_of_month {
                DayStyle::DayOfMonth
            } else {
                DayStyle::Date
            },
            leaf,
            dated,
            zero_depth,
            name_branch: name_branch_base,
            date_branch: date_branch_base,
            json_suffix: json_file_suffix,
            jsonz_suffix: jsonz_file_suffix,
            dump_suffix: dump_file_suffix,
            dump_field,
            slice_seconds: minute_slice_interval,
        };
        let options = Options {
            layout,
            modes: Modes {
                file: file_mode,
                dir: dir_mode,
            },
            durability: if sync {
                Durability::Disk
            } else {
                Durability::Os
            },
            compression_level,
            prune_empty_dirs,
            follow_day_links,
        };
        let tree = py.detach(|| Tree::open(&fs_root, options)).map_err(to_py)?;
        Ok(Self {
            tree: Arc::new(tree),
        })
    }

    /// The root, absolute.
    #[getter]
    fn path(&self) -> PathBuf {
        self.tree.path().to_owned()
    }

    /// The same tree without locks and claims: for the child of a fork.
    fn renewed(&self) -> Self {
        self.tree.abandon_claims();
        Self {
            tree: Arc::new(self.tree.renewed()),
        }
    }

    /// What the newest days show the tree to be: "leaf", "legacy", "other days" or nothing.
    fn sample(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        let family = py.detach(|| self.tree.sample()).map_err(to_py)?;
        Ok(family.map(|family| match family {
            Family::Leaf => "leaf",
            Family::Legacy => "legacy",
            Family::OtherDays => "other days",
        }))
    }

    /// Save a raw crash and its dumps, and queue it unless told otherwise.
    #[pyo3(signature = (crash_id, raw_crash, dumps, queue, second, /))]
    fn save_raw_crash(
        &self,
        py: Python<'_>,
        crash_id: CrashIdArg,
        raw_crash: PyBackedBytes,
        dumps: Dumps,
        queue: bool,
        second: Option<u32>,
    ) -> PyResult<()> {
        let id = crash_id.0;
        let dumps = dumps.as_deref().map(new_dumps).transpose().map_err(to_py)?;
        let queue = if queue { Queue::At(second) } else { Queue::No };
        py.detach(|| self.tree.save_raw_crash(&id, &raw_crash, dumps, queue))
            .map_err(to_py)
    }

    /// Save many: `(crash_id, raw_crash, dumps)` each. None or the exception for each, in order.
    fn save_many<'py>(
        &self,
        py: Python<'py>,
        items: Vec<(String, PyBackedBytes, Dumps)>,
        second: Option<u32>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let save = |(crash_id, json, dumps): &(String, PyBackedBytes, Dumps)| {
            let id = CrashId::parse(crash_id)?;
            let dumps = dumps.as_deref().map(new_dumps).transpose()?;
            self.tree
                .save_raw_crash(&id, json, dumps, Queue::At(second))
        };
        let results = py.detach(|| items.iter().map(save).collect());
        outcomes(py, results, |()| Ok(py.None().into_bound(py)))
    }

    /// Compress and save a processed crash.
    fn save_processed(
        &self,
        py: Python<'_>,
        crash_id: CrashIdArg,
        processed_crash: PyBackedBytes,
    ) -> PyResult<()> {
        let id = crash_id.0;
        py.detach(|| self.tree.save_processed(&id, &processed_crash))
            .map_err(to_py)
    }

    /// The raw crash as stored.
    fn get_raw_crash<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        let object = py.detach(|| self.tree.raw_crash(&id)).map_err(to_py)?;
        read(py, &object)
    }

    /// Many raw crashes: the bytes or the exception for each, in order.
    fn get_many<'py>(
        &self,
        py: Python<'py>,
        crash_ids: Vec<String>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let get = |crash_id: &String| self.tree.raw_crash(&CrashId::parse(crash_id)?)?.read();
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
        let open = || self.tree.raw_dump(&id, &DumpName::parse_stored(name)?);
        let object = py.detach(open).map_err(to_py)?;
        read(py, &object)
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
        let open = || match names {
            None => self.tree.raw_dumps(&id),
            Some(names) => names
                .into_iter()
                .map(|name| self.open_named(&id, name))
                .collect(),
        };
        read_all(py, py.detach(open).map_err(to_py)?)
    }

    /// The paths of the stored dump files, by name.
    fn get_raw_dump_paths(
        &self,
        py: Python<'_>,
        crash_id: CrashIdArg,
    ) -> PyResult<Vec<(String, std::ffi::OsString)>> {
        let id = crash_id.0;
        let paths = py.detach(|| self.tree.raw_dump_paths(&id)).map_err(to_py)?;
        Ok(paths
            .into_iter()
            .map(|(name, path)| (name, path.into_os_string()))
            .collect())
    }

    /// The processed crash, expanded.
    fn get_processed<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        let bytes = py.detach(|| self.tree.processed(&id)).map_err(to_py)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Remove everything of one crash.
    fn remove(&self, py: Python<'_>, crash_id: CrashIdArg, second: Option<u32>) -> PyResult<()> {
        let id = crash_id.0;
        py.detach(|| self.tree.remove(&id, second)).map_err(to_py)
    }

    /// Remove many: None or the exception for each, in order.
    fn remove_many<'py>(
        &self,
        py: Python<'py>,
        crash_ids: Vec<String>,
        second: Option<u32>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let remove = |crash_id: &String| self.tree.remove(&CrashId::parse(crash_id)?, second);
        let results = py.detach(|| crash_ids.iter().map(remove).collect());
        outcomes(py, results, |()| Ok(py.None().into_bound(py)))
    }

    /// Where a crash's objects lie: their directory and the file names of raw and processed crash.
    fn paths_of(&self, crash_id: CrashIdArg) -> (PathBuf, String, String) {
        let id = crash_id.0;
        let layout = self.tree.layout();
        let dir = self.tree.path().join(layout.crash_dir(&id));
        (dir, layout.json_name(&id), layout.jsonz_name(&id))
    }

    /// The day directories, oldest first.
    fn days(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        py.detach(|| self.tree.days()).map_err(to_py)
    }

    /// Acknowledge a crash; whether this tree had handed it out.
    fn ack(&self, py: Python<'_>, crash_id: CrashIdArg, second: Option<u32>) -> PyResult<bool> {
        let id = crash_id.0;
        py.detach(|| self.tree.ack(&id, second)).map_err(to_py)
    }

    /// Give a crash back; whether this tree had handed it out.
    fn release(&self, crash_id: CrashIdArg) -> bool {
        self.tree.release(&crash_id.0)
    }

    /// Give back everything that was handed out.
    fn release_all(&self) {
        self.tree.release_all();
    }

    /// Clear a day-of-the-month directory of what an earlier month left; how many crashes went.
    fn recycle(&self, py: Python<'_>, crash_id: CrashIdArg, older_than: u64) -> PyResult<usize> {
        let id = crash_id.0;
        py.detach(|| self.tree.recycle(&id, older_than))
            .map_err(to_py)
    }
}

impl RadixTree {
    fn open_named(&self, id: &CrashId, name: String) -> Result<(String, Object)> {
        let dump = self.tree.raw_dump(id, &DumpName::parse_stored(&name)?)?;
        let main = name
            .is_empty()
            .then(|| self.tree.layout().dump_field.clone());
        Ok((main.unwrap_or(name), dump))
    }
}

// The core's error must be able to leave a detached closure.
const _: fn() = || {
    fn crosses_threads<T: Send + Sync + 'static>() {}
    crosses_threads::<Error>();
};
