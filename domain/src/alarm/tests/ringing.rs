//! What a session does.

use chrono::TimeDelta;
use serde_json::json;

use super::bedside::{AWAKE, Bedside, EMERGENCY, SNOOZE, STOP, daily, lease, shown};
use crate::alarm::event::How;
use crate::alarm::mission::Excuse;
use crate::alarm::{Command, Event, Refusal};

fn how(events: &[Event]) -> Option<How> {
    events.iter().find_map(|event| if let Event::Dismissed { how, .. } = event { Some(*how) } else { None })
}

#[test]
fn a_plain_alarm_rings_and_is_stopped() {
    let mut bedside = Bedside::ringing(json!({ "title": "Swim" }));
    assert_eq!(bedside.told, ["alarm.ringing"]);
    assert_eq!(how(&bedside.order(STOP).unwrap()), Some(How::Plain));
    assert_eq!((bedside.stage(), bedside.clock.streak().days), ("none", 1));
    assert_eq!(bedside.order(STOP), Err(Refusal::NotRinging { stage: None }));
}

#[test]
fn snoozes_are_counted() {
    let mut bedside = Bedside::ringing(json!({ "snooze_minutes": 5, "snooze_limit": 2 }));
    for left in [1, 0] {
        let events = bedside.order(SNOOZE).unwrap();
        assert!(matches!(events.as_slice(), [Event::Snoozed { left: told, .. }] if *told == left));
        assert!(bedside.order(SNOOZE).is_err(), "it rests already");
        bedside.minutes(5);
        assert_eq!(bedside.stage(), "ringing");
    }
    assert_eq!(bedside.order(SNOOZE), Err(Refusal::NoSnoozeLeft { limit: 2 }));
    let mut without = Bedside::ringing(json!({ "snooze_minutes": 0 }));
    assert_eq!(without.order(SNOOZE), Err(Refusal::NoSnoozeLeft { limit: 0 }));
}

#[test]
fn without_any_reaction_three_backups_ring_and_then_it_is_missed() {
    let mut bedside = Bedside::ringing(json!({}));
    bedside.minutes(79);
    assert_eq!((bedside.stage(), bedside.told.len()), ("ringing", 4));
    bedside.minutes(1);
    assert_eq!((bedside.stage(), bedside.told.last().unwrap().as_str()), ("none", "alarm.missed"));
}

#[test]
fn a_mission_is_done_by_answers_that_pass() {
    let mut bedside = Bedside::ringing(json!({ "mission": true, "answers": 2 }));
    assert_eq!(bedside.order(STOP), Err(Refusal::MissionOpen { answered: 0, needed: 2 }));
    bedside.answer(1, true).unwrap();
    bedside.answer(2, false).unwrap();
    assert_eq!(bedside.view()["session"]["answered"], 1, "a wrong answer to a known task does not count");
    assert_eq!(how(&bedside.answer(3, true).unwrap()), Some(How::Answered));
    assert_eq!((bedside.stage(), bedside.clock.streak().days), ("none", 1));
}

#[test]
fn a_task_that_is_not_answered_in_time_rings_again() {
    let mut bedside = Bedside::ringing(json!({ "mission": true }));
    let deadline = bedside.now + TimeDelta::minutes(3);
    bedside.house(Command::ShowTask { session: 1, shown: shown(1, deadline) }).unwrap();
    assert_eq!(bedside.stage(), "in_mission");
    bedside.minutes(3);
    assert_eq!((bedside.stage(), bedside.told.len()), ("ringing", 2));
}

#[test]
fn another_task_takes_the_place_of_the_one_that_was_given_back() {
    let mut bedside = Bedside::ringing(json!({ "mission": true }));
    let deadline = bedside.now + TimeDelta::minutes(3);
    bedside.house(Command::ShowTask { session: 1, shown: shown(1, deadline) }).unwrap();
    assert_eq!(bedside.house(Command::DropTask { lease: lease(9) }), Ok(Vec::new()));
    bedside.house(Command::DropTask { lease: lease(1) }).unwrap();
    assert!(bedside.view()["session"]["task"].is_null());
    bedside.minutes(1);
    assert_eq!(bedside.stage(), "ringing", "no other task was taken");
}

#[test]
fn a_late_answer_counts_and_leaves_the_task_on_the_screen() {
    let mut bedside = Bedside::ringing(json!({ "mission": true, "answers": 2 }));
    let deadline = bedside.now + TimeDelta::minutes(3);
    bedside.house(Command::ShowTask { session: 1, shown: shown(2, deadline) }).unwrap();
    bedside.house(Command::Count { lease: lease(1), passed: true, points: 15 }).unwrap();
    assert_eq!(bedside.view()["session"]["task"]["lease"], json!(lease(2)));
}

#[test]
fn an_empty_pool_lets_the_person_stop_and_keeps_the_streak() {
    let mut bedside = Bedside::ringing(json!({ "mission": true }));
    bedside.house(Command::Excuse { session: 1, why: Excuse::NoTasks }).unwrap();
    assert_eq!(bedside.view()["session"]["may_stop"], true);
    assert_eq!(how(&bedside.order(STOP).unwrap()), Some(How::Excused));
    assert_eq!(bedside.clock.streak().days, 1);
}

