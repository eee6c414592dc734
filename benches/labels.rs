//! Labeling inside the process, on a Postgres that syncs every commit: many people claim tasks of several campaigns through
//! the pool and answer them, every answer judged, paid and settled by the rules of a real campaign.
//!
//! `cargo bench --bench labels [-- SECONDS]` prints durable claims and answers per second (a claim and an answer count as one
//! each), their times, and whether points and answers are what the journal says they must be.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails should stop at the very line")]

mod cluster;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use madang::actors::campaign::pool::Pool;
use madang::actors::follow::Changes;
use madang::actors::kernel::{Engine, EngineSettings};
use madang::actors::publish::Publisher;
use madang::storage::Db;
use madang_domain::campaign::{Campaign, Command, Draft, NewTask, Region, Rules};
use madang_domain::code::Code;
use madang_domain::entity::{AccountOwner, Actor, Order, Role};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::money::Currency;
use madang_domain::user::UserInbox;
use parking_lot::Mutex;
use uuid::Uuid;

use self::cluster::on_a_database;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Campaigns that are open at once, and the boxes of each.
const CAMPAIGNS: i64 = 8;
const BOXES: u32 = 8_000;
/// Boxes that come in with one command.
const PART: u32 = 500;
/// People who label at once.
const PEOPLE: [i64; 3] = [64, 256, 1024];
/// One answer of so many has a slip.
const SLIP: u64 = 12;
/// Everybody's first number.
const FIRST_PERSON: i64 = 1_000;

fn main() {
    let seconds = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(5);
    on_a_database(10, async |db| {
        for (round, people) in (0..).zip(PEOPLE) {
            measure(&db, round, people, Duration::from_secs(seconds)).await;
        }
    });
}

/// People who label until told to stop.
struct Shift {
    pool: Pool,
    running: AtomicBool,
    /// Those within the measured time.
    counting: AtomicBool,
    claims: AtomicU64,
    answers: AtomicU64,
    /// All of them.
    accepted: AtomicU64,
    failed: AtomicU64,
    waits: Mutex<Vec<u32>>,
}

impl Shift {
    async fn label(self: Arc<Self>, person: UserId) {
        let mut nth = 0u64;
        while self.running.load(Ordering::Relaxed) {
            let begun = Instant::now();
            let task = match self.pool.next(person, Uuid::now_v7()).await {
                Ok(task) => task,
                Err(denied) => {
                    self.fail(denied.code()).await;
                    continue;
                }
            };
            self.count(&self.claims, begun);
            nth += 1;
            let slip = (nth + u64::from(task.task)).is_multiple_of(SLIP);
            let text = if slip { format!("slip {nth}") } else { format!("word {}", task.task) };
            let begun = Instant::now();
            let answer = self.pool.answer(person, Uuid::now_v7(), task.campaign, task.lease, task.fence, &text).await;
            match answer {
                Ok(_) => {
                    self.accepted.fetch_add(1, Ordering::Relaxed);
                    self.count(&self.answers, begun);
                }
                Err(denied) => self.fail(denied.code()).await,
            }
        }
    }

