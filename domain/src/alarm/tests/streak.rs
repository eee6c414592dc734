//! Streaks: by hand, and against the count of the whole list.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::reference;
use crate::alarm::streak::{Streak, Verdict};

fn day(number: u64) -> NaiveDate {
    "2026-11-01".parse::<NaiveDate>().unwrap() + Days::new(number)
}

fn after(ends: &[(NaiveDate, Verdict)]) -> Streak {
    ends.iter().fold(Streak::default(), |streak, (day, verdict)| streak.after(*day, *verdict))
}

#[test]
fn days_without_an_alarm_do_not_break_it_and_one_bad_day_a_month_is_forgiven() {
    let mut ends = vec![(day(0), Verdict::Kept), (day(1), Verdict::Kept), (day(4), Verdict::Kept)];
    assert_eq!(after(&ends).days, 3);
    ends.push((day(5), Verdict::Broken));
    assert_eq!(after(&ends).days, 3, "forgiven");
    ends.push((day(6), Verdict::Broken));
    assert_eq!((after(&ends).days, after(&ends).best), (0, 3), "only once a month");
    ends.extend([(day(7), Verdict::Kept), (day(31), Verdict::Broken)]);
    assert_eq!(after(&ends).days, 1, "another month");
}

#[test]
fn a_day_counts_once_and_a_broken_day_stays_broken() {
    let ends = [(day(0), Verdict::Kept), (day(0), Verdict::Kept), (day(1), Verdict::Broken), (day(1), Verdict::Kept)];
    assert_eq!(after(&ends).days, 1);
    assert_eq!(after(&[(day(0), Verdict::Kept), (day(0), Verdict::Broken)]).days, 0, "what the day gave is gone");
}

#[test]
fn who_flies_west_does_not_count_a_day_twice() {
    assert_eq!(after(&[(day(3), Verdict::Kept), (day(2), Verdict::Kept)]).days, 1);
}

proptest! {
    #[test]
    fn the_streak_is_that_of_the_whole_list(steps in prop::collection::vec((0u64..3, 0u8..4), 0..80)) {
        let mut ends = Vec::new();
        let (mut streak, mut number) = (Streak::default(), 0);
        for (ahead, verdict) in steps {
            number += ahead;
            let verdict = match verdict {
                0 => Verdict::Neutral,
                1 => Verdict::Broken,
                _ => Verdict::Kept,
            };
            ends.push((day(number), verdict));
            streak = streak.after(day(number), verdict);
            prop_assert_eq!(streak.days, reference::streak(&ends), "{:?}", ends);
            prop_assert!(streak.best >= streak.days);
        }
    }
}
