//! What tests of several parts need.

use super::context::SegmentOptions;
use crate::dir::{Durability, Modes};

/// Options of a small storage that waits for nothing.
pub(crate) fn options() -> SegmentOptions {
    SegmentOptions {
        modes: Modes {
            file: 0o644,
            dir: 0o755,
        },
        durability: Durability::Os,
        segment_bytes: 64 * 1024,
        compression: None,
        sync_interval: 0,
        keep_free: 0,
        max_open: 4,
        dump_field: "upload_file_minidump".to_owned(),
        allow_network: false,
    }
}
