//! Whether what one asks may be kept for those who improve the coach, and what is kept, for admins.

use actix_web::{HttpResponse, web};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ChatArea;
use crate::http::auth::{Admin, SignedIn};
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::prompts::Prompt;

/// Whether one agrees.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// Whether questions that are asked from now on are kept. False removes all that was kept.
    prompts: bool,
}

/// One's consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    /// Whether one agreed. Nobody has until they say so.
    prompts: bool,
    /// Since when; null where not.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// How many of one's questions are kept.
    kept: i64,
    /// After how many days each goes.
    days: u16,
}

/// A kept question with its answer. It does not say whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromptView {
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// The assistant's name.
    assistant: String,
    /// Who wrote the answer.
    model: String,
    /// How it ended: `done`, `stopped`, `failed`, `interrupted`.
    stage: String,
    /// With e-mail addresses, telephone, resident and card numbers masked, as the answer.
    question: String,
    answer: String,
}

/// A page of kept questions, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromptsView {
    items: Vec<PromptView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct PromptsQuery {
    /// The page before's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

impl From<Prompt> for PromptView {
    fn from(prompt: Prompt) -> Self {
        let Prompt { id, asked_at, assistant, model, stage, question, answer } = prompt;
        Self { id, asked_at, assistant, model, stage, question, answer }
    }
}

async fn view(area: &ChatArea, who: &SignedIn) -> Result<web::Json<ConsentView>, Problem> {
    let prompts = area.chats.prompts();
    let consent = prompts.consent(who.user()).await?;
    Ok(web::Json(ConsentView {
        prompts: consent.is_some(),
        since: consent.map(|consent| consent.since),
        kept: consent.map_or(0, |consent| consent.kept),
        days: prompts.days(),
    }))
}

/// Whether one agreed that one's questions are kept for those who improve the coach.
#[utoipa::path(get, path = "/chats/consent", tag = "chats", security(("bearer" = [])),
    responses((status = 200, body = ConsentView)))]
pub(super) async fn show_consent(area: web::Data<ChatArea>, who: SignedIn) -> Result<web::Json<ConsentView>, Problem> {
    view(&area, &who).await
}

/// Agrees, or does so no longer.
#[utoipa::path(put, path = "/chats/consent", tag = "chats", security(("bearer" = [])), request_body = ConsentBody,
    responses((status = 200, body = ConsentView)))]
pub(super) async fn put_consent(
    area: web::Data<ChatArea>,
    who: SignedIn,
    body: web::Json<ConsentBody>,
) -> Result<web::Json<ConsentView>, Problem> {
    area.chats.prompts().set_consent(who.user(), body.prompts).await?;
    view(&area, &who).await
}

/// What people who agreed have asked, and what was answered, for admins.
#[utoipa::path(get, path = "/prompts", tag = "chats", security(("bearer" = [])), params(PromptsQuery),
    responses((status = 200, body = PromptsView)))]
pub(super) async fn list_prompts(
    area: web::Data<ChatArea>,
    _who: Admin,
    query: web::Query<PromptsQuery>,
) -> Result<web::Json<PromptsView>, Problem> {
    let limit = page::limit(query.limit, 20);
    let before = page::after::<i64>(query.after.as_deref())?;
    let mut rows = area.chats.prompts().list(before, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(web::Json(PromptsView { items: rows.into_iter().map(PromptView::from).collect(), next }))
}

/// Removes a kept question, for admins.
#[utoipa::path(delete, path = "/prompts/{prompt}", tag = "chats", security(("bearer" = [])), params(("prompt" = i64, Path)),
    responses((status = 204), (status = 404, description = "request.not_found")))]
pub(super) async fn delete_prompt(
    area: web::Data<ChatArea>,
    _who: Admin,
    prompt: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    area.chats.prompts().delete(*prompt).await?;
    Ok(HttpResponse::NoContent().finish())
}
