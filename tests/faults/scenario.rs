//! One run: a house, load on it, faults, and what was found.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use madang::cli::bench::house::tempdir::Dir;
use madang::cli::bench::house::{database_url, make_clerk};
use madang::cli::client::account::Account;
use madang::cli::client::api::Api;
use madang::cli::own_server::{OwnServer, Recipe, signal};
use madang::cli::verify;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use rustix::process::Signal;
use sqlx::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

use super::check::{Findings, check};
use super::history::{Call, History, Reply};
use super::journal;
use super::load::{self, Floor, OPEN_AT_ONCE, PURSE, Player, Poor};
use super::nemesis::{Fault, Outages, Pulse, Strike, outages, rage};
use super::watchers::{self, Compared, Manner};

/// The longest time to wait for a settled house.
const LIMIT: Duration = Duration::from_secs(120);

/// How big a run is.
#[derive(Debug, Clone)]
pub struct Size {
    /// Bidders, one of eight without money.
    pub bidders: usize,
    /// Watchers; half begin at the first publication.
    pub watchers: usize,
    /// What happens.
    pub faults: Vec<Fault>,
    /// Fewer acknowledged commands than this prove nothing.
    pub acknowledged_at_least: usize,
}

/// What a run gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Faults that fired.
    pub fired: usize,
    /// For how long nobody was served, by fault.
    pub outages: Outages,
    /// Calls of all kinds.
    pub calls: usize,
    /// Accepted commands.
    pub accepted: usize,
    /// Refused ones, by code.
    pub refused: std::collections::BTreeMap<String, usize>,
    /// Accepted commands whose answer was the repetition of one that was lost on its way.
    pub repeated: usize,
    /// Calls that failed for good, by reason.
    pub failed: std::collections::BTreeMap<String, usize>,
    /// Reads.
    pub reads: usize,
    /// Calls that were asked more than once.
    pub asked_again: usize,
    /// The journal's decisions.
    pub decisions: usize,
    /// The watchers' streams.
    pub compared: Compared,
    /// What is wrong.
    pub findings: Findings,
    /// How long it all took.
    pub took: Duration,
}

/// The people of a run.
struct Cast {
    clerk: Arc<Account>,
    bidders: Vec<(String, Arc<Account>)>,
    poor: Poor,
}

/// Plays a run on one server, with a planted bug if one is named.
pub async fn play(binary: &Path, size: &Size, plant: Option<&str>) -> anyhow::Result<Outcome> {
    let dir = Dir::new("madang-faults")?;
    let mut recipe = recipe(binary, &dir)?;
    recipe.environment.extend(plant.map(|name| ("MADANG_PLANT".to_owned(), name.to_owned())));
    let mut server = OwnServer::start(recipe.clone()).await?;
    let api = Api::new(&recipe.url())?;
    let cast = assemble(&recipe, &api, size.bidders).await?;
    let pool = journal::open(&database_url(dir.path())).await?;
    let mut stage = Stage::open(&api, &cast, &pool, size.watchers).await?;
    stage.begin_clerk(&api, &cast);
    let tasks = stage.bidders(cast.bidders.iter().map(|(_, account)| vec![seat(&api, account)]).collect());
    let raged = rage(&mut server, &stage.floor.history, &size.faults).await;
    let mut outcome = stage.end(tasks, &cast, &pool, raged.as_deref().unwrap_or_default()).await?;
    outcome.fired = raged?.len();
    drop(server);
    Ok(outcome)
}

