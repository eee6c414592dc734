//! One person's alarm clock: their alarms, the session that rings, the streak.
//!
//! Start with [`terms`] (what an alarm is set to), [`schedule`] and [`zone`] (when it rings), [`session`] (what it then
//! does), [`command`] and [`event`]. Each verb has its file: `setting` (add, change, remove, move), `ringing` (all that time
//! does, as often as [`escalation`] says), `stopping` (snooze, stop, emergency, awake), [`mission`] (tasks and answers),
//! [`streak`]. What others see and must do is in [`log`], `view`, `wire` and `effects`.

mod check;
pub mod command;
mod effects;
pub mod escalation;
pub mod event;
pub mod log;
pub mod mission;
pub mod refusal;
mod ringing;
pub mod schedule;
pub mod session;
mod setting;
mod stopping;
pub mod streak;
pub mod terms;
mod view;
mod wire;
pub mod zone;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::command::Command;
pub use self::event::Event;
pub use self::refusal::Refusal;
pub use self::setting::Plan;
pub use self::terms::Terms;
pub use self::zone::Zone;

use self::session::Session;
use self::streak::{Streak, Verdict};
use crate::entity::{Actor, Effect, Entity, Given, Viewer};
use crate::ids::{EntityId, Kind, UserId};
use crate::money::Currency;
use crate::time::Timestamp;

/// A clock has at most so many alarms.
pub const MAX_ALARMS: usize = 50;

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its number in this clock, from 1.
    pub number: u32,
    /// What it is set to.
    pub terms: Box<Terms>,
    /// When it rings next; `None` when it is inactive.
    pub next_at: Option<Timestamp>,
}

/// One person's alarm clock. Its number is the person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmClock {
    id: EntityId,
    zone: Zone,
    /// In the order of their numbers.
    alarms: Vec<Alarm>,
    /// The last number that was given to an alarm.
    numbers: u32,
    plan: Plan,
    session: Option<Box<Session>>,
    /// The last number that was given to a session.
    sessions: u64,
    streak: Streak,
    /// The newest entries, oldest first.
    log: VecDeque<log::Entry>,
}

impl AlarmClock {
    /// The alarms, in the order of their numbers.
    #[must_use]
    pub fn alarms(&self) -> &[Alarm] {
        &self.alarms
    }

    /// The session that is open.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// Days got up in a row.
    #[must_use]
    pub fn streak(&self) -> &Streak {
        &self.streak
    }

    /// What phones keep of it.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn owner(&self) -> UserId {
        UserId::new(self.id.number())
    }

    fn check_actor(&self, command: &Command, actor: &Actor) -> Result<(), Refusal> {
        match command {
            Command::ShowTask { .. }
            | Command::DropTask { .. }
            | Command::Excuse { .. }
            | Command::Count { .. }
            | Command::Wake => {
                if *actor == Actor::System {
                    Ok(())
                } else {
                    Err(Refusal::NotTheHouse)
                }
            }
            Command::Add(_)
            | Command::Change { .. }
            | Command::Remove { .. }
            | Command::SetZone { .. }
            | Command::Try { .. }
            | Command::Snooze { .. }
            | Command::Stop { .. }
            | Command::Emergency { .. }
            | Command::Awake { .. }
            | Command::Acknowledge { .. } => {
                if actor.user() == Some(self.owner()) {
                    Ok(())
                } else {
                    Err(Refusal::NotTheOwner)
                }
            }
        }
    }

    /// Decides a command on a clock on which nothing is due.
    fn decide_now(&self, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Add(terms) => self.add(terms, now),
            Command::Change { number, terms } => self.change(*number, terms, now),
            Command::Remove { number } => self.remove(*number),
            Command::SetZone { zone } => Ok(self.set_zone(*zone, now)),
            Command::Try { number } => self.try_out(*number, now),
            Command::Snooze { session } => self.snooze(*session, now),
            Command::Stop { session, offline } => self.stop(*session, *offline, now),
            Command::Emergency { session } => self.emergency(*session, now),
            Command::Awake { session } => self.awake(*session),
            Command::Acknowledge { version } => self.acknowledge(*version),
            Command::ShowTask { .. } | Command::DropTask { .. } | Command::Excuse { .. } | Command::Count { .. } => {
                self.mission(command, now)
            }
            Command::Wake => Ok(Vec::new()),
        }
    }

    fn apply_set(&mut self, set: &event::Set, at: Timestamp) {
        let alarm = Alarm { number: set.number, terms: set.terms.clone(), next_at: set.next_at };
        self.numbers = self.numbers.max(set.number);
        match self.alarms.iter_mut().find(|old| old.number == set.number) {
            Some(old) => *old = alarm,
            None => self.alarms.push(alarm),
        }
        self.plan.change(set.plan, at);
    }

    fn close(&mut self, day: Option<chrono::NaiveDate>, verdict: Verdict) {
        if let Some(day) = day {
            self.streak = self.streak.after(day, verdict);
        }
    }
}

