//! Spreading crashes over shards: placement is permanent, published vectors pin it (docs/crash-ids.md).

use std::num::NonZeroU32;

use twox_hash::XxHash3_64;

use crate::crash_id::CrashId;

/// The shard of a crash, 0 to `shards - 1`.
///
/// Jump consistent hash (Lamping and Veach, 2014) over the XXH3-64 of the 36 characters: one more
/// shard draws an even part of the crashes to itself and moves none between the others.
#[must_use]
pub fn shard_of(id: &CrashId, shards: NonZeroU32) -> u32 {
    jump(XxHash3_64::oneshot(id.as_bytes()), shards)
}

/// A random walk that only goes up, seeded by the key: the shard is its last step below `shards`.
///
/// Each step divides in double precision and cuts the fraction off, as every published
/// implementation does: exact arithmetic would place a few keys elsewhere.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]
fn jump(mut key: u64, shards: NonZeroU32) -> u32 {
    let (mut shard, mut next) = (0, 0);
    while next < u64::from(shards.get()) {
        shard = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((shard + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as u64;
    }
    shard as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_as_other_implementations_do() {
        let known = [
            (1, 1, 0),
            (42, 57, 43),
            (0xdead_10cc, 1, 0),
            (0xdead_10cc, 666, 361),
            (256, 1024, 520),
        ];
        for (key, shards, shard) in known {
            assert_eq!(jump(key, NonZeroU32::new(shards).unwrap()), shard);
        }
    }

    #[test]
    fn hashes_as_the_reference_implementation_does() {
        assert_eq!(XxHash3_64::oneshot(b""), 0x2d06_8005_38d3_94c2);
        let id = b"aabbcccc-0000-4000-8000-000002180601";
        assert_eq!(XxHash3_64::oneshot(id), 0x7418_a94e_ed94_5e73);
    }

    #[test]
    fn ends_for_every_key_and_number_of_shards() {
        for key in [0, 1, u64::MAX / 2, u64::MAX] {
            for shards in [1, 2, 0x7fff_ffff, u32::MAX] {
                let shards = NonZeroU32::new(shards).unwrap();
                assert!(jump(key, shards) < shards.get());
            }
        }
    }
}
