//! A minute at which everybody's alarm is due: many alarm clocks, asleep in the database, ring at the same moment; in the
//! middle the server is killed as the kernel kills, and started again. None may ring twice, none may be lost, all must have
//! rung, and their owners been told, within the minute.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{DurationRound, TimeDelta};
use futures_util::{StreamExt, stream};
use madang_domain::alarm::{AlarmClock, Command, Terms};
use madang_domain::entity::{Actor, Order, Role};
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde::Serialize;
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use super::house::database_url;
use super::house::tempdir::Dir;
use super::process::resident;
use super::table::Row;
use crate::actors::alarm::alarm_id;
use crate::actors::kernel::clock::{Clock, WallClock};
use crate::actors::kernel::{Engine, EngineSettings};
use crate::cli::own_server::{OwnServer, Recipe};
use crate::config::DatabaseSettings;
use crate::storage::alarms::{self, Rung};
use crate::storage::{Db, Share, outbox};

/// Alarms set at the same time.
const SET_AT_ONCE: usize = 1024;
/// Alarms are assumed to be set no slower than this, in the choice of the minute.
const SET_PER_S: usize = 1_500;
/// The server is started so long before the minute at least: the time to look at its memory.
const QUIET: Duration = Duration::from_secs(25);
/// After the minute's beginning it is waited so long for the last.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often the database is asked how far it is.
const LOOK: Duration = Duration::from_millis(250);
/// What the minute allows.
const MINUTE: Duration = Duration::from_secs(60);

/// What the minute took.
#[derive(Debug, Clone, Serialize)]
pub struct Minute {
    /// Alarms that were due.
    pub alarms: usize,
    /// Set per second, each durable, while making ready.
    pub set_per_second: f64,
    /// The server's memory with all of them armed, in MB.
    pub armed_mb: f64,
    /// The most memory of it while they rang, in MB.
    pub ringing_mb: f64,
    /// About so many had rung when the server was killed.
    pub rung_before_kill: i64,
    /// The server was away for so long, in s.
    pub away_s: f64,
    /// Rang.
    pub rung: i64,
    /// Rang more than once.
    pub doubled: i64,
    /// Never rang.
    pub lost: i64,
    /// From the minute's beginning until half had rung, in s.
    pub p50_s: f64,
    /// 99 of 100.
    pub p99_s: f64,
    /// The last.
    pub last_s: f64,
    /// Owners told in their inboxes.
    pub told: i64,
    /// Told more than once.
    pub told_twice: i64,
    /// When the last was told, in s.
    pub last_told_s: f64,
}

impl Minute {
    /// Beside what must be reached.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let Self { alarms, rung, doubled, lost, p50_s, p99_s, last_s, told, told_twice, last_told_s, .. } = self;
        let all = i64::try_from(*alarms).is_ok_and(|alarms| alarms == *rung);
        let minute = MINUTE.as_secs_f64();
        vec![
            Row {
                what: format!("{alarms} alarms due at the same moment, the server killed in the middle"),
                goal: "all ring within the minute, 0 twice, 0 lost",
                measured: format!(
                    "{rung} rang ({doubled} twice, {lost} lost), half after {p50_s:.1} s, 99 % after {p99_s:.1} s, the last after \
                     {last_s:.1} s; killed after {} for {:.1} s",
                    self.rung_before_kill, self.away_s
                ),
                reached: all && *doubled == 0 && *lost == 0 && *last_s <= minute,
            },
            Row {
                what: "their owners told in their inboxes".to_owned(),
                goal: "all within the minute, 0 twice",
                measured: format!("{told} told ({told_twice} twice), the last after {last_told_s:.1} s"),
                reached: told == rung && *told_twice == 0 && *last_told_s <= minute,
            },
            Row {
                what: format!("memory of the server with {alarms} alarms armed"),
                goal: "< 200 MB",
                measured: format!("{:.0} MB ({:.0} MB at most while they ring)", self.armed_mb, self.ringing_mb),
                reached: self.armed_mb < 200.0,
            },
        ]
    }
}

