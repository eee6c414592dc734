//! Conversations themselves: opening, the list with its search, one of them, its messages and their sources.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::chat::{Command, Rating, Source, Talk, Verdict};
use madang_domain::code::Code;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{ChatArea, ChatView, giver};
use crate::actors::chat::Chats;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::chats::{Card, Filter, list_cards};

/// The longest text that is searched for, in characters.
const MAX_SEARCH: usize = 100;

/// A conversation to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateChatBody {
    /// Whom to talk to; the usual assistant where it is left out.
    assistant: Option<String>,
    /// 1 to 120 characters; the first question says where it is left out.
    title: Option<String>,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// Another title.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameBody {
    /// 1 to 120 characters in one line.
    title: String,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// What an answer was worth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingBody {
    /// `up` or `down`; null takes it back.
    #[schema(value_type = Option<String>)]
    verdict: Option<Verdict>,
    /// At most 500 characters.
    #[serde(default)]
    comment: String,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// Which conversations to list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct ChatsQuery {
    /// Only those in whose title, questions or answers this stands.
    q: Option<String>,
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// Which messages to list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct MessagesQuery {
    /// Only those with a lower number.
    before: Option<u32>,
}

/// One conversation in the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCardView {
    id: i64,
    assistant: String,
    title: String,
    /// `empty`, or the stage of the answer that is written or was written last.
    state: String,
    questions: i32,
    #[schema(value_type = String)]
    changed_at: Timestamp,
}

/// A page of one's conversations, the last changed first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatsView {
    items: Vec<ChatCardView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

impl From<Card> for ChatCardView {
    fn from(card: Card) -> Self {
        let Card { id, assistant, title, state, questions, changed_at, .. } = card;
        Self { id, assistant, title, state, questions, changed_at }
    }
}

/// A place in the list: when the last one changed, in microseconds, and its number.
fn cursor(card: &Card) -> String {
    format!("{}-{}", card.changed_at.timestamp_micros(), card.id)
}

fn place(cursor: &str) -> Option<(Timestamp, i64)> {
    let (at, id) = cursor.split_once('-')?;
    Some((Timestamp::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
}

/// Opens a conversation.
#[utoipa::path(post, path = "/chats", tag = "chats", security(("bearer" = [])), request_body = CreateChatBody,
    responses((status = 201, body = ChatView), (status = 404, description = "chat.assistant_unknown"),
        (status = 422, description = "chat.invalid")))]
pub(super) async fn create_chat(
    area: web::Data<ChatArea>,
    who: SignedIn,
    body: web::Json<CreateChatBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let CreateChatBody { assistant, title, command_id: given } = body.into_inner();
    let command = command_id(&request, given)?;
    let id = area.chats.open(giver(&who), command, assistant, title).await?;
    area.chats.refresh(id).await;
    let place = (LOCATION, format!("/api/v1/chats/{}", id.number()));
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header(place).json(area.view(id, who.viewer()).await?))
}

/// One's conversations, the last changed first.
#[utoipa::path(get, path = "/chats", tag = "chats", security(("bearer" = [])), params(ChatsQuery),
    responses((status = 200, body = ChatsView)))]
pub(super) async fn list_chats(
    area: web::Data<ChatArea>,
    who: SignedIn,
    query: web::Query<ChatsQuery>,
) -> Result<web::Json<ChatsView>, Problem> {
    let limit = page::limit(query.limit, 30);
    let words = query.q.as_deref().map(str::trim).filter(|words| !words.is_empty()).map(str::to_owned);
    if words.as_ref().is_some_and(|words| words.chars().count() > MAX_SEARCH) {
        return Err(Problem::new(Code::BadRequest, "`q` has at most 100 characters."));
    }
    let wrong = || Problem::new(Code::BadRequest, "`after` must be the `next` of the page before.");
    let after = query.after.as_deref().filter(|after| !after.is_empty());
    let before = after.map(|after| place(after).ok_or_else(wrong)).transpose()?;
    let filter = Filter { words, before, limit: i64::from(limit) + 1 };
    let mut cards = list_cards(area.chats.db(), who.user(), &filter).await?;
    let more = page::cut(&mut cards, limit);
    let next = cards.last().filter(|_| more).map(cursor);
    Ok(web::Json(ChatsView { items: cards.into_iter().map(ChatCardView::from).collect(), next }))
}

/// One of one's conversations, with its newest messages.
#[utoipa::path(get, path = "/chats/{chat}", tag = "chats", security(("bearer" = [])), params(("chat" = i64, Path)),
    responses((status = 200, body = ChatView), (status = 404, description = "chat.unknown")))]
