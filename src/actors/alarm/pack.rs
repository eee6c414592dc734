//! The offline pack: a few leased tasks that a phone takes along when it may lose its connection, so that a mission can be
//! done without one. The pack is signed, so that what comes back is what was given; an answer counts if its lease still
//! stands, however late it comes.

use madang_domain::alarm::Command;
use madang_domain::entity::Actor;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::mission::Missions;
use super::tasks::{Claim, Leased};
use crate::actors::ask::Denied;
use crate::actors::kernel::derived_from;

/// The most tasks in one pack.
pub const MOST: u8 = 5;

/// What came of one answer of a pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Returned {
    /// The task's lease.
    pub lease: Uuid,
    /// What the campaign said of it.
    pub answered: Result<super::tasks::Answered, Denied>,
    /// What the clock answered, where a mission was open.
    pub clock: Option<Value>,
}

impl Missions {
    /// Claims up to `wanted` tasks for a pack. The same `id` gives the same tasks, as long as their leases stand.
    ///
    /// # Errors
    /// As the campaign or the engine denies before anything was claimed.
    pub async fn pack(&self, user: UserId, id: Uuid, wanted: u8) -> Result<Vec<Leased>, Denied> {
        let mut tasks: Vec<Leased> = Vec::new();
        for number in 0..wanted.min(MOST) {
            let step = derived_from(&[b'p', number], id);
            match self.tasks().claim(user, step).await {
                Ok(Some(task)) if tasks.iter().all(|known| known.lease != task.lease) => tasks.push(task),
                Ok(_) => break,
                Err(denied) if tasks.is_empty() => return Err(denied),
                Err(_) => break,
            }
        }
        Ok(tasks)
    }

    /// Takes one answer of a pack, under an id that belongs to its lease: asked again it is the same answer.
    ///
    /// # Errors
    /// Only what asking again with the same answer can mend.
    pub async fn take_back(&self, user: UserId, claim: Claim, answer: String) -> Result<Returned, Denied> {
        let id = derived_from(b"pack answer", claim.lease);
        let answered = match self.tasks().answer(user, id, claim, answer).await {
            Err(Denied::Failed(code)) if crate::error::Surface::of(code).temporary => return Err(Denied::Failed(code)),
            answered => answered,
        };
        let mut clock = None;
        if let Ok(answered) = answered {
            let count = Command::Count { lease: claim.lease, passed: answered.passed, points: answered.points };
            match self.order(user, Actor::System, derived_from(b"pack count", claim.lease), count).await {
                Ok(counted) => clock = Some(super::mission::told(counted)),
                // Nothing rings any more: it is worth its points all the same.
                Err(Denied::Refused { .. }) => {}
                Err(denied) => return Err(denied),
            }
        }
        Ok(Returned { lease: claim.lease, answered, clock })
    }
}

/// What the signature of a pack is made over: whose it is, when it was given, and every lease in it.
#[must_use]
pub fn signed_part(user: UserId, issued_at: Timestamp, claims: &[(Claim, Timestamp)]) -> Vec<u8> {
    let claims: Vec<Value> = claims
        .iter()
        .map(|(claim, deadline)| json!([claim.campaign, claim.lease, claim.fence, deadline.timestamp_micros()]))
        .collect();
    json!([1, user, issued_at.timestamp_micros(), claims]).to_string().into_bytes()
}
