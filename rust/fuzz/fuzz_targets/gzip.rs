//! Foreign bytes never expand past the limit, and what we compress comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socorro_fast_core::gzip::{compress, expand};

const LIMIT: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    if let Ok(bytes) = expand(data, LIMIT) {
        assert!(bytes.len() as u64 <= LIMIT);
    }
    let packed = compress(data, u32::from(data.first().copied().unwrap_or(6) % 10)).unwrap();
    assert_eq!(expand(&packed, LIMIT).unwrap(), data);
});
