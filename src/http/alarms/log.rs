//! The whole log, from the journal.

use actix_web::web;
use madang_domain::alarm::{Event, log};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Alarms;
use crate::http::auth::SignedIn;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::alarms;

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct LogQuery {
    /// The page before's `next`.
    after: Option<String>,
    /// The same.
    cursor: Option<String>,
    /// Decisions to look at, 1 to 100.
    limit: Option<u16>,
}

/// One line.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogEntry {
    /// The decision's number.
    seq: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// In which session.
    session: Option<u64>,
    /// `rang`, `joined`, `rang_again`, `snoozed`, `answered`, `excused`, `stopped`, `asked`, `awake`, `missed` or
    /// `too_late`, with its own fields.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    what: log::What,
}

/// The log, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogView {
    items: Vec<LogEntry>,
    /// For the next page's `after`; null on the last. A page may be short, or empty, before the last.
    next: Option<String>,
}

/// Rings, snoozes, answers and stops, the newest first.
#[utoipa::path(get, path = "/alarms/log", tag = "alarms", security(("bearer" = [])), params(LogQuery),
    responses((status = 200, body = LogView)))]
pub(super) async fn list_log(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    query: web::Query<LogQuery>,
) -> Result<web::Json<LogView>, Problem> {
    let limit = page::limit(query.limit, 50);
    let before = page::after::<i64>(query.after.as_deref().or(query.cursor.as_deref()))?;
    let id = Alarms::id(who.user())?;
    let mut rows = alarms::list_decisions(&alarms.parts.db, id, before, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    let mut items = Vec::new();
    for row in rows {
        let events: Vec<Event> = serde_json::from_slice(&row.body).map_err(Problem::internal)?;
        let entries = events.iter().rev().filter_map(|event| log::entry(event, row.at));
        items.extend(entries.map(|log::Entry { at, session, what }| LogEntry { seq: row.seq, at, session, what }));
    }
    Ok(web::Json(LogView { items, next }))
}
