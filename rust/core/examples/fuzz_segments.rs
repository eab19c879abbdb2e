//! A fuzzer without coverage, for where cargo-fuzz is not to be had: random damage, as often as asked.
//!
//!     cargo run --release --example fuzz_segments -- 10000000

use std::error::Error;

use socorro_fast_core::segment::fuzzing::Fuzzer;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let times: u64 = arguments.next().ok_or("how many times?")?.parse()?;
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let (mut random, fuzzer, mut input) = (Random(seed), Fuzzer::new()?, Vec::new());
    for _ in 0..times {
        input.clear();
        for _ in 0..random.next() % 6 {
            input.extend(u32::try_from(random.next() >> 32)?.to_le_bytes());
        }
        // Half of the time everything is signed again at the end, as if the salt were known.
        if random.next() % 2 == 0 {
            input.extend([0, 0, 7, 0]);
        }
        fuzzer.run(&input);
    }
    #[allow(clippy::print_stdout)]
    {
        println!("{times} executions, seed {seed}: no panic");
    }
    Ok(())
}
