//! The link of a conversation: who has it can read, as long as its owner leaves it there.
//!
//! A link is made of the conversation's number, how many links came before it, and a keyed hash of both: nothing is stored
//! that could be read in the database and used.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use madang_domain::chat::Command;
use madang_domain::code::Code;
use madang_domain::ids::EntityId;
use ring::hmac::{self, HMAC_SHA256, Key};
use serde_json::{Value, json};

use super::ChatArea;
use super::ask::{FollowQuery, streamed};
use super::stream::{Access, Reader};
use super::talk::{sources_of, sources_view};
use crate::actors::chat::Chats;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// So many bytes of the hash are in a link: 128 bits.
const TAG_BYTES: usize = 16;

/// Makes and reads links.
pub struct Links {
    key: Key,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links")
    }
}

impl Links {
    /// With a key made from the server's secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let derived = hmac::sign(&Key::new(HMAC_SHA256, secret), b"madang chat links");
        Self { key: Key::new(HMAC_SHA256, derived.as_ref()) }
    }

    fn tag(&self, chat: i64, link: u32) -> Vec<u8> {
        let tag = hmac::sign(&self.key, format!("{chat}/{link}").as_bytes());
        tag.as_ref().iter().take(TAG_BYTES).copied().collect()
    }

    /// The token of a conversation's link.
    #[must_use]
    pub fn token(&self, chat: i64, link: u32) -> String {
        format!("{chat}-{link}-{}", BASE64.encode(self.tag(chat, link)))
    }

    /// What a token of ours names.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<(EntityId, u32)> {
        let mut parts = token.splitn(3, '-');
        let chat: i64 = parts.next()?.parse().ok()?;
        let link: u32 = parts.next()?.parse().ok()?;
        let tag = BASE64.decode(parts.next()?).ok()?;
        // Compared in constant time.
        let full = hmac::sign(&Key::new(HMAC_SHA256, b"compare"), &tag);
        let ours = self.tag(chat, link);
        hmac::verify(&Key::new(HMAC_SHA256, b"compare"), &ours, full.as_ref()).ok()?;
        Some((Chats::id(chat).ok()?, link))
    }
}

impl ChatArea {
    fn by_token(&self, token: &str) -> Result<(EntityId, u32), Problem> {
        self.links.read(token).ok_or_else(|| Code::ChatLinkInvalid.into())
    }
}

/// Makes the link of a conversation, or tells the one that is there.
#[utoipa::path(post, path = "/chats/{chat}/link", tag = "chats", security(("bearer" = [])), params(("chat" = i64, Path)),
    responses((status = 200, description = "`{token}`, for `/shared-chats/{token}` and the page `/shared/{token}`",
        body = Object), (status = 404, description = "chat.unknown")))]
pub(super) async fn make_link(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let id = Chats::id(*chat)?;
    let command = command_id(&request, None)?;
    area.chats.ask(id, command, who.actor(), Command::Share).await?;
    let link = area.chats.look(id, who.user(), |talk| talk.link).await?;
    Ok(web::Json(json!({ "token": link.map(|link| area.links.token(*chat, link)) })))
}

/// Makes the link worthless: whoever reads by it is shut out.
#[utoipa::path(delete, path = "/chats/{chat}/link", tag = "chats", security(("bearer" = [])), params(("chat" = i64, Path)),
    responses((status = 204), (status = 404, description = "chat.unknown")))]
pub(super) async fn take_link_back(
    area: web::Data<ChatArea>,
    who: SignedIn,
    chat: web::Path<i64>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let command = command_id(&request, None)?;
    area.chats.ask(Chats::id(*chat)?, command, who.actor(), Command::Unshare).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A conversation by its link: its messages, nobody's name.
#[utoipa::path(get, path = "/shared-chats/{token}", tag = "chats", params(("token" = String, Path)),
    responses((status = 200, description = "`{title, assistant, count, current, messages}`", body = Object),
        (status = 404, description = "chat.link_invalid")))]
pub(super) async fn show_shared(area: web::Data<ChatArea>, token: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (id, link) = area.by_token(&token)?;
    let mut view = area.chats.look_by_link(id, link, |talk| talk.read_only(u32::MAX)).await?;
    // What the owner thinks of an answer is between the owner and the house.
    for message in view.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(Value::Object(answer)) = message.get_mut("answer") {
            answer.remove("rating");
            answer.remove("usage");
        }
    }
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-store")).json(view))
}

/// Follows an answer of a shared conversation, as its owner does.
#[utoipa::path(get, path = "/shared-chats/{token}/stream", tag = "chats", params(("token" = String, Path), FollowQuery),
    responses((status = 200, description = "The answer's events", content_type = "text/event-stream", body = String),
        (status = 204, description = "Nothing was asked yet, or all was told"), (status = 404, description = "chat.link_invalid")))]
pub(super) async fn follow_shared(
    area: web::Data<ChatArea>,
    token: web::Path<String>,
    query: web::Query<FollowQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, link) = area.by_token(&token)?;
    let access = Access::Link(link);
    let Some(from) = query.start(&area.chats, (id, access), &request).await? else {
        return Ok(HttpResponse::NoContent().finish());
    };
    Ok(streamed(Reader::new(area.chats.clone(), id, access, from), None))
}

/// The passages that an answer of a shared conversation was written from.
#[utoipa::path(get, path = "/shared-chats/{token}/messages/{message}/sources", tag = "chats",
    params(("token" = String, Path), ("message" = u32, Path)),
    responses((status = 200, description = "As for one's own", body = Object), (status = 404, description = "chat.link_invalid")))]
pub(super) async fn list_sources(
    area: web::Data<ChatArea>,
    path: web::Path<(String, u32)>,
) -> Result<web::Json<Value>, Problem> {
    let (token, message) = path.into_inner();
    let (id, link) = area.by_token(&token)?;
    sources_view(area.chats.look_by_link(id, link, move |talk| sources_of(talk, message)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_its_maker_only_and_as_it_was_made() {
        let links = Links::new(b"a secret for tests, of 32 bytes or more");
        let token = links.token(7, 2);
        assert_eq!(links.read(&token).map(|(id, link)| (id.number(), link)), Some((7, 2)));
        let tag = token.splitn(3, '-').nth(2).unwrap();
        for other in [format!("8-2-{tag}"), format!("7-3-{tag}"), "7-2-".to_owned(), "7-2".to_owned(), String::new()] {
            assert_eq!(links.read(&other), None, "{other}");
        }
        assert_eq!(Links::new(b"another secret, of 32 bytes or more too").read(&token), None);
    }
}
