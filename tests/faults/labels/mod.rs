//! A run with labelers: one campaign, people who answer, faults, and what was found.

mod check;
mod load;
mod record;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use madang::cli::bench::campaign;
use madang::cli::bench::house::tempdir::Dir;
use madang::cli::bench::house::{database_url, make_clerk};
use madang::cli::client::account::Account;
use madang::cli::client::api::Api;
use madang::cli::own_server::OwnServer;
use madang::cli::verify;
use madang_domain::campaign::Event;
use madang_domain::ids::{EntityId, Kind};
use serde_json::json;
use sqlx::PgPool;

use self::load::Floor;
use self::record::{Asked, Call, Record, Told};
use super::check::Findings;
use super::journal::{self, Decision};
use super::nemesis::{Fault, Outages, Pulse, outages, rage};
use super::report::{self, Row};
use super::scenario::{PASSWORD, recipe};

/// Leases are short, so that many end unanswered.
const LEASE_S: u32 = 10;
/// The longest time to wait for a settled house.
const LIMIT: Duration = Duration::from_secs(120);

/// How big a run is.
#[derive(Debug, Clone)]
pub struct Size {
    /// People who label.
    pub labelers: usize,
    /// Tasks.
    pub tasks: usize,
    /// What happens.
    pub faults: Vec<Fault>,
    /// Fewer acknowledged answers than this prove nothing.
    pub answers_at_least: usize,
}

/// What a run gave.
#[derive(Debug, Default)]
pub struct Outcome {
    fired: usize,
    outages: Outages,
    answers: usize,
    refused: usize,
    failed: BTreeMap<String, usize>,
    asked_again: usize,
    decisions: usize,
    ended_unanswered: usize,
    late: usize,
    points: i64,
    took: Duration,
    findings: Findings,
}

/// Plays a run and fails when something is wrong with it.
pub async fn play(binary: &Path, size: &Size) -> anyhow::Result<Outcome> {
    let dir = Dir::new("madang-faults")?;
    let recipe = recipe(binary, &dir)?;
    let mut server = OwnServer::start(recipe.clone()).await?;
    let api = Api::new(&recipe.url())?;
    let owner = make_clerk(&recipe, &api).await?;
    let pool = journal::open(&database_url(dir.path())).await?;
    let rules = json!({ "kind": "ocr", "lease_s": LEASE_S, "gold_bp": 0, "min_answer_ms": 0, "skip_limit": 0 });
    let campaign = campaign::make(&api, &owner, size.tasks, rules).await?;
    let id = EntityId::new(Kind::Campaign, campaign).context("an impossible campaign")?;
    let floor = Floor { record: Record::begin(), campaign, stop: Arc::new(AtomicBool::new(false)) };
    let mut tasks = Vec::new();
    for number in 0..size.labelers {
        let (email, name) = (format!("labeler-{number}@faults.example"), format!("Labeler {number}"));
        let account = Account::sign_up(&api, &email, PASSWORD, &name, LIMIT).await?;
        tasks.push(tokio::spawn(load::labeler(api.clone(), Arc::new(account), floor.clone())));
    }
    let raged = rage(&mut server, &floor.record, &size.faults).await;
    floor.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await?;
    }
    let strikes = raged?;
    let decisions = at_rest(&pool, id).await?;
    let calls = floor.record.take();
    let mut outcome = compare(&calls, id, &decisions, &pool).await?;
    outcome.fired = strikes.len();
    outcome.took = floor.record.now();
    let done = calls.iter().filter(|call| matches!(call.told, Told::Done(_))).map(|call| call.done);
    outcome.outages = outages(&strikes, done);
    for (why, count) in outcome.failed.iter().take(8) {
        println!("  {count} calls failed: {why}");
    }
    outcome.findings.judge((outcome.fired, &size.faults), (outcome.answers, size.answers_at_least))?;
    drop(server);
    Ok(outcome)
}

impl Outcome {
    /// The figures of the run.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = report::outages(&self.outages);
        let mut add = |what: &str, figure: String| rows.push((what.to_owned(), figure));
        add("answers acknowledged", format!("{} in {:.0} s", self.answers, self.took.as_secs_f64()));
        add("answers and skips refused", self.refused.to_string());
        add("calls asked again by id", self.asked_again.to_string());
        let unresolved = self.findings.unresolved_done.saturating_add(self.findings.unresolved_not_done);
        add("calls without a definite answer", format!("{unresolved} ({} were in the journal)", self.findings.unresolved_done));
        add("leases that ended unanswered", self.ended_unanswered.to_string());
        add("answers after their lease, kept and not counted", self.late.to_string());
        add("decisions in the journal, the campaign checked after each", self.decisions.to_string());
        add("points in the ledger, equal to those of the answers", self.points.to_string());
        add("lost, doubled, over-answered or wrongly paid", self.findings.violations().to_string());
        rows
    }
}

async fn compare(calls: &[Call], id: EntityId, decisions: &[Decision<Event>], pool: &PgPool) -> anyhow::Result<Outcome> {
    let mut findings = Findings::default();
    let campaign = check::rebuild(id, decisions, &mut findings);
    check::answers(calls, decisions, &mut findings);
    check::leases(decisions, &mut findings);
    let points = check::points(pool, &campaign, &mut findings).await?;
    for broken in verify::audit(pool).await?.broken {
        findings.broken("the books balance and every entity can be built again", || broken.clone());
    }
    let events = || decisions.iter().flat_map(|decision| &decision.events);
    let lapsed = events().map(|event| if let Event::Swept { ended, .. } = event { ended.len() } else { 0 });
    let mut failed = BTreeMap::new();
    for call in calls {
        if let Told::Failed(why) = &call.told {
            let count = failed.entry(why.clone()).or_insert(0usize);
            *count = count.saturating_add(1);
        }
    }
    let count = |wanted: fn(&Call) -> bool| calls.iter().filter(|call| wanted(call)).count();
    Ok(Outcome {
        answers: count(|call| matches!((&call.told, call.asked), (Told::Done(_), Asked::Answer(_)))),
        refused: count(|call| matches!((&call.told, call.asked), (Told::Refused(_), Asked::Answer(_) | Asked::Skip(_)))),
        asked_again: count(|call| call.tries > 1),
        failed,
        decisions: decisions.len(),
        ended_unanswered: lapsed.sum(),
        late: events().filter(|event| matches!(event, Event::AnsweredLate { .. })).count(),
        points,
        findings,
        ..Outcome::default()
    })
}

/// Reads the campaign's decisions once nothing is added any more.
async fn at_rest(pool: &PgPool, id: EntityId) -> anyhow::Result<Vec<Decision<Event>>> {
    let mut decisions = journal::decisions(pool, id).await?;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let again = journal::decisions(pool, id).await?;
        let rests = again.len() == decisions.len();
        decisions = again;
        if rests {
            break;
        }
    }
    Ok(decisions)
}
