//! The entity of the simulator: a gauge that can only be raised and rings at set times.

use madang_domain::code::Code;
use madang_domain::entity::{Effect, Entity, Given, Reason, Viewer};
use madang_domain::ids::{EntityId, Kind};
use madang_domain::money::Currency;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Gauge {
    pub(super) value: i64,
    pub(super) alarm: Option<Timestamp>,
    pub(super) rings: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Command {
    Raise { to: i64 },
    Alarm { at: Timestamp },
    Ring,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Event {
    Raised { to: i64 },
    AlarmSet { at: Timestamp },
    Rang,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it is at {0}")]
    TooLow(i64),
    #[error("not yet")]
    NotYet,
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::TooLow(_) => Code::BidTooLow,
            Self::NotYet => Code::Conflict,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::TooLow(at) => json!(at),
            Self::NotYet => Value::Null,
        }
    }
}

impl Entity for Gauge {
    const KIND: Kind = Kind::Auction;
    const VERSION: i16 = 1;
    const KEEPS_REFUSALS: bool = true;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(_id: EntityId) -> Self {
        Self { value: 0, alarm: None, rings: 0 }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Raise { to } if *to <= self.value => Err(Refusal::TooLow(self.value)),
            // Two events of one decision: one row, two offsets.
            Command::Raise { to } if to % 5 == 0 && *to > self.value + 1 => {
                Ok(vec![Event::Raised { to: to - 1 }, Event::Raised { to: *to }])
            }
            Command::Raise { to } => Ok(vec![Event::Raised { to: *to }]),
            Command::Alarm { at } => Ok(vec![Event::AlarmSet { at: *at }]),
            Command::Ring if self.alarm.is_some_and(|at| at <= given.now) => Ok(vec![Event::Rang]),
            Command::Ring => Err(Refusal::NotYet),
        }
    }

    fn apply(&mut self, event: &Event, _at: Timestamp) {
        match event {
            Event::Raised { to } => self.value = *to,
            Event::AlarmSet { at } => self.alarm = Some(*at),
            Event::Rang => {
                self.alarm = None;
                self.rings += 1;
            }
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        self.alarm.map(|at| (at, Command::Ring))
    }

    fn funds(&self, _command: &Command) -> Option<Currency> {
        None
    }

    fn answer(events: &[Event]) -> Value {
        json!(events)
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        match event {
            Event::Raised { to } => Some(json!({ "type": "raised", "to": to, "at": at })),
            Event::Rang => Some(json!({ "type": "rang" })),
            Event::AlarmSet { .. } => None,
        }
    }

    fn effects(&self, _events: &[Event]) -> Vec<Effect> {
        Vec::new()
    }

    fn view(&self, _viewer: &Viewer) -> Value {
        json!(self)
    }

    fn check(&self) -> Result<(), String> {
        if self.value < 0 { Err("below zero".to_owned()) } else { Ok(()) }
    }
}
