//! What is taken for a crash ID reads back as itself and never leaves its directory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socorro_fast_core::crash_id::CrashId;

fuzz_target!(|data: &[u8]| {
    match CrashId::from_bytes(data) {
        Ok(id) => {
            assert_eq!(id.as_bytes(), data);
            assert!(id.depth(4) <= 9);
            assert!((1..=31).contains(&id.date().day));
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
});
