//! Failed sign-ins slow down the next ones for the same address, whether it has an account or not.

use dashmap::DashMap;
use madang_domain::accounts::throttle::{FORGET_AFTER, Failures};
use madang_domain::code::Code;
use madang_domain::time::Timestamp;

use crate::http::problem::Problem;

/// More addresses than this are remembered only until the old ones are swept out.
const CROWDED: usize = 100_000;

/// Counts failures in memory, under keyed hashes of the addresses.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: DashMap<[u8; 32], Failures>,
}

impl Throttle {
    /// Takes a try: counted as failed until [`Throttle::forgive`], so that parallel guesses count too.
    ///
    /// # Errors
    /// `RateLimited` while the address must wait.
    pub(super) fn admit(&self, address: [u8; 32], now: Timestamp) -> Result<(), Problem> {
        if self.failures.len() > CROWDED {
            self.failures.retain(|_, failures| now - failures.last_at < FORGET_AFTER);
        }
        let mut entry = self.failures.entry(address).or_insert(Failures { count: 0, last_at: now });
        if let Some(wait) = entry.wait(now) {
            return Err(Problem::new(Code::RateLimited, "Too many failed sign-ins: please wait.").retry_after(wait));
        }
        *entry = Failures::after(Some(*entry), now);
        Ok(())
    }

    /// The password was right: the failures before it count no more.
    pub(super) fn forgive(&self, address: &[u8; 32]) {
        self.failures.remove(address);
    }
}
