//! Segments damaged in every way are read without a panic, and what is found adds up.

use proptest::prelude::*;
use socorro_fast_core::segment::fuzzing::Fuzzer;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn damaged_segments_are_read(input in prop::collection::vec(any::<u8>(), 0..64)) {
        Fuzzer::new().unwrap().run(&input);
    }

    #[test]
    fn segments_that_are_signed_again_are_read(
        steps in prop::collection::vec((any::<u16>(), 0_u8..6, any::<u8>()), 0..8),
    ) {
        let mut input = Vec::new();
        for (at, what, value) in steps {
            input.extend(at.to_le_bytes());
            input.extend([what, value]);
        }
        input.extend([0, 0, 7, 0]);
        Fuzzer::new().unwrap().run(&input);
    }
}
