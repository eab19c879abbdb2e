//! Randomness from the operating system, fetched some hundred IDs at a time.
//!
//! Each thread has a pool of its own, so that none can hold a lock when another one forks.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

/// What one crash ID needs: 94 bits.
pub(super) type Draw = [u8; 12];

/// A page of draws.
const DRAWS: usize = 341;

/// A pool of another generation was filled before a fork: the parent has the same one.
static GENERATION: AtomicU64 = AtomicU64::new(1);

/// What makes the names of this process's staged files others than those of its siblings.
static SALT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::EMPTY) };
}

struct Pool {
    draws: [Draw; DRAWS],
    used: usize,
    generation: u64,
}

impl Pool {
    const EMPTY: Self = Self {
        draws: [[0; 12]; DRAWS],
        used: DRAWS,
        generation: 0,
    };

    #[inline]
    fn draw(&mut self) -> Result<Draw, getrandom::Error> {
        if self.generation != GENERATION.load(Ordering::Relaxed) {
            self.used = DRAWS;
        }
        match self.draws.get(self.used) {
            Some(draw) => {
                self.used += 1;
                Ok(*draw)
            }
            None => self.refill(),
        }
    }

    #[cold]
    fn refill(&mut self) -> Result<Draw, getrandom::Error> {
        let generation = GENERATION.load(Ordering::Relaxed);
        getrandom::fill(self.draws.as_flattened_mut())?;
        let [first, ..] = self.draws;
        (self.used, self.generation) = (1, generation);
        Ok(first)
    }
}

/// Random bytes that nobody else gets.
#[inline]
pub(super) fn draw() -> Result<Draw, getrandom::Error> {
    POOL.with_borrow_mut(Pool::draw)
}

/// A number that no other process has which calls [`reseed_after_fork`] after a fork.
pub(crate) fn salt() -> u64 {
    SALT.load(Ordering::Relaxed)
}

/// Forget all pooled randomness, in every thread.
///
/// A child that was forked must call this before it makes its first crash ID or saves its first crash:
/// until then its pool is the parent's, and both would make the same IDs and staged names.
pub fn reseed_after_fork() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    let salt = getrandom::u64().unwrap_or_else(|_| std::process::id().into());
    SALT.store(salt, Ordering::Relaxed);
}
