//! What the asker is answered and what the owner's devices are told: from the events alone.

use serde_json::{Value, json};

use crate::alarm::event::{Began, Event};
use crate::time::Timestamp;

/// The answer to the command that made these events.
pub(super) fn answer(events: &[Event]) -> Value {
    let Some(last) = events.last() else { return Value::Null };
    match last {
        Event::Set(set) => json!({ "number": set.number, "next_at": set.next_at, "plan": set.plan }),
        Event::Removed { number, plan } => json!({ "number": number, "plan": plan }),
        Event::ZoneSet { zone, armed, plan } => json!({ "zone": zone, "armed": armed, "plan": plan }),
        Event::Began(began) => json!({ "state": "ringing", "session": began.session }),
        Event::Joined { session, .. } | Event::RangAgain { session, .. } => json!({ "state": "ringing", "session": session }),
        Event::TooLate { plan, .. } => json!({ "plan": plan }),
        Event::Snoozed { session, until, left } => {
            json!({ "state": "snoozed", "session": session, "until": until, "snoozes_left": left })
        }
        Event::TaskShown { session, shown } => {
            json!({ "state": "in_mission", "session": session, "until": shown.deadline })
        }
        Event::TaskDropped { session, until, .. } => json!({ "state": "in_mission", "session": session, "until": until }),
        Event::Excused { session, why } => json!({ "session": session, "excused": why }),
        Event::Counted { session, passed, answered, needed, points, until, .. } => json!({
            "state": "in_mission",
            "session": session,
            "passed": passed,
            "answered": answered,
            "needed": needed,
            "points": points,
            "until": until,
        }),
        Event::Dismissed { session, how, streak, check_at, .. } => {
            let mut told = json!({
                "state": if check_at.is_some() { "wake_check" } else { "over" },
                "session": session,
                "how": how,
                "streak": streak,
                "check_at": check_at,
            });
            add_count(&mut told, events);
            told
        }
        Event::CheckAsked { session, until } => json!({ "state": "wake_check", "session": session, "until": until }),
        Event::Confirmed { session } => json!({ "state": "over", "session": session }),
        Event::Missed { session, streak, .. } => json!({ "state": "over", "session": session, "streak": streak }),
        Event::Acknowledged { version } | Event::Warned { version } => json!({ "plan": version }),
    }
}

/// The answer that stopped the alarm tells of itself, too.
fn add_count(told: &mut Value, events: &[Event]) {
    let counted = events.iter().find_map(|event| {
        if let Event::Counted { passed, answered, needed, points, .. } = event {
            Some((*passed, *answered, *needed, *points))
        } else {
            None
        }
    });
    if let (Value::Object(fields), Some((passed, answered, needed, points))) = (told, counted) {
        fields.insert("passed".to_owned(), json!(passed));
        fields.insert("answered".to_owned(), json!(answered));
        fields.insert("needed".to_owned(), json!(needed));
        fields.insert("points".to_owned(), json!(points));
    }
}

/// What the owner's devices are told of an event: all of it, since nobody else can watch.
pub(super) fn publication(event: &Event, at: Timestamp) -> Value {
    match event {
        Event::Set(set) => json!({
            "type": "alarm_set",
            "number": set.number,
            "added": set.added,
            "terms": set.terms,
            "next_at": set.next_at,
            "plan": set.plan,
            "at": at,
        }),
        Event::Removed { number, plan } => json!({ "type": "alarm_removed", "number": number, "plan": plan, "at": at }),
        Event::ZoneSet { zone, armed, plan } => {
            json!({ "type": "alarm_zone", "zone": zone, "armed": armed, "plan": plan, "at": at })
        }
        Event::Began(began) => began_told(began, at),
        Event::Joined { session, armed, needed, answered, plan } => json!({
            "type": "alarm_joined",
            "session": session,
            "armed": armed,
            "needed": needed,
            "answered": answered,
            "plan": plan,
            "at": at,
        }),
        Event::TooLate { armed, due_at, plan } => {
            json!({ "type": "alarm_too_late", "armed": armed, "due_at": due_at, "plan": plan, "at": at })
        }
        Event::RangAgain { session, cause, rings } => {
            json!({ "type": "alarm_ringing", "session": session, "cause": cause, "rings": rings, "at": at })
        }
        Event::Snoozed { session, until, left } => {
            json!({ "type": "alarm_snoozed", "session": session, "until": until, "snoozes_left": left, "at": at })
        }
        Event::TaskShown { .. } | Event::TaskDropped { .. } | Event::Excused { .. } | Event::Counted { .. } => {
            mission_told(event, at)
        }
        Event::Dismissed { session, how, day, streak, check_at } => json!({
            "type": "alarm_stopped",
            "session": session,
            "how": how,
            "day": day,
            "streak": streak,
            "check_at": check_at,
            "at": at,
        }),
        Event::CheckAsked { session, until } => {
            json!({ "type": "alarm_check", "session": session, "until": until, "at": at })
        }
        Event::Confirmed { session } => json!({ "type": "alarm_awake", "session": session, "at": at }),
        Event::Missed { session, day, streak } => {
            json!({ "type": "alarm_missed", "session": session, "day": day, "streak": streak, "at": at })
        }
        Event::Acknowledged { version } => json!({ "type": "alarm_plan", "acknowledged": version, "at": at }),
        Event::Warned { version } => json!({ "type": "alarm_plan_unknown", "plan": version, "at": at }),
    }
}

fn mission_told(event: &Event, at: Timestamp) -> Value {
    match event {
        Event::TaskShown { session, shown } => json!({ "type": "alarm_task", "session": session, "task": shown, "at": at }),
        Event::TaskDropped { session, lease, until } => {
            json!({ "type": "alarm_task_dropped", "session": session, "lease": lease, "until": until, "at": at })
        }
        Event::Excused { session, why } => json!({ "type": "alarm_excused", "session": session, "why": why, "at": at }),
        Event::Counted { session, lease, passed, answered, needed, points, until } => json!({
            "type": "alarm_answered",
            "session": session,
            "lease": lease,
            "passed": passed,
            "answered": answered,
            "needed": needed,
            "points": points,
            "until": until,
            "at": at,
        }),
        Event::Set(_)
        | Event::Removed { .. }
        | Event::ZoneSet { .. }
        | Event::Began(_)
        | Event::Joined { .. }
        | Event::TooLate { .. }
        | Event::RangAgain { .. }
        | Event::Snoozed { .. }
        | Event::Dismissed { .. }
        | Event::CheckAsked { .. }
        | Event::Confirmed { .. }
        | Event::Missed { .. }
        | Event::Acknowledged { .. }
        | Event::Warned { .. } => Value::Null,
    }
}

fn began_told(began: &Began, at: Timestamp) -> Value {
    json!({
        "type": "alarm_ringing",
        "session": began.session,
        "cause": "due",
        "rings": 1,
        "armed": began.armed,
        "due_at": began.due_at,
        "terms": began.terms,
        "trial": began.trial,
        "plan": began.plan,
        "at": at,
    })
}
