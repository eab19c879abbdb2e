//! The extension module `socorro_fast._rust`: arguments in, core call with the GIL released, errors out.
#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands extracted arguments over by value"
)]

mod antenna;
mod bytes;
mod crash_id;
mod error;
mod json;
mod segment;
mod tree;
mod walks;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _rust {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::antenna::AntennaTree;
    #[pymodule_export]
    use crate::crash_id::{
        crash_id_from_uuid, date_and_depth, date_of, depth_of, is_valid, new_crash_id,
        new_crash_ids, radix_of, reseed_after_fork, shard_of, validate_many,
    };
    #[pymodule_export]
    use crate::json::{is_plain_json, needs_exact_json, survives_jsonb};

    #[pymodule_export]
    use crate::segment::SegmentStore;
    #[pymodule_export]
    use crate::tree::RadixTree;
    #[pymodule_export]
    use crate::walks::{DayWalk, QueuePass, SegmentPass};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("BUILD_PROFILE", env!("BUILD_PROFILE"))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
