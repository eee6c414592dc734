//! What others must do: tell the person, on the channel and on their devices.

use serde_json::{Map, Value, json};

use crate::alarm::AlarmClock;
use crate::alarm::event::Event;
use crate::entity::{Effect, Notice};

impl AlarmClock {
    /// The notice of one event, `self` being the state after it and what followed it.
    pub(super) fn effect_of(&self, event: &Event) -> Option<Effect> {
        let (kind, fields) = match event {
            Event::Began(began) => (
                "alarm.ringing",
                json!({
                    "session": began.session,
                    "alarm": began.armed.number,
                    "title": began.terms.title,
                    "mission": began.terms.mission,
                    "sound": began.terms.sound,
                    "vibration": began.terms.vibration,
                    "rings": 1,
                    "cause": "due",
                }),
            ),
            Event::RangAgain { session, cause, rings } => {
                ("alarm.ringing", self.told_of(*session, json!({ "rings": rings, "cause": cause })))
            }
            Event::CheckAsked { session, until } => ("alarm.wake_check", self.told_of(*session, json!({ "until": until }))),
            Event::Missed { session, streak, .. } => {
                ("alarm.missed", json!({ "session": session, "streak": streak, "title": "" }))
            }
            Event::TooLate { armed, due_at, .. } => {
                let title = self.title(armed.number);
                ("alarm.too_late", json!({ "alarm": armed.number, "title": title, "due_at": due_at }))
            }
            Event::Warned { version } => {
                let next = self.next_ring();
                let title = next.map(|(alarm, _)| alarm.terms.title.as_str()).unwrap_or_default();
                ("alarm.plan_unknown", json!({ "plan": version, "title": title, "next_at": next.map(|(_, at)| at) }))
            }
            Event::Set(_)
            | Event::Removed { .. }
            | Event::ZoneSet { .. }
            | Event::Joined { .. }
            | Event::Snoozed { .. }
            | Event::TaskShown { .. }
            | Event::TaskDropped { .. }
            | Event::Excused { .. }
            | Event::Counted { .. }
            | Event::Dismissed { .. }
            | Event::Confirmed { .. }
            | Event::Acknowledged { .. } => return None,
        };
        let notice = Notice { kind: kind.to_owned(), about: self.id.to_string(), fields, mail: false, push: true };
        Some(Effect::Notify { user: self.owner(), notice })
    }

    fn told_of(&self, number: u64, fields: Value) -> Value {
        let mut all = Map::new();
        all.insert("session".to_owned(), json!(number));
        if let Some(session) = self.session.as_deref().filter(|session| session.number == number) {
            all.insert("alarm".to_owned(), json!(session.alarm));
            all.insert("title".to_owned(), json!(session.terms.title));
            all.insert("mission".to_owned(), json!(session.needed > 0));
            all.insert("sound".to_owned(), json!(session.terms.sound));
            all.insert("vibration".to_owned(), json!(session.terms.vibration));
        }
        if let Value::Object(fields) = fields {
            all.extend(fields);
        }
        Value::Object(all)
    }

    fn title(&self, number: u32) -> &str {
        self.alarms.iter().find(|alarm| alarm.number == number).map(|alarm| alarm.terms.title.as_str()).unwrap_or_default()
    }
}
