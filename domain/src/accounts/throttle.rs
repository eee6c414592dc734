//! Failed sign-ins slow down the next ones, by account.

use chrono::TimeDelta;

use crate::time::Timestamp;

/// So many failures cost no waiting.
pub const FREE: u32 = 5;
/// Nobody waits longer than this.
pub const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// Failures are forgotten after this long without another.
pub const FORGET_AFTER: TimeDelta = TimeDelta::hours(1);

/// The recent failures of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How many in a row.
    pub count: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

impl Failures {
    /// Counts one more.
    #[must_use]
    pub fn after(before: Option<Self>, now: Timestamp) -> Self {
        let count = before.filter(|failures| now - failures.last_at < FORGET_AFTER).map_or(0, |failures| failures.count);
        Self { count: count.saturating_add(1), last_at: now }
    }

    /// How long the next try must wait: nothing up to the fifth failure, then 1 s, 2 s, 4 s ... 15 min.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Option<TimeDelta> {
        let doublings = self.count.checked_sub(FREE)?.checked_sub(1)?.min(10);
        let pause = TimeDelta::seconds(1i64 << doublings).min(LONGEST);
        let left = pause - (now - self.last_at);
        (left > TimeDelta::zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn five_failures_are_free_and_then_the_wait_doubles_up_to_15_minutes() {
        let wait = |count| Failures { count, last_at: at(0) }.wait(at(0)).map(|wait| wait.num_seconds());
        assert_eq!((1..=8).map(wait).collect::<Vec<_>>(), [None, None, None, None, None, Some(1), Some(2), Some(4)]);
        assert_eq!(wait(15), Some(512));
        assert_eq!(wait(16), Some(900));
        assert_eq!(wait(u32::MAX), Some(900));
    }

    #[test]
    fn waiting_helps_and_an_hour_forgets() {
        let failures = Failures { count: 8, last_at: at(0) };
        assert_eq!(failures.wait(at(4)), None);
        assert_eq!(Failures::after(Some(failures), at(3_599)).count, 9);
        assert_eq!(Failures::after(Some(failures), at(3_600)).count, 1);
    }
}
