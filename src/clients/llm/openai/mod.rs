//! One provider that speaks OpenAI's chat completions: OpenAI itself, Gemini through its compatible address, and the many
//! servers that run models of one's own.
//!
//! Providers differ: usage may come in a chunk of its own, in the last one, or not at all; a comment may keep the line alive;
//! an error may come in the middle of a good answer; a stream may end without saying so. `wire` reads what they say, `guard`
//! keeps what they send within bounds.

mod guard;
mod wire;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::stream::{self, BoxStream, StreamExt};
use madang_domain::coach::mask;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use self::guard::{Guarded, Unbounded};
use self::wire::{Body, Heard};
use super::{Finish, Model, ModelError, Piece, Prompt, Usage};

/// After the end was said, the usage may take so long to come.
const USAGE_WITHIN: Duration = Duration::from_secs(2);
/// The most of an answer that came whole, or of an error, that is read, in bytes.
const WHOLE_BYTES: usize = 1 << 20;
/// So much of what a provider says about its error goes to the log, in characters.
const REASON_CHARS: usize = 200;

/// Where a provider is and how long it may take.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenAiSettings {
    /// What comes before `/chat/completions`, such as `https://api.openai.com/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The key; empty sends none.
    pub key: String,
    /// The name of the field that limits the answer: `max_tokens`, or `max_completion_tokens` for some newer models.
    pub limit_field: String,
    /// How long connecting may take.
    pub connect: Duration,
    /// How long it may take until the first words.
    pub first: Duration,
    /// How long it may be silent after that.
    pub stall: Duration,
    /// How long an answer may take in all.
    pub total: Duration,
}

impl fmt::Debug for OpenAiSettings {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiSettings").field("url", &self.url).field("model", &self.model).finish_non_exhaustive()
    }
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadProvider {
    /// A key that cannot be sent in a header.
    #[error("the key has characters that a key cannot have")]
    Key,
    /// No HTTP client.
    #[error("no HTTP client can be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// One provider.
#[derive(Debug, Clone)]
pub struct OpenAi {
    settings: OpenAiSettings,
    endpoint: String,
    http: reqwest::Client,
}

impl OpenAi {
    /// For a provider. Nothing is asked yet.
    ///
    /// # Errors
    /// See [`BadProvider`].
    pub fn new(settings: OpenAiSettings) -> Result<Self, BadProvider> {
        // Refused where somebody else was first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if !settings.key.is_empty() {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", settings.key)).map_err(|_| BadProvider::Key)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let http = reqwest::Client::builder()
            .connect_timeout(settings.connect)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let endpoint = format!("{}/chat/completions", settings.url.trim_end_matches('/'));
        Ok(Self { settings, endpoint, http })
    }

    /// Asks; what is read from the answer is told from its head.
    async fn open(&self, prompt: &Prompt) -> Result<Reading, ModelError> {
        let began = Instant::now();
        let body = Body::new(&self.settings.model, &self.settings.limit_field, prompt);
        let asked = self.http.post(&self.endpoint).json(&body).send();
        let first_by = began + self.settings.first;
        let response = timeout_at(first_by, asked).await.map_err(|_| ModelError::TimedOut)?.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(timeout_at(first_by, refusal(response)).await.unwrap_or(ModelError::TimedOut));
        }
        let streamed = response.headers().get(CONTENT_TYPE).is_none_or(|media| {
            // Some forget to name it; what is named as JSON is no stream.
            media.to_str().is_ok_and(|media| !media.starts_with("application/json"))
        });
        if !streamed {
            let body = timeout_at(first_by, whole_body(response)).await.map_err(|_| ModelError::TimedOut)??;
            return wire::hear_whole(&body).map(Reading::whole);
        }
        let events = Guarded::new(response.bytes_stream()).eventsource().map(|event| match event {
            Ok(event) => Ok(event.data),
            Err(EventStreamError::Transport(Unbounded::Transport(error))) => Err(error),
            Err(EventStreamError::Transport(Unbounded::TooLong)) => Err("an event without an end".to_owned()),
            Err(EventStreamError::Utf8(_)) => Err("no text".to_owned()),
            Err(EventStreamError::Parser(_)) => Err("no stream of events".to_owned()),
        });
        Ok(Reading::new(events.boxed(), first_by, began + self.settings.total, self.settings.stall))
    }
}

impl Model for OpenAi {
    fn name(&self) -> &str {
        &self.settings.model
    }

    fn stream(&self, prompt: Prompt) -> BoxStream<'static, Result<Piece, ModelError>> {
        let provider = self.clone();
        let opened = async move {
            match provider.open(&prompt).await {
                Ok(reading) => stream::unfold(Some(reading), Reading::step).boxed(),
                Err(error) => stream::once(async { Err(error) }).boxed(),
            }
        };
        stream::once(opened).flatten().boxed()
    }
}

