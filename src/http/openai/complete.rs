//! `POST /v1/chat/completions`: the answer, whole or as a stream of chunks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use madang_domain::chat::{Source, Usage};
use madang_domain::coach::{CitationCheck, Claim, tokens};
use madang_domain::code::Code;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use super::body::{CompletionBody, Conversation};
use super::fault::Fault;
use super::models;
use super::settling::Settling;
use crate::actors::chat::aside::{Asked, Heard};
use crate::http::caller::Caller;
use crate::http::chats::{ChatArea, quota_headers};

/// A quiet stream gets a comment so often, which keeps the line open.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What every part of one answer says of it.
struct Head {
    id: String,
    created: i64,
    model: String,
}

/// Answers: chunks as server-sent events, or one object. `madang` in it has what the dialect has no field for: the sources
/// of the answer, and how far they say what it claims.
pub(super) async fn create_completion(area: web::Data<ChatArea>, who: Caller, body: Bytes) -> Result<HttpResponse, Fault> {
    let body = CompletionBody::parse(&body)?;
    let assistant = models::find(&area, &body.model).await?;
    let chats = &area.chats;
    let (streamed, usage, most) = (body.stream.unwrap_or(false), body.wants_usage(), body.most());
    let Conversation { question, history } = body.conversation()?;
    let id = Uuid::new_v4();
    let standing = chats.quotas().reserve(who.0, id, chats.dearest()).await.map_err(|denied| Fault::of_denied(&denied))?;
    let said = history.iter().map(|turn| tokens::estimate(&turn.text));
    let prompt = said.fold(tokens::estimate(&question), u32::saturating_add);
    let settling = Settling::new(chats.quotas().clone(), id, prompt);
    let head =
        Head { id: format!("chatcmpl-{}", id.simple()), created: chats.now().timestamp(), model: assistant.name.clone() };
    let answer = chats.aside().answer(Asked { question, history, assistant, most });
    let mut response = HttpResponse::Ok();
    for header in standing.iter().flat_map(quota_headers) {
        response.insert_header(header);
    }
    if !streamed {
        return whole(head, answer, settling).await.map(|completion| response.json(completion));
    }
    response
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-cache, no-transform"))
        // Neither our compression nor a proxy may hold chunks back.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"));
    Ok(response.streaming(chunks(head, answer, settling, usage)))
}

type Answer = BoxStream<'static, Result<Heard, Code>>;

/// The whole answer as one object.
async fn whole(head: Head, mut answer: Answer, mut settling: Settling) -> Result<Value, Fault> {
    let (mut text, mut sources, mut claims) = (String::new(), Vec::new(), Vec::new());
    let (mut finish, mut spent) = ("stop", Usage::default());
    while let Some(heard) = answer.next().await {
        match heard? {
            Heard::Sources(found) => sources = found,
            Heard::Text(words) => {
                settling.said(&words);
                text.push_str(&words);
            }
            Heard::Claims(more) => claims.extend(more),
            Heard::Over { reason, usage } => (finish, spent) = (finish_reason(reason), usage),
        }
    }
    settling.over(spent);
    let Head { id, created, model } = head;
    let message = json!({ "role": "assistant", "content": text, "refusal": null, "annotations": [] });
    Ok(json!({
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
        "usage": usage_view(spent),
        "madang": { "sources": sources_view(&sources), "claims": claims, "verdict": CitationCheck::verdict(&claims) },
    }))
}

fn finish_reason(reason: Option<&'static str>) -> &'static str {
    match reason {
        Some("length") => "length",
        Some("refused") => "content_filter",
        Some(_) | None => "stop",
    }
}

fn usage_view(usage: Usage) -> Value {
    json!({ "prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": usage.total() })
}

fn sources_view(sources: &[Source]) -> Vec<Value> {
    let view = |(number, source): (usize, &Source)| json!({ "n": number, "title": source.title, "heading": source.heading, "url": source.url, "article": source.article });
    (1..).zip(sources).map(view).collect()
}

/// The answer's chunks as they are written.
struct Chunks {
    head: Head,
    answer: Answer,
    settling: Settling,
    /// Whether the usage is told at the end.
    usage: bool,
    claims: Vec<Claim>,
    ready: VecDeque<Value>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Something may come.
    Open,
    /// All was said: what is ready is the last, then the word for the end.
    Over,
    /// That was told, too.
    Closed,
}

fn chunks(head: Head, answer: Answer, settling: Settling, usage: bool) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let mut chunks = Chunks { head, answer, settling, usage, claims: Vec::new(), ready: VecDeque::new(), state: State::Open };
    chunks.delta(json!({ "role": "assistant", "content": "" }), None, Value::Null);
    stream::unfold(chunks, |mut chunks| async move { chunks.next().await.map(|bytes| (Ok(bytes), chunks)) })
}

impl Chunks {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(value) = self.ready.pop_front() {
                return Some(event(&value));
            }
            match self.state {
                State::Open => {}
                State::Over => {
                    self.state = State::Closed;
                    return Some(Bytes::from_static(b"data: [DONE]\n\n"));
                }
                State::Closed => return None,
            }
            match timeout(HEARTBEAT, self.answer.next()).await {
                Ok(Some(Ok(heard))) => self.hear(heard),
                Ok(Some(Err(code))) => {
                    self.ready.push_back(Fault::from(code).json());
                    self.state = State::Over;
                }
                Ok(None) => self.state = State::Over,
                Err(_) => return Some(Bytes::from_static(b": alive\n\n")),
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Sources(found) => self.delta(json!({}), None, json!({ "sources": sources_view(&found) })),
            Heard::Text(text) => {
                self.settling.said(&text);
                self.delta(json!({ "content": text }), None, Value::Null);
            }
            Heard::Claims(more) => self.claims.extend(more),
            Heard::Over { reason, usage } => {
                self.settling.over(usage);
                let verdict = CitationCheck::verdict(&self.claims);
                let about = json!({ "claims": self.claims, "verdict": verdict });
                self.delta(json!({}), Some(finish_reason(reason)), about);
                if self.usage {
                    let mut last = self.chunk(json!([]));
                    if let Value::Object(fields) = &mut last {
                        fields.insert("usage".to_owned(), usage_view(usage));
                    }
                    self.ready.push_back(last);
                }
                self.state = State::Over;
            }
        }
    }

    fn delta(&mut self, delta: Value, finish: Option<&'static str>, about: Value) {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
        let mut chunk = self.chunk(json!([choice]));
        if let Value::Object(fields) = &mut chunk
            && !about.is_null()
        {
            fields.insert("madang".to_owned(), about);
        }
        self.ready.push_back(chunk);
    }

    fn chunk(&self, choices: Value) -> Value {
        let Head { id, created, model } = &self.head;
        let mut chunk =
            json!({ "id": id, "object": "chat.completion.chunk", "created": created, "model": model, "choices": choices });
        if let Value::Object(fields) = &mut chunk
            && self.usage
        {
            fields.insert("usage".to_owned(), Value::Null);
        }
        chunk
    }
}

fn event(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}
