//! The pool: a person asks for something to label, whatever campaign it is of.
//!
//! A claim asks one running campaign after the other, in an order that the command's id decides, until one has a task for this
//! person. Each campaign's own actor decides; nothing is promised here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_domain::campaign::{Campaign, Command, Region, TaskKind};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Role};
use madang_domain::ids::{EntityId, UserId};
use madang_domain::time::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::campaign_id;
use super::cards::{self, Cards};
use super::directory::Directory;
use super::meters;
use super::remembered::Remembered;
use crate::actors::ask::{Answer, Denied};
use crate::actors::follow::Changes;
use crate::actors::kernel::Engine;
use crate::storage::campaigns;

/// Campaigns that one claim asks at most.
const MOST_ASKED: usize = 64;
/// The database is asked for running campaigns at most this often.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A task as a person is given it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// The campaign.
    pub campaign: i64,
    /// The task's number in it.
    pub task: u32,
    /// The lease, known to its holder alone.
    pub lease: Uuid,
    /// Its fencing number.
    pub fence: u64,
    /// When the lease ends.
    pub deadline: Timestamp,
    /// What is asked.
    pub kind: TaskKind,
    /// What the person reads.
    pub instructions: String,
    /// Where one is to be chosen: from what.
    pub choices: Vec<String>,
    /// The URL path of the image.
    pub image: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// What of it is asked about.
    pub region: Option<Region>,
    /// What an answer pays when it proves right.
    pub points: i64,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// Not a failed test.
    pub passed: bool,
    /// What it pays when it proves right.
    pub points: i64,
    /// The decision's number in the campaign.
    pub seq: u64,
}

/// The answer of a campaign to a claim.
#[derive(Debug, Deserialize)]
struct ClaimAnswer {
    task: u32,
    lease: Uuid,
    fence: u64,
    deadline: Timestamp,
}

/// The answer of a campaign to an answer.
#[derive(Debug, Deserialize)]
struct AnswerAnswer {
    #[serde(default)]
    late: bool,
    #[serde(default)]
    passed: bool,
    #[serde(default)]
    points: i64,
}

#[derive(Debug)]
struct Shared {
    engine: Engine,
    db: PgPool,
    directory: Arc<Directory>,
    cards: Cards,
    remembered: Mutex<Remembered>,
    looked_at: Mutex<Option<Instant>>,
}

