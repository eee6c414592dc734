//! What its owner and admins see: the summary that is the channel's snapshot, and rows for lists, a part at a time.

use serde::Serialize;
use serde_json::{Value, json};

use super::project::{Project, Stage};
use super::quality::{Errors, Nearest};
use super::rules::Rules;
use super::task::{Region, Settlement, Task, TaskState, Vote};
use super::workers::{Action, Exclusion, Worker};
use crate::consensus::skill::Gold;
use crate::entity::Viewer;
use crate::ids::{EntityId, UserId};
use crate::time::Timestamp;

/// An answer to a task, as the owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoteRow {
    /// The answer's number.
    pub number: u64,
    /// Who.
    pub worker: UserId,
    /// What.
    pub answer: String,
    /// Where it stands: waiting, right, wrong, dropped or late.
    pub standing: &'static str,
    /// When.
    pub at: Timestamp,
}

impl From<&Vote> for VoteRow {
    fn from(vote: &Vote) -> Self {
        let (number, worker, answer, at) = (vote.number, vote.worker, vote.answer.clone(), vote.at);
        Self { number, worker, answer, standing: vote.standing.name(), at }
    }
}

/// An answer and how probable it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Likely {
    /// One of the choices.
    pub answer: String,
    /// 0 to 1.
    pub probability: f64,
}

/// A task with what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskRow {
    /// Its number in the campaign.
    pub task: u32,
    /// The image's object key.
    pub image: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The box.
    pub region: Option<Region>,
    /// open, review, decided, unusable or undecided; gold for a test.
    pub state: &'static str,
    /// The answer, or the best guess of a task in review.
    #[serde(flatten)]
    pub settlement: Option<Settlement>,
    /// What a machine read.
    pub machine: Option<String>,
    /// For a task that is not settled: the most probable choices by what was learned of its people, the first the likeliest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub posterior: Vec<Likely>,
    /// What the readings add up to; only where it was asked for, see [`TaskRow::read`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
    /// How far the readings are from the answer, or from the nearest one; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<Errors>,
    /// The known answer of a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gold: Option<String>,
    /// Counted answers and live leases are together never more.
    pub wanted: u16,
    /// Every answer, as they came.
    pub answers: Vec<VoteRow>,
}

impl TaskRow {
    fn of(number: u32, task: &Task, posterior: Vec<Likely>) -> Self {
        let settlement = match &task.state {
            TaskState::Decided(settlement) => Some(settlement.clone()),
            TaskState::Review(guess) => guess.clone(),
            TaskState::Open | TaskState::Gold | TaskState::Unusable | TaskState::Undecided => None,
        };
        Self {
            task: number,
            image: task.asked.image.clone(),
            width: task.asked.width,
            height: task.asked.height,
            region: task.asked.region,
            state: task.state.name(),
            settlement,
            machine: task.asked.machine.clone(),
            posterior,
            nearest: None,
            reading: None,
            gold: task.asked.gold.clone(),
            wanted: task.wanted,
            answers: task.votes.iter().map(VoteRow::from).collect(),
        }
    }
}

/// A person who labels here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkerRow {
    /// Who.
    pub worker: UserId,
    /// Counted answers.
    pub answers: u32,
    /// Of those that proved right.
    pub right: u32,
    /// Of those that proved wrong.
    pub wrong: u32,
    /// Answers that were taken back.
    pub dropped: u32,
    /// Answers that came late.
    pub late: u32,
    /// Tasks given back.
    pub skips: u32,
    /// Answers to tests.
    pub gold: Gold,
    /// The accuracy by the tests, 0 to 1; one half for a stranger.
    pub accuracy: f64,
    /// Where the accuracy lies with a probability of 0.95.
    pub interval: Option<(f64, f64)>,
    /// The accuracy by how all their answers agree with everybody's, 0 to 1; `None` where the campaign does not learn.
    pub reliability: Option<f64>,
    /// Why they are taken off, if they are.
    pub excluded: Option<Exclusion>,
    /// What was done about them, oldest first.
    pub log: Vec<Action>,
}

