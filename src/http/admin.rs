//! What operators and probes ask: is it alive, is it ready, its metrics, the time, and what is inside a live thing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;

use super::auth::Admin;
use super::page;
use super::problem::Problem;
use crate::actors::kernel::clock::Clock;
use crate::actors::kernel::{Engine, Inspection};
use crate::storage::Db;
use crate::storage::journal::JournalRow;

/// The paths for probes and Prometheus, outside the API.
pub fn probes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/health").route(web::get().to(show_health)))
        .service(web::resource("/ready").route(web::get().to(show_readiness)))
        .service(web::resource("/metrics").route(web::get().to(show_metrics)));
}

/// The paths of this area within the API.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/time").route(web::get().to(show_time)))
        .service(web::resource("/entities/{entity}").route(web::get().to(inspect_entity)))
        .service(web::resource("/entities/{entity}/journal").route(web::get().to(list_journal)))
        .service(web::resource("/ledger/check").route(web::get().to(check_ledger)));
}

/// This area's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(show_time, inspect_entity, list_journal, check_ledger))]
pub(super) struct Document;

/// What operators' handlers need. Cheap to clone.
#[derive(Clone)]
pub struct Operations {
    db: Db,
    clock: Arc<dyn Clock>,
    stopping: Arc<AtomicBool>,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").field("stopping", &self.stopping).finish_non_exhaustive()
    }
}

impl Operations {
    /// Ready while the database answers and nobody said [`Operations::stop`]; `metrics` renders Prometheus' text.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>, metrics: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { db, clock, stopping: Arc::default(), metrics: Arc::new(metrics) }
    }

    /// From now on not ready, so that nobody new is sent here.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

/// Whether the process lives, and which one it is.
#[derive(Debug, Serialize, ToSchema)]
struct HealthView {
    /// `ok`.
    status: &'static str,
    /// The program's version.
    version: &'static str,
}

/// The server's clock.
#[derive(Debug, Serialize, ToSchema)]
struct TimeView {
    /// Now, RFC 3339 in UTC.
    #[schema(value_type = String, format = DateTime)]
    t: Timestamp,
}

async fn show_health() -> web::Json<HealthView> {
    web::Json(HealthView { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

async fn show_readiness(operations: web::Data<Operations>) -> Result<web::Json<HealthView>, Problem> {
    if operations.stopping.load(Ordering::Relaxed) {
        return Err(Code::Stopping.into());
    }
    operations.db.ping().await.map_err(|error| {
        tracing::warn!(cause = %error, "not ready: the database does not answer");
        Problem::from(Code::Busy)
    })?;
    Ok(show_health().await)
}

async fn show_metrics(operations: web::Data<Operations>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; version=0.0.4")).body((operations.metrics)())
}

/// The server's clock, for countdowns.
#[utoipa::path(get, path = "/time", tag = "operations", responses((status = 200, body = TimeView)))]
async fn show_time(operations: web::Data<Operations>) -> HttpResponse {
    let now = TimeView { t: operations.clock.now() };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(now)
}

/// One decision of a live thing, as it is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionRowView {
    /// 1, 2, 3 ... without gaps.
    seq: u64,
    /// The epoch of the owner that wrote it.
    epoch: i64,
    /// The command's id.
    command_id: Uuid,
    /// Who commanded; null for a deadline or another thing's effect.
    #[schema(value_type = Option<i64>)]
    actor: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The channel's offset after it.
    offset: u64,
    /// What happened; of conversations, which are their owners' alone, only the events' names.
    #[schema(value_type = Vec<Object>)]
    events: Box<RawValue>,
    /// The hash over everything up to here.
    chain: String,
}

/// Decisions, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JournalView {
    items: Vec<DecisionRowView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

/// Whether the books balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerCheckView {
    /// Whether all three lists are empty.
    sound: bool,
    /// Currencies whose entries do not sum to zero.
    unbalanced: Vec<String>,
    /// Accounts whose balance is not the sum of their entries.
    wrong_balances: Vec<String>,
    /// Accounts whose held money is not the sum of their holds.
    wrong_holds: Vec<String>,
}

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
struct JournalQuery {
    /// The page before's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

fn entity(name: &str) -> Result<EntityId, Problem> {
    name.parse().map_err(|_| Code::NotFound.into())
}

/// The inside of a live thing, such as `auction:17`, for admins: owner, position, deadline, the rules' own summary.
#[utoipa::path(get, path = "/entities/{entity}", tag = "operations", security(("bearer" = [])),
    params(("entity" = String, Path, example = "auction:17")), responses((status = 200, body = Object)))]
async fn inspect_entity(
    engine: web::Data<Engine>,
    _admin: Admin,
    name: web::Path<String>,
) -> Result<web::Json<Inspection>, Problem> {
    Ok(web::Json(engine.inspect(entity(&name)?).await?))
}

/// Every decision of a live thing, private ones too, for admins.
#[utoipa::path(get, path = "/entities/{entity}/journal", tag = "operations", security(("bearer" = [])),
    params(("entity" = String, Path, example = "auction:17"), JournalQuery),
    responses((status = 200, body = JournalView)))]
async fn list_journal(
    engine: web::Data<Engine>,
    _admin: Admin,
    name: web::Path<String>,
    query: web::Query<JournalQuery>,
) -> Result<web::Json<JournalView>, Problem> {
    let limit = page::limit(query.limit, 50);
    let after = page::after::<u64>(query.after.as_deref())?.unwrap_or(0);
    let mut rows = engine.journal(entity(&name)?, after, u32::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let items: Vec<DecisionRowView> = rows.into_iter().map(DecisionRowView::try_from).collect::<Result<_, _>>()?;
    let next = items.last().filter(|_| more).map(|row| row.seq.to_string());
    Ok(web::Json(JournalView { items, next }))
}

/// The names of events alone.
fn names(events: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    let events: Vec<Value> = serde_json::from_slice(events)?;
    let name = |event: Value| match event {
        Value::Object(event) => event.into_iter().next().map(|(name, _)| name),
        Value::String(name) => Some(name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    to_raw_value(&events.into_iter().map(name).collect::<Vec<_>>())
}

impl TryFrom<JournalRow> for DecisionRowView {
    type Error = Problem;

    fn try_from(row: JournalRow) -> Result<Self, Problem> {
        let events = if row.entity.kind() == Kind::Chat { names(&row.body) } else { serde_json::from_slice(&row.body) };
        Ok(Self {
            seq: row.seq,
            epoch: row.epoch,
            command_id: row.cmd,
            actor: row.actor,
            at: row.at,
            offset: row.offset,
            events: events.map_err(Problem::internal)?,
            chain: row.chain.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

/// Adds up the whole ledger, for admins.
#[utoipa::path(get, path = "/ledger/check", tag = "operations", security(("bearer" = [])),
    responses((status = 200, body = LedgerCheckView)))]
async fn check_ledger(engine: web::Data<Engine>, _admin: Admin) -> Result<web::Json<LedgerCheckView>, Problem> {
    let found = engine.funds().reconcile().await?;
    Ok(web::Json(LedgerCheckView {
        sound: found.is_sound(),
        unbalanced: found.unbalanced.into_iter().map(|(currency, sum)| format!("{currency} {sum}")).collect(),
        wrong_balances: found.wrong_balances,
        wrong_holds: found.wrong_holds,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_conversation_only_the_events_names_are_shown() {
        let stored = br#"[{"asked":{"message":1,"text":"a secret"}},"unshared"]"#;
        assert_eq!(names(stored).unwrap().get(), r#"["asked","unshared"]"#);
        assert_eq!(names(b"[]").unwrap().get(), "[]");
    }
}
