//! When deliveries wait for a moment: while a crowd comes in, every pass over those who are there already keeps the others at
//! the door. What waits goes out together, so nobody is told less, and the crowd is in sooner.

use std::time::{Duration, Instant};

/// A pass that took less holds nobody up.
const LONG: Duration = Duration::from_millis(2);
/// How long after a long pass the next one waits at most.
const PAUSE: Duration = Duration::from_millis(40);

/// Knows of the last pass, and whether anybody came since the last turn.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the last pass ended, if it was a long one.
    long_until: Option<Instant>,
    arrived: bool,
}

impl Pace {
    /// Somebody comes, or subscribes.
    pub(super) const fn note_arrival(&mut self) {
        self.arrived = true;
    }

    /// A pass over the members began at `begun` and ends now.
    pub(super) fn passed(&mut self, begun: Instant, now: Instant) {
        self.long_until = (now.saturating_duration_since(begun) > LONG).then_some(now);
    }

    /// How long the next pass waits yet; asked once a turn.
    pub(super) fn pause(&mut self, now: Instant) -> Option<Duration> {
        let arrived = std::mem::take(&mut self.arrived);
        let left = PAUSE.checked_sub(now.saturating_duration_since(self.long_until?))?;
        (arrived && !left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_pass_waits_only_after_a_long_one_and_only_while_people_come() {
        let begun = Instant::now();
        let mut pace = Pace::default();
        pace.note_arrival();
        assert_eq!(pace.pause(begun), None, "nothing was delivered yet");
        pace.passed(begun, begun + ms(1));
        pace.note_arrival();
        assert_eq!(pace.pause(begun + ms(1)), None, "a short pass");
        pace.passed(begun, begun + ms(60));
        assert_eq!(pace.pause(begun + ms(61)), None, "nobody came");
        pace.note_arrival();
        assert_eq!(pace.pause(begun + ms(70)), Some(ms(30)));
        assert_eq!(pace.pause(begun + ms(71)), None, "nobody else came");
        pace.note_arrival();
        assert_eq!(pace.pause(begun + ms(100)), None, "it has waited long enough");
    }
}
