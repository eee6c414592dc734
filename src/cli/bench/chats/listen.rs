//! Who asks, and reads the answer as server-sent events.

use std::borrow::Cow;
use std::time::Instant;

use anyhow::{Context, bail};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::tally::Tally;
use crate::cli::client::api::Api;

/// Asks over HTTP. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    http: reqwest::Client,
    base: String,
}

/// What was heard of one answer.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Its tokens.
    pub(super) tally: Tally,
    /// When the first came.
    pub(super) first: Option<Instant>,
    /// Whether it ended as it should.
    pub(super) whole: bool,
    /// Its text.
    pub(super) text: String,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Done<'a> {
    stage: &'a str,
}

impl Asker {
    pub(super) fn new(api: &Api) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, base: format!("{}/api/v1", api.base()) })
    }

    /// Asks a question and listens to the end.
    pub(super) async fn ask(&self, chat: i64, token: &str, question: &str, epoch: Instant) -> anyhow::Result<Heard> {
        let ask = self.http.post(format!("{}/chats/{chat}/messages", self.base)).bearer_auth(token);
        let ask = ask.header("idempotency-key", Uuid::new_v4().to_string()).json(&json!({ "text": question }));
        listen(ask.send().await?, epoch).await
    }

    /// Goes on with an answer at a position.
    pub(super) async fn follow(
        &self,
        chat: i64,
        token: &str,
        message: u32,
        after: usize,
        epoch: Instant,
    ) -> anyhow::Result<Heard> {
        let address = format!("{}/chats/{chat}/stream?message={message}&after={after}", self.base);
        listen(self.http.get(address).bearer_auth(token).send().await?, epoch).await
    }
}

async fn listen(response: reqwest::Response, epoch: Instant) -> anyhow::Result<Heard> {
    if !response.status().is_success() {
        bail!("{}: {}", response.status(), response.text().await.unwrap_or_default());
    }
    let mut heard = Heard::default();
    let mut rest: Vec<u8> = Vec::new();
    let mut parts = response.bytes_stream();
    while let Some(part) = parts.next().await {
        rest.extend_from_slice(&part?);
        let Some(end) = memchr::memmem::rfind(&rest, b"\n\n") else { continue };
        let events = String::from_utf8(rest.drain(..end + 2).collect()).context("no text")?;
        events.split("\n\n").for_each(|event| heard.take(event, epoch));
    }
    Ok(heard)
}

impl Heard {
    fn take(&mut self, event: &str, epoch: Instant) {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        let Some(data) = field("data: ") else { return };
        match field("event: ") {
            Some("delta") => {
                let Ok(Delta { text }) = serde_json::from_str(data) else { return };
                self.first.get_or_insert_with(Instant::now);
                self.tally.take(&text, epoch);
                self.text.push_str(&text);
            }
            Some("done") => self.whole = serde_json::from_str::<Done<'_>>(data).is_ok_and(|done| done.stage == "done"),
            Some(_) | None => {}
        }
    }
}
