//! The AI SDK's dialect: what its chat hooks send and read (the UI message stream), over our own conversations. A chat of
//! the client is a conversation here, found by the client's id, so an answer goes on when the client is gone and is resumed.

mod frames;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use madang_domain::chat::Command;
use madang_domain::code::Code;
use madang_domain::ids::{EntityId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use frames::Frames;

use super::caller::Caller;
use super::chats::{Access, ChatArea, Reader, refused, streamed};
use super::limits;
use super::problem::{self, Problem};
use crate::storage::chats;

/// The largest body that is read: the client sends its whole history, of which the last message counts.
const BODY_LIMIT_BYTES: usize = 2 * 1024 * 1024;
/// Says which protocol a stream speaks.
const PROTOCOL: HeaderName = HeaderName::from_static("x-vercel-ai-ui-message-stream");
/// The longest id of a chat or message.
const MAX_ID: usize = 200;

/// The paths of this dialect, at the root of the server.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/api/ai")
            .app_data(web::PayloadConfig::new(BODY_LIMIT_BYTES))
            .wrap(from_fn(limits::admit))
            .wrap(from_fn(problem::render))
            .service(web::resource("/chat").route(web::post().to(send_message)))
            .service(web::resource("/chat/{id}/stream").route(web::get().to(resume_message)))
            .service(web::resource("/chat/{id}/stop").route(web::post().to(stop_message)))
            .default_service(web::to(problem::no_such_path)),
    );
}

/// What the client sends; fields that we do not know are passed over.
#[derive(Debug, Deserialize)]
struct UiChatBody {
    /// The client's id of the chat.
    id: String,
    /// `{id, role, parts}`; the last of the user is the question.
    messages: Vec<UiMessage>,
    /// `submit-message` or `regenerate-message`.
    #[serde(default)]
    trigger: Option<String>,
    /// The assistant's name; the usual one where it is left out. Only the first message of a chat chooses.
    #[serde(default)]
    assistant: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UiMessage {
    #[serde(default)]
    id: String,
    role: String,
    #[serde(default)]
    parts: Vec<Value>,
}

impl UiMessage {
    fn text(&self) -> String {
        let part = |part: &Value| {
            let is_text = part.get("type").and_then(Value::as_str) == Some("text");
            is_text.then(|| part.get("text").and_then(Value::as_str).map(str::to_owned)).flatten()
        };
        self.parts.iter().filter_map(part).collect()
    }
}

/// An id of ours that follows from ids of the client: the same each time.
fn id_of(parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn chat_command(id: &str) -> Result<Uuid, Problem> {
    if id.is_empty() || id.len() > MAX_ID {
        return Err(Problem::new(Code::BadRequest, "A chat's id has 1 to 200 bytes."));
    }
    Ok(id_of(&["ai-sdk chat", id]))
}

/// The conversation that a chat of the client is, if there is one.
async fn find(area: &ChatArea, user: UserId, id: &str) -> Result<Option<EntityId>, Problem> {
    let number = chats::find_offer(area.chats.db(), user, chat_command(id)?).await?;
    Ok(number.and_then(crate::actors::chat::chat_id))
}

fn stream(area: &ChatArea, user: UserId, chat: EntityId, message: u32) -> HttpResponse {
    let reader = Reader::new(area.chats.clone(), chat, Access::Owner(user), (message, 0));
    let mut response = streamed(reader.spoken(Frames::new(format!("{}-{message}", chat.number()))), None);
    response.headers_mut().insert(PROTOCOL, HeaderValue::from_static("v1"));
    response
}

/// Asks a question for the AI SDK's chat hooks; the answer is a UI message stream.
async fn send_message(area: web::Data<ChatArea>, who: Caller, body: web::Bytes) -> Result<HttpResponse, Problem> {
    let body: UiChatBody = serde_json::from_slice(&body)
        .map_err(|why| Problem::new(Code::BadRequest, format!("The body is not what the AI SDK sends: {why}.")))?;
    let asked = body.messages.iter().rev().find(|message| message.role == "user");
    let asked = asked.ok_or_else(|| Problem::new(Code::BadRequest, "There is no message of the user."))?;
    let again = body.trigger.as_deref() == Some("regenerate-message");
    // The same message sent again is the same question; without an id nobody can tell.
    let command = if again || asked.id.is_empty() { Uuid::new_v4() } else { id_of(&["ai-sdk message", &body.id, &asked.id]) };
    let chat = area.chats.open(who.giver(), chat_command(&body.id)?, body.assistant.clone(), None).await.map_err(refused)?;
    let taken = area.chats.question(chat, who.giver(), command, asked.text()).await.map_err(refused)?;
    Ok(stream(&area, who.0, chat, taken.message))
}

/// Resumes the answer that is being written, from its beginning; 204 where there is none.
async fn resume_message(area: web::Data<ChatArea>, who: Caller, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let Some(chat) = find(&area, who.0, &id).await? else { return Ok(HttpResponse::NoContent().finish()) };
    let current = area.chats.look(chat, who.0, |talk| talk.current_number()).await?;
    Ok(match current {
        Some(message) => stream(&area, who.0, chat, message),
        None => HttpResponse::NoContent().finish(),
    })
}

/// Stops the answer that is being written; what was said is kept.
async fn stop_message(area: web::Data<ChatArea>, who: Caller, id: web::Path<String>) -> Result<web::Json<Value>, Problem> {
    let chat = find(&area, who.0, &id).await?.ok_or(Code::ChatUnknown)?;
    let (_, actor) = who.giver();
    let answer = area.chats.ask(chat, Uuid::new_v4(), actor, Command::Stop { message: None }).await?;
    Ok(web::Json(json!({ "stopped": !answer.data.is_null() })))
}
