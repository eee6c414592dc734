//! Conversations over HTTP: `talk` (open, list and search, look, rename, delete, rate), `ask` (a question, its answer as a
//! stream, stop, continue), `share` (the link and what it shows), `assistants` (whom one can talk to), `prompts` (what is kept of
//! people who agreed).
//!
//! `stream` is the body of an answer's stream: server-sent events with ids, from any position on.

mod ask;
mod assistants;
mod prompts;
mod share;
mod stream;
mod talk;

use std::fmt;
use std::sync::Arc;

use actix_web::web;
use chrono::Duration;
use madang_domain::code::Code;
use madang_domain::ids::{EntityId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub(super) use self::ask::streamed;
pub use self::share::Links;
pub(super) use self::stream::{Access, Reader, Voice};

use super::problem::Problem;
use crate::actors::ask::Denied;
use crate::actors::chat::Chats;
use crate::actors::chat::quota::Standing;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/chats").route(web::get().to(talk::list_chats)).route(web::post().to(talk::create_chat)))
        .service(web::resource("/chats/quota").route(web::get().to(ask::show_quota)))
        .service(
            web::resource("/chats/consent")
                .route(web::get().to(prompts::show_consent))
                .route(web::put().to(prompts::put_consent)),
        )
        .service(web::resource("/prompts").route(web::get().to(prompts::list_prompts)))
        .service(web::resource("/prompts/{prompt}").route(web::delete().to(prompts::delete_prompt)))
        .service(
            web::resource("/chats/{chat}")
                .route(web::get().to(talk::show_chat))
                .route(web::patch().to(talk::rename_chat))
                .route(web::delete().to(talk::delete_chat)),
        )
        .service(
            web::resource("/chats/{chat}/messages")
                .route(web::get().to(talk::list_messages))
                .route(web::post().to(ask::ask_question)),
        )
        .service(web::resource("/chats/{chat}/messages/{message}/sources").route(web::get().to(talk::list_sources)))
        .service(web::resource("/chats/{chat}/messages/{message}/rating").route(web::put().to(talk::rate_answer)))
        .service(web::resource("/chats/{chat}/messages/{message}/continue").route(web::post().to(ask::continue_answer)))
        .service(web::resource("/chats/{chat}/stream").route(web::get().to(ask::follow_answer)))
        .service(web::resource("/chats/{chat}/stop").route(web::post().to(ask::stop_answer)))
        .service(
            web::resource("/chats/{chat}/link")
                .route(web::post().to(share::make_link))
                .route(web::delete().to(share::take_link_back)),
        )
        .service(web::resource("/shared-chats/{token}").route(web::get().to(share::show_shared)))
        .service(web::resource("/shared-chats/{token}/stream").route(web::get().to(share::follow_shared)))
        .service(web::resource("/shared-chats/{token}/messages/{message}/sources").route(web::get().to(share::list_sources)))
        .service(web::resource("/assistants").route(web::get().to(assistants::list_assistants)))
        .service(
            web::resource("/assistants/{name}")
                .route(web::put().to(assistants::put_assistant))
                .route(web::delete().to(assistants::delete_assistant)),
        );
}

/// This area's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    talk::list_chats,
    talk::create_chat,
    talk::show_chat,
    talk::rename_chat,
    talk::delete_chat,
    talk::list_messages,
    talk::list_sources,
    talk::rate_answer,
    ask::ask_question,
    ask::continue_answer,
    ask::follow_answer,
    ask::stop_answer,
    ask::show_quota,
    share::make_link,
    share::take_link_back,
    share::show_shared,
    share::follow_shared,
    share::list_sources,
    assistants::list_assistants,
    assistants::put_assistant,
    assistants::delete_assistant,
    prompts::show_consent,
    prompts::put_consent,
    prompts::list_prompts,
    prompts::delete_prompt,
))]
pub struct Document;

/// Conversations, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct ChatArea {
    /// The conversations.
    pub chats: Chats,
    /// Makes and reads links.
    pub links: Arc<Links>,
}

