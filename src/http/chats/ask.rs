//! Asking, and the answer as a stream: from the first moment, from any position, to the end.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::chat::{Command, Talk};
use madang_domain::code::Code;
use madang_domain::ids::EntityId;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::stream::{Access, OVER, Reader};
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
    // Who asks again, with the same id, goes on where they were.
    let at = last_event(request)?.filter(|last| last.message == taken.message).map_or(at, |last| last.at);
    let reader = Reader::new(area.chats.clone(), Chats::id(chat)?, Access::Owner(who.user()), (taken.message, at));
    Ok(streamed(reader.greeting(&taken.answer.data), Some(taken)))
}

/// Asks a question; the answer comes as a stream of server-sent events: `asked`, `stage`, `sources`, `delta`, `cut`, at the
/// end `done` or `error`. An event's id is `{message}:{characters}`, by which `/chats/{chat}/stream` resumes. Who leaves does
/// not stop the answer; who asks again with the same id and `Last-Event-ID` goes on there. With `Accept: application/json`, only the question's number is answered.
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

/// Where a client stands by the id of the last event that it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// In which answer.
    pub(super) message: u32,
    /// How many characters of it the client has.
    pub(super) at: u32,
    /// Whether it was told that the answer is over.
    pub(super) over: bool,
}

impl Position {
    /// `{message}:{characters}`, of the last event of an answer with [`OVER`] behind it.
    fn parse(id: &str) -> Option<Self> {
        let id = id.trim();
        let (id, over) = id.strip_suffix(OVER).map_or((id, false), |id| (id, true));
        let (message, at) = id.split_once(':')?;
        Some(Self { message: message.parse().ok()?, at: at.parse().ok()?, over })
    }
}

/// The position in `Last-Event-ID`.
fn last_event(request: &HttpRequest) -> Result<Option<Position>, Problem> {
    let Some(header) = request.headers().get("last-event-id") else { return Ok(None) };
    match header.to_str().ok().map(|text| (text, Position::parse(text))) {
        Some(("", _)) => Ok(None),
        Some((_, Some(position))) => Ok(Some(position)),
        Some((_, None)) | None => {
            Err(Problem::new(Code::UnrecoverablePosition, "Last-Event-ID must be the id of an event of this stream."))
        }
    }
}

impl FollowQuery {
    /// Which answer is followed and from where; `None` where there is nothing to tell: nothing was asked yet, or the client
    /// comes back with the id of the last event of an answer that is over, as an `EventSource` does by itself (which a 204
    /// ends).
    pub(super) async fn start(
        &self,
        chats: &Chats,
        (id, access): (EntityId, Access),
        request: &HttpRequest,
    ) -> Result<Option<(u32, u32)>, Problem> {
        let header = last_event(request)?;
        let (asked, after, over) = match (self.message, self.after, header) {
            (message, Some(after), _) => (message, after, false),
            (None, None, Some(last)) => (Some(last.message), last.at, last.over),
            (Some(wanted), None, Some(last)) if wanted == last.message => (Some(wanted), last.at, last.over),
            (message, None, _) => (message, 0, false),
        };
        let look = move |talk: &Talk| {
            let count = talk.count();
            let message = asked.or(talk.current_number()).unwrap_or(count);
            let told = talk.turn(message).is_some_and(|turn| turn.answer.stage.is_over() && turn.answer.length == after);
            (message, count, told)
        };
        let (message, count, told) = access.look(chats, id, look).await?;
        if asked.is_some_and(|asked| asked == 0 || asked > count) {
            return Err(Code::ChatNoMessage.into());
        }
        Ok((message > 0 && !(over && told)).then_some((message, after)))
    }
}

/// Follows an answer from a position on: what is there of it at once, then what comes, to its end. 204 where there is none.
#[utoipa::path(get, path = "/chats/{chat}/stream", tag = "chats", security(("bearer" = [])),
    params(("chat" = i64, Path), FollowQuery),
    responses((status = 200, description = "The answer's events", content_type = "text/event-stream", body = String),
        (status = 204, description = "Nothing was asked yet, or all was told"), (status = 404, description = "chat.unknown, chat.no_message")))]
pub(super) async fn follow_answer(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    query: web::Query<FollowQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, access) = (Chats::id(*chat)?, Access::Owner(who.user()));
    let Some(from) = query.start(&area.chats, (id, access), &request).await? else {
        return Ok(HttpResponse::NoContent().finish());
    };
    Ok(streamed(Reader::new(area.chats.clone(), id, access, from), None))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_what_an_event_was_called() {
        let position = |message, at, over| Some(Position { message, at, over });
        assert_eq!(Position::parse("2:17"), position(2, 17, false));
        assert_eq!(Position::parse(" 2:17:over "), position(2, 17, true));
        for other in ["", "2", "2:", ":2", "2:x", "2:17:", "2:17:ended", "-1:2", "2:99999999999"] {
            assert_eq!(Position::parse(other), None, "{other}");
        }
    }
}
