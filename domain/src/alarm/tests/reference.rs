//! The slow model: when an alarm rings, by walking through time minute by minute and looking at the wall clock; and streaks
//! counted from the whole list of what happened.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::Tz;

use crate::alarm::Terms;
use crate::alarm::streak::Verdict;
use crate::alarm::zone::Month;
use crate::time::Timestamp;

/// The first ring after a moment, within `days`.
pub fn next_ring(terms: &Terms, zone: Tz, after: Timestamp, days: i64) -> Option<Timestamp> {
    let wanted = |local: NaiveDateTime| {
        let date =
            terms.date.map_or_else(|| terms.days.is_empty() || terms.days.contains(local.weekday()), |d| d == local.date());
        date && local.time() == terms.time
    };
    let local = |at: Timestamp| -> NaiveDateTime { DateTime::with_timezone(&at, &zone).naive_local() };
    // From a day before, so that an hour which is shown twice is known to be shown for the second time.
    let mut at = after.with_second(0).unwrap().with_nanosecond(0).unwrap() - TimeDelta::days(1);
    let mut latest = local(at);
    for _ in 0..(days + 2) * 24 * 60 {
        at += TimeDelta::minutes(1);
        let here = local(at);
        // All that the wall clock has passed by since it showed the latest time: one minute, or what was left out.
        let mut rings = false;
        while latest < here {
            latest += TimeDelta::minutes(1);
            rings |= wanted(latest);
        }
        if rings && at > after {
            return Some(at);
        }
    }
    None
}

/// The streak after all these ends of sessions.
pub fn streak(ends: &[(NaiveDate, Verdict)]) -> u32 {
    let mut days: BTreeMap<NaiveDate, Vec<Verdict>> = BTreeMap::new();
    for (day, verdict) in ends {
        days.entry(*day).or_default().push(*verdict);
    }
    let mut frozen = BTreeSet::new();
    let mut streak = 0;
    for (day, verdicts) in days {
        if verdicts.contains(&Verdict::Broken) {
            if streak > 0 && !frozen.insert((Month::of(day).year, Month::of(day).month)) {
                streak = 0;
            }
        } else if verdicts.contains(&Verdict::Kept) {
            streak += 1;
        }
    }
    streak
}
