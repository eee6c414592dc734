//! The past of alarm clocks: the view `pub_engine_alarm_decision` over the engine's journal.

use madang_domain::ids::EntityId;
use madang_domain::time::Timestamp;
use sqlx::PgPool;

/// One decision about a clock.
#[derive(Debug, sqlx::FromRow)]
pub struct DecisionRow {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The events, as JSON.
    pub body: Vec<u8>,
}

/// The decisions about a clock before one, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_decisions(
    db: &PgPool,
    clock: EntityId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<DecisionRow>, sqlx::Error> {
    sqlx::query_as(
        "select seq, at, body from pub_engine_alarm_decision where entity = $1 and seq < $2 order by seq desc limit $3",
    )
    .bind(clock.packed())
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(db)
    .await
}
