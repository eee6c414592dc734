//! Everybody asks and everybody watches.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use serde::Serialize;

use super::tally::Tally;
use super::{EVERY, LIMIT, Stage, askers, watch};
use crate::cli::bench::process::Usage;
use crate::cli::bench::table::Row;
use crate::cli::bench::upstream::{Script, Stamps, Upstream};
use crate::cli::figures::{each, percentile_ms};

/// Questions asked per second while the load grows.
const ASKED_PER_S: u32 = 250;
/// How often is looked at how many answers are being said.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What many answers at once cost, each watched twice: as the stream of who asked and over a socket.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Loaded {
    /// Answers in all.
    pub streams: usize,
    /// The most of them that were being said at the same moment.
    pub at_once: usize,
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
    /// Sockets that the server cut or put out of their channel, each of which came back with its position.
    pub cut: usize,
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
}

impl Loaded {
    /// Whether all came, once.
    fn is_whole(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.broken == 0
    }

    /// Beside how late tokens may be.
    pub(super) fn in_time(&self) -> Row {
        self.row("2,000 without loss, no token later than 250 ms at p99", self.is_whole() && self.p99_ms <= 250.0)
    }

    /// Beside what must come.
    pub(super) fn unlost(&self) -> Row {
        self.row("5,000 without loss", self.is_whole())
    }

    fn row(&self, goal: &'static str, reached: bool) -> Row {
        let Self { streams, at_once, tokens, delivered, lost, doubled, broken, cut, p50_ms, p99_ms, last_ms, .. } = self;
        let cut = if *cut == 0 { String::new() } else { format!("{cut} sockets cut, ") };
        Row {
            what: format!(
                "{streams} streams, at most {at_once} at the same moment, 50 tokens/s each, two watchers each, {tokens} tokens"
            ),
            goal,
            measured: format!(
                "{delivered} delivered ({lost} lost, {doubled} doubled, {broken} answers broken), {cut}{p50_ms:.0} ms p50, \
                 {p99_ms:.0} ms p99, {last_ms:.0} ms the latest"
            ),
            reached,
        }
    }

    /// The processor's time beside what it may be.
    pub(super) fn cost(&self) -> Row {
        let (server, database) = (self.server_cpu_s_per_million, self.database_cpu_s_per_million);
        Row {
            what: "server CPU per million tokens delivered to a watcher".to_owned(),
            goal: "<= 12 s",
            measured: format!("{server:.1} s (and {database:.1} s of the database)"),
            reached: server <= 12.0,
        }
    }
}

/// Asks in so many conversations and counts what comes.
pub(super) async fn run(
    stage: &Stage,
    upstream: &Upstream,
    epoch: Instant,
    streams: usize,
    lasting: Duration,
) -> anyhow::Result<Loaded> {
    let tokens = usize::try_from(lasting.as_millis() / EVERY.as_millis())?.max(1);
    upstream.tell([Script::Stamped(Stamps { count: tokens, every: EVERY, epoch })]);
    let (mut asking, mut channels) = (Vec::with_capacity(streams), Vec::with_capacity(streams));
    for (place, number) in stage.chats.iter().enumerate().take(streams) {
        let token = stage.token(place).await?;
        channels.push((format!("chat:{number}"), token.clone()));
        asking.push((*number, token));
    }
    let ready = Arc::new(AtomicBool::new(false));
    let over = Arc::new(AtomicBool::new(false));
    let watching = watch_all(stage.address, channels, (epoch, tokens), &ready, &over);
    let begun = Instant::now();
    while !ready.load(Ordering::Acquire) {
        if begun.elapsed() > LIMIT || watching.is_finished() {
            over.store(true, Ordering::Release);
            bail!("not everybody is subscribed");
        }
        tokio::time::sleep(EVERY).await;
    }
    let before = Usage::of(stage.pid);
    let (address, times) = (stage.address, (epoch, lasting));
    let mut asking = tokio::task::spawn_blocking(move || askers::run(address, &asking, ASKED_PER_S, times));
    let mut at_once = 0;
    let asked = loop {
        tokio::select! {
            asked = &mut asking => break asked?,
            () = tokio::time::sleep(LOOK_EVERY) => at_once = at_once.max(upstream.open()),
        }
    };
    over.store(true, Ordering::Release);
    let watch::Watched { mut tallies, cut } = watching.await??;
    let used = Usage::of(stage.pid) - before;
    let asked = asked?;
    let broken = asked.iter().filter(|heard| !heard.is_whole()).count();
    tallies.extend(asked.into_iter().map(|heard| heard.tally));
    let mut late: Vec<Duration> = tallies.iter().flat_map(Tally::late).collect();
    late.sort_unstable();
    let delivered = late.len();
    Ok(Loaded {
        streams,
        at_once,
        tokens,
        delivered,
        lost: streams.saturating_mul(tokens).saturating_mul(2).saturating_sub(delivered),
        doubled: tallies.iter().map(|tally| tally.doubled).sum(),
        broken,
        cut,
        p50_ms: percentile_ms(&late, 50),
        p99_ms: percentile_ms(&late, 99),
        last_ms: percentile_ms(&late, 100),
        server_cpu_s_per_million: each(used.own_cpu_s, delivered, 1e6),
        database_cpu_s_per_million: each(used.children_cpu_s, delivered, 1e6),
    })
}

fn watch_all(
    address: SocketAddrV4,
    channels: Vec<(String, String)>,
    (epoch, tokens): (Instant, usize),
    ready: &Arc<AtomicBool>,
    over: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<anyhow::Result<watch::Watched>> {
    let (here, gone) = (Arc::clone(ready), Arc::clone(over));
    tokio::task::spawn_blocking(move || watch::run(address, &channels, (epoch, tokens), &here, &gone))
}
