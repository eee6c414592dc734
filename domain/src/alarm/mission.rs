//! Missions: tasks on the screen, answers that count, and what excuses from them.
//!
//! A task is leased from its campaign before it is shown and its answer is durable there before it counts here, so an alarm
//! never stops for an answer that could still vanish.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::alarm::event::{Event, How};
use crate::alarm::refusal::Refusal;
use crate::alarm::session::{Session, Stage, later};
use crate::alarm::{AlarmClock, Command};
use crate::time::Timestamp;

/// After an answer or a task that was given back, so long passes without another task before it rings again.
pub const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// A task's lease holds the ring back so long at most.
pub const LONGEST_TASK: TimeDelta = TimeDelta::seconds(600);

/// A task on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The campaign's number.
    pub campaign: i64,
    /// The task's number in it.
    pub task: u32,
    /// The lease under which the person has it.
    pub lease: Uuid,
    /// The lease's fencing number.
    pub fence: u64,
    /// When the lease ends.
    pub deadline: Timestamp,
    /// All that the screen needs, as the campaign gave it; nothing the rules look at.
    pub card: Value,
}

/// Why there is no task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excuse {
    /// No campaign has one for this person now.
    NoTasks,
    /// Campaigns cannot be asked now.
    Unavailable,
}

impl AlarmClock {
    /// Decides the commands that the house gives while a mission goes on.
    pub(super) fn mission(&self, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::ShowTask { session, shown } => self.session_of(Some(*session))?.show(shown, now),
            Command::DropTask { lease } => self.session_of(None)?.drop_task(*lease, now),
            Command::Excuse { session, why } => self.session_of(Some(*session))?.excuse(*why),
            Command::Count { lease, passed, points } => {
                let session = self.session_of(None)?;
                let counted = session.count(*lease, *passed, *points, now)?;
                let done = matches!(&counted, Event::Counted { answered, needed, .. } if answered >= needed);
                let ended = done.then(|| self.dismissed(session, How::Answered, now));
                Ok(std::iter::once(counted).chain(ended).collect())
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
            | Command::Acknowledge { .. }
            | Command::Wake => Err(Refusal::NotTheHouse),
        }
    }
}

impl Session {
    fn open_mission(&self) -> Result<(), Refusal> {
        if self.stage.is_over() {
            return Err(Refusal::NotRinging { stage: Some(self.stage.name()) });
        }
        if self.needed == 0 { Err(Refusal::NoMission) } else { Ok(()) }
    }

    fn show(&self, shown: &Shown, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.open_mission()?;
        if self.task().is_some_and(|task| task.lease == shown.lease) {
            return Ok(Vec::new());
        }
        let mut shown = Box::new(shown.clone());
        shown.deadline = shown.deadline.min(later(now, LONGEST_TASK));
        Ok(vec![Event::TaskShown { session: self.number, shown }])
    }

    fn drop_task(&self, lease: Uuid, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let held = self.task().is_some_and(|task| task.lease == lease);
        let dropped = held.then(|| Event::TaskDropped { session: self.number, lease, until: later(now, PAUSE) });
        Ok(dropped.into_iter().collect())
    }

    fn excuse(&self, why: Excuse) -> Result<Vec<Event>, Refusal> {
        self.open_mission()?;
        let known = self.excused.is_some();
        Ok(if known { Vec::new() } else { vec![Event::Excused { session: self.number, why }] })
    }

    fn count(&self, lease: Uuid, passed: bool, points: i64, now: Timestamp) -> Result<Event, Refusal> {
        self.open_mission()?;
        let answered = self.answered.saturating_add(u8::from(passed)).min(self.needed);
        let until = later(now, PAUSE);
        Ok(Event::Counted { session: self.number, lease, passed, answered, needed: self.needed, points, until })
    }

    /// The task on the screen.
    #[must_use]
    pub fn task(&self) -> Option<&Shown> {
        match &self.stage {
            Stage::InMission { task, .. } => task.as_deref(),
            Stage::Ringing { .. } | Stage::Snoozed { .. } | Stage::WakeCheck { .. } => None,
        }
    }

    /// Whether the person may stop it as it is.
    #[must_use]
    pub fn may_stop(&self) -> bool {
        self.answered >= self.needed || self.excused.is_some()
    }
}