/// Plays a run on two servers that share one database: the first is frozen, the second takes over, the first goes on as if
/// nothing had happened. With `unkeyed`, the database's own second line is taken away.
pub async fn play_two(binary: &Path, size: &Size, plant: Option<&str>, unkeyed: bool) -> anyhow::Result<Outcome> {
    let (dir, other_dir) = (Dir::new("madang-faults")?, Dir::new("madang-faults")?);
    let mut recipe = recipe(binary, &dir)?;
    recipe.environment.extend(plant.map(|name| ("MADANG_PLANT".to_owned(), name.to_owned())));
    let server = OwnServer::start(recipe.clone()).await?;
    let api = Api::new(&recipe.url())?;
    let cast = assemble(&recipe, &api, size.bidders).await?;
    let pool = journal::open(&database_url(dir.path())).await?;
    if unkeyed {
        sqlx::raw_sql(UNKEYED).execute(&pool).await?;
    }
    let mut stage = Stage::open(&api, &cast, &pool, 0).await?;
    stage.floor.patience = Duration::from_secs(15);
    let mut tasks = stage.bidders(cast.bidders.iter().map(|(_, account)| vec![seat(&api, account)]).collect());
    tokio::time::sleep(Duration::from_secs(2)).await;
    signal(server.pid(), Signal::STOP)?;
    let frozen = stage.floor.history.now();
    let mut other = self::recipe(binary, &other_dir)?.set("database.url", database_url(dir.path()));
    other.environment.clone_from(&recipe.environment);
    let joined = join(&stage, &other, &cast, frozen).await;
    // Whatever came of it, nobody stays frozen.
    signal(server.pid(), Signal::CONT)?;
    let (second, more, struck) = joined?;
    tasks.extend(more);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut outcome = stage.end(tasks, &cast, &pool, &[struck]).await?;
    outcome.fired = 1;
    drop((server, second));
    Ok(outcome)
}

/// Without its keys the journal takes everything.
const UNKEYED: &str = "alter table journal drop constraint journal_seq; alter table journal drop constraint journal_cmd; \
     create index on journal (entity, seq); create index on journal (entity, cmd)";

