//! Setting alarms.

use chrono::TimeDelta;
use serde_json::json;

use super::bedside::{Bedside, at, daily, terms};
use crate::alarm::{Command, Event, MAX_ALARMS, Refusal, Terms};
use crate::entity::{Actor, Entity, Role, Viewer};
use crate::ids::UserId;

fn add(fields: serde_json::Value) -> Command {
    Command::Add(Box::new(terms(fields)))
}

#[test]
fn an_alarm_for_once_rings_on_the_next_such_time_and_is_inactive_then() {
    let mut bedside = Bedside::new();
    bedside.order(add(json!({}))).unwrap();
    let alarm = bedside.clock.alarms()[0].clone();
    assert_eq!((alarm.next_at, alarm.terms.date), (Some(at("2026-11-22T22:00:00Z")), "2026-11-23".parse().ok()));
    bedside.minutes(60);
    assert_eq!(bedside.stage(), "ringing");
    let alarm = &bedside.clock.alarms()[0];
    assert_eq!((alarm.next_at, alarm.terms.active), (None, false));
}

#[test]
fn a_repeating_alarm_arms_itself_again() {
    let bedside = Bedside::ringing(json!({}));
    assert_eq!(bedside.clock.alarms()[0].next_at, Some(at("2026-11-23T22:00:00Z")));
}

#[test]
fn the_fifty_first_alarm_is_refused_and_numbers_are_never_used_again() {
    let mut bedside = Bedside::new();
    for _ in 0..MAX_ALARMS {
        bedside.order(add(json!({}))).unwrap();
    }
    assert_eq!(bedside.order(add(json!({}))), Err(Refusal::TooMany { limit: 50 }));
    bedside.order(Command::Remove { number: 50 }).unwrap();
    bedside.order(add(json!({}))).unwrap();
    assert_eq!(bedside.clock.alarms().last().unwrap().number, 51);
}

#[test]
fn all_fifty_at_once_are_one_session() {
    let mut bedside = Bedside::new();
    for _ in 0..MAX_ALARMS {
        bedside.order(add(json!({}))).unwrap();
    }
    bedside.minutes(60);
    assert_eq!(bedside.clock.session().unwrap().joined.len(), 49);
    assert_eq!(bedside.told, ["alarm.ringing"]);
}

#[test]
fn senseless_settings_are_refused() {
    let mut bedside = Bedside::new();
    for wrong in [
        json!({ "days": ["mon"], "date": "2026-12-01" }),
        json!({ "title": "x".repeat(101) }),
        json!({ "title": "a\nb" }),
        json!({ "snooze_minutes": 31 }),
        json!({ "snooze_limit": 11 }),
        json!({ "answers": 0 }),
        json!({ "wake_check_minutes": 2 }),
        json!({ "wake_check_minutes": 11 }),
    ] {
        let refused = bedside.order(add(wrong.clone()));
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{wrong}: {refused:?}");
    }
    assert_eq!(bedside.order(add(json!({ "date": "2026-11-22" }))), Err(Refusal::InThePast));
    for wrong in ["7:00", "24:00", "07:60", "07:00:30", "", "+7:00", "seven"] {
        assert!(serde_json::from_value::<Terms>(json!({ "time": wrong })).is_err(), "{wrong}");
    }
    assert!(serde_json::from_value::<Terms>(json!({ "time": "07:00", "zone": "Mars/Olympus" })).is_err());
}

#[test]
fn a_move_to_another_zone_takes_along_what_has_no_zone_of_its_own() {
    let mut bedside = Bedside::with(json!({}));
    bedside.order(Command::Add(Box::new(daily(json!({ "zone": "Asia/Seoul" }))))).unwrap();
    bedside.order(Command::SetZone { zone: "Europe/Berlin".parse().unwrap() }).unwrap();
    let next: Vec<_> = bedside.clock.alarms().iter().map(|alarm| alarm.next_at.unwrap()).collect();
    assert_eq!(next, [at("2026-11-23T06:00:00Z"), at("2026-11-22T22:00:00Z")]);
}

#[test]
fn what_was_to_ring_once_and_is_over_in_the_new_zone_becomes_inactive() {
    let mut bedside = Bedside::new();
    bedside.order(add(json!({}))).unwrap();
    // It is eleven in the morning in Kiritimati already.
    bedside.order(Command::SetZone { zone: "Pacific/Kiritimati".parse().unwrap() }).unwrap();
    assert!(!bedside.clock.alarms()[0].terms.active);
}

#[test]
fn a_change_at_the_very_moment_does_not_swallow_the_ring() {
    let mut bedside = Bedside::with(json!({}));
    bedside.sleep(TimeDelta::minutes(60));
    let events = bedside.order(Command::Change { number: 1, terms: Box::new(daily(json!({ "time": "08:00" }))) }).unwrap();
    assert!(matches!(events.as_slice(), [Event::Began(_), Event::Set(_)]), "{events:?}");
}

#[test]
fn the_phone_acknowledges_the_plan_and_a_phone_that_does_not_know_it_is_a_warning() {
    let mut bedside = Bedside::with(json!({}));
    assert_eq!(bedside.order(Command::Acknowledge { version: 2 }), Err(Refusal::UnknownPlan { version: 1 }));
    bedside.order(Command::Acknowledge { version: 1 }).unwrap();
    bedside.order(Command::Change { number: 1, terms: Box::new(daily(json!({ "time": "20:00" }))) }).unwrap();
    bedside.minutes(4 * 60 - 1);
    assert_eq!(bedside.told, [""; 0]);
    bedside.minutes(1);
    assert_eq!(bedside.told, ["alarm.plan_unknown"], "ten hours before it rings");
    bedside.minutes(9 * 60);
    assert_eq!(bedside.told.len(), 1, "once");
}

#[test]
fn only_the_owner_sets_and_looks_and_only_the_house_does_the_house_s_work() {
    let mut bedside = Bedside::with(json!({}));
    let admin = Actor::User { id: UserId::new(1), roles: vec![Role::Admin] };
    assert_eq!(bedside.order_by(&admin, &Command::Remove { number: 1 }), Err(Refusal::NotTheOwner));
    assert_eq!(bedside.order_by(&Actor::System, &Command::Remove { number: 1 }), Err(Refusal::NotTheOwner));
    assert_eq!(bedside.order(Command::Wake), Err(Refusal::NotTheHouse));
    assert!(bedside.clock.view(&Viewer::User { id: UserId::new(1), roles: vec![Role::Admin] }).is_null());
    assert!(bedside.clock.view(&Viewer::Public).is_null());
}
