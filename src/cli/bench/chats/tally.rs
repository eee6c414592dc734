//! What one watcher got of one answer: tokens of the form ` 12:345678`, number and microseconds since the benchmark began.

use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug, Default, Clone)]
pub(super) struct Tally {
    /// The number of the token that comes next.
    next: u32,
    late_us: Vec<u32>,
    /// Tokens that came again.
    pub(super) doubled: usize,
}

impl Tally {
    /// More of the answer, which came at this moment.
    pub(super) fn take(&mut self, text: &str, epoch: Instant) {
        let now = u32::try_from(epoch.elapsed().as_micros()).unwrap_or(u32::MAX);
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            let Some((number, said)) = token.split_once(':') else { continue };
            let (Ok(number), Ok(said)) = (number.parse::<u32>(), said.parse::<u32>()) else { continue };
            if number < self.next {
                self.doubled += 1;
                continue;
            }
            self.next = number.saturating_add(1);
            self.late_us.push(now.saturating_sub(said));
        }
    }

    /// How late each came.
    pub(super) fn late(&self) -> impl Iterator<Item = Duration> {
        self.late_us.iter().map(|late| Duration::from_micros(u64::from(*late)))
    }

    /// How many came, each counted once.
    pub(super) fn came(&self) -> usize {
        self.late_us.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_once_and_gaps_are_seen() {
        let mut tally = Tally::default();
        let epoch = Instant::now();
        tally.take(" 0:1 1:2", epoch);
        tally.take(" 1:2 3:9", epoch);
        assert_eq!((tally.came(), tally.doubled), (3, 1));
    }
}
