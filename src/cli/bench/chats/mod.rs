//! Many answers at once, each watched twice: as the stream of who asked and over a socket. The language model is a
//! stand-in on this machine that says a token every 20 ms with the moment in it, so how late a token comes is told by the token.
//!
//! `listen` is who asks and reads the stream, `watch` the sockets, `tally` what each of them got.

mod listen;
mod resume;
mod tally;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::make_clerk;
use super::house::tempdir::Dir;
use super::process::{Usage, resident};
use super::table::Row;
use super::upstream::{Script, Stamps, Upstream};
use crate::cli::client::account::Account;
use crate::cli::client::api::{Api, Ask};
use crate::cli::figures::{each, percentile_ms};
use crate::cli::own_server::{OwnServer, Recipe};

use self::listen::Asker;
use self::resume::Resumed;
use self::tally::Tally;

/// The pause between two tokens of the stand-in.
const EVERY: Duration = Duration::from_millis(20);
/// People whose conversations they are.
const PEOPLE: usize = 8;
/// Questions asked per second while the load grows.
const ASKED_PER_S: usize = 250;
/// Conversations opened at the same time.
const OPENED_AT_ONCE: usize = 64;
/// How long anything may take before the benchmark gives up.
const LIMIT: Duration = Duration::from_secs(60);
/// Memory is read after the server has settled.
const SETTLE: Duration = Duration::from_secs(3);
/// Who answers: one that leaves numbers as they are.
const ASSISTANT: &str = "auction-help";
/// What is asked; the article below covers it.
const QUESTION: &str = "How does a maximum bid work in an auction?";

/// What the answers cost.
#[derive(Debug, Clone, Serialize)]
pub struct Chatter {
    /// Answers at once.
    pub streams: usize,
    /// Tokens of each.
    pub tokens: usize,
    /// Tokens that came to watchers, in all.
    pub delivered: usize,
    /// Tokens that did not come.
    pub lost: usize,
    /// Tokens that came twice.
    pub doubled: usize,
    /// Answers whose stream ended otherwise than whole.
    pub broken: usize,
    /// From the stand-in's word to the watcher's, in ms.
    pub p50_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// The latest.
    pub last_ms: f64,
    /// Processor seconds of the server for a million tokens delivered.
    pub server_cpu_s_per_million: f64,
    /// The same of its database.
    pub database_cpu_s_per_million: f64,
    /// From the question to the first token, the stand-in saying it at once, on an otherwise quiet server, in ms.
    pub first_p50_ms: f64,
    /// 99 of 100.
    pub first_p99_ms: f64,
    /// Memory of the server for each open, idle conversation, in KB (1,024 bytes).
    pub kb_per_chat: f64,
    /// Going on at every position of a long answer.
    pub resumed: Resumed,
}

impl Chatter {
    /// Beside what must be reached.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let Self { streams, tokens, delivered, lost, doubled, broken, p50_ms, p99_ms, last_ms, .. } = self;
        let whole = *lost == 0 && *doubled == 0 && *broken == 0;
        // Five thousand must lose nothing; how late they may be is asked of two thousand.
        let in_time = *p99_ms <= 250.0 || *streams > 2_000;
        vec![
            Row {
                what: format!("{streams} streams at once, 50 tokens/s each, two watchers each, {tokens} tokens"),
                goal: "2,000 with no token later than 250 ms at p99; 5,000 without loss",
                measured: format!(
                    "{delivered} delivered ({lost} lost, {doubled} doubled, {broken} answers broken), {p50_ms:.0} ms p50, \
                     {p99_ms:.0} ms p99, {last_ms:.0} ms the latest"
                ),
                reached: whole && in_time,
            },
            Row {
                what: "server CPU per million tokens delivered to a watcher".to_owned(),
                goal: "<= 12 s",
                measured: format!(
                    "{:.1} s (and {:.1} s of the database)",
                    self.server_cpu_s_per_million, self.database_cpu_s_per_million
                ),
                reached: self.server_cpu_s_per_million <= 12.0,
            },
            Row {
                what: "from the question to the first token, without the upstream's own".to_owned(),
                goal: "p50 <= 15 ms, p99 <= 60 ms",
                measured: format!("p50 {:.1} ms, p99 {:.1} ms", self.first_p50_ms, self.first_p99_ms),
                reached: self.first_p50_ms <= 15.0 && self.first_p99_ms <= 60.0,
            },
            Row {
                what: "memory per open, idle conversation".to_owned(),
                goal: "<= 4 KB",
                measured: format!("{:.2} KB", self.kb_per_chat),
                reached: self.kb_per_chat <= 4.0,
            },
            self.resumed.row(),
        ]
    }
}

