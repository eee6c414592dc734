//! What is due: rings, backup rings, wake-up checks, giving up.
//!
//! Each moment is handled by whoever wakes the clock after it. After a long absence of the server nothing is caught up: what
//! is too late is noted, and the rest rings once, now.

use chrono::TimeDelta;

use crate::alarm::escalation::{BACKUP_AFTER, BACKUPS, CHECK_ANSWER_WITHIN, TOO_LATE, WARN_BEFORE};
use crate::alarm::event::{Armed, Began, Cause, Event};
use crate::alarm::schedule::next_ring;
use crate::alarm::session::{Session, Stage, later};
use crate::alarm::streak::Verdict;
use crate::alarm::{Alarm, AlarmClock, MAX_ALARMS};
use crate::entity::Entity;
use crate::time::Timestamp;

impl AlarmClock {
    /// Does everything that is due.
    pub(super) fn wake(&self, now: Timestamp) -> Vec<Event> {
        let mut clock = self.clone();
        let mut events = Vec::new();
        // Each step disarms what it handles; the bound is for a fault in these rules, and what is left rings at once.
        for _ in 0..=MAX_ALARMS.saturating_mul(2) {
            let step = clock.due(now);
            if step.is_empty() {
                break;
            }
            for event in &step {
                clock.apply(event, now);
            }
            events.extend(step);
        }
        events
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        [self.next_ring().map(|alarm| alarm.1), self.session_due(), self.warn_at()].into_iter().flatten().min()
    }

    /// The alarm that rings next.
    pub(super) fn next_ring(&self) -> Option<(&Alarm, Timestamp)> {
        self.alarms.iter().filter_map(|alarm| alarm.next_at.map(|at| (alarm, at))).min_by_key(|(alarm, at)| (*at, alarm.number))
    }

    fn due(&self, now: Timestamp) -> Vec<Event> {
        let session = self.session_due().filter(|at| *at <= now);
        let alarm = self.next_ring().filter(|(_, at)| *at <= now);
        match (session, alarm) {
            (Some(at), Some((_, ring))) if at <= ring => self.session_step(now),
            (_, Some((alarm, ring))) => self.alarm_step(alarm, ring, now),
            (Some(_), None) => self.session_step(now),
            (None, None) => {
                let warn = self.warn_at().filter(|at| *at <= now);
                warn.map(|_| Event::Warned { version: self.plan.version }).into_iter().collect()
            }
        }
    }

    /// When the session does something by itself.
    fn session_due(&self) -> Option<Timestamp> {
        self.session.as_deref().map(|session| match &session.stage {
            Stage::Ringing { since, .. } => later(*since, BACKUP_AFTER),
            Stage::Snoozed { until } | Stage::InMission { until, .. } => *until,
            Stage::WakeCheck { ask_at, until } => until.unwrap_or(*ask_at),
        })
    }

    fn session_step(&self, now: Timestamp) -> Vec<Event> {
        let Some(session) = self.session.as_deref() else { return Vec::new() };
        let event = match &session.stage {
            Stage::Ringing { backups, .. } if *backups >= BACKUPS => self.missed(session),
            Stage::Ringing { .. } => session.rings_again(Cause::NoReaction),
            Stage::Snoozed { .. } => session.rings_again(Cause::SnoozeOver),
            Stage::InMission { .. } => session.rings_again(Cause::MissionLapsed),
            Stage::WakeCheck { until: None, .. } => {
                Event::CheckAsked { session: session.number, until: later(now, CHECK_ANSWER_WITHIN) }
            }
            Stage::WakeCheck { until: Some(_), .. } => session.rings_again(Cause::NotAwake),
        };
        vec![event]
    }

    fn alarm_step(&self, alarm: &Alarm, due_at: Timestamp, now: Timestamp) -> Vec<Event> {
        let armed = Armed { number: alarm.number, next_at: self.after_ring(alarm, now.max(due_at)) };
        let plan = self.plan.version.saturating_add(1);
        if now.signed_duration_since(due_at) > TOO_LATE {
            return vec![Event::TooLate { armed, due_at, plan }];
        }
        let Some(session) = self.session.as_deref() else {
            return vec![self.began(alarm, armed, due_at, false, plan)];
        };
        let (needed, answered) = session.with(alarm);
        let joined = Event::Joined { session: session.number, armed, needed, answered, plan };
        // It was set to be heard, so it is: unless the person is up and answering, or it rings anyway.
        let silent = match &session.stage {
            Stage::Snoozed { .. } | Stage::WakeCheck { .. } => true,
            Stage::Ringing { .. } | Stage::InMission { .. } => false,
        };
        let again = silent.then(|| session.rings_again(Cause::AnotherAlarm));
        std::iter::once(joined).chain(again).collect()
    }

    /// When an alarm rings again after it has rung.
    fn after_ring(&self, alarm: &Alarm, at: Timestamp) -> Option<Timestamp> {
        if alarm.terms.days.is_empty() { None } else { next_ring(&alarm.terms, self.zone, at) }
    }

    /// The beginning of a session.
    pub(super) fn began(&self, alarm: &Alarm, armed: Armed, due_at: Timestamp, trial: bool, plan: u64) -> Event {
        let session = self.sessions.saturating_add(1);
        Event::Began(Began { session, armed, due_at, terms: alarm.terms.clone(), trial, plan })
    }

    fn missed(&self, session: &Session) -> Event {
        let (day, streak) = self.judged(session, Verdict::Broken);
        Event::Missed { session: session.number, day, streak }
    }

    /// Before a ring, a person whose phone knew an older plan is warned that it does not know this one.
    fn warn_at(&self) -> Option<Timestamp> {
        let plan = &self.plan;
        let stale = plan.acknowledged.is_some_and(|known| known < plan.version) && plan.warned < plan.version;
        let ring = self.next_ring().filter(|_| stale)?.1;
        Some(ring.checked_sub_signed(WARN_BEFORE).unwrap_or(ring).max(later(plan.changed_at?, TimeDelta::minutes(1))))
    }
}

impl Session {
    fn rings_again(&self, cause: Cause) -> Event {
        Event::RangAgain { session: self.number, cause, rings: self.rings.saturating_add(1) }
    }

    /// Answers needed and answers that count, once another alarm has joined. After it was stopped, it starts anew.
    fn with(&self, alarm: &Alarm) -> (u8, u8) {
        let answered = if self.stage.is_over() { 0 } else { self.answered };
        (self.needed.max(alarm.terms.needed()), answered)
    }
}
