//! What is stored compressed comes back, whoever compressed it; what is damaged does not.
#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use socorro_fast_core::gzip::{GzipError, compress, expand};

const LIMIT: u64 = 1 << 20;

fn by_another(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(9));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #[test]
    fn comes_back(data in proptest::collection::vec(any::<u8>(), 0..5000), level in 0..12_u32) {
        prop_assert_eq!(expand(&compress(&data, level).unwrap(), LIMIT).unwrap(), data);
    }

    #[test]
    fn comes_back_from_another_writer(data in "[a-z\":{} ]{0,3000}") {
        prop_assert_eq!(expand(&by_another(data.as_bytes()), LIMIT).unwrap(), data.as_bytes());
    }

    #[test]
    fn several_members_are_one_text(first in "[a-z]{0,300}", second in "[a-z]{0,299}") {
        prop_assume!(first.len() != second.len());
        let both = [by_another(first.as_bytes()), by_another(second.as_bytes())].concat();
        prop_assert_eq!(expand(&both, LIMIT).unwrap(), [first, second].concat().into_bytes());
    }

    #[test]
    fn cut_short_is_damaged(data in proptest::collection::vec(any::<u8>(), 1..500), cut in 1..30_usize) {
        let packed = compress(&data, 6).unwrap();
        let short = &packed[..packed.len().saturating_sub(cut)];
        prop_assert!(expand(short, LIMIT).is_err());
    }

    #[test]
    fn a_flipped_bit_is_damage(data in "[a-z ]{50,500}", at in 10..30_usize, bit in 0..8_u8) {
        let mut packed = compress(data.as_bytes(), 6).unwrap();
        packed[at] ^= 1_u8 << bit;
        prop_assert!(expand(&packed, LIMIT).is_err());
    }

    #[test]
    fn anything_at_all_is_stood(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(expand(&data, LIMIT).map_or(0, |bytes| bytes.len() as u64) <= LIMIT);
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_held() {
    let bomb = compress(&vec![0; 64 << 20], 9).unwrap();
    assert!(matches!(
        expand(&bomb, LIMIT),
        Err(GzipError::TooLarge(LIMIT))
    ));
}

#[test]
fn equal_data_gives_equal_bytes() {
    assert_eq!(
        compress(b"the same", 6).unwrap(),
        compress(b"the same", 6).unwrap()
    );
}
