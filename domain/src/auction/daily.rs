//! The daily hours of the house that Madang grew from: auctions start at 14:00 and settle at 00:00 in Seoul.

use chrono::{Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Asia::Seoul;

use crate::time::Timestamp;

/// The first 14:00 in Seoul that is not before `now`.
#[must_use]
pub fn next_start(now: Timestamp) -> Option<Timestamp> {
    next_daily(now, NaiveTime::from_hms_opt(14, 0, 0)?)
}

/// The first midnight in Seoul after `start`.
#[must_use]
pub fn next_settlement(start: Timestamp) -> Option<Timestamp> {
    let just_after = start.checked_add_signed(chrono::TimeDelta::microseconds(1))?;
    next_daily(just_after, NaiveTime::MIN)
}

fn next_daily(now: Timestamp, time: NaiveTime) -> Option<Timestamp> {
    let today = now.with_timezone(&Seoul).date_naive();
    [today, today.checked_add_days(Days::new(1))?]
        .into_iter()
        .filter_map(|day| Seoul.from_local_datetime(&day.and_time(time)).single())
        .map(|moment| moment.with_timezone(&Utc))
        .find(|moment| *moment >= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn auctions_start_at_two_in_the_afternoon_in_seoul() {
        assert_eq!(next_start(utc("2026-03-01T04:59:59Z")), Some(utc("2026-03-01T05:00:00Z")));
        assert_eq!(next_start(utc("2026-03-01T05:00:00Z")), Some(utc("2026-03-01T05:00:00Z")));
        assert_eq!(next_start(utc("2026-03-01T05:00:00.000001Z")), Some(utc("2026-03-02T05:00:00Z")));
    }

    #[test]
    fn auctions_settle_at_the_midnight_after() {
        assert_eq!(next_settlement(utc("2026-03-01T05:00:00Z")), Some(utc("2026-03-01T15:00:00Z")));
        assert_eq!(next_settlement(utc("2026-03-01T15:00:00Z")), Some(utc("2026-03-02T15:00:00Z")), "a whole day, not none");
    }
}
