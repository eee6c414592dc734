//! Leaves alone who fails again and again: asking would only cost time, and not let it recover.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// When to leave somebody alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row; at least 1.
    pub failures: u32,
    /// So long; then one request may try, and after another failure it begins anew.
    pub rest: Duration,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Failures in a row so far.
    Closed(u32),
    /// Nobody asks before that; after it one may, who moves it.
    Open(Instant),
}

/// Counts failures in a row.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: Mutex<State>,
}

impl Breaker {
    /// Nothing has failed yet.
    #[must_use]
    pub const fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: Mutex::new(State::Closed(0)) }
    }

    /// Whether a request may be made at that moment. Who is told yes while all others are told no is the one who tries: one
    /// for each time of rest, so a trial that is given up does not keep the door shut.
    pub fn may_ask(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        match *state {
            State::Closed(_) => true,
            State::Open(until) if now < until => false,
            State::Open(_) => {
                *state = State::Open(now + self.settings.rest);
                true
            }
        }
    }

    /// A request went well.
    pub fn went_well(&self) {
        *self.state.lock() = State::Closed(0);
    }

    /// A request failed at that moment.
    pub fn failed(&self, now: Instant) {
        let mut state = self.state.lock();
        let failures = match *state {
            State::Closed(failures) => failures.saturating_add(1),
            State::Open(_) => self.settings.failures,
        };
        *state =
            if failures >= self.settings.failures { State::Open(now + self.settings.rest) } else { State::Closed(failures) };
    }

    /// Whether nobody may ask at that moment. Asking this changes nothing.
    #[must_use]
    pub fn is_open(&self, now: Instant) -> bool {
        matches!(*self.state.lock(), State::Open(until) if now < until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REST: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 3, rest: REST })
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_try_after_its_rest() {
        let (breaker, now) = (breaker(), Instant::now());
        breaker.failed(now);
        breaker.failed(now);
        breaker.went_well();
        breaker.failed(now);
        breaker.failed(now);
        assert!(breaker.may_ask(now), "they were not in a row");
        breaker.failed(now);
        assert!(!breaker.may_ask(now) && breaker.is_open(now));
        let later = now + REST;
        assert!(breaker.may_ask(later));
        assert!(!breaker.may_ask(later), "only one tries");
        breaker.failed(later);
        assert!(!breaker.may_ask(later + REST / 2));
        assert!(breaker.may_ask(later + REST));
        breaker.went_well();
        assert!(breaker.may_ask(later + REST) && breaker.may_ask(later + REST));
    }

    #[test]
    fn a_trial_that_is_given_up_does_not_keep_it_shut() {
        let (breaker, now) = (breaker(), Instant::now());
        for _ in 0..3 {
            breaker.failed(now);
        }
        assert!(breaker.may_ask(now + REST), "and nothing is heard of it");
        assert!(breaker.may_ask(now + REST * 2));
    }

    proptest! {
        #[test]
        fn it_never_rests_longer_than_it_should(steps in prop::collection::vec((0_u8..3, 0_u64..40), 0..60)) {
            let breaker = breaker();
            let mut now = Instant::now();
            for (what, seconds) in steps {
                now += Duration::from_secs(seconds);
                match what {
                    0 => breaker.failed(now),
                    1 => breaker.went_well(),
                    _ => drop(breaker.may_ask(now)),
                }
                prop_assert!(!breaker.is_open(now + REST));
            }
        }
    }
}