#[test]
fn a_phone_without_a_connection_always_stops_and_the_day_counts_neither_way() {
    let mut bedside = Bedside::ringing(json!({ "mission": true }));
    assert_eq!(how(&bedside.order(Command::Stop { session: Some(1), offline: true }).unwrap()), Some(How::Offline));
    assert_eq!((bedside.clock.streak().days, bedside.clock.streak().broken), (0, None));
}

#[test]
fn the_emergency_stop_is_always_there_and_costs_only_the_streak() {
    for stage in ["ringing", "snoozed", "in_mission", "wake_check"] {
        let mut bedside = Bedside::ringing(json!({ "mission": true, "wake_check_minutes": 5 }));
        let deadline = bedside.now + TimeDelta::minutes(3);
        match stage {
            "snoozed" => drop(bedside.order(SNOOZE).unwrap()),
            "in_mission" => drop(bedside.house(Command::ShowTask { session: 1, shown: shown(1, deadline) }).unwrap()),
            "wake_check" => drop(bedside.answer(1, true).unwrap()),
            _ => {}
        }
        assert_eq!(bedside.stage(), stage);
        assert_eq!(how(&bedside.order(EMERGENCY).unwrap()), Some(How::Emergency));
        assert_eq!((bedside.stage(), bedside.clock.streak().days), ("none", 0));
        assert!(bedside.clock.alarms()[0].next_at.is_some(), "tomorrow it rings again");
    }
}

#[test]
fn the_wake_up_check_rings_again_when_nobody_answers_and_the_mission_starts_anew() {
    let mut bedside = Bedside::ringing(json!({ "mission": true, "wake_check_minutes": 5 }));
    bedside.answer(1, true).unwrap();
    assert_eq!(bedside.stage(), "wake_check");
    bedside.minutes(5);
    assert_eq!(bedside.told.last().unwrap(), "alarm.wake_check");
    bedside.minutes(2);
    assert_eq!((bedside.stage(), bedside.view()["session"]["answered"].clone()), ("ringing", json!(0)));
    bedside.answer(2, true).unwrap();
    bedside.minutes(5);
    bedside.order(AWAKE).unwrap();
    assert_eq!((bedside.stage(), bedside.clock.streak().days), ("none", 1));
}

#[test]
fn a_person_is_asked_at_most_twice() {
    let mut bedside = Bedside::ringing(json!({ "wake_check_minutes": 3 }));
    for _ in 0..2 {
        bedside.order(STOP).unwrap();
        bedside.minutes(5);
        assert_eq!(bedside.stage(), "ringing");
    }
    bedside.order(STOP).unwrap();
    assert_eq!(bedside.stage(), "none");
}

#[test]
fn a_second_alarm_joins_the_session_and_wakes_one_that_rests() {
    let mut bedside = Bedside::with(json!({ "snooze_minutes": 20 }));
    let second = daily(json!({ "time": "07:10", "mission": true, "answers": 3 }));
    bedside.order(Command::Add(Box::new(second))).unwrap();
    bedside.minutes(60);
    bedside.order(SNOOZE).unwrap();
    bedside.minutes(10);
    assert_eq!((bedside.stage(), bedside.told.len()), ("ringing", 2));
    let session = bedside.clock.session().unwrap();
    assert_eq!((session.joined.as_slice(), session.needed), (&[2][..], 3));
}

#[test]
fn a_late_tap_does_not_reach_the_next_session() {
    let mut bedside = Bedside::ringing(json!({}));
    bedside.order(STOP).unwrap();
    bedside.minutes(24 * 60);
    assert_eq!(bedside.order(Command::Stop { session: Some(1), offline: false }), Err(Refusal::OtherSession { session: 2 }));
}

#[test]
fn after_a_short_absence_it_rings_at_once_and_after_a_long_one_not_at_all() {
    let mut bedside = Bedside::with(json!({}));
    bedside.sleep(TimeDelta::minutes(119));
    bedside.minutes(1);
    assert_eq!((bedside.stage(), bedside.told.as_slice()), ("ringing", &["alarm.ringing".to_owned()][..]));
    let mut bedside = Bedside::with(json!({}));
    bedside.sleep(TimeDelta::hours(50));
    bedside.minutes(0);
    assert_eq!((bedside.stage(), bedside.told.as_slice()), ("none", &["alarm.too_late".to_owned()][..]));
    assert_eq!(bedside.clock.streak().broken, None, "our fault, not the person's");
    assert!(bedside.clock.alarms()[0].next_at.unwrap() > bedside.now);
}

#[test]
fn a_trial_rings_like_the_alarm_and_counts_for_nothing() {
    let mut bedside = Bedside::with(json!({}));
    let next = bedside.clock.alarms()[0].next_at;
    bedside.order(Command::Try { number: 1 }).unwrap();
    assert_eq!(bedside.order(Command::Try { number: 1 }), Err(Refusal::AlreadyRinging));
    bedside.order(EMERGENCY).unwrap();
    assert_eq!((bedside.clock.alarms()[0].next_at, bedside.clock.streak().broken), (next, None));
}
