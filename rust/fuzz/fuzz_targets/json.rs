//! The look at JSON that decides which decoder gets it must stand anything.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = socorro_fast_core::json::may_have_big_integer(data);
});