/// An answer that is coming in.
struct Reading {
    events: BoxStream<'static, Result<String, String>>,
    /// When something must have come.
    next_by: Instant,
    /// When all must have come.
    end_by: Instant,
    stall: Duration,
    /// Whether there were words.
    spoke: bool,
    /// Why it ends, once that was said.
    finish: Option<Finish>,
    usage: Option<Usage>,
    /// Pieces that are given next.
    ready: VecDeque<Piece>,
    /// Whether nothing more is read.
    over: bool,
}

impl Reading {
    fn new(events: BoxStream<'static, Result<String, String>>, first_by: Instant, end_by: Instant, stall: Duration) -> Self {
        let ready = VecDeque::new();
        Self { events, next_by: first_by, end_by, stall, spoke: false, finish: None, usage: None, ready, over: false }
    }

    /// Of an answer that came whole.
    fn whole(heard: Heard) -> Self {
        let now = Instant::now();
        let mut reading = Self::new(stream::empty().boxed(), now, now, Duration::ZERO);
        reading.take(Heard { done: true, ..heard });
        reading
    }

    /// The next piece and what reads on; nothing after an error or the end.
    async fn step(reading: Option<Self>) -> Option<(Result<Piece, ModelError>, Option<Self>)> {
        let mut reading = reading?;
        match reading.next().await {
            Ok(piece) => piece.map(|piece| (Ok(piece), Some(reading))),
            Err(error) => Some((Err(error), None)),
        }
    }

    async fn next(&mut self) -> Result<Option<Piece>, ModelError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if self.over {
                return Ok(None);
            }
            let by = self.next_by.min(self.end_by);
            match (timeout_at(by, self.events.next()).await, self.finish) {
                (Ok(Some(Ok(data))), _) => self.take(wire::hear(&data)?),
                // All was said: how the line ends does not matter.
                (_, Some(_)) => self.take(Heard { done: true, ..Heard::default() }),
                (Ok(Some(Err(why))), None) => return Err(ModelError::BrokeOff(why)),
                (Ok(None), None) => return Err(ModelError::BrokeOff("the stream ended in the middle".to_owned())),
                (Err(_), None) => return Err(ModelError::TimedOut),
            }
        }
    }

    fn take(&mut self, heard: Heard) {
        let Heard { text, finish, usage, done } = heard;
        self.usage = usage.or(self.usage);
        self.finish = finish.or(self.finish);
        self.spoke |= !text.is_empty();
        // What is no answer yet (a chunk without words) does not give the first words more time.
        if self.spoke || self.finish.is_some() {
            // Some say why they end with each of their words, as Gemini does: only the reason alone announces the end.
            let ending = self.finish.is_some() && text.is_empty();
            let silence = if ending { USAGE_WITHIN } else { self.stall };
            self.next_by = Instant::now() + silence;
        }
        if !text.is_empty() {
            self.ready.push_back(Piece::Text(text));
        }
        if done {
            // An end without a word is no answer to show as a whole one.
            let reason = if self.spoke { self.finish.unwrap_or(Finish::Stop) } else { Finish::Refused };
            self.ready.push_back(Piece::Finished { reason, usage: self.usage });
            self.over = true;
        }
    }
}

fn unreachable(error: reqwest::Error) -> ModelError {
    if error.is_timeout() {
        return ModelError::TimedOut;
    }
    // An address may hold a key in its query.
    let error = error.without_url();
    let mut why = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        why = format!("{why}: {inner}");
        cause = inner.source();
    }
    ModelError::Unreachable(why)
}

/// A body, as far as it is read.
async fn whole_body(mut response: Response) -> Result<Vec<u8>, ModelError> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(unreachable)? {
        if body.len() + part.len() > WHOLE_BYTES {
            return Err(ModelError::BrokeOff("an answer that is too long".to_owned()));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// What a provider's refusal means.
async fn refusal(response: Response) -> ModelError {
    let status = response.status();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let said = whole_body(response).await.ok().map(|body| wire::reason(&body)).unwrap_or_default();
    let said: String = mask(&said).chars().filter(|c| !c.is_control()).take(REASON_CHARS).collect();
    let why = format!("{status} {said}");
    match status {
        StatusCode::TOO_MANY_REQUESTS => ModelError::Limited { retry_after: after.map(Duration::from_secs) },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ModelError::WrongKey(why),
        // Gemini's word for it.
        StatusCode::BAD_REQUEST if why.contains("API key not valid") => ModelError::WrongKey(why),
        StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT => ModelError::Failed(why),
        _ if status.is_client_error() || status.is_redirection() => ModelError::Refused(why),
        _ => ModelError::Failed(why),
    }
}