/// The pool. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    /// A pool over the campaigns of this engine; `changes` is what the engine's publications note.
    #[must_use]
    pub fn new(engine: Engine, db: PgPool, changes: Arc<Changes>) -> Self {
        let directory = Arc::new(Directory::default());
        let cards = cards::follow(engine.clone(), db.clone(), changes, Arc::clone(&directory));
        let (remembered, looked_at) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { engine, db, directory, cards, remembered, looked_at }) }
    }

    /// The writer of the lists' rows, which also tells the pool what runs.
    #[must_use]
    pub fn cards(&self) -> &Cards {
        &self.shared.cards
    }

    /// Learns whose the campaigns are, before anybody asks.
    ///
    /// # Errors
    /// The database's.
    pub async fn learn_owners(&self) -> Result<(), sqlx::Error> {
        self.shared.directory.owned(campaigns::list_owners(&self.shared.db).await?);
        Ok(())
    }

    /// Whose a campaign is; `None` where that is not known on this node yet.
    #[must_use]
    pub fn owner(&self, campaign: i64) -> Option<UserId> {
        self.shared.directory.owner(campaign)
    }

    /// Notes whose a campaign is.
    pub fn note_owner(&self, campaign: i64, owner: UserId) {
        self.shared.directory.owned([(campaign, owner)]);
    }

    /// Gives a person a task; `None`: there is nothing for this person now. The same `id` again gives the same task.
    ///
    /// # Errors
    /// When the engine cannot say.
    pub async fn claim(&self, worker: UserId, id: Uuid) -> Result<Option<Task>, Denied> {
        match self.next(worker, id).await {
            Ok(task) => Ok(Some(task)),
            Err(Denied::Refused { .. }) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// As [`Pool::claim`], but says why there is nothing: excluded, too many tasks at a time, or nothing left.
    ///
    /// # Errors
    /// `label.nothing`, `label.excluded`, `label.too_many_leases`, or when the engine cannot say.
    pub async fn next(&self, worker: UserId, id: Uuid) -> Result<Task, Denied> {
        meters::claimed(self.claim_anywhere(worker, id).await)
    }

    /// As [`Pool::next`], of one campaign alone.
    ///
    /// # Errors
    /// As the campaign refuses, or when the engine cannot say.
    pub async fn next_of(&self, campaign: i64, worker: UserId, id: Uuid) -> Result<Task, Denied> {
        let answer = self.ask(worker, id, campaign, Command::Claim).await?;
        self.shared.remembered.lock().note(id, campaign);
        self.task(campaign, &answer.data).await
    }

    async fn claim_anywhere(&self, worker: UserId, id: Uuid) -> Result<Task, Denied> {
        let mut refused = None;
        let known = self.shared.remembered.lock().campaign_of(id);
        let order = in_order(id, known, self.shared.directory.running());
        if let Some(task) = self.try_all(worker, id, &order, &mut refused).await? {
            return Ok(task);
        }
        self.look_again().await?;
        let mut fresh = in_order(id, None, self.shared.directory.running());
        fresh.retain(|campaign| !order.contains(campaign));
        if let Some(task) = self.try_all(worker, id, &fresh, &mut refused).await? {
            return Ok(task);
        }
        Err(refused.unwrap_or_else(nothing))
    }

    /// Answers a task.
    ///
    /// # Errors
    /// As the campaign refuses; `label.late` for an answer that was kept, but came too late to count.
    pub async fn answer(
        &self,
        worker: UserId,
        id: Uuid,
        campaign: i64,
        lease: Uuid,
        fence: u64,
        answer: &str,
    ) -> Result<Answered, Denied> {
        let command = Command::Answer { lease, fence, answer: answer.to_owned() };
        meters::answered(self.ask(worker, id, campaign, command).await.and_then(answered))
    }

    /// Gives a task back unanswered.
    ///
    /// # Errors
    /// As the campaign refuses.
    pub async fn give_back(&self, worker: UserId, id: Uuid, campaign: i64, lease: Uuid, fence: u64) -> Result<(), Denied> {
        self.ask(worker, id, campaign, Command::GiveBack { lease, fence }).await.map(drop)
    }

    /// Keeps a task for a while longer; says until when, where that changed.
    ///
    /// # Errors
    /// As the campaign refuses.
    pub async fn extend(&self, worker: UserId, id: Uuid, campaign: i64, lease: Uuid, fence: u64) -> Result<Value, Denied> {
        self.ask(worker, id, campaign, Command::Extend { lease, fence }).await.map(|answer| answer.data)
    }

    async fn ask(&self, worker: UserId, id: Uuid, campaign: i64, command: Command) -> Result<Answer, Denied> {
        let to = campaign_id(campaign).ok_or(Denied::Failed(Code::CampaignUnknown))?;
        let actor = Actor::User { id: worker, roles: vec![Role::User] };
        self.shared.engine.ask::<Campaign>(Order { to, id, actor, command }).await
    }

    async fn try_all(
        &self,
        worker: UserId,
        id: Uuid,
        order: &[i64],
        refused: &mut Option<Denied>,
    ) -> Result<Option<Task>, Denied> {
        for campaign in order.iter().copied().take(MOST_ASKED) {
            match self.next_of(campaign, worker, id).await {
                Ok(task) => return Ok(Some(task)),
                Err(denied @ Denied::Refused { .. }) => {
                    if denied.code() == Code::CampaignNotRunning {
                        self.shared.directory.forget(campaign);
                    }
                    note(refused, denied);
                }
                Err(failed) => return Err(failed),
            }
        }
        Ok(None)
    }

    /// What the person is shown.
    async fn task(&self, campaign: i64, claimed: &Value) -> Result<Task, Denied> {
        let claimed = ClaimAnswer::deserialize(claimed).map_err(|_| Denied::Failed(Code::Internal))?;
        let directory = &self.shared.directory;
        if directory.sheet(campaign).is_none_or(|sheet| sheet.task(claimed.task).is_none()) {
            let id: EntityId = campaign_id(campaign).ok_or(Denied::Failed(Code::CampaignUnknown))?;
            directory.learn(&self.shared.engine, id).await?;
        }
        let sheet = directory.sheet(campaign).ok_or(Denied::Failed(Code::Internal))?;
        let shown = sheet.task(claimed.task).ok_or(Denied::Failed(Code::Internal))?;
        Ok(Task {
            campaign,
            task: claimed.task,
            lease: claimed.lease,
            fence: claimed.fence,
            deadline: claimed.deadline,
            kind: sheet.rules.kind,
            instructions: sheet.rules.instructions.clone(),
            choices: sheet.rules.choices.clone(),
            image: format!("/objects/{}", shown.image),
            width: shown.width,
            height: shown.height,
            region: shown.region,
            points: sheet.rules.points,
        })
    }

    /// Before saying that there is nothing: writes the rows that are behind, and asks the database, where campaigns of other
    /// nodes are too.
    async fn look_again(&self) -> Result<(), Denied> {
        self.shared.cards.write_noted().await;
        {
            let mut looked_at = self.shared.looked_at.lock();
            if looked_at.is_some_and(|at| at.elapsed() < LOOK_AGAIN) {
                return Ok(());
            }
            *looked_at = Some(Instant::now());
        }
        let running = campaigns::list_running(&self.shared.db, 1_000).await.map_err(|error| {
            tracing::warn!(%error, "the running campaigns could not be listed");
            Denied::Failed(Code::Busy)
        })?;
        let known = self.shared.directory.running();
        for id in running.into_iter().filter(|campaign| !known.contains(campaign)).filter_map(campaign_id) {
            self.shared.directory.learn(&self.shared.engine, id).await?;
        }
        Ok(())
    }
}

/// An answer's outcome for its giver. One that came late is kept, and its giver is told that it does not count.
///
/// # Errors
/// `label.late`.
pub fn answered(answer: Answer) -> Result<Answered, Denied> {
    let told = AnswerAnswer::deserialize(&answer.data).map_err(|_| Denied::Failed(Code::Internal))?;
    if told.late {
        let code = Code::LabelLate;
        return Err(Denied::Refused { code, message: code.sentence().to_owned(), detail: answer.data, seq: answer.seq });
    }
    Ok(Answered { passed: told.passed, points: told.points, seq: answer.seq })
}

fn nothing() -> Denied {
    let code = Code::LabelNothing;
    Denied::Refused { code, message: code.sentence().to_owned(), detail: Value::Null, seq: 0 }
}

/// Keeps the refusal that helps the person most: what they can do something about themselves, else that there is nothing now.
/// That they are taken off is only said where every campaign says so: elsewhere there may be something in a moment.
fn note(refused: &mut Option<Denied>, denied: Denied) {
    let known = [Code::LabelExcluded, Code::LabelNothing, Code::LabelTooManyLeases];
    let weight = |denied: &Denied| known.iter().position(|code| *code == denied.code()).map_or(0, |place| place + 1);
    if weight(&denied) > refused.as_ref().map_or(0, weight) {
        *refused = Some(denied);
    }
}

/// The campaigns in the order in which a command asks them: the one that it was given before, then by a hash of both, so that
/// every campaign has the same chance and the same command the same order.
fn in_order(id: Uuid, known: Option<i64>, mut campaigns: Vec<i64>) -> Vec<i64> {
    let (high, low) = id.as_u64_pair();
    campaigns.sort_by_cached_key(|campaign| {
        let mut x = high ^ low.rotate_left(17) ^ campaign.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    });
    if let Some(known) = known {
        campaigns.retain(|campaign| *campaign != known);
        campaigns.insert(0, known);
    }
    campaigns
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_same_command_asks_in_the_same_order_and_others_in_another() {
        let campaigns: Vec<i64> = (1..=20).collect();
        let id = Uuid::from_u128(7);
        assert_eq!(in_order(id, None, campaigns.clone()), in_order(id, None, campaigns.iter().rev().copied().collect()));
        assert_ne!(in_order(id, None, campaigns.clone()), in_order(Uuid::from_u128(8), None, campaigns.clone()));
        assert_eq!(in_order(id, Some(13), campaigns).first(), Some(&13));
    }

    #[test]
    fn every_campaign_has_the_same_chance() {
        let mut first = HashMap::new();
        for n in 0..4_000u128 {
            let order = in_order(Uuid::from_u128(n * 0x1234_5678_9abc_def1), None, vec![1, 2, 3, 4]);
            *first.entry(order[0]).or_insert(0) += 1;
        }
        assert!(first.values().all(|count| (850..1_150).contains(count)), "{first:?}");
    }

    #[test]
    fn who_is_taken_off_one_campaign_is_not_told_so_while_another_may_have_something() {
        let refusal = |code: Code| Denied::Refused { code, message: String::new(), detail: Value::Null, seq: 0 };
        let told = |codes: &[Code]| {
            let mut refused = None;
            codes.iter().for_each(|code| note(&mut refused, refusal(*code)));
            refused.map(|denied| denied.code())
        };
        assert_eq!(told(&[Code::LabelExcluded, Code::LabelNothing]), Some(Code::LabelNothing));
        assert_eq!(told(&[Code::LabelNothing, Code::LabelExcluded]), Some(Code::LabelNothing));
        assert_eq!(told(&[Code::CampaignNotRunning, Code::LabelExcluded]), Some(Code::LabelExcluded));
        assert_eq!(told(&[Code::LabelNothing, Code::LabelTooManyLeases]), Some(Code::LabelTooManyLeases));
    }

    #[test]
    fn a_late_answer_is_a_refusal_for_its_giver() {
        let answer = |data| Answer { seq: 9, offset: 0, at: Timestamp::UNIX_EPOCH, data, duplicate: false };
        let late = answered(answer(serde_json::json!({ "answer": 3, "late": true })));
        assert_eq!(late.map_err(|denied| denied.code()).err(), Some(Code::LabelLate));
        let fine = answered(answer(serde_json::json!({ "answer": 3, "passed": true, "points": 15 })));
        assert_eq!(fine, Ok(Answered { passed: true, points: 15, seq: 9 }));
    }
}
