//! When alarms ring: by hand over the clock changes that people meet, and against the slow model over all of time.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::json;

use super::bedside::{at, daily, terms};
use super::reference;
use crate::alarm::Zone;
use crate::alarm::schedule::next_ring;
use crate::alarm::terms::{Day, Terms};
use crate::time::Timestamp;

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn rings(terms: &Terms, name: &str, from: &str, times: usize) -> Vec<Timestamp> {
    let mut after = at(from);
    let mut next = || {
        after = next_ring(terms, zone(name), after)?;
        Some(after)
    };
    std::iter::from_fn(&mut next).take(times).collect()
}

fn moments(texts: &[&str]) -> Vec<Timestamp> {
    texts.iter().map(|text| at(text)).collect()
}

#[test]
fn berlin_skips_an_hour_in_march_and_the_alarm_rings_when_it_is_over() {
    // 29 March 2026: 01:59 is followed by 03:00.
    let half_past_two = daily(json!({ "time": "02:30" }));
    let wanted = moments(&["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    assert_eq!(rings(&half_past_two, "Europe/Berlin", "2026-03-27T12:00:00Z", 3), wanted);
    let seven = daily(json!({}));
    let wanted = moments(&["2026-03-28T06:00:00Z", "2026-03-29T05:00:00Z", "2026-03-30T05:00:00Z"]);
    assert_eq!(rings(&seven, "Europe/Berlin", "2026-03-27T12:00:00Z", 3), wanted, "seven stays seven");
}

#[test]
fn berlin_repeats_an_hour_in_october_and_the_alarm_rings_once() {
    // 25 October 2026: 02:59 is followed by 02:00 again.
    let half_past_two = daily(json!({ "time": "02:30" }));
    let wanted = moments(&["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    assert_eq!(rings(&half_past_two, "Europe/Berlin", "2026-10-23T12:00:00Z", 3), wanted);
    let between = next_ring(&half_past_two, zone("Europe/Berlin"), at("2026-10-25T00:45:00Z"));
    assert_eq!(between, Some(at("2026-10-26T01:30:00Z")), "also asked between the two");
}

#[test]
fn new_york_skips_and_repeats_at_its_own_times() {
    // 8 March 2026: 01:59 EST, then 03:00 EDT. 1 November 2026: 01:59 EDT, then 01:00 EST.
    let half_past_two = daily(json!({ "time": "02:30" }));
    let wanted = moments(&["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]);
    assert_eq!(rings(&half_past_two, "America/New_York", "2026-03-07T00:00:00Z", 3), wanted);
    let half_past_one = daily(json!({ "time": "01:30" }));
    let wanted = moments(&["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]);
    assert_eq!(rings(&half_past_one, "America/New_York", "2026-10-31T00:00:00Z", 3), wanted);
}

#[test]
fn seoul_has_no_clock_change_and_weekdays_are_local_ones() {
    // Sunday evening in UTC is Monday morning in Seoul.
    let weekdays = terms(json!({ "days": ["mon", "wed"] }));
    let wanted = moments(&["2026-11-22T22:00:00Z", "2026-11-24T22:00:00Z", "2026-11-29T22:00:00Z"]);
    assert_eq!(rings(&weekdays, "Asia/Seoul", "2026-11-22T00:00:00Z", 3), wanted);
}

#[test]
fn an_alarm_with_a_zone_of_its_own_does_not_travel() {
    let pinned = daily(json!({ "zone": "Asia/Seoul" }));
    assert_eq!(next_ring(&pinned, zone("America/New_York"), at("2026-11-22T00:00:00Z")), Some(at("2026-11-22T22:00:00Z")));
}

#[test]
fn a_whole_day_that_is_left_out_rings_when_the_next_begins() {
    // Samoa went from Thursday the 29th straight to Saturday the 31st of December 2011.
    let friday = terms(json!({ "date": "2011-12-30" }));
    assert_eq!(next_ring(&friday, zone("Pacific/Apia"), at("2011-12-29T00:00:00Z")), Some(at("2011-12-30T10:00:00Z")));
}

#[test]
fn a_date_that_is_over_rings_no_more() {
    let once = terms(json!({ "date": "2026-11-23" }));
    assert_eq!(next_ring(&once, zone("Asia/Seoul"), at("2026-11-22T21:59:59Z")), Some(at("2026-11-22T22:00:00Z")));
    assert_eq!(next_ring(&once, zone("Asia/Seoul"), at("2026-11-22T22:00:00Z")), None);
}

const ZONES: [Tz; 9] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Asia__Seoul,
    // Half an hour; changes at midnight, into and out of a gap; a day left out; never.
    Tz::Australia__Lord_Howe,
    Tz::America__Sao_Paulo,
    Tz::Asia__Beirut,
    Tz::Pacific__Apia,
    Tz::Africa__Casablanca,
    Tz::UTC,
];

fn some_terms() -> impl Strategy<Value = Terms> {
    let time = (0u32..24, 0u32..60).prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
    (time, prop::collection::vec(0usize..7, 0..4)).prop_map(|(time, days)| {
        let mut terms = terms(json!({}));
        terms.time = time;
        terms.days = days.into_iter().map(|day| Day::ALL[day]).collect();
        terms
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_rings_when_somebody_who_watches_the_wall_clock_would_ring(
        (terms, zone, day, second) in (some_terms(), 0usize..9, 0i64..365 * 17, 0i64..86_400)
    ) {
        let tz = ZONES[zone];
        let after = at("2010-01-01T00:00:00Z") + TimeDelta::days(day) + TimeDelta::seconds(second);
        let zone: Zone = tz.name().parse().unwrap();
        prop_assert_eq!(next_ring(&terms, zone, after), reference::next_ring(&terms, tz, after, 9));
    }

    #[test]
    fn it_rings_right_near_every_clock_change((terms, zone, hours) in (some_terms(), 0usize..9, -30i64..30)) {
        let tz = ZONES[zone];
        let zone: Zone = tz.name().parse().unwrap();
        for change in ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2011-12-30T10:00:00Z"] {
            let after = at(change) + TimeDelta::minutes(hours * 60 + 17);
            prop_assert_eq!(next_ring(&terms, zone, after), reference::next_ring(&terms, tz, after, 9));
        }
    }
}

#[test]
fn a_day_closes_at_four() {
    let seoul = zone("Asia/Seoul");
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(seoul.day_closing_at(at("2026-11-22T18:59:59Z"), 4), date("2026-11-22"));
    assert_eq!(seoul.day_closing_at(at("2026-11-22T19:00:00Z"), 4), date("2026-11-23"));
}
