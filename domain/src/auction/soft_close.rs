//! Late bids move the end, so that the last word needs more than a fast line.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How a late bid moves the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoftCloseMode {
    /// To the bid's time and the extension.
    Reset,
    /// By the extension.
    Add,
}

/// When and how far late bids move the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftClose {
    /// How.
    pub mode: SoftCloseMode,
    /// Bids are late when less than this is left, in seconds.
    pub window_s: u32,
    /// How far, in seconds.
    pub extend_s: u32,
    /// So many times at most.
    pub max_extensions: u32,
}

/// When bidding ends, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clock {
    /// The effective end; `None`: when the clerk says so.
    pub ends_at: Option<Timestamp>,
    /// Late bids do not move the end beyond this.
    pub absolute_end_at: Option<Timestamp>,
    /// How many times the end has moved.
    pub extensions: u32,
}

impl SoftClose {
    /// The usual form: so many seconds of quiet are needed, fifty extensions at most.
    #[must_use]
    pub const fn reset(window_s: u32) -> Self {
        Self { mode: SoftCloseMode::Reset, window_s, extend_s: window_s, max_extensions: 50 }
    }
}

impl Clock {
    /// Whether bidding is over at this moment, whoever has noticed.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| now >= end)
    }

    /// The new end after a bid that changed price or leader at `now`; `None` when the end stands. It never moves back.
    #[must_use]
    pub fn extended(&self, rule: Option<&SoftClose>, now: Timestamp) -> Option<Timestamp> {
        let (rule, end) = (rule?, self.ends_at?);
        if self.extensions >= rule.max_extensions || end - now >= TimeDelta::seconds(rule.window_s.into()) {
            return None;
        }
        let from = match rule.mode {
            SoftCloseMode::Reset => now,
            SoftCloseMode::Add => end,
        };
        let wanted = from.checked_add_signed(TimeDelta::seconds(rule.extend_s.into()))?;
        let wanted = self.absolute_end_at.map_or(wanted, |last| wanted.min(last));
        (wanted > end).then_some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    fn clock(end: i64, absolute: Option<i64>, extensions: u32) -> Clock {
        Clock { ends_at: Some(at(end)), absolute_end_at: absolute.map(at), extensions }
    }

    const ADD: SoftClose = SoftClose { mode: SoftCloseMode::Add, window_s: 60, extend_s: 180, max_extensions: 50 };

    #[test]
    fn reset_gives_the_window_again_from_the_bid() {
        let rule = SoftClose::reset(120);
        assert_eq!(clock(1_000, None, 0).extended(Some(&rule), at(990)), Some(at(1_110)));
        assert_eq!(clock(1_000, None, 0).extended(Some(&rule), at(880)), None, "120 s left is not late");
        assert_eq!(clock(1_000, None, 0).extended(Some(&rule), at(881)), Some(at(1_001)));
    }

    #[test]
    fn add_moves_the_end_by_the_extension() {
        // Blinto: three minutes for a bid in the last minute.
        assert_eq!(clock(1_000, None, 0).extended(Some(&ADD), at(941)), Some(at(1_180)));
        assert_eq!(clock(1_000, None, 0).extended(Some(&ADD), at(940)), None);
    }

    #[test]
    fn the_windows_of_known_houses_can_be_given() {
        let add = |window_s, extend_s| SoftClose { mode: SoftCloseMode::Add, window_s, extend_s, max_extensions: 50 };
        let vectors = [
            ("Tipo: two minutes within five", add(300, 120), 701, Some(1_120)),
            ("Heffel: a minute and a half", add(90, 90), 911, Some(1_090)),
            ("Whatnot: not with ten seconds left", SoftClose::reset(10), 990, None),
            ("Whatnot: with less", SoftClose::reset(10), 991, Some(1_001)),
            ("Troostwijk", SoftClose::reset(120), 999, Some(1_119)),
            ("Zora", SoftClose::reset(900), 999, Some(1_899)),
        ];
        for (house, rule, bid_at, wanted) in vectors {
            assert_eq!(clock(1_000, None, 0).extended(Some(&rule), at(bid_at)), wanted.map(at), "{house}");
        }
    }

    #[test]
    fn the_absolute_end_and_the_number_of_extensions_stop_it() {
        let rule = SoftClose::reset(120);
        assert_eq!(clock(1_000, Some(1_050), 0).extended(Some(&rule), at(990)), Some(at(1_050)));
        assert_eq!(clock(1_050, Some(1_050), 1).extended(Some(&rule), at(1_049)), None);
        assert_eq!(clock(1_000, None, 50).extended(Some(&rule), at(999)), None);
    }

    #[test]
    fn an_end_never_moves_back() {
        let short = SoftClose { extend_s: 10, ..SoftClose::reset(120) };
        assert_eq!(clock(1_000, None, 0).extended(Some(&short), at(900)), None, "910 would be earlier");
        assert_eq!(clock(1_000, Some(900), 0).extended(Some(&ADD), at(999)), None);
    }

    #[test]
    fn sudden_death_and_an_open_end_stand() {
        assert_eq!(clock(1_000, None, 0).extended(None, at(999)), None);
        assert_eq!(Clock::default().extended(Some(&ADD), at(999)), None);
        assert!(!Clock::default().is_over(at(999)));
    }

    #[test]
    fn the_very_moment_of_the_end_is_over() {
        assert!(clock(1_000, None, 0).is_over(at(1_000)));
        assert!(!clock(1_000, None, 0).is_over(at(999)));
    }
}