/// Sets so many alarms, lets them ring, kills the server in the middle.
///
/// # Errors
/// When the server or its database cannot be started or asked, or the machine is too slow to make ready in time.
pub async fn run(binary: &Path, alarms: usize) -> anyhow::Result<Minute> {
    let dir = Dir::new("madang-bench-alarms")?;
    let clock = WallClock;
    let lead = TimeDelta::from_std(QUIET)? + TimeDelta::seconds(i64::try_from(alarms / SET_PER_S)? + 20);
    let minute = (clock.now() + lead).duration_round_up(TimeDelta::minutes(1))?;
    eprint_line(&format!("setting {alarms} alarms for {minute}"));
    let begun = Instant::now();
    set_alarms(dir.path(), alarms, minute).await.context("setting the alarms")?;
    let set_per_second = crate::cli::figures::per_second(alarms, begun.elapsed());
    eprint_line(&format!("set {set_per_second:.0} a second"));
    let mut server = OwnServer::start(Recipe::new(binary, dir.path())?).await?;
    let db = PgPoolOptions::new().max_connections(2).connect(&database_url(dir.path())).await?;
    if clock.now() + TimeDelta::seconds(5) > minute {
        bail!("the alarms were not set in time: try fewer, or a quieter machine");
    }
    let mut armed = 0;
    while clock.now() < minute {
        armed = armed.max(resident(server.pid()).unwrap_or(0));
        tokio::time::sleep(LOOK).await;
    }
    let half = i64::try_from(alarms / 2)?;
    let mut ringing = armed;
    let give_up_at = Instant::now() + PATIENCE;
    let rung_before_kill = loop {
        ringing = ringing.max(resident(server.pid()).unwrap_or(0));
        // Each ring leaves one notice. To count the rings themselves would cost the database more than they do.
        let rung = outbox::newest(&db).await?;
        if rung >= half || Instant::now() > give_up_at {
            break rung;
        }
        tokio::time::sleep(LOOK).await;
    };
    let away = Instant::now();
    server.kill()?;
    server.restart().await?;
    let away_s = away.elapsed().as_secs_f64();
    let rung = wait_for_all(&db, &server, alarms, minute, &mut ringing, give_up_at).await?;
    server.stop().await?;
    Ok(figures(alarms, set_per_second, (armed, ringing), (rung_before_kill, away_s), &rung))
}

async fn wait_for_all(
    db: &PgPool,
    server: &OwnServer,
    alarms: usize,
    minute: Timestamp,
    ringing: &mut u64,
    give_up_at: Instant,
) -> anyhow::Result<Rung> {
    let all = i64::try_from(alarms)?;
    loop {
        *ringing = (*ringing).max(resident(server.pid()).unwrap_or(0));
        let is_late = Instant::now() > give_up_at;
        // The database may have been restarted with its server.
        let looked = async { Ok::<_, sqlx::Error>((outbox::newest(db).await?, outbox::waiting(db).await?)) };
        match looked.await {
            Ok((newest, waiting)) if is_late || (newest >= all && waiting == 0) => {
                let rung = alarms::rung(db, minute).await?;
                if is_late || (rung.rung >= all && rung.told >= all) {
                    return Ok(rung);
                }
            }
            Ok(_) => {}
            Err(error) if is_late => return Err(error.into()),
            Err(_) => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn figures(
    alarms: usize,
    set_per_second: f64,
    (armed, ringing): (u64, u64),
    (rung_before_kill, away_s): (i64, f64),
    rung: &Rung,
) -> Minute {
    let mb = |bytes: u64| crate::cli::figures::float(usize::try_from(bytes).unwrap_or(0)) / 1e6;
    Minute {
        alarms,
        set_per_second,
        armed_mb: mb(armed),
        ringing_mb: mb(ringing),
        rung_before_kill,
        away_s,
        rung: rung.rung,
        doubled: rung.doubled,
        lost: i64::try_from(alarms).unwrap_or(i64::MAX).saturating_sub(rung.rung),
        p50_s: rung.p50_s,
        p99_s: rung.p99_s,
        last_s: rung.last_s,
        told: rung.told,
        told_twice: rung.told_twice,
        last_told_s: rung.last_told_s,
    }
}

/// Sets one alarm for each of so many people, by an engine of our own on the directory's database; nobody serves meanwhile.
async fn set_alarms(dir: &Path, alarms: usize, minute: Timestamp) -> anyhow::Result<()> {
    let settings = DatabaseSettings { data_dir: dir.to_owned(), ..DatabaseSettings::default() };
    let (db, cluster) = Db::open(&settings, Share::Refused).await?;
    let terms: Terms = serde_json::from_value(json!({
        "time": minute.format("%H:%M").to_string(),
        "date": minute.date_naive(),
        "zone": "UTC",
        "title": "Wake up",
    }))?;
    let engine = Engine::builder(db.pool().clone())
        .settings(EngineSettings { node: "bench".to_owned(), ..EngineSettings::default() })
        .kind::<AlarmClock>()
        .start()
        .await?;
    let terms = Arc::new(terms);
    let mut answers = stream::iter(1..=alarms)
        .map(|number| {
            let (engine, terms) = (engine.clone(), Arc::clone(&terms));
            async move {
                let user = UserId::new(i64::try_from(number)?);
                let to = alarm_id(user).context("no such clock")?;
                let actor = Actor::User { id: user, roles: vec![Role::User] };
                let command = Command::Add(Box::new(Terms::clone(&terms)));
                let order = Order { to, id: Uuid::new_v4(), actor, command };
                let answer = engine.ask::<AlarmClock>(order).await;
                answer.map_err(|denied| anyhow::anyhow!("an alarm was not set: {}", denied.code()))
            }
        })
        .buffer_unordered(SET_AT_ONCE);
    while let Some(answer) = answers.next().await {
        answer?;
    }
    drop(answers);
    engine.stop().await;
    db.close().await;
    if let Some(cluster) = cluster {
        tokio::task::spawn_blocking(move || cluster.stop()).await?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "who waits for minutes wants to know what for")]
fn eprint_line(text: &str) {
    eprintln!("{text}");
}
