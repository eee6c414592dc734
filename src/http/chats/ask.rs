//! Asking, and the answer as a stream: from the first moment, from any position, to the end.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::chat::Command;
use madang_domain::code::Code;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::stream::{Access, Reader};
use super::{ChatArea, CommandBody, giver, quota_headers, refused};
use crate::actors::chat::{Chats, Taken};
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionBody {
    /// 1 to 4,000 characters.
    text: String,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// From where to follow.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct FollowQuery {
    /// Which answer; the one that is being written, or the last, where it is left out.
    message: Option<u32>,
    /// How many characters of it one has. Or as header `Last-Event-ID`, the id of the last event one has got.
    after: Option<u32>,
}

/// Which answer to stop.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopBody {
    /// The one that is being written where it is left out.
    message: Option<u32>,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// An answer's stream of server-sent events, which nothing on the way may hold back.
pub(in crate::http) fn streamed(reader: Reader, taken: Option<&Taken>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-cache, no-transform"))
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"));
    for header in taken.and_then(|taken| taken.standing.as_ref()).iter().flat_map(|standing| quota_headers(standing)) {
        response.insert_header(header);
    }
    response.streaming(reader.body())
}

fn wants_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/event-stream")
}

/// The answer to what makes an answer: its stream, or where the client wants JSON, its number.
fn taken_up(
    area: &ChatArea,
    who: &SignedIn,
    chat: i64,
    taken: &Taken,
    at: u32,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    if wants_json(request) {
        let mut response = HttpResponse::build(StatusCode::ACCEPTED);
        for header in taken.standing.iter().flat_map(quota_headers) {
            response.insert_header(header);
        }
        return Ok(response.json(&taken.answer.data));
    }
    let reader = Reader::new(area.chats.clone(), Chats::id(chat)?, Access::Owner(who.user()), (taken.message, at));
    Ok(streamed(reader.greeting(&taken.answer.data), Some(taken)))
}

/// Asks a question; the answer comes as a stream of server-sent events: `asked`, `stage`, `sources`, `delta`, `cut`, at the
/// end `done` or `error`. An event's id is `{message}:{characters}`, by which `/chats/{chat}/stream` resumes. Who leaves does
/// not stop the answer. With `Accept: application/json`, only the question's number is answered.
#[utoipa::path(post, path = "/chats/{chat}/messages", tag = "chats", security(("bearer" = [])), params(("chat" = i64, Path)),
    request_body = QuestionBody,
    responses((status = 200, description = "The answer's events", content_type = "text/event-stream", body = String),
        (status = 202, description = "`{message, ahead, title}`, where JSON is accepted", body = Object),
        (status = 404, description = "chat.unknown"), (status = 409, description = "chat.busy, chat.full"),
        (status = 422, description = "chat.invalid"),
        (status = 429, description = "chat.tokens_spent, chat.messages_spent, chat.too_many_at_once")))]
pub(super) async fn ask_question(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    body: web::Json<QuestionBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let QuestionBody { text, command_id: given } = body.into_inner();
    let command = command_id(&request, given)?;
    let taken = area.chats.question(Chats::id(*chat)?, giver(&who), command, text).await.map_err(refused)?;
    taken_up(&area, &who, *chat, &taken, 0, &request)
}

/// Writes on at an answer that was stopped, failed or interrupted; what comes is streamed as for a question.
#[utoipa::path(post, path = "/chats/{chat}/messages/{message}/continue", tag = "chats", security(("bearer" = [])),
    params(("chat" = i64, Path), ("message" = u32, Path)), request_body = CommandBody,
    responses((status = 200, description = "The answer's events", content_type = "text/event-stream", body = String),
        (status = 409, description = "chat.not_continuable, chat.busy"), (status = 404, description = "chat.unknown"),
        (status = 429, description = "chat.tokens_spent, chat.messages_spent, chat.too_many_at_once")))]
pub(super) async fn continue_answer(
    area: web::Data<ChatArea>,
    who: SignedIn,
    path: web::Path<(i64, u32)>,
    body: Option<web::Json<CommandBody>>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (chat, message) = path.into_inner();
    let given = body.and_then(|body| body.into_inner().command_id);
    let command = command_id(&request, given)?;
    let taken = area.chats.go_on(Chats::id(chat)?, giver(&who), command, message).await.map_err(refused)?;
    let length = taken.answer.data.get("length").and_then(Value::as_u64).and_then(|length| u32::try_from(length).ok());
    taken_up(&area, &who, chat, &taken, length.unwrap_or(0), &request)
}

