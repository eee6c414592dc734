//! A clock to test with, and a hand that moves time.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::alarm::mission::Shown;
use crate::alarm::{AlarmClock, Command, Event, Refusal, Terms};
use crate::entity::{Actor, Effect, Entity, Given, Role, Viewer};
use crate::ids::{EntityId, Kind, UserId};
use crate::time::Timestamp;

pub const OWNER: UserId = UserId::new(7);

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn owner() -> Actor {
    Actor::User { id: OWNER, roles: vec![Role::User] }
}

pub fn terms(fields: Value) -> Terms {
    let mut all = json!({ "time": "07:00" });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

pub fn daily(fields: Value) -> Terms {
    let mut terms = terms(fields);
    terms.days = crate::alarm::terms::Day::ALL.into_iter().collect();
    terms
}

pub fn lease(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn shown(number: u128, deadline: Timestamp) -> Box<Shown> {
    let card = json!({ "image": "/objects/1" });
    Box::new(Shown { campaign: 5, task: 17, lease: lease(number), fence: 3, deadline, card })
}

/// Somebody's bedside, from six in the morning in Seoul on a Monday.
#[derive(Debug, Clone)]
pub struct Bedside {
    pub now: Timestamp,
    pub clock: AlarmClock,
    pub journal: Vec<(Timestamp, Event)>,
    pub told: Vec<String>,
}

impl Bedside {
    pub fn new() -> Self {
        let clock = AlarmClock::vacant(EntityId::new(Kind::Alarm, OWNER.get()).unwrap());
        Self { now: at("2026-11-22T21:00:00Z"), clock, journal: Vec::new(), told: Vec::new() }
    }

    /// With one alarm at seven, every day.
    pub fn with(fields: Value) -> Self {
        let mut bedside = Self::new();
        bedside.order(Command::Add(Box::new(daily(fields)))).unwrap();
        bedside
    }

    /// The same, ringing.
    pub fn ringing(fields: Value) -> Self {
        let mut bedside = Self::with(fields);
        bedside.pass(TimeDelta::hours(1));
        assert_eq!(bedside.stage(), "ringing");
        bedside
    }

    /// As its owner.
    pub fn order(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        self.order_by(&owner(), &command)
    }

    /// As the house.
    pub fn house(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        self.order_by(&Actor::System, &command)
    }

    pub fn order_by(&mut self, actor: &Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let given = Given { now: self.now, actor: actor.clone(), available: None, random: 0 };
        let events = self.clock.decide(command, &given)?;
        for event in &events {
            self.clock.apply(event, self.now);
            self.journal.push((self.now, event.clone()));
        }
        self.clock.check().unwrap_or_else(|broken| panic!("{broken} after {events:?}"));
        for effect in self.clock.effects(&events) {
            match effect {
                Effect::Notify { user, notice } => {
                    assert_eq!((user, notice.push), (OWNER, true));
                    self.told.push(notice.kind);
                }
                Effect::Hold { .. } | Effect::Transfer(_) => panic!("an alarm moves no money"),
            }
        }
        Ok(events)
    }

    /// Lets time pass, handling each deadline at its very moment.
    pub fn pass(&mut self, time: TimeDelta) {
        let until = self.now + time;
        for _ in 0..10_000 {
            let Some((at, command)) = self.clock.wake_at().filter(|(at, _)| *at <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(at);
            let events = self.house(command).unwrap();
            assert!(!events.is_empty(), "a deadline with nothing due at {at}");
        }
        panic!("a deadline that never goes away");
    }

    /// Lets time pass while the server is away.
    pub fn sleep(&mut self, time: TimeDelta) {
        self.now += time;
    }

    pub fn minutes(&mut self, minutes: i64) {
        self.pass(TimeDelta::minutes(minutes));
    }

    pub fn stage(&self) -> &'static str {
        self.clock.session().map_or("none", |session| session.stage.name())
    }

    pub fn view(&self) -> Value {
        self.clock.view(&Viewer::User { id: OWNER, roles: Vec::new() })
    }

    /// A task for the mission, answered at once.
    pub fn answer(&mut self, number: u128, passed: bool) -> Result<Vec<Event>, Refusal> {
        let session = self.clock.session().map_or(0, |session| session.number);
        let deadline = self.now + TimeDelta::minutes(3);
        self.house(Command::ShowTask { session, shown: shown(number, deadline) })?;
        self.house(Command::Count { lease: lease(number), passed, points: 15 })
    }
}

pub const STOP: Command = Command::Stop { session: None, offline: false };
pub const SNOOZE: Command = Command::Snooze { session: None };
pub const EMERGENCY: Command = Command::Emergency { session: None };
pub const AWAKE: Command = Command::Awake { session: None };
