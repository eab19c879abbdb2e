//! `AntennaTree`: the crashes of one root in Antenna's layout.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use socorro_fast_core::antenna::AntennaTree as Tree;
use socorro_fast_core::layout::DumpName;
use socorro_fast_core::{Durability, Modes, Object, Result};

use crate::crash_id::CrashIdArg;
use crate::error::to_py;
use crate::tree::{Dump, new_dumps, read};

/// Crashes as Antenna stores them: a directory for each kind of object, below the day.
#[pyclass(frozen, module = "socorro_fast._rust")]
pub(crate) struct AntennaTree {
    tree: Tree,
}

#[pymethods]
impl AntennaTree {
    #[new]
    #[pyo3(signature = (fs_root, *, file_mode, dir_mode, sync))]
    fn new(
        py: Python<'_>,
        fs_root: PathBuf,
        file_mode: u32,
        dir_mode: u32,
        sync: bool,
    ) -> PyResult<Self> {
        let modes = Modes {
            file: file_mode,
            dir: dir_mode,
        };
        let durability = if sync {
            Durability::Disk
        } else {
            Durability::Os
        };
        let tree = py
            .detach(|| Tree::open(&fs_root, modes, durability))
            .map_err(to_py)?;
        Ok(Self { tree })
    }

    /// The root, absolute.
    #[getter]
    fn path(&self) -> PathBuf {
        self.tree.path().to_owned()
    }

    /// The same tree without locks: for the child of a fork.
    fn renewed(&self) -> Self {
        Self {
            tree: self.tree.renewed(),
        }
    }

    /// Save a crash, given as JSON, its dumps and the JSON list of their names.
    #[pyo3(signature = (crash_id, raw_crash, dump_names, dumps, /))]
    fn save_crash(
        &self,
        py: Python<'_>,
        crash_id: CrashIdArg,
        raw_crash: PyBackedBytes,
        dump_names: PyBackedBytes,
        dumps: Vec<(String, Dump)>,
    ) -> PyResult<()> {
        let id = crash_id.0;
        let dumps = new_dumps(&dumps).map_err(to_py)?;
        py.detach(|| self.tree.save(&id, &raw_crash, &dump_names, dumps))
            .map_err(to_py)
    }

    /// The raw crash as stored.
    fn get_raw_crash<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        read_opened(py, || self.tree.raw_crash(&id))
    }

    /// The names of the crash's dumps as stored: a JSON list.
    fn get_dump_names<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        read_opened(py, || self.tree.dump_names(&id))
    }

    /// One dump, whether or not there is a raw crash.
    fn get_dump<'py>(
        &self,
        py: Python<'py>,
        crash_id: CrashIdArg,
        name: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = crash_id.0;
        read_opened(py, || self.tree.dump(&id, &DumpName::parse_stored(name)?))
    }
}

fn read_opened(
    py: Python<'_>,
    open: impl FnOnce() -> Result<Object> + Send,
) -> PyResult<Bound<'_, PyBytes>> {
    let object = py.detach(open).map_err(to_py)?;
    read(py, &object)
}
