//! A campaign that exists: its stage, its tasks, its people.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::command::Draft;
use super::index::Index;
use super::leases::Lease;
use super::progress::Progress;
use super::refusal::Refusal;
use super::task::Task;
use super::workers::Workers;
use crate::consensus::dawid_skene::online::OnlineDawidSkene;
use crate::entity::{Actor, Role, Viewer};
use crate::ids::UserId;
use crate::time::Timestamp;

/// The most tasks that a campaign may have, tests included.
pub const MOST_TASKS: usize = 20_000;

/// Where a campaign is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// An admin has not looked at it yet. Uploads may come in.
    Requested,
    /// It may run, but has no tasks yet.
    Approved,
    /// It may not run, for this reason. Final.
    Rejected(String),
    /// Tasks are given out.
    InProgress,
    /// No tasks are given out for now.
    Paused,
    /// It is over. Final.
    Completed,
}

impl Stage {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Rejected(_) => "rejected",
            Self::InProgress => "in_progress",
            Self::Paused => "paused",
            Self::Completed => "completed",
        }
    }
}

/// A campaign that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Project {
    /// Whose it is.
    pub owner: UserId,
    /// What was asked for.
    pub draft: Draft,
    /// Where it is in its life.
    pub stage: Stage,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When labeling began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Its tasks; a task's number is its place here.
    pub tasks: Vec<Task>,
    /// The parts of uploads that came in.
    pub parts: BTreeSet<(i64, u32)>,
    /// Live leases by their fencing number.
    pub leases: BTreeMap<u64, Lease>,
    /// Everybody who was ever given a task.
    pub workers: Workers,
    /// What is learned of how well people label, from how their answers agree; `None` where the campaign does not learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<Box<OnlineDawidSkene>>,
    /// The newest fencing number.
    pub fence: u64,
    /// The newest answer's number.
    pub answers: u64,
    /// The numbers.
    pub progress: Progress,
    /// When everything that was open was judged last.
    pub swept_at: Option<Timestamp>,
    /// Whether anything happened since.
    pub is_active: bool,
    /// After the end: every task before this one is settled.
    pub closed_to: Option<u32>,
    #[serde(skip)]
    pub(super) index: Index,
}

/// The stored form: everything but what can be made again.
#[derive(Deserialize)]
struct Stored {
    owner: UserId,
    draft: Draft,
    stage: Stage,
    requested_at: Timestamp,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    tasks: Vec<Task>,
    parts: BTreeSet<(i64, u32)>,
    leases: BTreeMap<u64, Lease>,
    workers: Workers,
    #[serde(default)]
    skills: Option<Box<OnlineDawidSkene>>,
    fence: u64,
    answers: u64,
    progress: Progress,
    swept_at: Option<Timestamp>,
    is_active: bool,
    closed_to: Option<u32>,
}

impl From<Stored> for Project {
    fn from(stored: Stored) -> Self {
        let index = Index::of(&stored.tasks, stored.leases.iter().map(|(fence, lease)| (*fence, lease)));
        Self {
            owner: stored.owner,
            draft: stored.draft,
            stage: stored.stage,
            requested_at: stored.requested_at,
            started_at: stored.started_at,
            completed_at: stored.completed_at,
            tasks: stored.tasks,
            parts: stored.parts,
            leases: stored.leases,
            workers: stored.workers,
            skills: stored.skills,
            fence: stored.fence,
            answers: stored.answers,
            progress: stored.progress,
            swept_at: stored.swept_at,
            is_active: stored.is_active,
            closed_to: stored.closed_to,
            index,
        }
    }
}

impl Project {
    /// A campaign that was just asked for.
    pub(super) fn new(owner: UserId, draft: Draft, learns: bool, at: Timestamp) -> Self {
        let options = draft.rules.options().and_then(|options| u16::try_from(options).ok());
        let skills = learns.then(|| Box::new(OnlineDawidSkene::new(options)));
        Self {
            owner,
            draft,
            stage: Stage::Requested,
            requested_at: at,
            started_at: None,
            completed_at: None,
            tasks: Vec::new(),
            parts: BTreeSet::new(),
            leases: BTreeMap::new(),
            workers: Workers::new(),
            skills,
            fence: 0,
            answers: 0,
            progress: Progress::default(),
            swept_at: None,
            is_active: false,
            closed_to: None,
            index: Index::default(),
        }
    }

    /// The task of a number.
    #[must_use]
    pub fn task(&self, number: u32) -> Option<&Task> {
        self.tasks.get(usize::try_from(number).ok()?)
    }

    /// Changes a task and keeps the index true.
    pub(super) fn with_task(&mut self, number: u32, change: impl FnOnce(&mut Task)) {
        let Some(task) = usize::try_from(number).ok().and_then(|place| self.tasks.get_mut(place)) else { return };
        change(task);
        self.index.follow(number, task);
    }

    /// How many answers a task needs at least.
    #[must_use]
    pub fn least_votes(&self) -> u16 {
        crate::consensus::stop::wanted(&self.draft.rules.stop, self.draft.rules.options(), &[])
    }

    /// Whether this viewer may see and run it: its owner, or an admin.
    #[must_use]
    pub fn is_shown_to(&self, viewer: &Viewer) -> bool {
        match viewer {
            Viewer::Public => false,
            Viewer::User { id, roles } => *id == self.owner || roles.contains(&Role::Admin),
        }
    }

    pub(super) fn check_manager(&self, actor: &Actor) -> Result<(), Refusal> {
        let allowed = actor.user() == Some(self.owner) || actor.has(Role::Admin);
        if allowed { Ok(()) } else { Err(Refusal::NotAllowed("its owner or an admin")) }
    }

    pub(super) fn wrong_state(&self) -> Refusal {
        Refusal::WrongState { state: self.stage.name() }
    }
}
