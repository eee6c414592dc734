//! Going on with a long answer: from some place or other while it is written, from every single position after; over its stream
//! of server-sent events, and over a socket that comes back with its position.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::task::JoinSet;

use super::listen::{Asker, Place};
use super::sockets::{self, Known};
use super::{QUESTION, Stage};
use crate::cli::bench::table::Row;
use crate::cli::bench::upstream::{Script, Tokens, Upstream};

/// The pause between two tokens of the long answer.
const EVERY: Duration = Duration::from_millis(4);
/// Tries at the same time once it is written.
const AT_ONCE: usize = 32;

/// What going on gave.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Resumed {
    /// Tokens of the answer.
    pub tokens: usize,
    /// Over a stream of server-sent events.
    pub sse: Tried,
    /// Over a socket.
    pub socket: Tried,
}

/// What going on gave in one way.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Tried {
    /// Positions tried: some while the answer was written, and each border of a token after that.
    pub positions: usize,
    /// Positions from which words were missing or wrong.
    pub lost: usize,
    /// Positions from which there were too many.
    pub doubled: usize,
}

impl Tried {
    fn take(&mut self, text: &str, whole: &str) {
        self.positions += 1;
        if text.len() > whole.len() {
            self.doubled += 1;
        } else if text != whole {
            self.lost += 1;
        }
    }

    fn row(self, tokens: usize, over: &str) -> Row {
        let Self { positions, lost, doubled } = self;
        Row {
            what: format!("resume at every position of a {tokens}-token answer over {over}"),
            goal: "0 lost, 0 doubled",
            measured: format!("{positions} resumes: {lost} with words lost, {doubled} with words doubled"),
            reached: positions >= tokens && lost == 0 && doubled == 0,
        }
    }
}

impl Resumed {
    /// Beside what must be reached.
    pub(super) fn rows(&self) -> [Row; 2] {
        [self.sse.row(self.tokens, "SSE"), self.socket.row(self.tokens, "WebSocket")]
    }
}

pub(super) async fn run(stage: &Stage, upstream: &Upstream, epoch: Instant, tokens: usize) -> anyhow::Result<Resumed> {
    // Without the moment, or they would not fit into the longest answer.
    upstream.tell([Script::Tokens(Tokens::new((0..tokens).map(|number| format!(" {number}")), EVERY))]);
    let (Some(chat), Some(owner)) = (stage.chats.first().copied(), stage.people.first()) else { bail!("no conversation") };
    let token = owner.token().await?;
    let place = Place { chat, message: stage.messages(0).await? + 1 };
    let asker = Asker::new(&stage.api)?;
    let known = Known::begin(&stage.api, owner, place).await?;
    let (other, own) = (asker.clone(), token.clone());
    let asked = tokio::spawn(async move { other.ask(chat, &own, QUESTION, epoch).await });
    let over_sse = |have: String| {
        let (asker, token) = (asker.clone(), token.clone());
        async move { asker.follow(place, &token, &have, epoch).await.map(|heard| heard.text) }
    };
    let over_socket = |have: String| {
        let (api, owner, known) = (stage.api.clone(), Arc::clone(owner), known.clone());
        async move { sockets::follow(&api, owner, &known, have).await }
    };
    // While it is written: from a place in what is there just now, again and again.
    known.begun().await?;
    let (mut sse, mut socket) = (JoinSet::new(), JoinSet::new());
    let mut pace = tokio::time::interval(EVERY * 4);
    while !asked.is_finished() && sse.len() < tokens {
        pace.tick().await;
        let have = known.some();
        sse.spawn(over_sse(have.clone()));
        socket.spawn(over_socket(have));
    }
    let during = (sse.join_all().await, socket.join_all().await);
    let whole = asked.await??;
    if !whole.is_whole() {
        bail!("the long answer is {:?}", whole.stage);
    }
    let text = whole.text;
    let borders: Vec<String> =
        text.match_indices(' ').map(|(at, _)| at).chain([text.len()]).map(|at| head(&text, at)).collect();
    let after = (
        stream::iter(borders.clone()).map(over_sse).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await,
        stream::iter(borders).map(over_socket).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await,
    );
    let mut resumed = Resumed { tokens, ..Resumed::default() };
    for tried in during.0.into_iter().chain(after.0) {
        resumed.sse.take(&tried.context("a stream could not be gone on with")?, &text);
    }
    for tried in during.1.into_iter().chain(after.1) {
        resumed.socket.take(&tried.context("a socket could not be gone on with")?, &text);
    }
    Ok(resumed)
}

fn head(text: &str, at: usize) -> String {
    text.get(..at).unwrap_or_default().to_owned()
}
