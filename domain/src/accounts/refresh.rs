//! Refresh tokens: one family per device, rotated at each use, revoked when a stolen one shows itself.
//!
//! The n-th token of a family is its generation n; make it from a secret, the family and the generation, so that the same
//! successor can be given twice.

use chrono::TimeDelta;

use crate::code::Code;
use crate::time::Timestamp;

/// A token can be used this long after it was given, unless set otherwise.
pub const LIFE: TimeDelta = TimeDelta::days(14);
/// The token before the current one gets the same successor again this long: two tabs refresh at once, an answer is lost.
pub const GRACE: TimeDelta = TimeDelta::seconds(30);

/// What is kept of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// The generation that was given last, from 1.
    pub generation: u32,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it was signed out or revoked.
    pub revoked: bool,
}

/// What a presented token leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Give this next generation and store it with the time, on condition that the stored one is still the old.
    Rotate(u32),
    /// Give the current generation again; nothing to store.
    SameAgain(u32),
    /// Used before and not within the grace: revoke the whole family.
    Reused,
    /// Past its life.
    Expired,
    /// Signed out.
    Revoked,
    /// Of a generation that was never given.
    Unknown,
}

impl Verdict {
    /// The error to show, unless a token is given.
    #[must_use]
    pub const fn error(self) -> Option<Code> {
        match self {
            Self::Rotate(_) | Self::SameAgain(_) => None,
            Self::Reused => Some(Code::RefreshReused),
            Self::Expired => Some(Code::TokenExpired),
            Self::Revoked => Some(Code::TokenRevoked),
            Self::Unknown => Some(Code::TokenInvalid),
        }
    }
}

impl Family {
    /// Judges a token of this family, its signature or hash having been checked.
    #[must_use]
    pub fn judge(&self, generation: u32, now: Timestamp) -> Verdict {
        if self.revoked {
            return Verdict::Revoked;
        }
        if generation == 0 || generation > self.generation {
            return Verdict::Unknown;
        }
        let is_previous = generation.checked_add(1) == Some(self.generation);
        if is_previous && now - self.given_at < GRACE {
            return Verdict::SameAgain(self.generation);
        }
        if generation < self.generation {
            return Verdict::Reused;
        }
        if now >= self.expires_at {
            return Verdict::Expired;
        }
        generation.checked_add(1).map_or(Verdict::Expired, Verdict::Rotate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    fn third(given_at: i64) -> Family {
        Family { generation: 3, given_at: at(given_at), expires_at: at(given_at) + LIFE, revoked: false }
    }

    #[test]
    fn each_use_gives_the_next_generation() {
        assert_eq!(Family { generation: 1, ..third(0) }.judge(1, at(1)), Verdict::Rotate(2));
        assert_eq!(third(0).judge(3, at(1)), Verdict::Rotate(4));
    }

    #[test]
    fn the_previous_token_gets_the_same_successor_for_30_seconds() {
        assert_eq!(third(100).judge(2, at(129)), Verdict::SameAgain(3));
        assert_eq!(third(100).judge(2, at(130)), Verdict::Reused);
    }

    #[test]
    fn an_older_token_gives_the_thief_away_at_once() {
        assert_eq!(third(100).judge(1, at(100)), Verdict::Reused);
    }

    #[test]
    fn a_token_lives_for_14_days() {
        let day = 86_400;
        assert_eq!(third(0).judge(3, at(14 * day - 1)), Verdict::Rotate(4));
        assert_eq!(third(0).judge(3, at(14 * day)), Verdict::Expired);
    }

    #[test]
    fn after_signing_out_nothing_helps() {
        let family = Family { revoked: true, ..third(0) };
        for generation in 1..=3 {
            assert_eq!(family.judge(generation, at(1)), Verdict::Revoked);
        }
    }

    #[test]
    fn a_generation_that_was_never_given_is_unknown() {
        assert_eq!(third(0).judge(4, at(1)), Verdict::Unknown);
        assert_eq!(third(0).judge(0, at(1)), Verdict::Unknown);
    }
}
