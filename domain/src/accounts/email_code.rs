//! The six characters that prove that an e-mail address is read by the person who gave it.

use chrono::TimeDelta;

use crate::code::Code;
use crate::time::Timestamp;

/// A code can be used this long.
pub const LIFE: TimeDelta = TimeDelta::seconds(180);
/// A new code is sent at the earliest this long after the last one.
pub const RESEND_AFTER: TimeDelta = TimeDelta::seconds(60);
/// So many wrong tries end a code.
pub const MAX_TRIES: u8 = 5;
/// How many characters a code has.
pub const LENGTH: usize = 6;

/// Capital letters and digits that nobody mistakes for each other: no 0 O, 1 I L.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Makes a code from 128 random bits: 31^6, some 887 million, equally likely within 2^-98.
#[must_use]
pub fn make(random: u128) -> String {
    let radix = 31;
    let digits = std::iter::successors(Some(random), |rest| Some(rest / radix)).map(|rest| rest % radix);
    digits.take(LENGTH).filter_map(|digit| ALPHABET.get(usize::try_from(digit).ok()?).copied().map(char::from)).collect()
}

/// The one form in which a typed code is hashed and compared: capitals, without spaces and hyphens. `None` when it cannot
/// be a code at all.
#[must_use]
pub fn normalise(typed: &str) -> Option<String> {
    let kept = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let code: String = kept.map(|c| c.to_ascii_uppercase()).take(LENGTH + 1).collect();
    (code.len() == LENGTH && code.bytes().all(|b| ALPHABET.contains(&b))).then_some(code)
}

/// What is kept of a code that was sent, besides its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub sent_at: Timestamp,
    /// How many wrong tries there were.
    pub tries: u8,
}

/// What a try with a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Right: the code is used up now.
    Accepted,
    /// Wrong: one more try must be counted.
    Wrong,
    /// Past its life: right or wrong does not matter.
    Expired,
    /// Too many wrong tries: right or wrong does not matter.
    Exhausted,
}

impl Verdict {
    /// The error to show, unless it was right.
    #[must_use]
    pub const fn error(self) -> Option<Code> {
        match self {
            Self::Accepted => None,
            Self::Wrong => Some(Code::EmailCodeWrong),
            Self::Expired => Some(Code::EmailCodeExpired),
            Self::Exhausted => Some(Code::EmailCodeExhausted),
        }
    }
}

impl Sent {
    /// A code sent just now.
    #[must_use]
    pub const fn new(sent_at: Timestamp) -> Self {
        Self { sent_at, tries: 0 }
    }

    /// Judges a try. `matches`: whether the hash of what was typed is the stored one, compared in constant time.
    #[must_use]
    pub fn judge(self, matches: bool, now: Timestamp) -> Verdict {
        if now - self.sent_at >= LIFE {
            Verdict::Expired
        } else if self.tries >= MAX_TRIES {
            Verdict::Exhausted
        } else if matches {
            Verdict::Accepted
        } else {
            Verdict::Wrong
        }
    }

    /// How long to wait before another code may be sent; `None`: it may be sent now.
    #[must_use]
    pub fn resend_wait(self, now: Timestamp) -> Option<TimeDelta> {
        let wait = RESEND_AFTER - (now - self.sent_at);
        (wait > TimeDelta::zero()).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_code_has_six_unambiguous_characters() {
        assert_eq!(make(0), "222222");
        assert_eq!(make(31u128.pow(6) - 1), "ZZZZZZ");
        for random in [1, 12_345, u128::MAX] {
            let code = make(random);
            assert_eq!(normalise(&code).as_deref(), Some(code.as_str()));
        }
    }

    #[test]
    fn a_code_may_be_typed_in_small_letters_and_groups() {
        assert_eq!(normalise(" abc-d 23 ").as_deref(), Some("ABCD23"));
        for typed in ["", "ABCD2", "ABCD234", "ABCD20", "ABCDI2", "가나다라마바"] {
            assert_eq!(normalise(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_code_lives_for_180_seconds() {
        assert_eq!(Sent::new(at(0)).judge(true, at(179)), Verdict::Accepted);
        assert_eq!(Sent::new(at(0)).judge(true, at(180)), Verdict::Expired);
    }

    #[test]
    fn five_wrong_tries_end_a_code_even_for_the_right_one() {
        let mut sent = Sent::new(at(0));
        for _ in 0..MAX_TRIES {
            assert_eq!(sent.judge(false, at(10)), Verdict::Wrong);
            sent.tries += 1;
        }
        assert_eq!(sent.judge(true, at(10)), Verdict::Exhausted);
    }

    #[test]
    fn another_code_is_sent_after_60_seconds() {
        assert_eq!(Sent::new(at(0)).resend_wait(at(59)), Some(TimeDelta::seconds(1)));
        assert_eq!(Sent::new(at(0)).resend_wait(at(60)), None);
    }
}
