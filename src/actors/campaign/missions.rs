//! The pool as the place where alarms' tasks come from.

use futures_util::future::BoxFuture;
use madang_domain::code::Code;
use madang_domain::ids::UserId;
use serde_json::{Value, to_value};
use uuid::Uuid;

use super::pool::{Pool, Task};
use crate::actors::alarm::tasks::{Answered, Claim, Leased, Tasks};
use crate::actors::ask::Denied;

impl Tasks for Pool {
    fn claim(&self, worker: UserId, id: Uuid) -> BoxFuture<'static, Result<Option<Leased>, Denied>> {
        let pool = self.clone();
        Box::pin(async move { Self::claim(&pool, worker, id).await?.map(leased).transpose() })
    }

    fn answer(&self, worker: UserId, id: Uuid, claim: Claim, answer: String) -> BoxFuture<'static, Result<Answered, Denied>> {
        let pool = self.clone();
        Box::pin(async move {
            let Claim { campaign, lease, fence } = claim;
            let answered = Self::answer(&pool, worker, id, campaign, lease, fence, &answer).await?;
            Ok(Answered { passed: answered.passed, points: answered.points })
        })
    }

    fn give_back(&self, worker: UserId, id: Uuid, claim: Claim) -> BoxFuture<'static, Result<(), Denied>> {
        let pool = self.clone();
        let Claim { campaign, lease, fence } = claim;
        Box::pin(async move { Self::give_back(&pool, worker, id, campaign, lease, fence).await })
    }
}

fn leased(task: Task) -> Result<Leased, Denied> {
    let card: Value = to_value(&task).map_err(|_| Denied::Failed(Code::Internal))?;
    let Task { campaign, task, lease, fence, deadline, .. } = task;
    Ok(Leased { campaign, task, lease, fence, deadline, card })
}
