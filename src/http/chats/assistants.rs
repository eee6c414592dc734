//! Whom one can talk to: everybody reads the list, admins write it.

use actix_web::{HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::ChatArea;
use crate::http::auth::{Admin, MaybeSignedIn};
use crate::http::problem::Problem;
use crate::storage::assistants::Row;

/// The longest titles and greetings, in characters.
const MAX_LINE: usize = 200;
/// The longest instructions, in characters.
const MAX_INSTRUCTIONS: usize = 8_000;
/// The most sources and tags.
const MAX_NAMES: usize = 50;

/// An assistant as an admin writes it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistantBody {
    /// What it is called in Korean.
    title_ko: String,
    /// What it is called in English.
    title_en: String,
    /// What it says before the first question, in Korean.
    #[serde(default)]
    greeting_ko: String,
    /// The same in English.
    #[serde(default)]
    greeting_en: String,
    /// Who it is and what it talks about: 1 to 8,000 characters.
    instructions: String,
    /// Articles of these sources only; empty: all.
    #[serde(default)]
    sources: Vec<String>,
    /// Articles with one of these tags only; empty: all.
    #[serde(default)]
    tags: Vec<String>,
    /// 0 (always the likeliest word) to 2.
    temperature: f32,
    /// About how long its answers are, in characters: 50 to 10,000; null: as long as they need.
    max_chars: Option<i32>,
    /// Whether it talks about health: no amounts of medicine, no diagnoses.
    #[serde(default)]
    health: bool,
    /// Whether new conversations can begin with it.
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

fn name_is_good(name: &str) -> bool {
    // The pages call the one that is not there yet `new`.
    (1..=40).contains(&name.len())
        && name != "new"
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl AssistantBody {
    fn row(self, name: String) -> Result<Row, Problem> {
        let invalid = |why: &str| Err(Problem::new(Code::AssistantInvalid, why));
        let line = |text: &str, least: usize| {
            let length = text.trim().chars().count();
            (least..=MAX_LINE).contains(&length) && !text.chars().any(char::is_control)
        };
        if !name_is_good(&name) {
            return invalid("An assistant's name has 1 to 40 small letters, digits or hyphens, and is not `new`.");
        }
        if !line(&self.title_ko, 1) || !line(&self.title_en, 1) || !line(&self.greeting_ko, 0) || !line(&self.greeting_en, 0) {
            return invalid("Titles and greetings have at most 200 characters in one line, and titles are needed.");
        }
        if !(1..=MAX_INSTRUCTIONS).contains(&self.instructions.trim().chars().count()) {
            return invalid("Instructions have 1 to 8,000 characters.");
        }
        let names = self.sources.iter().chain(&self.tags);
        if self.sources.len() + self.tags.len() > MAX_NAMES || names.into_iter().any(|name| !line(name, 1)) {
            return invalid("There are at most 50 sources and tags.");
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            return invalid("The temperature is 0 to 2.");
        }
        if self.max_chars.is_some_and(|most| !(50..=10_000).contains(&most)) {
            return invalid("Answers can be asked to have 50 to 10,000 characters.");
        }
        let trim = |text: String| text.trim().to_owned();
        Ok(Row {
            name,
            title_ko: trim(self.title_ko),
            title_en: trim(self.title_en),
            greeting_ko: trim(self.greeting_ko),
            greeting_en: trim(self.greeting_en),
            instructions: trim(self.instructions),
            sources: self.sources.into_iter().map(trim).collect(),
            tags: self.tags.into_iter().map(trim).collect(),
            temperature: self.temperature,
            max_chars: self.max_chars,
            health: self.health,
            enabled: self.enabled,
        })
    }
}

/// What everybody may know of one; admins the rest, too.
fn view(row: &Row, whole: bool) -> Value {
    let mut view = json!({
        "name": row.name,
        "title_ko": row.title_ko,
        "title_en": row.title_en,
        "greeting_ko": row.greeting_ko,
        "greeting_en": row.greeting_en,
    });
    if let Value::Object(view) = &mut view
        && whole
        && let Value::Object(more) = json!({
            "instructions": row.instructions,
            "sources": row.sources,
            "tags": row.tags,
            "temperature": row.temperature,
            "max_chars": row.max_chars,
            "health": row.health,
            "enabled": row.enabled,
        })
    {
        view.extend(more);
    }
    view
}

/// Whom one can talk to. Admins see all of them, and how they are made.
#[utoipa::path(get, path = "/assistants", tag = "chats",
    responses((status = 200, description = "`{items: [{name, title_ko, title_en, greeting_ko, greeting_en}]}`", body = Object)))]
pub(super) async fn list_assistants(area: web::Data<ChatArea>, who: MaybeSignedIn) -> Result<web::Json<Value>, Problem> {
    let admin = who.0.is_some_and(|who| who.roles.contains(&Role::Admin));
    let all = area.chats.assistants().all().await?;
    let items: Vec<_> = all.iter().filter(|row| admin || row.enabled).map(|row| view(row, admin)).collect();
    Ok(web::Json(json!({ "items": items })))
}

/// Writes an assistant, new or not. Answers that are being written go on as they were.
#[utoipa::path(put, path = "/assistants/{name}", tag = "chats", security(("bearer" = [])), params(("name" = String, Path)),
    request_body = AssistantBody,
    responses((status = 200, body = AssistantBody), (status = 422, description = "chat.assistant_invalid")))]
pub(super) async fn put_assistant(
    area: web::Data<ChatArea>,
    _who: Admin,
    name: web::Path<String>,
    body: web::Json<AssistantBody>,
) -> Result<web::Json<Value>, Problem> {
    let row = body.into_inner().row(name.into_inner())?;
    area.chats.assistants().put(&row).await?;
    Ok(web::Json(view(&row, true)))
}

/// Takes an assistant away. Conversations with it stay; new questions in them fail.
#[utoipa::path(delete, path = "/assistants/{name}", tag = "chats", security(("bearer" = [])), params(("name" = String, Path)),
    responses((status = 204), (status = 404, description = "chat.assistant_unknown")))]
pub(super) async fn delete_assistant(
    area: web::Data<ChatArea>,
    _who: Admin,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    area.chats.assistants().delete(&name).await?;
    Ok(HttpResponse::NoContent().finish())
}
