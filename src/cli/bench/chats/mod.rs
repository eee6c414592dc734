//! What conversations cost. The language model is a stand-in on this machine that says a token every 20 ms with the moment in
//! it, so how late a token comes is told by the token.
//!
//! `load` has everybody ask and watch at once; `stop`, `resume` and `restart` are what may happen to an answer. `listen` is who
//! asks and reads the stream, `askers` very many of them, `watch` and `sockets` who reads over a socket, `tally` what each of
//! them got.

mod askers;
pub mod listen;
mod load;
mod restart;
mod resume;
mod sockets;
mod stop;
mod tally;
mod watch;

use std::net::SocketAddrV4;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::make_clerk;
use super::house::tempdir::Dir;
use super::process::resident;
use super::table::Row;
use super::upstream::{Script, Stamps, Upstream};
use crate::cli::client::account::Account;
use crate::cli::client::api::{Api, Ask};
use crate::cli::figures::{each, percentile_ms};
use crate::cli::own_server::{OwnServer, Recipe};

use self::listen::Asker;
use self::load::Loaded;
use self::restart::Returned;
use self::resume::Resumed;
use self::stop::Stopped;

/// The pause between two tokens of the stand-in.
const EVERY: Duration = Duration::from_millis(20);
/// People whose conversations they are.
const PEOPLE: usize = 8;
/// Conversations opened at the same time.
const OPENED_AT_ONCE: usize = 64;
/// How long anything may take before the benchmark gives up.
const LIMIT: Duration = Duration::from_secs(60);
/// Memory is read after the server has settled.
const SETTLE: Duration = Duration::from_secs(3);
/// Fewer conversations weigh too little to be told from everything else that a server keeps.
const WEIGHED: usize = 5_000;
/// One in so many conversations is opened before memory is first looked at.
const FIRST: usize = 4;
/// Who answers: one that leaves numbers as they are.
pub const ASSISTANT: &str = "auction-help";
/// What is asked; the article below covers it.
pub const QUESTION: &str = "How does a maximum bid work in an auction?";
/// Tokens of an answer whose first word is waited for.
const SHORT: usize = 2;
/// What a conversation that nobody uses may leave in memory, in KB: less than what a page of it would be.
const NOTHING_KB: f64 = 0.25;

/// How much of each.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Answers at once that must be in time.
    pub streams: usize,
    /// Answers at once that must be whole.
    pub most: usize,
    /// How long those answers take.
    pub lasting: Duration,
    /// Questions whose first word is waited for.
    pub questions: usize,
    /// Answers that are stopped.
    pub stops: usize,
    /// Tokens of the answer that is gone on with at every position.
    pub long: usize,
    /// Readers who come back after a crash.
    pub readers: usize,
}

impl Sizes {
    /// All that must be reached.
    #[must_use]
    pub fn whole(streams: usize, lasting: Duration) -> Self {
        let most = streams.saturating_mul(5) / 2;
        Self { streams, most, lasting, questions: 300, stops: 100, long: 2_000, readers: streams.saturating_mul(5) }
    }

    /// Less of everything, in some 30 s.
    #[must_use]
    pub const fn short(lasting: Duration) -> Self {
        Self { streams: 500, most: 500, lasting, questions: 100, stops: 20, long: 500, readers: 1_000 }
    }
}

/// What conversations cost.
#[derive(Debug, Clone, Serialize)]
pub struct Chatter {
    /// Many answers at once.
    pub streams: Loaded,
    /// More of them; none where they are no more.
    pub most: Option<Loaded>,
    /// From the question to the first token, the stand-in saying it at once, on an otherwise quiet server, in ms.
    pub first_p50_ms: f64,
    /// 99 of 100.
    pub first_p99_ms: f64,
    /// Stopping.
    pub stopped: Stopped,
    /// Memory of the server for each open, idle conversation, in KB (1,024 bytes).
    pub kb_per_chat: f64,
    /// The same after a restart, when all of them are passive.
    pub kb_per_passive_chat: f64,
    /// Going on at every position of a long answer.
    pub resumed: Resumed,
    /// Coming back after a crash.
    pub returned: Returned,
}

