//! One hot lot inside the process, on a Postgres that syncs every commit, against what a row lock reaches in the same run.
//!
//! `cargo bench --bench hot_lot [-- SECONDS]` prints durable answered bids per second of 64 bidders on one lot, answer times,
//! how long bringing a lot with 1,000 events back to life takes, and `BEGIN; SELECT ... FOR UPDATE; INSERT; UPDATE; COMMIT`
//! with its best number of clients.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails should stop at the very line")]

mod cluster;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use madang::actors::ask::{Answer, Denied};
use madang::actors::kernel::clock::{Clock, WallClock};
use madang::actors::kernel::{Engine, EngineSettings, Habits};
use madang::storage::Db;
use madang_domain::auction::{Auction, Command, Preset, Subject, Terms};
use madang_domain::entity::{Actor, Order, Role, Viewer};
use madang_domain::ids::{ArtworkId, EntityId, Kind, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::user::UserInbox;
use parking_lot::Mutex;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use self::cluster::on_a_database;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BIDDERS: i64 = 64;
const SELLER: i64 = 1_000;
/// Bids on their way at once; also the entity's permits.
const IN_FLIGHT: [u32; 3] = [64, 256, 1024];
const ROW_LOCK_CLIENTS: [usize; 6] = [1, 2, 4, 8, 16, 32];
const COLD_LOTS: i64 = 20;

fn main() {
    let seconds = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(5);
    let span = Duration::from_secs(seconds);
    on_a_database(40, async |db| {
        let mut best = 0.0_f64;
        for (number, in_flight) in (1..).zip(IN_FLIGHT) {
            best = best.max(hot_lot(&db, number, in_flight, span).await);
        }
        activation(&db).await;
        let peer = row_lock(db.pool(), span / 2).await;
        println!("hot lot / row lock, each at its best: {:.1} times", best / peer);
    });
}

async fn engine(db: &Db, permits: u32, habits: Habits) -> Engine {
    let settings = EngineSettings { permits, habits, ..EngineSettings::default() };
    Engine::builder(db.pool().clone()).settings(settings).kind::<Auction>().kind::<UserInbox>().start().await.unwrap()
}

fn user(number: i64) -> Actor {
    Actor::User { id: UserId::new(number), roles: vec![Role::User] }
}

/// Offers and opens a lot.
async fn open(engine: &Engine, lot: EntityId) {
    let terms = Terms {
        seller: UserId::new(SELLER),
        subject: Subject {
            id: ArtworkId::new(1),
            title: "Mountain in Rain".to_owned(),
            artist: "Park".to_owned(),
            medium: None,
            size: None,
            year: None,
            image_urls: Vec::new(),
        },
        currency: Currency::KRW,
        opening_bid: 1_000,
        reserve: None,
        rules: Preset::Seed.rules(Currency::KRW),
        starts_at: None,
        ends_at: Some(WallClock.now() + Duration::from_secs(86_400)),
    };
    let seller = Actor::User { id: UserId::new(SELLER), roles: vec![Role::Seller] };
    for command in [Command::Create(Box::new(terms)), Command::Open] {
        engine.ask::<Auction>(Order { to: lot, id: Uuid::now_v7(), actor: seller.clone(), command }).await.unwrap();
    }
}

async fn pay_in(engine: &Engine) {
    for bidder in 0..BIDDERS {
        let much = Money::new(Money::MAX_AMOUNT / 2, Currency::KRW);
        engine.funds().deposit(UserId::new(bidder), much, "bench").await.unwrap();
    }
}

/// The bidders of one run: each answer is followed by the next bid.
struct Bidders {
    engine: Engine,
    lot: EntityId,
    next: AtomicI64,
    running: AtomicBool,
    accepted: AtomicU64,
    refused: AtomicU64,
    waits: Mutex<Vec<u32>>,
}

impl Bidders {
    fn bid(self: &Arc<Self>) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let max = Money::new(1_001 + n, Currency::KRW);
        let order = Order {
            to: self.lot,
            id: Uuid::now_v7(),
            actor: user(n % BIDDERS),
            command: Command::PlaceBid { max, confirm: false },
        };
        let (bidders, began) = (Arc::clone(self), Instant::now());
        self.engine.ask_then::<Auction>(order, Box::new(move |result| bidders.answered(&result, began)));
    }

    fn answered(self: &Arc<Self>, result: &Result<Answer, Denied>, began: Instant) {
        if !self.running.load(Ordering::Relaxed) {
            return;
        }
        if result.is_ok() {
            let nth = self.accepted.fetch_add(1, Ordering::Relaxed);
            if nth.is_multiple_of(16) {
                self.waits.lock().push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        self.bid();
    }
}

async fn hot_lot(db: &Db, number: i64, in_flight: u32, span: Duration) -> f64 {
    let engine = engine(db, in_flight, Habits::default()).await;
    pay_in(&engine).await;
    let lot = EntityId::new(Kind::Auction, number).unwrap();
    open(&engine, lot).await;
    let bidders = Arc::new(Bidders {
        engine: engine.clone(),
        lot,
        next: AtomicI64::new(0),
        running: AtomicBool::new(true),
        accepted: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        waits: Mutex::new(Vec::new()),
    });
    for _ in 0..in_flight {
        bidders.bid();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, began) = (bidders.accepted.load(Ordering::Relaxed), Instant::now());
    bidders.waits.lock().clear();
    tokio::time::sleep(span).await;
    let bids = bidders.accepted.load(Ordering::Relaxed) - before;
    let rate = per_second(bids, began.elapsed());
    bidders.running.store(false, Ordering::Relaxed);
    let mut waits = std::mem::take(&mut *bidders.waits.lock());
    waits.sort_unstable();
    let refused = bidders.refused.load(Ordering::Relaxed);
    println!(
        "hot lot, {in_flight:>4} in flight: {rate:>8.0} durable bids/s, p50 {:.1} ms, p99 {:.1} ms, {refused} refused",
        quantile(&waits, 50),
        quantile(&waits, 99),
    );
    engine.stop().await;
    rate
}

/// Brings lots with 1,000 events since their snapshot back to life.
async fn activation(db: &Db) {
    let habits = Habits { snapshot_rows: u32::MAX, snapshot_bytes: usize::MAX, ..Habits::default() };
    let cold = engine(db, 2_000, habits).await;
    pay_in(&cold).await;
    for number in 0..COLD_LOTS {
        let lot = EntityId::new(Kind::Auction, 1_000 + number).unwrap();
        open(&cold, lot).await;
        let bid = |n: i64| {
            let command = Command::PlaceBid { max: Money::new(1_001 + n, Currency::KRW), confirm: false };
            cold.ask::<Auction>(Order { to: lot, id: Uuid::now_v7(), actor: user(n % BIDDERS), command })
        };
        // One by one until everybody's account is in memory: a bid that waits for it would be overtaken.
        for n in 0..BIDDERS {
            bid(n).await.unwrap();
        }
        futures_util::future::join_all((BIDDERS..1_000).map(bid)).await;
    }
    drop(cold);
    let warm = engine(db, 256, habits).await;
    let mut waits = Vec::new();
    for number in 0..COLD_LOTS {
        let began = Instant::now();
        let view = warm.view(EntityId::new(Kind::Auction, 1_000 + number).unwrap(), Viewer::Public).await.unwrap();
        assert!(view.seq >= 1_000, "only {} events", view.seq);
        waits.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    waits.sort_unstable();
    println!("activation with 1,000 events: p50 {:.1} ms, max {:.1} ms", quantile(&waits, 50), quantile(&waits, 100));
    warm.stop().await;
}

/// The peer: one transaction for each bid, the lot's row locked.
async fn row_lock(pool: &PgPool, span: Duration) -> f64 {
    sqlx::raw_sql(
        "create table peer_lot (id bigint primary key, price bigint not null, bids bigint not null); \
         create table peer_bid (id bigint generated always as identity primary key, lot bigint not null, \
           bidder bigint not null, amount bigint not null, at timestamptz not null default now()); \
         insert into peer_lot values (1, 1000, 0)",
    )
    .execute(pool)
    .await
    .unwrap();
    let mut best = 0.0_f64;
    for clients in ROW_LOCK_CLIENTS {
        let done = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let tasks = (0..clients).map(|_| tokio::spawn(peer(pool.clone(), Arc::clone(&done), began + span)));
        futures_util::future::join_all(tasks).await;
        let rate = per_second(done.load(Ordering::Relaxed), began.elapsed());
        println!("row lock, {clients:>2} clients: {rate:>8.0} bids/s");
        best = best.max(rate);
    }
    best
}

async fn peer(pool: PgPool, done: Arc<AtomicU64>, until: Instant) {
    while Instant::now() < until {
        let mut transaction = pool.begin().await.unwrap();
        let row = sqlx::query("select price from peer_lot where id = 1 for update").fetch_one(&mut *transaction).await.unwrap();
        let amount = row.get::<i64, _>(0) + 1;
        sqlx::query("insert into peer_bid (lot, bidder, amount) values (1, 1, $1)")
            .bind(amount)
            .execute(&mut *transaction)
            .await
            .unwrap();
        sqlx::query("update peer_lot set price = $1, bids = bids + 1 where id = 1")
            .bind(amount)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        done.fetch_add(1, Ordering::Relaxed);
    }
}

fn per_second(count: u64, span: Duration) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from) / span.as_secs_f64()
}

/// Milliseconds.
fn quantile(sorted: &[u32], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
}
