//! Adding, changing and removing alarms, moving to another zone, and the plan that phones keep.

use serde::{Deserialize, Serialize};

use crate::alarm::event::{Armed, Event, Set};
use crate::alarm::refusal::Refusal;
use crate::alarm::schedule::next_ring;
use crate::alarm::terms::Terms;
use crate::alarm::zone::Zone;
use crate::alarm::{Alarm, AlarmClock, MAX_ALARMS};
use crate::time::Timestamp;

/// What the phone should ring by itself when it cannot hear the server: a version of all ring times.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Goes up with every change.
    pub version: u64,
    /// When it changed last.
    pub changed_at: Option<Timestamp>,
    /// The newest version that a phone has stored.
    pub acknowledged: Option<u64>,
    /// When it said so.
    pub acknowledged_at: Option<Timestamp>,
    /// The newest version about which the person was warned that no phone has it.
    pub warned: u64,
}

impl Plan {
    /// Another version.
    pub(super) fn change(&mut self, version: u64, at: Timestamp) {
        self.version = version;
        self.changed_at = Some(at);
    }
}

impl AlarmClock {
    /// Decides a new alarm.
    pub(super) fn add(&self, terms: &Terms, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if self.alarms.len() >= MAX_ALARMS {
            return Err(Refusal::TooMany { limit: MAX_ALARMS });
        }
        self.set(self.numbers.saturating_add(1), true, terms, now)
    }

    /// Decides new settings of an alarm.
    pub(super) fn change(&self, number: u32, terms: &Terms, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let alarm = self.alarm(number)?;
        if *alarm.terms == *terms && alarm.next_at.is_some_and(|at| at > now) {
            return Ok(Vec::new());
        }
        self.set(number, false, terms, now)
    }

    fn set(&self, number: u32, added: bool, terms: &Terms, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        terms.check().map_err(Refusal::Invalid)?;
        let mut terms = Box::new(terms.clone());
        let next_at = next_ring(&terms, self.zone, now);
        if terms.active && next_at.is_none() {
            return Err(Refusal::InThePast);
        }
        if terms.days.is_empty() && terms.date.is_none() {
            // From now on it means this day, wherever the person goes.
            terms.date = next_at.map(|at| terms.zone.unwrap_or(self.zone).date(at));
        }
        Ok(vec![Event::Set(Set { number, added, terms, next_at, plan: self.next_plan() })])
    }

    /// Decides the end of an alarm.
    pub(super) fn remove(&self, number: u32) -> Result<Vec<Event>, Refusal> {
        self.alarm(number)?;
        Ok(vec![Event::Removed { number, plan: self.next_plan() }])
    }

    /// Decides a move to another zone. What was to ring once and is over there becomes inactive.
    pub(super) fn set_zone(&self, zone: Zone, now: Timestamp) -> Vec<Event> {
        if zone == self.zone {
            return Vec::new();
        }
        let following = self.alarms.iter().filter(|alarm| alarm.terms.active && alarm.terms.zone.is_none());
        let armed = following.map(|alarm| Armed { number: alarm.number, next_at: next_ring(&alarm.terms, zone, now) });
        vec![Event::ZoneSet { zone, armed: armed.collect(), plan: self.next_plan() }]
    }

    /// Decides a trial.
    pub(super) fn try_out(&self, number: u32, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let alarm = self.alarm(number)?;
        if self.session.is_some() {
            return Err(Refusal::AlreadyRinging);
        }
        let armed = Armed { number, next_at: alarm.next_at };
        Ok(vec![self.began(alarm, armed, now, true, self.plan.version)])
    }

    /// Decides a phone's word that it has the plan.
    pub(super) fn acknowledge(&self, version: u64) -> Result<Vec<Event>, Refusal> {
        if version > self.plan.version {
            return Err(Refusal::UnknownPlan { version: self.plan.version });
        }
        let known = self.plan.acknowledged.is_some_and(|known| known >= version);
        Ok(if known { Vec::new() } else { vec![Event::Acknowledged { version }] })
    }

    fn next_plan(&self) -> u64 {
        self.plan.version.saturating_add(1)
    }

    fn alarm(&self, number: u32) -> Result<&Alarm, Refusal> {
        self.alarms.iter().find(|alarm| alarm.number == number).ok_or(Refusal::UnknownAlarm)
    }

    /// Arms or disarms an alarm.
    pub(super) fn arm(&mut self, armed: Armed) {
        if let Some(alarm) = self.alarms.iter_mut().find(|alarm| alarm.number == armed.number) {
            alarm.next_at = armed.next_at;
            alarm.terms.active = armed.next_at.is_some();
        }
    }
}
