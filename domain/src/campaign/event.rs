//! What has happened to a campaign. Stored for ever: fields are only ever added, with a default.
//!
//! Events carry what rules decided (how many answers are wanted, which answers were right), so that applying them is
//! arithmetic and gives the same state under any later version of the rules.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::command::Draft;
use super::progress::Progress;
use super::task::{NewTask, Settlement};
use crate::ids::UserId;
use crate::time::Timestamp;

/// An event of one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A company asked for it.
    Requested {
        /// Whose it is.
        owner: UserId,
        /// What was asked for.
        draft: Box<Draft>,
        /// Whether it learns how well people label from how their answers agree.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        learns: bool,
    },
    /// An admin let it run.
    Approved,
    /// An admin said no.
    Rejected {
        /// Why.
        reason: String,
    },
    /// Tasks of an upload came in.
    TasksAdded(TasksAdded),
    /// It is approved and has tasks: labeling began.
    Started,
    /// No more tasks are given out.
    Paused,
    /// It goes on.
    Resumed,
    /// It is over.
    Completed {
        /// The numbers at the end.
        progress: Progress,
    },
    /// A person was given a task.
    Claimed(Claimed),
    /// A lease lasts longer.
    Extended {
        /// Its fencing number.
        fence: u64,
        /// When it ends now.
        until: Timestamp,
    },
    /// A lease was given back unanswered.
    GivenBack {
        /// Its fencing number.
        fence: u64,
    },
    /// An answer came in time.
    Answered(Answered),
    /// An answer came after its lease: kept, but not counted.
    AnsweredLate {
        /// The answer's number.
        answer: u64,
        /// Which task.
        task: u32,
        /// Who.
        worker: UserId,
        /// The fencing number of the lease that had ended.
        fence: u64,
        /// What.
        text: String,
    },
    /// A task was settled, or needs a person's eye.
    Settled(Settled),
    /// More people are asked about a task in review.
    MoreWanted {
        /// Which.
        task: u32,
        /// Answers beyond the rule's maximum, in all.
        extra: u16,
        /// The new bound.
        wanted: u16,
        /// The numbers after it.
        progress: Progress,
    },
    /// A person was taken off.
    WorkerExcluded(WorkerExcluded),
    /// A person was let back.
    WorkerReadmitted {
        /// Whom.
        worker: UserId,
    },
    /// An upload went a step further. Changes nothing here: its owner watches.
    UploadWent(UploadWent),
    /// The house looked after it.
    Swept {
        /// The fencing numbers of the leases that had ended.
        ended: Vec<u64>,
        /// Whether everything that is open was judged again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        full: bool,
        /// After the end: every task before this one is settled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed_to: Option<u32>,
    },
}

/// Tasks came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TasksAdded {
    /// The upload's number.
    pub upload: i64,
    /// Which part of it.
    pub part: u32,
    /// The number of the first of them.
    pub first: u32,
    /// How many answers each is wanted to have at first.
    pub wanted: Vec<u16>,
    /// The tasks.
    pub tasks: Vec<NewTask>,
}

/// Where an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadStep {
    /// Its files are being worked up.
    Working,
    /// Its tasks are in.
    Done,
    /// Nothing more will come of it.
    Failed,
}

impl UploadStep {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadWent {
    /// The upload's number.
    pub upload: i64,
    /// Where it is.
    pub step: UploadStep,
    /// Files in it, once it is unpacked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// Of those: settled.
    pub done: u32,
    /// Of those: nothing was taken.
    pub refused: u32,
    /// Tasks made.
    pub tasks: u32,
}

/// A person was given a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// Which.
    pub task: u32,
    /// Whom.
    pub worker: UserId,
    /// The lease.
    pub lease: Uuid,
    /// Its fencing number: rises with every lease of the campaign.
    pub fence: u64,
    /// When it ends.
    pub until: Timestamp,
}

/// An answer came in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The answer's number.
    pub answer: u64,
    /// Which task.
    pub task: u32,
    /// Who.
    pub worker: UserId,
    /// The fencing number of its lease.
    pub fence: u64,
    /// What, in the kept form.
    pub text: String,
    /// Whether it is right or wrong already: by the known answer, or because the task was settled meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<bool>,
    /// Whether it was a test.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gold: bool,
    /// Whether it came faster than a person can answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fast: bool,
    /// How many answers the task is wanted to have now.
    pub wanted: u16,
    /// What it pays, in points.
    pub points: i64,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is answered.
    Decided(Settlement),
    /// A person must look.
    Review(Option<Settlement>),
    /// It cannot be answered.
    Unusable,
    /// It was not answered in time.
    Undecided,
}

/// A task was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub task: u32,
    /// How.
    pub outcome: Outcome,
    /// Whether it was in review before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_review: bool,
    /// The numbers of the answers whose points are posted.
    pub right: Vec<u64>,
    /// The numbers of the answers whose points are void.
    pub wrong: Vec<u64>,
    /// The campaign's numbers after it.
    pub progress: Progress,
}

/// Why a person was taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExclusionReason {
    /// Too many answers faster than anybody can read.
    TooFast,
    /// Too many skips in a row.
    TooManySkips,
    /// Too many known answers missed.
    GoldMissed,
    /// A person said so.
    Person(String),
}

impl ExclusionReason {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooFast => "too_fast",
            Self::TooManySkips => "too_many_skips",
            Self::GoldMissed => "gold_missed",
            Self::Person(_) => "person",
        }
    }
}

/// An answer that was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Which task.
    pub task: u32,
    /// The answer's number.
    pub answer: u64,
    /// How many answers the task is wanted to have now.
    pub wanted: u16,
}

/// A person was taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerExcluded {
    /// Whom.
    pub worker: UserId,
    /// Why.
    pub reason: ExclusionReason,
    /// Until when; `None`: until readmitted.
    pub until: Option<Timestamp>,
    /// Their answers that were taken back.
    pub dropped: Vec<Dropped>,
}
