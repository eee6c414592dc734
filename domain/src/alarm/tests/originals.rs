//! What the alarm app before us got wrong, each as a test that it is right here.

use chrono::TimeDelta;
use serde_json::json;

use super::bedside::{Bedside, SNOOZE, at, daily, shown, terms};
use crate::alarm::{Command, Event, Refusal};

#[test]
fn a_snooze_lasts_as_long_as_was_set_and_as_is_said() {
    assert_eq!(terms(json!({})).snooze_minutes, 5, "the usual one is the one that is shown");
    for minutes in [1, 5, 30] {
        let mut bedside = Bedside::ringing(json!({ "snooze_minutes": minutes }));
        let snoozed = bedside.order(SNOOZE).unwrap();
        let [Event::Snoozed { until, .. }] = snoozed.as_slice() else { panic!("{snoozed:?}") };
        assert_eq!(*until - bedside.now, TimeDelta::minutes(minutes));
        bedside.pass(TimeDelta::minutes(minutes) - TimeDelta::seconds(1));
        assert_eq!(bedside.stage(), "snoozed");
        bedside.pass(TimeDelta::seconds(1));
        assert_eq!(bedside.stage(), "ringing");
    }
}

#[test]
fn a_task_that_was_only_shown_or_lost_stops_nothing() {
    let mut bedside = Bedside::ringing(json!({ "mission": true, "answers": 1 }));
    let show = Command::ShowTask { session: 1, shown: shown(1, bedside.now + TimeDelta::minutes(3)) };
    bedside.house(show).unwrap();
    assert_eq!(bedside.order(super::bedside::STOP), Err(Refusal::MissionOpen { answered: 0, needed: 1 }));
    // The answer could not be posted: its lease is lost, the alarm is not.
    bedside.house(Command::DropTask { lease: super::bedside::lease(1) }).unwrap();
    assert_ne!(bedside.stage(), "none");
    bedside.answer(2, true).unwrap();
    assert_eq!(bedside.stage(), "none");
}

#[test]
fn a_repeating_alarm_goes_on_by_the_calendar_and_one_for_once_is_off() {
    let mut bedside = Bedside::with(json!({}));
    bedside.order(Command::Add(Box::new(terms(json!({ "time": "06:30" }))))).unwrap();
    bedside.pass(TimeDelta::hours(12));
    let alarms = bedside.view()["alarms"].clone();
    assert_eq!((&alarms[0]["active"], &alarms[0]["next_at"]), (&json!(true), &json!("2026-11-23T22:00:00Z")));
    assert_eq!((&alarms[1]["active"], &alarms[1]["next_at"]), (&json!(false), &json!(null)));
    // On one weekday: a week later by the clock on the wall, not 168 hours later.
    let mut berlin = Bedside::new();
    berlin.now = at("2026-10-23T12:00:00Z");
    let mut sunday = daily(json!({ "zone": "Europe/Berlin" }));
    sunday.days = [crate::alarm::terms::Day::Sun].into_iter().collect();
    berlin.order(Command::Add(Box::new(sunday))).unwrap();
    assert_eq!(berlin.view()["alarms"][0]["next_at"], "2026-10-25T06:00:00Z");
    berlin.pass(TimeDelta::days(3));
    assert_eq!(berlin.view()["alarms"][0]["next_at"], "2026-11-01T06:00:00Z");
}