    fn count(&self, counter: &AtomicU64, begun: Instant) {
        if self.counting.load(Ordering::Relaxed) && counter.fetch_add(1, Ordering::Relaxed).is_multiple_of(16) {
            self.waits.lock().push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }

    /// Waits a moment: there is nothing now, or nothing more.
    async fn fail(&self, code: Code) {
        if self.counting.load(Ordering::Relaxed) && self.failed.fetch_add(1, Ordering::Relaxed) == 0 {
            println!("the first failure: {code}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn measure(db: &Db, round: i64, people: i64, span: Duration) {
    let changes = Arc::new(Changes::of(Kind::Campaign));
    let publisher: Arc<dyn Publisher> = Arc::<Changes>::clone(&changes);
    let permits = u32::try_from(people).unwrap();
    let engine = Engine::builder(db.pool().clone())
        .settings(EngineSettings { permits, ..EngineSettings::default() })
        .publisher(publisher)
        .kind::<Campaign>()
        .kind::<UserInbox>()
        .start()
        .await
        .unwrap();
    let pool = Pool::new(engine.clone(), db.pool().clone(), changes);
    let first = round * CAMPAIGNS + 1;
    for number in first..first + CAMPAIGNS {
        open(&engine, EntityId::new(Kind::Campaign, number).unwrap()).await;
        pool.cards().refresh(number).await;
    }
    let shift = Arc::new(Shift {
        pool,
        running: AtomicBool::new(true),
        counting: AtomicBool::new(false),
        claims: AtomicU64::new(0),
        answers: AtomicU64::new(0),
        accepted: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        waits: Mutex::new(Vec::new()),
    });
    // Other people in each round: everybody's points are those of this round.
    let crowd: Vec<UserId> = (0..people).map(|n| UserId::new(FIRST_PERSON * (round + 1) * 10 + n)).collect();
    let labeling: Vec<_> = crowd.iter().map(|person| tokio::spawn(Arc::clone(&shift).label(*person))).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    shift.counting.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    tokio::time::sleep(span).await;
    shift.counting.store(false, Ordering::Relaxed);
    let lasted = begun.elapsed();
    shift.running.store(false, Ordering::Relaxed);
    for one in labeling {
        one.await.unwrap();
    }
    tell(&shift, people, lasted);
    check(&engine, &shift, first, &crowd).await;
    engine.stop().await;
    // Nothing of this round runs on into the next.
    sqlx::query("update campaign_card set state = 'completed'").execute(db.pool()).await.unwrap();
}

/// A campaign with boxes that is running, made as the server makes it.
async fn open(engine: &Engine, to: EntityId) {
    // People of a benchmark are as fast as the server, and nobody's answers are known.
    let rules = Rules { min_answer_ms: 0, gold_bp: 0, ..Rules::default() };
    let draft = Draft { name: "Boxes".to_owned(), description: String::new(), rules };
    let company = Actor::User { id: UserId::new(1), roles: vec![Role::Company] };
    let admin = Actor::User { id: UserId::new(2), roles: vec![Role::Admin] };
    let mut orders = vec![(company, Command::Request(Box::new(draft)))];
    orders.extend((0..BOXES / PART).map(|part| {
        let tasks = (part * PART..(part + 1) * PART).map(task).collect();
        (Actor::System, Command::AddTasks { upload: 1, part, tasks })
    }));
    orders.push((admin, Command::Approve));
    for (actor, command) in orders {
        engine.ask::<Campaign>(Order { to, id: Uuid::now_v7(), actor, command }).await.unwrap();
    }
}

/// A box on a page: each page has a thousand of them, one below the other.
fn task(number: u32) -> NewTask {
    let top = number % 1_000 * 20;
    NewTask {
        image: format!("images/page-{}.jpg", number / 1_000),
        width: 1_000,
        height: 20_000,
        region: Some(Region { left: 10, top, right: 200, bottom: top + 18 }),
        gold: None,
        machine: None,
    }
}

fn tell(shift: &Shift, people: i64, lasted: Duration) {
    let (claims, answers) = (shift.claims.load(Ordering::Relaxed), shift.answers.load(Ordering::Relaxed));
    let rate = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / lasted.as_secs_f64();
    let mut waits = std::mem::take(&mut *shift.waits.lock());
    waits.sort_unstable();
    println!(
        "{people:>4} people: {:>7.0}/s ({:.0} claims, {:.0} answers), p50 {:.1} ms, p99 {:.1} ms, {} failed",
        rate(claims + answers),
        rate(claims),
        rate(answers),
        quantile(&waits, 50),
        quantile(&waits, 99),
        shift.failed.load(Ordering::Relaxed),
    );
}

fn quantile(sorted: &[u32], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |us| f64::from(*us) / 1000.0)
}

/// Compares what people were told with what the campaigns have, and with everybody's points.
async fn check(engine: &Engine, shift: &Shift, first: i64, crowd: &[UserId]) {
    let (mut answers, mut due, mut overshot) = (0, 0, 0);
    for number in first..first + CAMPAIGNS {
        let id = EntityId::new(Kind::Campaign, number).unwrap();
        let seen = engine
            .look(id, |campaign: &Campaign| {
                let project = campaign.project().unwrap();
                project.check_all().unwrap();
                let over = project.tasks.iter().filter(|task| task.load() > task.wanted).count();
                (project.progress.answers, project.progress.pending + project.progress.paid, over)
            })
            .await
            .unwrap();
        (answers, due, overshot) = (answers + seen.0, due + seen.1, overshot + seen.2);
    }
    let mut paid = 0;
    for person in crowd {
        for owner in [AccountOwner::User(*person), AccountOwner::Pending(*person)] {
            paid += engine.funds().balance(owner, Currency::POINTS).await.unwrap();
        }
    }
    let accepted = shift.accepted.load(Ordering::Relaxed);
    let sound = engine.funds().reconcile().await.is_ok_and(|books| books.is_sound());
    println!(
        "             {accepted} answers accepted, {answers} there, {overshot} overshoots, {due} points due, {paid} booked, books balance: {sound}"
    );
    assert!(accepted == answers && due == paid && overshot == 0 && sound);
}
