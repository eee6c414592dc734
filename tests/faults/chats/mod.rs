//! A run with conversations: a stand-in for a language model, people who ask, faults, and what was found.

mod load;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use madang::cli::bench::chats;
use madang::cli::bench::chats::listen::Place;
use madang::cli::bench::house::tempdir::Dir;
use madang::cli::bench::house::{database_url, make_clerk};
use madang::cli::bench::upstream::{Script, Stamps, Upstream};
use madang::cli::client::account::Account;
use madang::cli::client::api::Api;
use madang::cli::own_server::OwnServer;
use madang::cli::verify;
use madang_domain::chat::{Chat, End, Event, Stage};
use madang_domain::entity::Entity;
use madang_domain::ids::{EntityId, Kind};
use sqlx::PgPool;

use self::load::{Read, Record, Seat};
use super::check::Findings;
use super::journal;
use super::nemesis::{Fault, Outages, Pulse, outages, rage};
use super::report::{self, Row};
use super::scenario::{PASSWORD, recipe};

/// The longest time to wait for a settled house.
const LIMIT: Duration = Duration::from_secs(120);
/// What the stand-in says to each question.
const TOKENS: usize = 100;
/// The pause between two tokens.
const EVERY: Duration = Duration::from_millis(10);

/// How big a run is.
#[derive(Debug, Clone)]
pub struct Size {
    /// People who ask, each in a conversation of their own.
    pub askers: usize,
    /// What happens.
    pub faults: Vec<Fault>,
    /// Fewer answers than this prove nothing.
    pub answers_at_least: usize,
}

/// What a run gave.
#[derive(Debug, Default)]
pub struct Outcome {
    fired: usize,
    outages: Outages,
    answers: usize,
    interrupted: usize,
    stopped: usize,
    continued: usize,
    reads: usize,
    decisions: usize,
    took: Duration,
    findings: Findings,
}

/// Plays a run and fails when something is wrong with it.
pub async fn play(binary: &Path, size: &Size) -> anyhow::Result<Outcome> {
    let dir = Dir::new("madang-faults")?;
    let script = Stamps { count: TOKENS, every: EVERY, epoch: Instant::now() };
    let upstream = Upstream::start([Script::Stamped(script)]).await?;
    let recipe = recipe(binary, &dir)?
        .set("llm.url", upstream.url())
        .set("llm.model", "stand-in")
        .set("chat.messages_per_day", 1_000_000)
        .set("chat.tokens_per_day", 1_000_000_000)
        .set("chat.at_once_per_user", 100);
    let mut server = OwnServer::start(recipe.clone()).await?;
    let api = Api::new(&recipe.url())?;
    let clerk = make_clerk(&recipe, &api).await?;
    chats::article(&api, &clerk).await?;
    let pool = journal::open(&database_url(dir.path())).await?;
    let (record, stop) = (Record::begin(), Arc::new(AtomicBool::new(false)));
    let (mut tasks, mut talks) = (Vec::new(), Vec::new());
    for number in 0..size.askers {
        let (email, name) = (format!("asker-{number}@faults.example"), format!("Asker {number}"));
        let account = Arc::new(Account::sign_up(&api, &email, PASSWORD, &name, LIMIT).await?);
        let chat = chats::open(&api, &account).await?;
        talks.push(chat);
        let seat = Seat { api: api.clone(), account, chat };
        tasks.push(tokio::spawn(load::asker(seat, record.clone(), Arc::clone(&stop))));
    }
    let raged = rage(&mut server, &record, &size.faults).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    let strikes = raged?;
    let mut outcome = compare(&record.take(), &talks, &pool).await?;
    outcome.fired = strikes.len();
    outcome.took = record.now();
    outcome.outages = outages(&strikes, record.accepted().into_iter());
    outcome.findings.judge((outcome.fired, &size.faults), (outcome.answers, size.answers_at_least))?;
    if outcome.interrupted == 0 {
        bail!("no answer broke off, so that nothing was continued");
    }
    drop(server);
    Ok(outcome)
}

impl Outcome {
    /// The figures of the run.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = report::outages(&self.outages);
        let mut add = |what: &str, figure: String| rows.push((what.to_owned(), figure));
        add("answers", format!("{} in {:.0} s", self.answers, self.took.as_secs_f64()));
        let Self { interrupted, continued, stopped, .. } = self;
        add(
            "answers that broke off",
            format!("{interrupted} interrupted, each continued to its end ({continued} times in all)"),
        );
        add("answers that their owner stopped in the middle", stopped.to_string());
        add("texts read over streams and sockets, compared with the journal", self.reads.to_string());
        add("decisions in the journal, each conversation checked after each", self.decisions.to_string());
        add("words lost, doubled or contradicted", self.findings.violations().to_string());
        rows
    }
}

async fn compare(reads: &[Read], talks: &[i64], pool: &PgPool) -> anyhow::Result<Outcome> {
    let (mut outcome, mut texts) = (Outcome { reads: reads.len(), ..Outcome::default() }, BTreeMap::new());
    for number in talks {
        let id = EntityId::new(Kind::Chat, *number).context("an impossible conversation")?;
        let chat = rebuild(id, pool, &mut outcome).await?;
        for (message, turn) in chat.talk().into_iter().flat_map(|talk| talk.numbered()) {
            outcome.answers += 1;
            if !matches!(turn.answer.stage, Stage::Done | Stage::Stopped) {
                outcome.findings.broken("every answer comes to its end", || format!("{id}: {:?}", turn.answer.stage));
            }
            texts.insert((*number, message), turn.answer.text.clone());
        }
    }
    for Read { place: Place { chat, message }, over, text, wrong } in reads {
        if let Some(wrong) = wrong {
            let words = || format!("chat:{chat} {message} over a {over}: {wrong}");
            outcome.findings.broken("a reader misses nothing on the way", words);
        }
        match texts.get(&(*chat, *message)) {
            Some(kept) if kept != text => outcome.findings.broken("a reader has the text that was kept", || {
                format!("chat:{chat} {message} over a {over}: {} characters, {} were kept", text.len(), kept.len())
            }),
            None if *message > 0 => {
                outcome.findings.broken("an acknowledged question is in the journal", || format!("chat:{chat} {message}"));
            }
            Some(_) | None => {}
        }
    }
    for broken in verify::audit(pool).await?.broken {
        outcome.findings.broken("the books balance and every entity can be built again", || broken.clone());
    }
    Ok(outcome)
}

/// Builds a conversation again, its promises checked on the way.
async fn rebuild(id: EntityId, pool: &PgPool, outcome: &mut Outcome) -> anyhow::Result<Chat> {
    let mut chat = Chat::vacant(id);
    for decision in journal::decisions::<Event>(pool, id).await? {
        outcome.decisions += 1;
        for event in &decision.events {
            if let Event::Finished(finished) = event {
                outcome.interrupted += usize::from(finished.end == End::Interrupted);
                outcome.stopped += usize::from(finished.end == End::Stopped);
            }
            outcome.continued += usize::from(matches!(event, Event::Continued { .. }));
            chat.apply(event, decision.row.at);
        }
        if let Err(broken) = chat.check() {
            let words = || format!("{id} seq {}: {broken}", decision.row.seq);
            outcome.findings.broken("a conversation keeps its invariants", words);
        }
    }
    Ok(chat)
}
