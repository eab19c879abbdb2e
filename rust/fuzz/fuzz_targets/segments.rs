//! Segments, footers and journals, damaged as the input says; checks made right again where it asks.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use socorro_fast_core::segment::fuzzing::Fuzzer;

static FUZZER: LazyLock<Fuzzer> = LazyLock::new(|| Fuzzer::new().unwrap());

fuzz_target!(|input: &[u8]| FUZZER.run(input));
