//! What can be asked of a campaign.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::UploadWent;
use super::rules::Rules;
use super::task::NewTask;
use crate::ids::UserId;

/// A campaign as a company asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// 1 to 100 characters.
    pub name: String,
    /// At most 2,000 characters.
    #[serde(default)]
    pub description: String,
    /// How it is to be run.
    #[serde(default)]
    pub rules: Rules,
}

/// A person's decision about a task in review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// This is the answer.
    Accept {
        /// In the form of any answer.
        answer: String,
    },
    /// It cannot be answered.
    Unusable,
    /// Ask more people.
    More,
}

/// A command to one campaign. Who commands is never part of it: the engine tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Asks for a campaign. By a company.
    Request(Box<Draft>),
    /// Lets it run. By an admin; again changes nothing.
    Approve,
    /// Says no to it. By an admin.
    Reject {
        /// Why, 1 to 500 characters: its owner reads it.
        reason: String,
    },
    /// Adds tasks of an upload. By the system; the same part of an upload again changes nothing.
    AddTasks {
        /// The upload's number.
        upload: i64,
        /// Which part of it.
        part: u32,
        /// 1 to 500 of them.
        tasks: Vec<NewTask>,
    },
    /// Tells its owner how far an upload is. By the system; at most now and then, since it is kept like everything.
    TellUpload(UploadWent),
    /// Gives out no more tasks. By its owner or an admin.
    Pause,
    /// Goes on. By its owner or an admin.
    Resume,
    /// Ends it: what is not answered stays so. By its owner or an admin.
    Complete,
    /// Asks for a task. By a person.
    Claim,
    /// Keeps a lease for a while longer. By its holder.
    Extend {
        /// The lease.
        lease: Uuid,
        /// Its fencing number.
        fence: u64,
    },
    /// Gives a lease back unanswered: "another one". By its holder.
    GiveBack {
        /// The lease.
        lease: Uuid,
        /// Its fencing number.
        fence: u64,
    },
    /// Answers a task. By the holder of its lease.
    Answer {
        /// The lease.
        lease: Uuid,
        /// Its fencing number.
        fence: u64,
        /// The answer.
        answer: String,
    },
    /// Decides a task in review. By its owner or an admin.
    Review {
        /// Which.
        task: u32,
        /// How.
        verdict: ReviewVerdict,
    },
    /// Takes a person off the campaign. By its owner or an admin.
    Exclude {
        /// Whom.
        worker: UserId,
        /// Why, 1 to 500 characters.
        reason: String,
        /// Whether their answers to unsettled tasks are taken back, so that others are asked.
        #[serde(default)]
        drop: bool,
    },
    /// Lets an excluded person back. By its owner or an admin.
    Readmit {
        /// Whom.
        worker: UserId,
    },
    /// Does what is due: ends leases, judges again what is open. By the system, at
    /// [`wake_at`](crate::entity::Entity::wake_at).
    Sweep,
}