/// Starts the second server and waits until it serves what the first, frozen, has owned.
async fn join(stage: &Stage, recipe: &Recipe, cast: &Cast, frozen: Duration) -> anyhow::Result<(OwnServer, Tasks, Strike)> {
    let server = OwnServer::start(recipe.clone()).await.context("the second server")?;
    let api = Api::new(&recipe.url())?;
    let mut seats = Vec::new();
    for (email, _) in &cast.bidders {
        let account = Account::sign_in(&api, email, PASSWORD, LIMIT).await?;
        seats.push(vec![seat(&api, &Arc::new(account))]);
    }
    let tasks = stage.bidders(seats);
    let after = frozen + Duration::from_millis(100);
    while stage.floor.history.now() < frozen + LIMIT {
        if let Some(served) = stage.floor.history.served_after(after) {
            tokio::time::sleep(Duration::from_secs(2)).await;
            return Ok((server, tasks, Strike { fault: Fault::TakeOver, begun: frozen, served }));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("the second server never took over")
}

pub const PASSWORD: &str = "fault-test-password";

pub fn recipe(binary: &Path, dir: &Dir) -> anyhow::Result<Recipe> {
    let plenty = 1_000_000;
    Ok(Recipe::new(binary, dir.path())?
        .set("limits.commands_per_second", plenty)
        .set("limits.commands_burst", plenty)
        .set("limits.requests_per_user", plenty)
        .set("limits.sockets_per_user", 4096)
        .set("log.level", "warn"))
}

async fn assemble(recipe: &Recipe, api: &Api, bidders: usize) -> anyhow::Result<Cast> {
    let clerk = Arc::new(make_clerk(recipe, api).await?);
    let (mut cast, mut poor) = (Vec::new(), Poor::new());
    for number in 0..bidders {
        let email = format!("bidder-{number}@faults.example");
        let account = Account::sign_up(api, &email, PASSWORD, &format!("Bidder {number}"), LIMIT).await?;
        if number % 8 == 7 {
            poor.insert(UserId::new(account.user));
        } else {
            account.deposit(PURSE, "KRW", Uuid::new_v4(), LIMIT).await?;
        }
        cast.push((email, Arc::new(account)));
    }
    Ok(Cast { clerk, bidders: cast, poor })
}

fn seat(api: &Api, account: &Arc<Account>) -> Player {
    Player::seat(api, Arc::clone(account), vec![Role::User])
}

type Tasks = Vec<tokio::task::JoinHandle<()>>;

/// A run under way.
struct Stage {
    floor: Floor,
    auctions: Arc<watch::Sender<Vec<i64>>>,
    clerk: Option<tokio::task::JoinHandle<anyhow::Result<()>>>,
    watchers: Vec<tokio::task::JoinHandle<watchers::Record>>,
    heads: watch::Sender<Option<HashMap<i64, u64>>>,
}

impl Stage {
    /// Opens auctions and seats watchers.
    async fn open(api: &Api, cast: &Cast, pool: &PgPool, watchers: usize) -> anyhow::Result<Self> {
        let mut first = Vec::new();
        for _ in 0..OPEN_AT_ONCE {
            first.push(load::auction(api, &cast.clerk).await?);
        }
        let (auctions, told) = watch::channel(first);
        let auctions = Arc::new(auctions);
        let floor = Floor {
            history: History::begin(),
            auctions: told.clone(),
            stop: Arc::new(AtomicBool::new(false)),
            patience: LIMIT,
            pause: Duration::from_millis(6),
        };
        let epoch = madang::storage::journal::read::channel_epoch(pool).await?;
        let (heads, heads_told) = watch::channel(None);
        let watchers = (0..watchers).map(|number| {
            let from_the_beginning = number % 2 == 1;
            let manner = Manner { cut_every: Duration::from_secs(2), from_the_beginning };
            tokio::spawn(watchers::watch(api.clone(), told.clone(), heads_told.clone(), manner, epoch.clone()))
        });
        let watchers = watchers.collect();
        Ok(Self { floor, auctions, clerk: None, watchers, heads })
    }

    /// Lets the clerk pause, resume, close and open auctions.
    fn begin_clerk(&mut self, api: &Api, cast: &Cast) {
        let player = Player::seat(api, Arc::clone(&cast.clerk), vec![Role::Admin]);
        let (floor, auctions) = (self.floor.clone(), self.auctions.clone());
        self.clerk = Some(tokio::spawn(load::clerk(player, api.clone(), Arc::clone(&cast.clerk), floor, auctions)));
    }

    fn bidders(&self, seats: Vec<Vec<Player>>) -> Tasks {
        seats.into_iter().map(|seats| tokio::spawn(load::bidder(seats, self.floor.clone()))).collect()
    }

    /// Stops the load, lets everything settle and checks it all.
    async fn end(self, tasks: Tasks, cast: &Cast, pool: &PgPool, strikes: &[Strike]) -> anyhow::Result<Outcome> {
        self.floor.stop.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await?;
        }
        let clerk = match self.clerk {
            Some(clerk) => clerk.await?,
            None => Ok(()),
        };
        let ids = self.auctions.borrow().clone();
        let journal = journal::at_rest(pool, &ids).await?;
        let heads = journal.iter().filter_map(|(id, decisions)| Some((*id, decisions.last()?.row.offset))).collect();
        self.heads.send_replace(Some(heads));
        let mut records = Vec::new();
        for watcher in self.watchers {
            records.push(watcher.await?);
        }
        let calls = self.floor.history.take();
        let mut outcome = summary(&calls);
        if let Err(error) = clerk {
            outcome.findings.broken("the clerk is served in the end", || format!("{error:#}"));
        }
        let accepted = calls.iter().filter(|call| matches!(call.reply, Reply::Accepted { .. } | Reply::Done { .. }));
        outcome.outages = outages(strikes, accepted.map(|call| call.done));
        outcome.took = self.floor.history.now();
        outcome.decisions = journal.values().map(Vec::len).sum();
        check(&calls, &journal, &cast.poor, &mut outcome.findings);
        outcome.compared = watchers::compare(&records, &journal, &mut outcome.findings);
        for broken in verify::audit(pool).await?.broken {
            outcome.findings.broken("the books balance and every entity can be built again", || broken.clone());
        }
        Ok(outcome)
    }
}

fn summary(calls: &[Call]) -> Outcome {
    let mut outcome = Outcome { calls: calls.len(), ..Outcome::default() };
    for call in calls {
        outcome.asked_again = outcome.asked_again.saturating_add(usize::from(call.tries > 1));
        match &call.reply {
            Reply::Accepted { duplicate, .. } => {
                outcome.accepted = outcome.accepted.saturating_add(1);
                outcome.repeated = outcome.repeated.saturating_add(usize::from(*duplicate));
            }
            Reply::Done { .. } => outcome.accepted = outcome.accepted.saturating_add(1),
            Reply::Seen { .. } => outcome.reads = outcome.reads.saturating_add(1),
            Reply::Refused { code, .. } => {
                let count = outcome.refused.entry(code.clone()).or_default();
                *count = count.saturating_add(1);
            }
            Reply::Failed(why) => {
                let count = outcome.failed.entry(why.clone()).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    outcome
}