/// The server under load and whom it serves.
struct Stage {
    api: Api,
    pid: u32,
    people: Vec<Arc<Account>>,
    /// The numbers of the conversations; the owner of the n-th is the (n modulo people)-th person.
    chats: Vec<i64>,
}

impl Stage {
    async fn token(&self, chat: usize) -> anyhow::Result<String> {
        let Some(owner) = self.people.get(chat % self.people.len().max(1)) else { bail!("nobody is there") };
        Ok(owner.token().await?)
    }
}

/// Measures it on a server of our own.
///
/// # Errors
/// When the server cannot be started or asked.
pub async fn run(binary: &Path, streams: usize, lasting: Duration) -> anyhow::Result<Chatter> {
    let dir = Dir::new("madang-bench-chats")?;
    let tokens = usize::try_from(lasting.as_millis() / EVERY.as_millis())?.max(1);
    let epoch = Instant::now();
    let upstream = Upstream::start([Script::Stamped(Stamps { count: 20, every: EVERY, epoch })]).await?;
    let mut server = OwnServer::start(recipe(binary, dir.path(), &upstream, streams)?).await?;
    let (api, pid) = (Api::new(&server.recipe().url())?, server.pid());
    let clerk = make_clerk(server.recipe(), &api).await?;
    article(&api, &clerk).await.context("the article")?;
    let mut people = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let name = format!("chats-{number}");
        let account = Account::sign_up(&api, &format!("{name}@bench.example"), "bench-password", &name, LIMIT).await?;
        people.push(Arc::new(account));
    }
    let mut stage = Stage { api, pid, people, chats: Vec::new() };
    eprint_line("opening conversations");
    let kb_per_chat = open_all(&mut stage, streams).await.context("opening conversations")?;
    let mut first = first_words(&stage, epoch).await.context("first words")?;
    first.sort_unstable();
    eprint_line("asking in all of them");
    upstream.tell([Script::Stamped(Stamps { count: tokens, every: EVERY, epoch })]);
    let (tallies, used, broken) = crowded(&stage, server.recipe().address, epoch, tokens).await.context("the crowd")?;
    eprint_line("going on at every position");
    let resumed = resume::run(&stage, &upstream, epoch).await.context("resume")?;
    server.stop().await?;
    let mut late: Vec<Duration> = tallies.iter().flat_map(Tally::late).collect();
    late.sort_unstable();
    let delivered = late.len();
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum();
    Ok(Chatter {
        streams,
        tokens,
        delivered,
        lost: (streams * tokens * 2).saturating_sub(delivered),
        doubled: sum(|tally| tally.doubled),
        broken,
        p50_ms: percentile_ms(&late, 50),
        p99_ms: percentile_ms(&late, 99),
        last_ms: percentile_ms(&late, 100),
        server_cpu_s_per_million: each(used.own_cpu_s, delivered, 1e6),
        database_cpu_s_per_million: each(used.children_cpu_s, delivered, 1e6),
        first_p50_ms: percentile_ms(&first, 50),
        first_p99_ms: percentile_ms(&first, 99),
        kb_per_chat,
        resumed,
    })
}

/// Limits protect a house from strangers; here the load is ours.
fn recipe(binary: &Path, dir: &Path, upstream: &Upstream, streams: usize) -> anyhow::Result<Recipe> {
    let most = streams.saturating_mul(4).saturating_add(10_000);
    Ok(Recipe::new(binary, dir)?
        .set("llm.url", upstream.url())
        .set("llm.model", "stand-in")
        .set("llm.at_once", most)
        .set("llm.answer_tokens", 20_000)
        .set("chat.at_once", most)
        .set("chat.at_once_per_user", most)
        .set("chat.messages_per_day", 1_000_000_000)
        .set("chat.tokens_per_day", 1_000_000_000_000_i64)
        .set("limits.commands_per_second", 1_000_000)
        .set("limits.commands_burst", 1_000_000)
        .set("limits.requests_per_user", 1_000_000)
        .set("limits.sockets_per_user", most)
        .set("limits.sockets_per_address", most))
}

