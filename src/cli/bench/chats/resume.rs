//! Going on at every single position of a long answer, over its stream of server-sent events.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::Stage;
use super::listen::Asker;
use crate::cli::bench::table::Row;
use crate::cli::bench::upstream::{Script, Stamps, Upstream};

/// Tokens of the long answer.
const TOKENS: usize = 2_000;
/// The pause between them, so that half of those who go on do so while it is written.
const EVERY: Duration = Duration::from_millis(4);
/// Streams at the same time.
const AT_ONCE: usize = 32;

/// What going on gave.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Resumed {
    /// Tokens of the answer.
    pub tokens: usize,
    /// Positions tried: each border of a token, once while it was written and once after.
    pub positions: usize,
    /// Positions from which words were missing.
    pub lost: usize,
    /// Positions from which words came twice.
    pub doubled: usize,
}

impl Resumed {
    /// Beside what must be reached.
    pub(super) fn row(&self) -> Row {
        let Self { tokens, positions, lost, doubled } = self;
        Row {
            what: format!("resume at every position of a {tokens}-token answer over SSE"),
            goal: "0 lost, 0 doubled",
            measured: format!("{positions} resumes: {lost} with words lost, {doubled} with words doubled"),
            reached: *positions > 0 && *lost == 0 && *doubled == 0,
        }
    }
}

pub(super) async fn run(stage: &Stage, upstream: &Upstream, epoch: Instant) -> anyhow::Result<Resumed> {
    upstream.tell([Script::Stamped(Stamps { count: TOKENS, every: EVERY, epoch })]);
    let (Some(chat), token) = (stage.chats.first().copied(), stage.token(0).await?) else { bail!("no conversation") };
    let asker = Asker::new(&stage.api)?;
    let (other, own) = (asker.clone(), token.clone());
    // The questions before: the first words, and the crowd's.
    let message = 3;
    let asked = tokio::spawn(async move { other.ask(chat, &own, super::QUESTION, epoch).await });
    tokio::time::sleep(EVERY * 50).await;
    // Each is a few tokens further, about as fast as the answer is written.
    let during = stream::iter(0..TOKENS / 2).map(|place| {
        let (asker, token) = (asker.clone(), token.clone());
        async move {
            let after = place / 4;
            asker.follow(chat, &token, message, after, epoch).await.map(|heard| (after, heard.text))
        }
    });
    let during: Vec<_> = during.buffer_unordered(AT_ONCE).collect().await;
    let whole = asked.await??;
    if !whole.whole {
        bail!("the long answer did not end well");
    }
    let borders: Vec<usize> = whole.text.match_indices(' ').map(|(at, _)| at).chain([whole.text.len()]).collect();
    let after = stream::iter(borders.iter().copied()).map(|after| {
        let (asker, token) = (asker.clone(), token.clone());
        async move { asker.follow(chat, &token, message, after, epoch).await.map(|heard| (after, heard.text)) }
    });
    let after: Vec<_> = after.buffer_unordered(AT_ONCE).collect().await;
    let mut resumed = Resumed { tokens: TOKENS, ..Resumed::default() };
    for tried in during.into_iter().chain(after) {
        let (from, text) = tried.context("a stream could not be gone on with")?;
        let wanted = whole.text.get(from..).unwrap_or_default();
        resumed.positions += 1;
        resumed.lost += usize::from(text.len() < wanted.len() || (text != wanted && text.len() == wanted.len()));
        resumed.doubled += usize::from(text.len() > wanted.len());
    }
    Ok(resumed)
}
