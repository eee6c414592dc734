//! The load: people who label well, carelessly, hold tasks too long, give them back, and answer twice.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madang::cli::client::account::Account;
use madang::cli::client::api::Api;
use madang::cli::client::live::Live;
use madang_domain::ids::UserId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::record::{Asked, Call, Record, Told};
use crate::nemesis::Pulse;

/// How long a labeler asks again.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of a hundred answers, so many are wrong.
const CARELESS: u32 = 12;

/// What the labelers share.
#[derive(Debug, Clone)]
pub struct Floor {
    /// Where calls are written down.
    pub record: Record,
    /// The campaign.
    pub campaign: i64,
    /// Set when all shall end.
    pub stop: Arc<AtomicBool>,
}

/// A task that somebody holds.
#[derive(Debug, Clone)]
struct Held {
    task: u64,
    lease: Uuid,
    fence: u64,
}

impl Held {
    fn of(told: &Value) -> Option<Self> {
        let task = told.get("task")?;
        let lease = task.get("lease")?.as_str()?.parse().ok()?;
        Some(Self { task: task.get("task")?.as_u64()?, lease, fence: task.get("fence")?.as_u64()? })
    }
}

struct Labeler {
    live: Live,
    who: UserId,
    floor: Floor,
}

impl Labeler {
    async fn ask(&self, method: &str, asked: Asked, mut data: Value, id: Uuid) -> Told {
        if let Value::Object(fields) = &mut data {
            fields.insert("command_id".to_owned(), id.to_string().into());
        }
        let (told, tries) = Told::of(self.live.command(method, &data, PATIENCE).await);
        let done = self.floor.record.now();
        self.floor.record.add(Call { who: self.who, id, asked, done, tries, told: told.clone() });
        told
    }

    async fn next(&self) -> Option<Held> {
        match self.ask("label.next", Asked::Next, json!({}), Uuid::now_v7()).await {
            Told::Done(told) => Held::of(&told),
            Told::Refused(_) | Told::Failed(_) => None,
        }
    }

    async fn answer(&self, held: &Held, id: Uuid) {
        let mut answer = format!("word {}", held.task);
        if rand::random_range(0..100) < CARELESS {
            answer = format!("ward {}", rand::random_range(0..3));
        }
        let data = json!({ "campaign": self.floor.campaign, "lease": held.lease, "fence": held.fence, "answer": answer });
        self.ask("label.answer", Asked::Answer(held.lease), data, id).await;
    }

    async fn give_back(&self, held: &Held) {
        let data = json!({ "campaign": self.floor.campaign, "lease": held.lease, "fence": held.fence });
        self.ask("label.skip", Asked::Skip(held.lease), data, Uuid::now_v7()).await;
    }
}

/// Labels until it is told to stop.
pub async fn labeler(api: Api, account: Arc<Account>, floor: Floor) {
    let who = UserId::new(account.user);
    let me = Labeler { live: Live::start(&api, Some(account)).0, who, floor };
    let mut kept: VecDeque<Held> = VecDeque::new();
    let mut answered: Option<Held> = None;
    while !me.floor.stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(rand::random_range(2..20))).await;
        if rand::random_range(0..40) == 0 {
            me.live.cut();
        }
        let Some(held) = me.next().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        match rand::random_range(0..100u32) {
            0..10 => me.give_back(&held).await,
            // Kept too long: answered late, when the lease has ended long ago.
            10..14 if kept.len() < 2 => kept.push_back(held),
            // The same answer twice, under ids of their own: the second must be refused.
            14..18 => {
                me.answer(&held, Uuid::now_v7()).await;
                me.answer(&held, Uuid::now_v7()).await;
            }
            // A lease that was used long ago.
            18..22 => {
                if let Some(old) = &answered {
                    me.answer(old, Uuid::now_v7()).await;
                }
                me.answer(&held, Uuid::now_v7()).await;
            }
            _ => {
                me.answer(&held, Uuid::now_v7()).await;
                answered = Some(held);
            }
        }
        if kept.len() == 2
            && rand::random_range(0..200) == 0
            && let Some(late) = kept.pop_front()
        {
            me.answer(&late, Uuid::now_v7()).await;
        }
    }
    for late in kept {
        me.answer(&late, Uuid::now_v7()).await;
    }
}