/// The position in `Last-Event-ID`: `{message}:{characters}`.
pub(super) fn last_event(request: &HttpRequest) -> Result<Option<(u32, u32)>, Problem> {
    let Some(header) = request.headers().get("last-event-id") else { return Ok(None) };
    let parse = |text: &str| {
        let (message, at) = text.trim().split_once(':')?;
        Some((message.parse().ok()?, at.parse().ok()?))
    };
    match header.to_str().ok().map(|text| (text, parse(text))) {
        Some(("", _)) => Ok(None),
        Some((_, Some(position))) => Ok(Some(position)),
        Some((_, None)) | None => {
            Err(Problem::new(Code::UnrecoverablePosition, "Last-Event-ID must be the id of an event of this stream."))
        }
    }
}

impl FollowQuery {
    /// The answer and the position in it, where they are said.
    pub(super) fn position(&self, request: &HttpRequest) -> Result<(Option<u32>, u32), Problem> {
        let header = last_event(request)?;
        Ok(match (self.message, self.after, header) {
            (message, Some(after), _) => (message, after),
            (None, None, Some((message, at))) => (Some(message), at),
            (Some(wanted), None, Some((message, at))) if wanted == message => (Some(wanted), at),
            (message, None, _) => (message, 0),
        })
    }
}

/// Follows an answer from a position on: what is there of it at once, then what comes, to its end. 204 where there is none.
#[utoipa::path(get, path = "/chats/{chat}/stream", tag = "chats", security(("bearer" = [])),
    params(("chat" = i64, Path), FollowQuery),
    responses((status = 200, description = "The answer's events", content_type = "text/event-stream", body = String),
        (status = 204, description = "Nothing was asked yet"), (status = 404, description = "chat.unknown, chat.no_message")))]
pub(super) async fn follow_answer(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    query: web::Query<FollowQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = Chats::id(*chat)?;
    let (asked, after) = query.position(&request)?;
    let (current, count) = area.chats.look(id, who.user(), |talk| (talk.current_number(), talk.count())).await?;
    let Some(message) = asked.or(current).or(Some(count).filter(|count| *count > 0)) else {
        return Ok(HttpResponse::NoContent().finish());
    };
    if message == 0 || message > count {
        return Err(Code::ChatNoMessage.into());
    }
    Ok(streamed(Reader::new(area.chats.clone(), id, Access::Owner(who.user()), (message, after)), None))
}

/// Stops an answer, whoever's device asked for it; the text so far is kept. With nothing to stop it changes nothing.
#[utoipa::path(post, path = "/chats/{chat}/stop", tag = "chats", security(("bearer" = [])), params(("chat" = i64, Path)),
    request_body = StopBody,
    responses((status = 200, description = "`{stopped}`: whether there was something to stop", body = Object),
        (status = 404, description = "chat.unknown, chat.no_message")))]
pub(super) async fn stop_answer(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    body: Option<web::Json<StopBody>>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let StopBody { message, command_id: given } = body.map(web::Json::into_inner).unwrap_or_default();
    let command = command_id(&request, given)?;
    let answer = area.chats.ask(Chats::id(*chat)?, command, who.actor(), Command::Stop { message }).await?;
    Ok(web::Json(json!({ "stopped": !answer.data.is_null() })))
}

/// What one has used today, and may use.
#[utoipa::path(get, path = "/chats/quota", tag = "chats", security(("bearer" = [])),
    responses((status = 200, description = "`{messages: {used, limit}, tokens: {used, reserved, limit}, at_once, resets_at}`",
        body = Object)))]
pub(super) async fn show_quota(area: web::Data<ChatArea>, who: SignedIn) -> Result<web::Json<Value>, Problem> {
    let standing = area.chats.quotas().look(who.user()).await?;
    let (used, most) = (standing.used, standing.most);
    Ok(web::Json(json!({
        "messages": { "used": used.messages, "limit": most.messages },
        "tokens": { "used": used.used, "reserved": used.reserved, "limit": most.tokens },
        "at_once": { "used": used.running, "limit": most.running },
        "resets_at": standing.resets_at,
    })))
}
