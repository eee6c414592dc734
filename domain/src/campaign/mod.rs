//! Campaigns: a company's images, labeled by many people, one answer checked against the others.
//!
//! ```text
//! requested -> approved -> in progress <-> paused -> completed
//!     |
//!     '-> rejected
//! ```
//!
//! People [claim](leases) a task for a while and [answer](answering) it; a task is [settled](settling) in memory by the very
//! answer that makes it certain, and everybody who answered it is paid or not in the same decision. Counted answers and live
//! leases of a task are together never more than are wanted. [Tests](gold) with a known answer and [rules](workers) keep out
//! who does not read; what the rule cannot decide [goes to a person](review). A [sweep] is the safety net.

mod answering;
mod check;
pub mod command;
mod effects;
pub mod event;
mod gold;
mod index;
pub mod leases;
mod lifecycle;
pub mod progress;
pub mod project;
pub mod quality;
pub mod refusal;
mod review;
pub mod rules;
mod settling;
mod skills;
mod sweep;
pub mod task;
#[cfg(test)]
mod tests;
pub mod uploads;
pub mod view;
mod wire;
pub mod workers;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::command::{Command, Draft, ReviewVerdict};
pub use self::event::{Event, Outcome};
pub use self::project::{Project, Stage};
pub use self::refusal::Refusal;
pub use self::rules::{AccuracyBy, Rules, TaskKind, Undecided};
pub use self::task::{NewTask, Region, Settlement, TaskState};

use crate::entity::{Effect, Entity, Given, Viewer};
use crate::ids::{EntityId, Kind};
use crate::money::Currency;
use crate::time::Timestamp;

/// One campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    id: EntityId,
    project: Option<Box<Project>>,
}

impl Campaign {
    /// What was asked for; `None` before.
    #[must_use]
    pub fn project(&self) -> Option<&Project> {
        self.project.as_deref()
    }

    fn existing(&self) -> Result<&Project, Refusal> {
        self.project().ok_or(Refusal::Unknown)
    }
}

impl Entity for Campaign {
    const KIND: Kind = Kind::Campaign;
    const VERSION: i16 = 1;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(id: EntityId) -> Self {
        Self { id, project: None }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Claim => self.existing()?.claim(given).map(|event| vec![event]),
            Command::Answer { lease, fence, answer } => self.existing()?.answer(*lease, *fence, answer, given),
            Command::GiveBack { lease, fence } => self.existing()?.give_back(*lease, *fence, given),
            Command::Extend { lease, fence } => self.existing()?.extend(*lease, *fence, given),
            Command::Sweep => self.existing()?.sweep(given),
            Command::Request(_) if self.project.is_some() => Err(Refusal::Exists),
            Command::Request(draft) => lifecycle::request(draft, given),
            Command::Approve => self.existing()?.approve(given),
            Command::Reject { reason } => self.existing()?.reject(reason, given),
            Command::AddTasks { upload, part, tasks } => self.existing()?.add_tasks(*upload, *part, tasks, given),
            Command::TellUpload(went) => self.existing()?.tell_upload(*went, given),
            Command::Pause => self.existing()?.pause(given),
            Command::Resume => self.existing()?.resume(given),
            Command::Complete => self.existing()?.complete(given),
            Command::Review { task, verdict } => self.existing()?.review(*task, verdict, given),
            Command::Exclude { worker, reason, drop } => self.existing()?.exclude(*worker, reason, *drop, given),
            Command::Readmit { worker } => self.existing()?.readmit(*worker, given),
        }
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        if let Event::Requested { owner, draft, learns } = event {
            self.project = Some(Box::new(Project::new(*owner, (**draft).clone(), *learns, at)));
            return;
        }
        let Some(project) = self.project.as_deref_mut() else { return };
        let mut progress = project.progress;
        progress.count(event, project, at);
        project.progress = progress;
        project.apply(event, at);
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        self.project()?.next_sweep().map(|at| (at, Command::Sweep))
    }

    fn funds(&self, _command: &Command) -> Option<Currency> {
        None
    }

    fn answer(events: &[Event]) -> Value {
        wire::answer(events)
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        wire::publication(event, at)
    }

    fn effects(&self, events: &[Event]) -> Vec<Effect> {
        let Some(project) = self.project() else { return Vec::new() };
        events.iter().flat_map(|event| project.effects_of(self.id, event)).collect()
    }

    fn view(&self, viewer: &Viewer) -> Value {
        self.project().map_or(Value::Null, |project| project.view(self.id, viewer))
    }

    fn check(&self) -> Result<(), String> {
        self.project().map_or(Ok(()), Project::check)
    }

    fn summary(&self) -> String {
        let Some(project) = self.project() else { return "vacant".to_owned() };
        let progress = project.progress;
        let (stage, settled, tasks) = (project.stage.name(), progress.settled(), progress.tasks);
        format!(
            "{stage}, {settled} of {tasks} tasks settled, {} leases, {} people",
            project.leases.len(),
            project.workers.len()
        )
    }
}

impl Project {
    fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Requested { .. } => {}
            Event::Approved => self.stage = Stage::Approved,
            Event::Rejected { reason } => self.stage = Stage::Rejected(reason.clone()),
            Event::TasksAdded(added) => self.apply_tasks_added(added),
            Event::Started => {
                self.stage = Stage::InProgress;
                self.started_at = Some(at);
                self.swept_at = Some(at);
            }
            Event::Paused => self.stage = Stage::Paused,
            Event::Resumed => self.stage = Stage::InProgress,
            Event::Completed { .. } => self.apply_completed(at),
            Event::Claimed(claimed) => self.apply_claimed(claimed, at),
            Event::Extended { fence, until } => self.apply_extended(*fence, *until),
            Event::GivenBack { fence } => self.apply_given_back(*fence),
            Event::Answered(answered) => self.apply_answered(answered, at),
            Event::AnsweredLate { answer, task, worker, fence, text } => {
                self.apply_late(*answer, *task, *worker, *fence, text, at);
            }
            Event::Settled(settled) => self.apply_settled(settled),
            Event::MoreWanted { task, extra, wanted, .. } => self.apply_more(*task, *extra, *wanted),
            Event::WorkerExcluded(excluded) => self.apply_excluded(excluded, at),
            Event::WorkerReadmitted { worker } => self.apply_readmitted(*worker, at),
            Event::UploadWent(_) => {}
            Event::Swept { ended, full, closed_to } => self.apply_swept(ended, *full, *closed_to, at),
        }
    }
}
