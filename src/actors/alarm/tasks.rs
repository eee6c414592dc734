//! Where a mission's tasks come from, as far as an alarm needs to know.

use futures_util::future::BoxFuture;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::actors::ask::Denied;

/// A task that is leased to a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    /// The campaign's number.
    pub campaign: i64,
    /// The task's number in it.
    pub task: u32,
    /// The lease.
    pub lease: Uuid,
    /// Its fencing number.
    pub fence: u64,
    /// When it ends.
    pub deadline: Timestamp,
    /// All that the screen needs: kind, instructions, choices, image, region, points.
    pub card: Value,
}

/// An answer that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Whether it was no wrong answer to a task whose answer is known.
    pub passed: bool,
    /// Points that are pending for it.
    pub points: i64,
}

/// Under which lease a person has a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The campaign's number.
    pub campaign: i64,
    /// The lease.
    pub lease: Uuid,
    /// Its fencing number.
    pub fence: u64,
}

/// Gives out tasks and takes answers. Each call's `id` may come twice and means the same then.
pub trait Tasks: Send + Sync + 'static {
    /// A task for this person; `None` when there is none now.
    fn claim(&self, worker: UserId, id: Uuid) -> BoxFuture<'static, Result<Option<Leased>, Denied>>;

    /// An answer, durable when this returns.
    fn answer(&self, worker: UserId, id: Uuid, claim: Claim, answer: String) -> BoxFuture<'static, Result<Answered, Denied>>;

    /// The task is not wanted.
    fn give_back(&self, worker: UserId, id: Uuid, claim: Claim) -> BoxFuture<'static, Result<(), Denied>>;
}

/// There are no tasks at all: every mission is excused.
#[derive(Debug, Clone, Copy)]
pub struct NoTasks;

impl Tasks for NoTasks {
    fn claim(&self, _: UserId, _: Uuid) -> BoxFuture<'static, Result<Option<Leased>, Denied>> {
        Box::pin(async { Ok(None) })
    }

    fn answer(&self, _: UserId, _: Uuid, _: Claim, _: String) -> BoxFuture<'static, Result<Answered, Denied>> {
        Box::pin(async { Err(Denied::Failed(madang_domain::code::Code::NotFound)) })
    }

    fn give_back(&self, _: UserId, _: Uuid, _: Claim) -> BoxFuture<'static, Result<(), Denied>> {
        Box::pin(async { Ok(()) })
    }
}