impl Chatter {
    /// Beside what must be reached.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let (p50, p99) = (self.first_p50_ms, self.first_p99_ms);
        let (open, passive) = (self.kb_per_chat, self.kb_per_passive_chat);
        let mut rows = vec![self.streams.in_time()];
        rows.extend(self.most.as_ref().map(Loaded::unlost));
        rows.extend([
            self.streams.cost(),
            Row {
                what: "from the question to the first token, without the upstream's own".to_owned(),
                goal: "p50 <= 15 ms, p99 <= 60 ms",
                measured: format!("p50 {p50:.1} ms, p99 {p99:.1} ms"),
                reached: p50 <= 15.0 && p99 <= 60.0,
            },
            self.stopped.row(),
            Row {
                what: "memory per open, idle conversation; per passive one".to_owned(),
                goal: "<= 4 KB; none",
                measured: format!("{open:.2} KB; {passive:.2} KB"),
                reached: open <= 4.0 && passive <= NOTHING_KB,
            },
        ]);
        rows.extend(self.resumed.rows());
        rows.push(self.returned.row());
        rows
    }
}

/// The server under load and whom it serves.
struct Stage {
    api: Api,
    address: SocketAddrV4,
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

    /// How many questions were asked in a conversation.
    async fn messages(&self, chat: usize) -> anyhow::Result<u32> {
        let number = self.chats.get(chat).context("no conversation")?;
        let token = self.token(chat).await?;
        let view: Value = self.api.persist(&Ask::get(&format!("/chats/{number}")).by(&token), LIMIT).await?;
        let messages = view.get("messages").and_then(Value::as_array).context("a conversation without messages")?;
        Ok(u32::try_from(messages.len())?)
    }
}

