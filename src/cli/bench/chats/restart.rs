//! Everybody comes back at once after the server was killed in mid-stream.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;

use super::listen::{Asker, Heard, Place};
use super::{EVERY, LIMIT, QUESTION, Stage};
use crate::cli::bench::table::Row;
use crate::cli::bench::upstream::{Script, Stamps, Upstream};
use crate::cli::client::api::Ask;
use crate::cli::own_server::OwnServer;

/// Answers that are written when the server is killed.
const ANSWERS: usize = 250;
/// Tokens of each, half of which are said before that.
const TOKENS: usize = 300;

/// What coming back gave.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Returned {
    /// Answers that were being written.
    pub answers: usize,
    /// Readers who came back.
    pub readers: usize,
    /// Readers who did not get the whole text, or got another one.
    pub wrong: usize,
    /// Answers that were not marked interrupted, or could not be continued.
    pub lost: usize,
    /// From the kill until the server was ready, in s.
    pub ready_s: f64,
    /// From then until the last reader had the whole text, in s.
    pub all_s: f64,
}

impl Returned {
    /// Beside what must be reached.
    pub(super) fn row(&self) -> Row {
        let Self { answers, readers, wrong, lost, ready_s, all_s } = self;
        Row {
            what: format!("{readers} readers of {answers} answers come back at once after kill -9 in mid-stream"),
            goal: "everybody gets the whole text",
            measured: format!(
                "{wrong} got another text, {lost} answers lost; ready after {ready_s:.2} s, all had the whole text {all_s:.2} s \
                 later"
            ),
            reached: *readers > 0 && *wrong == 0 && *lost == 0,
        }
    }
}

pub(super) async fn run(
    stage: &Stage,
    server: &mut OwnServer,
    upstream: &Upstream,
    epoch: Instant,
    readers: usize,
) -> anyhow::Result<Returned> {
    upstream.tell([Script::Stamped(Stamps { count: TOKENS, every: EVERY, epoch })]);
    let asker = Asker::new(&stage.api)?;
    let mut places = Vec::new();
    let mut asking = JoinSet::new();
    for (at, chat) in stage.chats.iter().copied().enumerate().take(ANSWERS) {
        let place = Place { chat, message: stage.messages(at).await? + 1 };
        places.push((place, stage.token(at).await?));
    }
    for (at, (place, token)) in places.iter().cloned().enumerate() {
        let asker = asker.clone();
        asking.spawn(async move { (at, asker.ask(place.chat, &token, QUESTION, epoch).await) });
    }
    tokio::time::sleep(EVERY * u32::try_from(TOKENS / 2)?).await;
    let killed = Instant::now();
    if !server.kill()? {
        bail!("the server was dead already");
    }
    let mut had = vec![String::new(); places.len()];
    while let Some(asked) = asking.join_next().await {
        let (at, heard) = asked?;
        if let (Ok(heard), Some(had)) = (heard, had.get_mut(at)) {
            *had = heard.text;
        }
    }
    server.restart().await?;
    let ready = Instant::now();
    let (read, lost) = come_back(&asker, &places, &had, readers).await?;
    let all_s = ready.elapsed().as_secs_f64();
    let mut wrong = 0;
    for (at, (place, token)) in places.iter().enumerate() {
        let path = format!("/chats/{}", place.chat);
        let view: Value = stage.api.persist(&Ask::get(&path).by(token), LIMIT).await?;
        let answer = view.pointer(&format!("/messages/{}/answer/text", place.message - 1)).and_then(Value::as_str);
        let answer = answer.context("an answer without a text")?;
        wrong += read.iter().filter(|(of, text)| *of == at && text.as_deref() != Some(answer)).count();
    }
    let ready_s = (ready - killed).as_secs_f64();
    Ok(Returned { answers: places.len(), readers, wrong, lost, ready_s, all_s })
}

/// What each reader of an answer, by its place, has got.
type Read = Vec<(usize, Option<String>)>;

/// Everybody goes on at once, from the text that was there or a part of it, while the owners have their answers continued.
async fn come_back(asker: &Asker, places: &[(Place, String)], had: &[String], readers: usize) -> anyhow::Result<(Read, usize)> {
    let mut reading = JoinSet::new();
    for reader in 0..readers {
        let at = reader % places.len().max(1);
        let (Some((place, token)), Some(had)) = (places.get(at).cloned(), had.get(at)) else { bail!("no answers") };
        let have = had.get(..rand::random_range(0..=had.len())).unwrap_or_default().to_owned();
        let asker = asker.clone();
        reading.spawn(async move { (at, read(&asker, place, &token, have).await) });
    }
    let mut going_on = JoinSet::new();
    for (place, token) in places.iter().cloned() {
        let asker = asker.clone();
        going_on.spawn(async move { go_on(&asker, place, &token).await });
    }
    let lost = going_on.join_all().await.into_iter().filter(|went_on| !went_on).count();
    Ok((reading.join_all().await, lost))
}

/// Goes on until the answer is whole; nothing where it was not, or words were missing.
async fn read(asker: &Asker, place: Place, token: &str, have: String) -> Option<String> {
    let begun = Instant::now();
    let mut heard = Heard { text: have, ..Heard::default() };
    while !heard.is_whole() {
        asker.persist(place, token, &mut heard, LIMIT).await.ok()?;
        if heard.gap || begun.elapsed() > LIMIT {
            return None;
        }
    }
    Some(heard.text)
}

/// Has an answer continued as soon as it is marked interrupted.
async fn go_on(asker: &Asker, Place { chat, message }: Place, token: &str) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        if asker.post(&format!("{chat}/messages/{message}/continue"), token).await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}
