//! The mails of a server without SMTP, so that a newcomer can read their code.

use actix_web::web;
use madang_domain::code::Code;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Accounts;
use crate::clients::mail::Sent;
use crate::http::problem::Problem;

/// Which mails.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct OutboxQuery {
    /// Only those to this address.
    to: Option<String>,
    /// 1 to 100.
    limit: Option<usize>,
}

/// One mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutboxMailView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    to: String,
    subject: String,
    text: String,
}

/// Mails, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutboxView {
    items: Vec<OutboxMailView>,
    /// Always null: older ones are forgotten.
    next: Option<String>,
}

/// The mails that were not sent because no SMTP is set. Only there, and only where `mail.outbox_page` is on.
#[utoipa::path(get, path = "/dev/outbox", tag = "development", params(OutboxQuery),
    responses((status = 200, body = OutboxView)))]
pub(super) async fn show_outbox(
    accounts: web::Data<Accounts>,
    query: web::Query<OutboxQuery>,
) -> Result<web::Json<OutboxView>, Problem> {
    let outbox = accounts.parts.outbox.as_ref().ok_or(Code::NotFound)?;
    let items = outbox
        .list(query.to.as_deref(), query.limit.unwrap_or(100).clamp(1, 100))
        .into_iter()
        .map(|Sent { at, mail }| OutboxMailView { at, to: mail.to, subject: mail.subject, text: mail.text })
        .collect();
    Ok(web::Json(OutboxView { items, next: None }))
}