/// Something to answer from.
async fn article(api: &Api, clerk: &Account) -> anyhow::Result<()> {
    let token = clerk.token().await?;
    let text = "A maximum bid works like this: you name the most that you would pay, and the auction bids for you, step by \
                step, only as much as is needed to lead.";
    let section = json!({ "heading": "How does a maximum bid work?", "text": text });
    let body = json!({ "title": "Maximum bids in an auction", "sections": [section] });
    let _: Value = api.persist(&Ask::post("/knowledge/articles", body).by(&token).once(Uuid::new_v4()), LIMIT).await?;
    Ok(())
}

/// Opens them; what each costs the server, in KB.
async fn open_all(stage: &mut Stage, count: usize) -> anyhow::Result<f64> {
    tokio::time::sleep(SETTLE).await;
    let before = resident(stage.pid).unwrap_or(0);
    let (api, people) = (stage.api.clone(), stage.people.clone());
    let open = |number: usize| {
        let (api, owner) = (api.clone(), people.get(number % people.len().max(1)).cloned());
        async move {
            let Some(owner) = owner else { bail!("nobody is there") };
            let token = owner.token().await?;
            let ask = Ask::post("/chats", json!({ "assistant": ASSISTANT }));
            let chat: Value = api.persist(&ask.by(&token).once(Uuid::new_v4()), LIMIT).await?;
            chat.get("id").and_then(Value::as_i64).context("a conversation without a number")
        }
    };
    let opened: Vec<anyhow::Result<i64>> = stream::iter((0..count).map(open)).buffered(OPENED_AT_ONCE).collect().await;
    stage.chats = opened.into_iter().collect::<anyhow::Result<_>>()?;
    tokio::time::sleep(SETTLE).await;
    let grown = resident(stage.pid).unwrap_or(0).saturating_sub(before);
    let bytes = u32::try_from(grown).map_or(f64::from(u32::MAX), f64::from);
    Ok(each(bytes / 1024.0, count, 1.0))
}

/// One question after the other in conversations of their own, as long as each takes to its first words.
async fn first_words(stage: &Stage, epoch: Instant) -> anyhow::Result<Vec<Duration>> {
    let asker = Asker::new(&stage.api)?;
    let mut first = Vec::new();
    for chat in 0..stage.chats.len().min(200) {
        let Some(number) = stage.chats.get(chat) else { break };
        let token = stage.token(chat).await?;
        let asked = Instant::now();
        let heard = asker.ask(*number, &token, QUESTION, epoch).await?;
        if let Some(at) = heard.first {
            first.push(at.saturating_duration_since(asked));
        }
    }
    Ok(first)
}

/// Everybody asks and everybody watches.
async fn crowded(
    stage: &Stage,
    address: std::net::SocketAddrV4,
    epoch: Instant,
    tokens: usize,
) -> anyhow::Result<(Vec<Tally>, Usage, usize)> {
    let mut channels = Vec::with_capacity(stage.chats.len());
    for (place, number) in stage.chats.iter().enumerate() {
        channels.push((format!("chat:{number}"), stage.token(place).await?));
    }
    let (ready, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (here, gone) = (Arc::clone(&ready), Arc::clone(&over));
    let watching = tokio::task::spawn_blocking(move || watch::run(address, &channels, epoch, tokens, &here, &gone));
    let begun = Instant::now();
    while !ready.load(Ordering::Acquire) {
        if begun.elapsed() > LIMIT || watching.is_finished() {
            bail!("not everybody is subscribed");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let before = Usage::of(stage.pid);
    let asker = Asker::new(&stage.api)?;
    let mut asking = tokio::task::JoinSet::new();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / u32::try_from(ASKED_PER_S)?);
    for (place, number) in stage.chats.iter().copied().enumerate() {
        pace.tick().await;
        let (asker, token) = (asker.clone(), stage.token(place).await?);
        asking.spawn(async move { asker.ask(number, &token, QUESTION, epoch).await });
    }
    let (mut tallies, mut broken) = (Vec::new(), 0);
    while let Some(asked) = asking.join_next().await {
        match asked? {
            Ok(heard) => {
                broken += usize::from(!heard.whole);
                tallies.push(heard.tally);
            }
            Err(error) => {
                tracing::warn!(%error, "a question was not answered");
                broken += 1;
            }
        }
    }
    over.store(true, Ordering::Release);
    tallies.extend(watching.await??);
    Ok((tallies, Usage::of(stage.pid) - before, broken))
}

#[expect(clippy::print_stderr, reason = "a benchmark that takes minutes says what it does")]
fn eprint_line(text: &str) {
    eprintln!("{text}");
}