impl fmt::Debug for ChatArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatArea").finish_non_exhaustive()
    }
}

impl ChatArea {
    /// The view of a conversation for its owner, with where it stands on its channel, and its link.
    async fn view(&self, id: EntityId, viewer: madang_domain::entity::Viewer) -> Result<Value, Denied> {
        let viewed = self.chats.view(id, viewer).await?;
        let Value::Object(mut view) = viewed.data else { return Err(Denied::Failed(Code::ChatUnknown)) };
        let link = view.get("link").and_then(Value::as_u64).and_then(|link| u32::try_from(link).ok());
        view.insert("link".to_owned(), link.map_or(Value::Null, |link| Value::from(self.links.token(id.number(), link))));
        view.insert("offset".to_owned(), Value::from(viewed.offset));
        view.insert("epoch".to_owned(), Value::from(&*viewed.epoch));
        Ok(Value::Object(view))
    }
}

/// One's own conversation. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatView {
    id: i64,
    /// The assistant's name.
    assistant: String,
    /// Empty before the first question.
    title: String,
    #[schema(value_type = String)]
    opened_at: String,
    /// How many questions there are.
    count: u32,
    /// The number of the answer that is being written or waits first.
    current: Option<u32>,
    /// The newest messages: `{message, question, asked_at, answer}`; those before come in pages.
    #[schema(value_type = Vec<Object>)]
    messages: Vec<Value>,
    /// The token of its link, while there is one.
    link: Option<String>,
    /// The channel's offset: publications after it are not contained.
    offset: u64,
    /// The channel's epoch.
    epoch: String,
}

/// The client's id of a request that has no other body.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandBody {
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// A refusal with what is left and the time after which asking again makes sense, where the quota says so.
pub(super) fn refused(denied: Denied) -> Problem {
    let (wait, headers) = match &denied {
        Denied::Refused { detail, .. } => (detail.get("retry_after").and_then(Value::as_i64), refusal_headers(detail)),
        Denied::Failed(_) => (None, Vec::new()),
    };
    let problem = Problem::from(denied).with_headers(headers);
    match wait {
        Some(seconds) => problem.retry_after(Duration::seconds(seconds)),
        None => problem,
    }
}

/// What a person has left, as headers.
pub(super) fn quota_headers(standing: &Standing) -> [(&'static str, String); 6] {
    let (messages, tokens) = (standing.most.messages.into(), standing.most.tokens);
    limits((messages, standing.messages_left().into()), (tokens, standing.tokens_left()), standing.resets_in_s)
}

/// The same, of what a quota refused; none of other refusals.
pub(super) fn refusal_headers(detail: &Value) -> Vec<(&'static str, String)> {
    let fact = |name: &str| detail.get(name).and_then(Value::as_i64);
    let all = || {
        let messages = (fact("messages_limit")?, fact("messages_remaining")?);
        Some(limits(messages, (fact("tokens_limit")?, fact("tokens_remaining")?), fact("resets_in_s")?))
    };
    all().map(Vec::from).unwrap_or_default()
}

/// Limits and what is left of them, under the names that OpenAI's clients read.
fn limits(messages: (i64, i64), tokens: (i64, i64), resets_in_s: i64) -> [(&'static str, String); 6] {
    let reset = format!("{resets_in_s}s");
    [
        ("x-ratelimit-limit-requests", messages.0.to_string()),
        ("x-ratelimit-remaining-requests", messages.1.to_string()),
        ("x-ratelimit-reset-requests", reset.clone()),
        ("x-ratelimit-limit-tokens", tokens.0.to_string()),
        ("x-ratelimit-remaining-tokens", tokens.1.to_string()),
        ("x-ratelimit-reset-tokens", reset),
    ]
}

/// Who asks, for a command.
fn giver(who: &super::auth::SignedIn) -> (UserId, madang_domain::entity::Actor) {
    (who.user(), who.actor())
}
