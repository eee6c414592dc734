//! Decisions that move points, inside the process, on a Postgres that syncs every commit: claims, each followed by an answer
//! that pays 15 points by double entry, as a labeling campaign makes them.
//!
//! `cargo bench --bench transfers [-- SECONDS]` prints claims and answers per second of many workers at a few desks.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails should stop at the very line")]

mod cluster;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use madang::actors::kernel::{Engine, EngineSettings};
use madang::storage::Db;
use madang_domain::code::Code;
use madang_domain::entity::{AccountOwner, Actor, Effect, Entity, Given, LedgerEntry, Order, Reason, Role, Transfer, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use madang_domain::user::UserInbox;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use self::cluster::on_a_database;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Live desks, as campaigns that are open at once.
const DESKS: i64 = 4;
const WORKERS: [i64; 3] = [64, 256, 1024];
const POINTS: i64 = 15;

/// Where workers claim and answer. It keeps no tasks: what is measured is the engine and the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Desk {
    id: String,
    claims: u64,
    answers: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Deed {
    Claimed { worker: UserId },
    Answered { worker: UserId, nth: u64 },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Asked {
    Claim,
    Answer,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("nobody")]
struct Nobody;

impl Reason for Nobody {
    fn code(&self) -> Code {
        Code::Forbidden
    }
}

impl Entity for Desk {
    const KIND: Kind = Kind::Campaign;
    const VERSION: i16 = 1;
    type Command = Asked;
    type Event = Deed;
    type Refusal = Nobody;

    fn vacant(id: EntityId) -> Self {
        Self { id: id.to_string(), claims: 0, answers: 0 }
    }

    fn decide(&self, command: &Asked, given: &Given) -> Result<Vec<Deed>, Nobody> {
        let worker = given.actor.user().ok_or(Nobody)?;
        Ok(match command {
            Asked::Claim => vec![Deed::Claimed { worker }],
            Asked::Answer => vec![Deed::Answered { worker, nth: self.answers + 1 }],
        })
    }

    fn apply(&mut self, event: &Deed, _at: Timestamp) {
        match event {
            Deed::Claimed { .. } => self.claims += 1,
            Deed::Answered { .. } => self.answers += 1,
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Asked)> {
        None
    }

    fn funds(&self, _command: &Asked) -> Option<Currency> {
        None
    }

    fn answer(events: &[Deed]) -> Value {
        json!({ "done": events })
    }

    fn publication(_event: &Deed, _at: Timestamp) -> Option<Value> {
        None
    }

    fn effects(&self, events: &[Deed]) -> Vec<Effect> {
        let pay = |event: &Deed| match event {
            Deed::Claimed { .. } => None,
            Deed::Answered { worker, nth } => Some(Effect::Transfer(Transfer {
                key: format!("{}/answer/{nth}/pending", self.id),
                purpose: "label.pending".to_owned(),
                entries: vec![
                    LedgerEntry { account: AccountOwner::World, amount: Money::new(-POINTS, Currency::POINTS) },
                    LedgerEntry { account: AccountOwner::Pending(*worker), amount: Money::new(POINTS, Currency::POINTS) },
                ],
            })),
        };
        events.iter().filter_map(pay).collect()
    }

    fn view(&self, _viewer: &Viewer) -> Value {
        json!({ "answers": self.answers })
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

fn main() {
    let seconds = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(5);
    on_a_database(10, async |db| {
        for (round, workers) in (0..).zip(WORKERS) {
            measure(&db, round * DESKS, workers, Duration::from_secs(seconds)).await;
        }
    });
}

/// Workers that claim, answer, claim again.
struct Shift {
    engine: Engine,
    first_desk: i64,
    running: AtomicBool,
    answers: AtomicU64,
    failed: AtomicU64,
}

impl Shift {
    fn ask(self: &Arc<Self>, worker: i64, claims: bool) {
        let to = EntityId::new(Kind::Campaign, self.first_desk + 1 + worker % DESKS).unwrap();
        let actor = Actor::User { id: UserId::new(worker), roles: vec![Role::User] };
        let command = if claims { Asked::Claim } else { Asked::Answer };
        let shift = Arc::clone(self);
        let order = Order { to, id: Uuid::now_v7(), actor, command };
        let next = move |result: Result<_, _>| {
            if !shift.running.load(Ordering::Relaxed) {
                return;
            }
            match result {
                Ok(_) if !claims => drop(shift.answers.fetch_add(1, Ordering::Relaxed)),
                Ok(_) => {}
                Err(_) => drop(shift.failed.fetch_add(1, Ordering::Relaxed)),
            }
            shift.ask(worker, !claims);
        };
        self.engine.ask_then::<Desk>(order, Box::new(next));
    }
}

async fn measure(db: &Db, first_desk: i64, workers: i64, span: Duration) {
    let permits = u32::try_from(workers).unwrap();
    let settings = EngineSettings { permits, ..EngineSettings::default() };
    let engine =
        Engine::builder(db.pool().clone()).settings(settings).kind::<Desk>().kind::<UserInbox>().start().await.unwrap();
    let shift = Arc::new(Shift {
        engine: engine.clone(),
        first_desk,
        running: AtomicBool::new(true),
        answers: AtomicU64::new(0),
        failed: AtomicU64::new(0),
    });
    for worker in 0..workers {
        shift.ask(worker, true);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, began) = (shift.answers.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(span).await;
    let answers = shift.answers.load(Ordering::Relaxed) - before;
    let rate = f64::from(u32::try_from(answers).unwrap_or(u32::MAX)) / began.elapsed().as_secs_f64();
    shift.running.store(false, Ordering::Relaxed);
    let sound = engine.funds().reconcile().await.is_ok_and(|books| books.is_sound());
    engine.stop().await;
    let failed = shift.failed.load(Ordering::Relaxed);
    println!("{workers:>4} workers: {rate:>7.0} claims and as many answers/s, {failed} failed, books balance: {sound}");
    assert!(sound);
}