/// Measures it on a server of our own.
///
/// # Errors
/// When the server cannot be started or asked.
pub async fn run(binary: &Path, sizes: Sizes) -> anyhow::Result<Chatter> {
    let Sizes { streams, most, lasting, questions, stops, long, readers } = sizes;
    let dir = Dir::new("madang-bench-chats")?;
    let epoch = Instant::now();
    let upstream = Upstream::start([Script::Silence]).await?;
    let mut server = OwnServer::start(recipe(binary, dir.path(), &upstream, most.max(readers))?).await?;
    let (api, address) = (Api::new(&server.recipe().url())?, server.recipe().address);
    let clerk = make_clerk(server.recipe(), &api).await?;
    article(&api, &clerk).await.context("the article")?;
    let mut stage = Stage { api, address, pid: server.pid(), people: Vec::with_capacity(PEOPLE), chats: Vec::new() };
    for number in 0..PEOPLE {
        let name = format!("chats-{number}");
        let email = format!("{name}@bench.example");
        stage.people.push(Arc::new(Account::sign_up(&stage.api, &email, "bench-password", &name, LIMIT).await?));
    }
    progress("opening conversations");
    let (kb_per_chat, kb_per_passive_chat) =
        memory(&mut stage, &mut server, most.max(streams).max(WEIGHED)).await.context("memory")?;
    progress("waiting for first words");
    let first = first_words(&stage, &upstream, epoch, questions).await.context("first words")?;
    progress("stopping answers");
    let stopped = stop::run(&stage, &upstream, epoch, stops).await.context("stopping")?;
    progress("asking in many conversations at once");
    let loaded = load::run(&stage, &upstream, epoch, streams, lasting).await.context("many streams")?;
    let most = if most > streams {
        progress("asking in more of them");
        Some(load::run(&stage, &upstream, epoch, most, lasting).await.context("more streams")?)
    } else {
        None
    };
    progress("going on at every position");
    let resumed = resume::run(&stage, &upstream, epoch, long).await.context("resume")?;
    progress("coming back after a crash");
    let returned = restart::run(&stage, &mut server, &upstream, epoch, readers).await.context("coming back")?;
    server.stop().await?;
    Ok(Chatter {
        streams: loaded,
        most,
        first_p50_ms: percentile_ms(&first, 50),
        first_p99_ms: percentile_ms(&first, 99),
        stopped,
        kb_per_chat,
        kb_per_passive_chat,
        resumed,
        returned,
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
///
/// # Errors
/// When the article is not taken.
pub async fn article(api: &Api, clerk: &Account) -> anyhow::Result<()> {
    let token = clerk.token().await?;
    let text = "A maximum bid works like this: you name the most that you would pay, and the auction bids for you, step by \
                step, only as much as is needed to lead.";
    let section = json!({ "heading": "How does a maximum bid work?", "text": text });
    let body = json!({ "title": "Maximum bids in an auction", "sections": [section] });
    let _: Value = api.persist(&Ask::post("/knowledge/articles", body).by(&token).once(Uuid::new_v4()), LIMIT).await?;
    Ok(())
}

/// What each conversation costs the server in KB, open and idle, and passive after a restart.
async fn memory(stage: &mut Stage, server: &mut OwnServer, count: usize) -> anyhow::Result<(f64, f64)> {
    // Sign-ups hash passwords in 19 MiB each, which the allocator keeps: a server that never did has nothing to hide memory in.
    let fresh = afresh(stage, server).await?;
    // What the first ones take is the house's: connections, caches, code that ran for the first time.
    open_some(stage, count / FIRST).await?;
    tokio::time::sleep(SETTLE).await;
    let before = resident(stage.pid).unwrap_or(0);
    open_some(stage, count).await?;
    tokio::time::sleep(SETTLE).await;
    let open = kb_each(resident(stage.pid).unwrap_or(0), before, count);
    Ok((open, kb_each(afresh(stage, server).await?, fresh, stage.chats.len())))
}

/// Stops the server and starts it again; its resident memory once it has settled.
async fn afresh(stage: &mut Stage, server: &mut OwnServer) -> anyhow::Result<u64> {
    server.stop().await?;
    server.restart().await?;
    stage.pid = server.pid();
    tokio::time::sleep(SETTLE).await;
    Ok(resident(stage.pid).unwrap_or(0))
}

fn kb_each(now: u64, before: u64, count: usize) -> f64 {
    let bytes = u32::try_from(now.saturating_sub(before)).map_or(f64::from(u32::MAX), f64::from);
    each(bytes / 1024.0, count, 1.0)
}

/// Opens a conversation; its number.
///
/// # Errors
/// When it cannot be opened.
pub async fn open(api: &Api, owner: &Account) -> anyhow::Result<i64> {
    let token = owner.token().await?;
    let ask = Ask::post("/chats", json!({ "assistant": ASSISTANT }));
    let chat: Value = api.persist(&ask.by(&token).once(Uuid::new_v4()), LIMIT).await?;
    chat.get("id").and_then(Value::as_i64).context("a conversation without a number")
}

async fn open_some(stage: &mut Stage, count: usize) -> anyhow::Result<()> {
    let (api, people) = (stage.api.clone(), stage.people.clone());
    let open = |number: usize| {
        let (api, owner) = (api.clone(), people.get(number % people.len().max(1)).cloned());
        async move {
            let owner = owner.context("nobody is there")?;
            open(&api, &owner).await
        }
    };
    let numbers = stage.chats.len()..stage.chats.len().saturating_add(count);
    let opened: Vec<anyhow::Result<i64>> = stream::iter(numbers.map(open)).buffered(OPENED_AT_ONCE).collect().await;
    stage.chats.extend(opened.into_iter().collect::<anyhow::Result<Vec<_>>>()?);
    Ok(())
}

/// One question after the other in conversations of their own, as long as each takes to its first words.
async fn first_words(stage: &Stage, upstream: &Upstream, epoch: Instant, count: usize) -> anyhow::Result<Vec<Duration>> {
    upstream.tell([Script::Stamped(Stamps { count: SHORT, every: EVERY, epoch })]);
    let asker = Asker::new(&stage.api)?;
    let mut first = Vec::with_capacity(count);
    for (place, chat) in stage.chats.iter().copied().enumerate().take(count) {
        let token = stage.token(place).await?;
        let asked = Instant::now();
        let heard = asker.ask(chat, &token, QUESTION, epoch).await?;
        let at = heard.first.context("an answer without a word")?;
        first.push(at.saturating_duration_since(asked));
    }
    first.sort_unstable();
    Ok(first)
}

#[expect(clippy::print_stderr, reason = "a benchmark that takes minutes says what it does")]
fn progress(text: &str) {
    eprintln!("{text}");
}
