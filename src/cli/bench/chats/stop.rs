//! How long it takes from a stop to the end of the upstream's connection.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;

use super::listen::Asker;
use super::{EVERY, LIMIT, QUESTION, Stage};
use crate::cli::bench::table::Row;
use crate::cli::bench::upstream::{Script, Stamps, Upstream};
use crate::cli::figures::percentile_ms;

/// Tokens of an answer that is stopped long before its end.
const ENDLESS: usize = 100_000;

/// What stopping took.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Stopped {
    /// Answers that were stopped.
    pub stops: usize,
    /// From the request to the end of the upstream's connection, in ms.
    pub p50_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// The longest.
    pub most_ms: f64,
}

impl Stopped {
    /// Beside what must be reached.
    pub(super) fn row(&self) -> Row {
        let Self { stops, p50_ms, p99_ms, most_ms } = self;
        Row {
            what: format!("from a stop to the end of the upstream's connection, {stops} answers one after the other"),
            goal: "<= 200 ms",
            measured: format!("p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, {most_ms:.1} ms the longest"),
            reached: *stops > 0 && *most_ms <= 200.0,
        }
    }
}

/// Asks, waits for the first words, stops and waits for the upstream to be left alone.
pub(super) async fn run(stage: &Stage, upstream: &Upstream, epoch: Instant, stops: usize) -> anyhow::Result<Stopped> {
    upstream.tell([Script::Stamped(Stamps { count: ENDLESS, every: EVERY, epoch })]);
    let asker = Asker::new(&stage.api)?;
    let mut took: Vec<Duration> = Vec::with_capacity(stops);
    for (place, chat) in stage.chats.iter().copied().enumerate().take(stops) {
        let token = stage.token(place).await?;
        let (other, own) = (asker.clone(), token.clone());
        let asking = tokio::spawn(async move { other.ask(chat, &own, QUESTION, epoch).await });
        tokio::time::timeout(LIMIT, upstream.until_open(1)).await.context("nobody asks the upstream")?;
        tokio::time::sleep(EVERY * 3).await;
        let begun = Instant::now();
        let path = format!("{chat}/stop");
        let (stopped, ()) = tokio::join!(asker.post(&path, &token), async {
            upstream.until_open(0).await;
            took.push(begun.elapsed());
        });
        stopped?;
        let heard = asking.await??;
        if heard.stage.as_deref() != Some("stopped") {
            bail!("an answer that was stopped is {:?}", heard.stage);
        }
    }
    took.sort_unstable();
    Ok(Stopped {
        stops: took.len(),
        p50_ms: percentile_ms(&took, 50),
        p99_ms: percentile_ms(&took, 99),
        most_ms: percentile_ms(&took, 100),
    })
}