impl WorkerRow {
    fn of(worker: UserId, known: &Worker, reliability: Option<f64>) -> Self {
        Self {
            worker,
            answers: known.answers,
            right: known.right,
            wrong: known.wrong,
            dropped: known.dropped,
            late: known.late,
            skips: known.skips,
            gold: known.gold,
            accuracy: known.gold.accuracy(),
            interval: known.gold.interval(0.95),
            reliability,
            excluded: known.excluded.clone(),
            log: known.log.clone(),
        }
    }
}

/// Which tasks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listed {
    /// All but tests.
    #[default]
    All,
    /// Those that are asked about.
    Open,
    /// Those that a person must look at.
    Review,
    /// Those that are answered.
    Decided,
    /// Those that cannot be answered.
    Unusable,
    /// Those that were not answered at the end.
    Undecided,
    /// Tests.
    Gold,
}

impl Listed {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::All, Self::Open, Self::Review, Self::Decided, Self::Unusable, Self::Undecided, Self::Gold];

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Review => "review",
            Self::Decided => "decided",
            Self::Unusable => "unusable",
            Self::Undecided => "undecided",
            Self::Gold => "gold",
        }
    }

    /// The list of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|listed| listed.name() == name)
    }

    fn has(self, task: &Task) -> bool {
        match self {
            Self::All => task.state != TaskState::Gold,
            Self::Open | Self::Review | Self::Decided | Self::Unusable | Self::Undecided | Self::Gold => {
                task.state.name() == self.name()
            }
        }
    }
}

/// What never changes of a task: what the person is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The image's object key.
    pub image: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The box.
    pub region: Option<Region>,
}

impl Project {
    /// The summary.
    pub(super) fn view(&self, id: EntityId, viewer: &Viewer) -> Value {
        if !self.is_shown_to(viewer) {
            return Value::Null;
        }
        let reason = if let Stage::Rejected(reason) = &self.stage { Some(reason) } else { None };
        json!({
            "id": id.number(),
            "state": self.stage.name(),
            "reason": reason,
            "owner": self.owner,
            "name": self.draft.name,
            "description": self.draft.description,
            "rules": self.draft.rules,
            "requested_at": self.requested_at,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "golds": self.tasks.iter().filter(|task| task.state == TaskState::Gold).count(),
            "leases": self.leases.len(),
            "workers": self.workers.len(),
            "progress": self.progress.view(self.least_votes()),
        })
    }

    /// Tasks of a list from a number on, at most `limit`, and the number to go on from. Looks at no more than
    /// `20 x limit` tasks, so that a part without hits may come back empty with more to follow.
    #[must_use]
    pub fn list_tasks(&self, listed: Listed, from: u32, limit: usize) -> (Vec<TaskRow>, Option<u32>) {
        let mut rows = Vec::new();
        let skipped = usize::try_from(from).unwrap_or(usize::MAX);
        let most = limit.saturating_mul(20);
        for (seen, (number, task)) in (from..).zip(self.tasks.iter().skip(skipped)).enumerate() {
            if rows.len() >= limit || seen >= most {
                return (rows, Some(number));
            }
            if listed.has(task) {
                rows.push(TaskRow::of(number, task, self.likely(number)));
            }
        }
        (rows, None)
    }

    /// People from a number on, at most `limit`, and the number to go on from.
    #[must_use]
    pub fn list_workers(&self, from: UserId, limit: usize) -> (Vec<WorkerRow>, Option<UserId>) {
        let mut people = self.workers.range(from..);
        let row = |(worker, known): (&UserId, &Worker)| WorkerRow::of(*worker, known, self.learned_accuracy(*worker));
        let rows = people.by_ref().take(limit).map(row).collect();
        (rows, people.next().map(|(worker, _)| *worker))
    }

    /// What people are shown of the tasks from a number on, at most `limit`.
    #[must_use]
    pub fn list_shown(&self, from: usize, limit: usize) -> Vec<Shown> {
        let shown = |task: &Task| Shown {
            image: task.asked.image.clone(),
            width: task.asked.width,
            height: task.asked.height,
            region: task.asked.region,
        };
        self.tasks.iter().skip(from).take(limit).map(shown).collect()
    }

    /// The rules it runs by.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.draft.rules
    }
}
