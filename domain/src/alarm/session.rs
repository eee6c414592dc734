//! The one session of a clock: what rings, rests or waits now.
//!
//! ```text
//! ringing <-> snoozed
//!    |  ^
//!    v  |  (not answered in time)
//! in mission
//!    |
//!    '-> dismissed -> wake-check -> over
//!                         |
//!                         '-> ringing (nobody answered)
//! ringing, ringing again and again without reaction -> missed
//! ```

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::alarm::event::{Began, Cause, Event};
use crate::alarm::mission::{Excuse, Shown};
use crate::alarm::terms::Terms;
use crate::time::Timestamp;

/// What an alarm does that came due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its number in this clock, from 1.
    pub number: u64,
    /// The alarm that began it.
    pub alarm: u32,
    /// Others that came due meanwhile.
    pub joined: Vec<u32>,
    /// The settings of the alarm that began it, as they were then.
    pub terms: Box<Terms>,
    /// Whether it only tries the alarm.
    pub trial: bool,
    /// When it began.
    pub began_at: Timestamp,
    /// How often it has rung.
    pub rings: u32,
    /// How often it was snoozed.
    pub snoozes: u8,
    /// Answers that it takes to stop it.
    pub needed: u8,
    /// Answers that count.
    pub answered: u8,
    /// Why it may be stopped without them.
    pub excused: Option<Excuse>,
    /// How often the person was asked whether they are up.
    pub checks: u8,
    /// What it does now.
    pub stage: Stage,
}

/// What a session does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It rings.
    Ringing {
        /// Since the last ring.
        since: Timestamp,
        /// How often it has rung in vain since somebody reacted.
        backups: u8,
    },
    /// It rests.
    Snoozed {
        /// Until then.
        until: Timestamp,
    },
    /// It is silent while the person answers.
    InMission {
        /// What is on the screen.
        task: Option<Box<Shown>>,
        /// Without an answer it rings again then.
        until: Timestamp,
    },
    /// It was stopped; the person will be or was asked whether they are up.
    WakeCheck {
        /// When they are asked.
        ask_at: Timestamp,
        /// Once asked: without an answer it rings again then.
        until: Option<Timestamp>,
    },
}

impl Stage {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ringing { .. } => "ringing",
            Self::Snoozed { .. } => "snoozed",
            Self::InMission { .. } => "in_mission",
            Self::WakeCheck { .. } => "wake_check",
        }
    }

    /// Whether the alarm was stopped already.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        match self {
            Self::WakeCheck { .. } => true,
            Self::Ringing { .. } | Self::Snoozed { .. } | Self::InMission { .. } => false,
        }
    }
}

/// A moment so much later, or the same at the end of what can be counted.
pub(super) fn later(at: Timestamp, by: TimeDelta) -> Timestamp {
    at.checked_add_signed(by).unwrap_or(at)
}

impl Session {
    /// A session that begins to ring.
    pub(super) fn begin(began: &Began, at: Timestamp) -> Self {
        Self {
            number: began.session,
            alarm: began.armed.number,
            joined: Vec::new(),
            terms: began.terms.clone(),
            trial: began.trial,
            began_at: at,
            rings: 1,
            snoozes: 0,
            needed: began.terms.needed(),
            answered: 0,
            excused: None,
            checks: 0,
            stage: Stage::Ringing { since: at, backups: 0 },
        }
    }

    /// How many snoozes are left.
    #[must_use]
    pub fn snoozes_left(&self) -> u8 {
        self.terms.snoozes().saturating_sub(self.snoozes)
    }

    /// Takes an event of this session in, as long as it does not end it.
    pub(super) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Joined { armed, needed, answered, .. } => {
                if !self.joined.contains(&armed.number) {
                    self.joined.push(armed.number);
                }
                self.needed = *needed;
                self.answered = *answered;
                self.trial = false;
            }
            Event::RangAgain { cause, rings, .. } => self.ring_again(*cause, *rings, at),
            Event::Snoozed { until, .. } => {
                self.snoozes = self.snoozes.saturating_add(1);
                self.stage = Stage::Snoozed { until: *until };
            }
            Event::TaskShown { shown, .. } => {
                self.stage = Stage::InMission { until: shown.deadline, task: Some(shown.clone()) };
            }
            Event::TaskDropped { until, .. } => self.stage = Stage::InMission { task: None, until: *until },
            Event::Excused { why, .. } => self.excused = Some(*why),
            Event::Counted { lease, answered, until, .. } => {
                self.answered = *answered;
                // A late answer to another task leaves the one on the screen alone.
                let shown = self.task().filter(|task| task.lease != *lease).is_some();
                if !shown {
                    self.stage = Stage::InMission { task: None, until: *until };
                }
            }
            Event::Dismissed { check_at: Some(ask_at), .. } => {
                self.stage = Stage::WakeCheck { ask_at: *ask_at, until: None };
            }
            Event::CheckAsked { until, .. } => {
                self.checks = self.checks.saturating_add(1);
                self.stage = Stage::WakeCheck { ask_at: at, until: Some(*until) };
            }
            Event::Set(_)
            | Event::Removed { .. }
            | Event::ZoneSet { .. }
            | Event::Began(_)
            | Event::TooLate { .. }
            | Event::Dismissed { check_at: None, .. }
            | Event::Confirmed { .. }
            | Event::Missed { .. }
            | Event::Acknowledged { .. }
            | Event::Warned { .. } => {}
        }
    }

    fn ring_again(&mut self, cause: Cause, rings: u32, at: Timestamp) {
        let before = match &self.stage {
            Stage::Ringing { backups, .. } => *backups,
            Stage::Snoozed { .. } | Stage::InMission { .. } | Stage::WakeCheck { .. } => 0,
        };
        let backups = match cause {
            Cause::NoReaction => before.saturating_add(1),
            Cause::SnoozeOver | Cause::MissionLapsed | Cause::AnotherAlarm | Cause::NotAwake => 0,
        };
        if cause == Cause::NotAwake {
            // Solved half asleep: it takes the whole mission again.
            self.answered = 0;
        }
        self.rings = rings;
        self.stage = Stage::Ringing { since: at, backups };
    }
}
