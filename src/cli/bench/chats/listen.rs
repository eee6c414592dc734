//! Who asks, and reads the answer as server-sent events.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use anyhow::bail;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::LIMIT;
use super::tally::Tally;
use crate::cli::client::api::Api;

/// The pause before a reader who was cut comes back.
const COME_BACK: Duration = Duration::from_millis(50);

/// Asks over HTTP. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Asker {
    http: reqwest::Client,
    base: String,
}

/// An answer's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The conversation.
    pub chat: i64,
    /// Which answer in it.
    pub message: u32,
}

/// What was heard of one answer.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    /// Its tokens.
    pub(super) tally: Tally,
    /// When the first came.
    pub first: Option<Instant>,
    /// How it ended; `None`: the connection did before it.
    pub stage: Option<String>,
    /// Its text, with what was there before.
    pub text: String,
    /// Whether words were told that begin elsewhere than where the text ended.
    pub gap: bool,
}

#[derive(Deserialize)]
struct Delta<'a> {
    from: usize,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Cut {
    length: usize,
}

#[derive(Deserialize)]
struct Done<'a> {
    stage: &'a str,
}

impl Asker {
    /// Of this server.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(api: &Api) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, base: format!("{}/api/v1", api.base()) })
    }

    /// Asks a question and listens to the end. Tokens are timed from `epoch`.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn ask(&self, chat: i64, token: &str, question: &str, epoch: Instant) -> anyhow::Result<Heard> {
        let ask = self.http.post(format!("{}/chats/{chat}/messages", self.base)).bearer_auth(token);
        let ask = ask.header("idempotency-key", Uuid::new_v4().to_string()).json(&json!({ "text": question }));
        let mut heard = Heard::default();
        heard.listen(ask.send().await?, epoch).await?;
        Ok(heard)
    }

    /// Gives a command to a conversation, without listening.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn post(&self, path: &str, token: &str) -> anyhow::Result<()> {
        let ask = self.http.post(format!("{}/chats/{path}", self.base)).bearer_auth(token);
        let ask = ask.header("idempotency-key", Uuid::new_v4().to_string()).header("accept", "application/json");
        let response = ask.json(&json!({})).send().await?;
        if !response.status().is_success() {
            bail!("{}: {}", response.status(), response.text().await.unwrap_or_default());
        }
        Ok(())
    }

    /// Goes on with an answer behind a text that one has, to its end or that of the connection.
    ///
    /// # Errors
    /// When there is no such answer.
    pub async fn follow(&self, place: Place, token: &str, have: &str, epoch: Instant) -> anyhow::Result<Heard> {
        let mut heard = Heard { text: have.to_owned(), ..Heard::default() };
        self.go_on(place, token, &mut heard, epoch).await?;
        Ok(heard)
    }

    async fn go_on(&self, place: Place, token: &str, heard: &mut Heard, epoch: Instant) -> anyhow::Result<()> {
        let Place { chat, message } = place;
        // Tokens are ASCII, so that bytes are characters.
        let address = format!("{}/chats/{chat}/stream?message={message}&after={}", self.base, heard.text.len());
        let begun = Instant::now();
        loop {
            let response = self.http.get(&address).bearer_auth(token).send().await?;
            // Too many at once for one conversation are told to ask again.
            if response.status() != reqwest::StatusCode::SERVICE_UNAVAILABLE || begun.elapsed() > LIMIT {
                return heard.listen(response, epoch).await;
            }
            tokio::time::sleep(COME_BACK).await;
        }
    }

    /// Goes on with what was heard until the answer is over, coming back whenever the connection breaks.
    ///
    /// # Errors
    /// When it is not over within the limit.
    pub async fn persist(&self, place: Place, token: &str, heard: &mut Heard, limit: Duration) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let gone_on = self.go_on(place, token, heard, begun).await;
            match (gone_on, &heard.stage) {
                (Ok(()), Some(_)) => return Ok(()),
                (Err(error), _) if begun.elapsed() > limit => return Err(error),
                (Ok(()), None) if begun.elapsed() > limit => bail!("the answer is not over after {limit:?}"),
                (Ok(()) | Err(_), _) => tokio::time::sleep(COME_BACK).await,
            }
        }
    }
}

impl Heard {
    /// Whether it ended as it should.
    pub fn is_whole(&self) -> bool {
        self.stage.as_deref() == Some("done") && !self.gap
    }

    /// Reads a stream to its end.
    async fn listen(&mut self, response: reqwest::Response, epoch: Instant) -> anyhow::Result<()> {
        if !response.status().is_success() {
            bail!("{}: {}", response.status(), response.text().await.unwrap_or_default());
        }
        self.stage = None;
        let mut rest: Vec<u8> = Vec::new();
        let mut parts = response.bytes_stream();
        // A connection that breaks leaves what was heard.
        while let Some(Ok(part)) = parts.next().await {
            rest.extend_from_slice(&part);
            let taken = self.take_events(&rest, epoch);
            rest.drain(..taken);
        }
        Ok(())
    }

    /// Takes the whole events of a stream; how many bytes they are.
    pub(super) fn take_events(&mut self, bytes: &[u8], epoch: Instant) -> usize {
        let Some(end) = memchr::memmem::rfind(bytes, b"\n\n") else { return 0 };
        let events = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
        events.split("\n\n").for_each(|event| self.take(event, epoch));
        end + 2
    }

    fn take(&mut self, event: &str, epoch: Instant) {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        let Some(data) = field("data: ") else { return };
        match field("event: ") {
            Some("delta") => {
                let Ok(Delta { from, text }) = serde_json::from_str(data) else { return };
                self.first.get_or_insert_with(Instant::now);
                self.gap |= from != self.text.len();
                self.tally.take(&text, epoch);
                self.text.push_str(&text);
            }
            Some("cut") => {
                let Ok(Cut { length }) = serde_json::from_str(data) else { return };
                self.text.truncate(length);
            }
            Some("done") => self.stage = serde_json::from_str::<Done<'_>>(data).ok().map(|done| done.stage.to_owned()),
            Some(_) | None => {}
        }
    }
}
