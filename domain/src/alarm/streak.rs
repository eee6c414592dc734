//! Days got up in a row. A day ends at four in the morning where the person is, and belongs to the time at which the
//! session began. A day without an alarm counts neither way; one day a month that would break the streak is forgiven.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::alarm::event::How;
use crate::alarm::zone::Month;

/// A day ends at this hour, local time.
pub const DAY_CLOSES_AT: u8 = 4;

/// What the end of a session means for its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Got up.
    Kept,
    /// Counts neither way.
    Neutral,
    /// Missed, or stopped in an emergency.
    Broken,
}

impl Verdict {
    /// Of an alarm that was stopped.
    #[must_use]
    pub const fn of(how: How) -> Self {
        match how {
            How::Answered | How::Plain | How::Excused => Self::Kept,
            How::Offline => Self::Neutral,
            How::Emergency => Self::Broken,
        }
    }
}

/// A person's streak.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Streak {
    /// Days in a row.
    pub days: u32,
    /// The most there ever were.
    pub best: u32,
    /// The last day that counted.
    pub kept: Option<NaiveDate>,
    /// The last day that was broken, forgiven or not.
    pub broken: Option<NaiveDate>,
    /// The month whose one forgiven day is used up.
    pub frozen: Option<Month>,
}

impl Streak {
    /// After a session's end. A day that was broken stays so; several sessions of one day count once; a day before the
    /// last one that counted (the person flew west) is that day again.
    #[must_use]
    pub fn after(&self, day: NaiveDate, verdict: Verdict) -> Self {
        let mut next = self.clone();
        let day = day.max(self.kept.unwrap_or(day)).max(self.broken.unwrap_or(day));
        let (kept, broken) = (self.kept == Some(day), self.broken == Some(day));
        match verdict {
            Verdict::Kept if !kept && !broken => {
                next.days = self.days.saturating_add(1);
                next.best = self.best.max(next.days);
                next.kept = Some(day);
            }
            Verdict::Broken if !broken => {
                next.broken = Some(day);
                // What the same day had given is gone, too.
                let before = self.days.saturating_sub(u32::from(kept));
                let forgiven = self.frozen != Some(Month::of(day));
                next.days = if forgiven { before } else { 0 };
                if forgiven && before > 0 {
                    next.frozen = Some(Month::of(day));
                }
            }
            Verdict::Kept | Verdict::Broken | Verdict::Neutral => {}
        }
        next
    }
}
