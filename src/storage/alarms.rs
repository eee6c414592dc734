//! The past of alarm clocks: the views `pub_engine_alarm_decision` and `pub_engine_alarm_notice` over the engine's journal.

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

/// How a moment at which many alarms were due went.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Rung {
    /// Clocks that rang.
    pub rung: i64,
    /// Clocks that rang more than once.
    pub doubled: i64,
    /// From the moment until half had rung, in s.
    pub p50_s: f64,
    /// 99 of 100.
    pub p99_s: f64,
    /// The last.
    pub last_s: f64,
    /// Owners who were told.
    pub told: i64,
    /// Owners who were told more than once.
    pub told_twice: i64,
    /// When the last was told, in s.
    pub last_told_s: f64,
}

/// Who rang and who was told since a moment, each person once.
///
/// # Errors
/// The database's.
pub async fn rung(db: &PgPool, moment: Timestamp) -> Result<Rung, sqlx::Error> {
    sqlx::query_as(
        "with rang as (
            select entity, count(*) as times, extract(epoch from min(at) - $1)::float8 as after
            from pub_engine_alarm_decision
            where position('\"began\"'::bytea in body) > 0
            group by entity
        ), told as (
            select entity, count(*) as times, extract(epoch from min(at) - $1)::float8 as after
            from pub_engine_alarm_notice
            group by entity
        )
        select
            (select count(*) from rang) as rung,
            (select count(*) from rang where times > 1) as doubled,
            (select coalesce(percentile_cont(0.5) within group (order by after), 0) from rang) as p50_s,
            (select coalesce(percentile_cont(0.99) within group (order by after), 0) from rang) as p99_s,
            (select coalesce(max(after), 0)::float8 from rang) as last_s,
            (select count(*) from told) as told,
            (select count(*) from told where times > 1) as told_twice,
            (select coalesce(max(after), 0)::float8 from told) as last_told_s",
    )
    .bind(moment)
    .fetch_one(db)
    .await
}