impl Entity for AlarmClock {
    const KIND: Kind = Kind::Alarm;
    const VERSION: i16 = 1;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(id: EntityId) -> Self {
        Self {
            id,
            zone: Zone::default(),
            alarms: Vec::new(),
            numbers: 0,
            plan: Plan::default(),
            session: None,
            sessions: 0,
            streak: Streak::default(),
            log: VecDeque::new(),
        }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        self.check_actor(command, &given.actor)?;
        let now = given.now;
        if self.next_due().is_none_or(|at| at > now) {
            return self.decide_now(command, now);
        }
        // What is due comes first, however late the deadline is handled: else a change of an alarm could swallow its ring.
        let mut events = self.wake(now);
        let mut clock = self.clone();
        for event in &events {
            clock.apply(event, now);
        }
        let decided = clock.decide_now(command, now)?;
        if decided.is_empty() && *command != Command::Wake {
            // Changes nothing, and says so; the deadline does its own work.
            return Ok(Vec::new());
        }
        events.extend(decided);
        Ok(events)
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        if let Some(entry) = log::entry(event, at) {
            self.log.push_back(entry);
            if self.log.len() > log::KEPT {
                self.log.pop_front();
            }
        }
        if let Some(session) = self.session.as_deref_mut() {
            session.apply(event, at);
        }
        match event {
            Event::Set(set) => self.apply_set(set, at),
            Event::Removed { number, plan } => {
                self.alarms.retain(|alarm| alarm.number != *number);
                self.plan.change(*plan, at);
            }
            Event::ZoneSet { zone, armed, plan } => {
                self.zone = *zone;
                armed.iter().for_each(|armed| self.arm(*armed));
                self.plan.change(*plan, at);
            }
            Event::Began(began) => {
                self.sessions = began.session;
                self.session = Some(Box::new(Session::begin(began, at)));
                if !began.trial {
                    self.arm(began.armed);
                    self.plan.change(began.plan, at);
                }
            }
            Event::Joined { armed, plan, .. } | Event::TooLate { armed, plan, .. } => {
                self.arm(*armed);
                self.plan.change(*plan, at);
            }
            Event::Dismissed { how, day, check_at, .. } => {
                self.close(*day, Verdict::of(*how));
                if check_at.is_none() {
                    self.session = None;
                }
            }
            Event::Confirmed { .. } => self.session = None,
            Event::Missed { day, .. } => {
                self.close(*day, Verdict::Broken);
                self.session = None;
            }
            Event::Acknowledged { version } => {
                self.plan.acknowledged = Some(*version);
                self.plan.acknowledged_at = Some(at);
            }
            Event::Warned { version } => self.plan.warned = *version,
            Event::RangAgain { .. }
            | Event::Snoozed { .. }
            | Event::TaskShown { .. }
            | Event::TaskDropped { .. }
            | Event::Excused { .. }
            | Event::Counted { .. }
            | Event::CheckAsked { .. } => {}
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        self.next_due().map(|at| (at, Command::Wake))
    }

    fn funds(&self, _command: &Command) -> Option<Currency> {
        None
    }

    fn answer(events: &[Event]) -> Value {
        wire::answer(events)
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        Some(wire::publication(event, at))
    }

    fn effects(&self, events: &[Event]) -> Vec<Effect> {
        events.iter().filter_map(|event| self.effect_of(event)).collect()
    }

    fn view(&self, viewer: &Viewer) -> Value {
        match viewer {
            Viewer::User { id, .. } if *id == self.owner() => self.shown(),
            Viewer::User { .. } | Viewer::Public => Value::Null,
        }
    }

    fn check(&self) -> Result<(), String> {
        self.sound()
    }

    fn summary(&self) -> String {
        let stage = self.session().map_or("quiet", |session| session.stage.name());
        format!("{} alarms in {}, {stage}, streak of {}", self.alarms.len(), self.zone, self.streak.days)
    }
}