pub(super) async fn show_chat(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
) -> Result<web::Json<Value>, Problem> {
    Ok(web::Json(area.view(Chats::id(*chat)?, who.viewer()).await?))
}

/// Messages before a number, as many as fit on a page, oldest first.
#[utoipa::path(get, path = "/chats/{chat}/messages", tag = "chats", security(("bearer" = [])),
    params(("chat" = i64, Path), MessagesQuery),
    responses((status = 200, description = "`{count, messages: [{message, question, asked_at, answer}]}`", body = Object),
        (status = 404, description = "chat.unknown")))]
pub(super) async fn list_messages(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    query: web::Query<MessagesQuery>,
) -> Result<web::Json<Value>, Problem> {
    let before = query.before.unwrap_or(u32::MAX);
    Ok(web::Json(area.chats.look(Chats::id(*chat)?, who.user(), move |talk| talk.read_only(before)).await?))
}

/// The sources of one answer with their texts.
pub(super) fn sources_of(talk: &Talk, message: u32) -> Option<Vec<Source>> {
    talk.turn(message).map(|turn| turn.answer.sources.clone())
}

/// Sources as they are told.
pub(super) fn sources_view(sources: Option<Vec<Source>>) -> Result<web::Json<Value>, Problem> {
    let sources = sources.ok_or(Code::ChatNoMessage)?;
    Ok(web::Json(json!({ "items": sources })))
}

/// The passages that an answer was written from, as they were then.
#[utoipa::path(get, path = "/chats/{chat}/messages/{message}/sources", tag = "chats", security(("bearer" = [])),
    params(("chat" = i64, Path), ("message" = u32, Path)),
    responses((status = 200, description = "`{items: [{chunk, article, version, title, url, source, heading, text}]}`",
        body = Object), (status = 404, description = "chat.unknown, chat.no_message")))]
pub(super) async fn list_sources(
    area: web::Data<ChatArea>,
    who: SignedIn,
    path: web::Path<(i64, u32)>,
) -> Result<web::Json<Value>, Problem> {
    let (chat, message) = path.into_inner();
    let sources = area.chats.look(Chats::id(chat)?, who.user(), move |talk| sources_of(talk, message)).await?;
    sources_view(sources)
}

/// Gives a conversation another title.
#[utoipa::path(patch, path = "/chats/{chat}", tag = "chats", security(("bearer" = [])), params(("chat" = i64, Path)),
    request_body = RenameBody, responses((status = 200, body = ChatView), (status = 422, description = "chat.invalid")))]
pub(super) async fn rename_chat(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    body: web::Json<RenameBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let (id, body) = (Chats::id(*chat)?, body.into_inner());
    let command = command_id(&request, body.command_id)?;
    area.chats.ask(id, command, who.actor(), Command::Rename { title: body.title }).await?;
    area.chats.refresh(id).await;
    Ok(web::Json(area.view(id, who.viewer()).await?))
}

/// Deletes a conversation with all its texts. An answer that is being written ends.
#[utoipa::path(delete, path = "/chats/{chat}", tag = "chats", security(("bearer" = [])), params(("chat" = i64, Path)),
    responses((status = 204), (status = 404, description = "chat.unknown")))]
pub(super) async fn delete_chat(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let command = command_id(&request, None)?;
    area.chats.delete(Chats::id(*chat)?, giver(&who), command).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Says what an answer was worth.
#[utoipa::path(put, path = "/chats/{chat}/messages/{message}/rating", tag = "chats", security(("bearer" = [])),
    params(("chat" = i64, Path), ("message" = u32, Path)), request_body = RatingBody,
    responses((status = 200, description = "`{message, rating}`", body = Object), (status = 404, description = "chat.unknown"),
        (status = 409, description = "chat.busy")))]
pub(super) async fn rate_answer(
    area: web::Data<ChatArea>,
    who: SignedIn,
    path: web::Path<(i64, u32)>,
    body: web::Json<RatingBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let (chat, message) = path.into_inner();
    let RatingBody { verdict, comment, command_id: given } = body.into_inner();
    let command = command_id(&request, given)?;
    let asked = Command::Rate { message, rating: Rating { verdict, comment } };
    Ok(web::Json(area.chats.ask(Chats::id(chat)?, command, who.actor(), asked).await?.data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_is_found_again() {
        let at = "2026-11-21T04:00:00.123456Z".parse().unwrap();
        let card = Card {
            id: 7,
            seq: 1,
            owner: 1,
            assistant: String::new(),
            title: String::new(),
            state: String::new(),
            questions: 0,
            changed_at: at,
        };
        assert_eq!(place(&cursor(&card)), Some((at, 7)));
        assert_eq!(place("x-7").or(place("7")).or(place("")), None);
    }
}
