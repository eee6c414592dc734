//! What must still be told: the table `outbox`, filled by the journal's commit, emptied by the relay.

use std::time::Duration;

use madang_domain::ids::EntityId;
use madang_domain::time::Timestamp;
use sqlx::{PgPool, Row};

/// A notice that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The row.
    pub id: i64,
    /// Whose events said so.
    pub entity: EntityId,
    /// Which decision.
    pub seq: u64,
    /// Its place among the decision's notices.
    pub n: i16,
    /// Who is told.
    pub target: EntityId,
    /// The notice as JSON.
    pub body: String,
    /// How often it was tried in vain.
    pub tries: i16,
}

/// Notices of these shards that are due, oldest first.
///
/// # Errors
/// When the database cannot answer.
pub async fn due(pool: &PgPool, shards: &[u8], limit: i64) -> Result<Vec<Waiting>, sqlx::Error> {
    let shards: Vec<i16> = shards.iter().map(|shard| i16::from(*shard)).collect();
    let rows = sqlx::query(
        "select id, entity, seq, n, target, body::text, tries from outbox \
         where done_at is null and dead_at is null and due_at <= clock_timestamp() and shard = any($1) \
         order by due_at, id limit $2",
    )
    .bind(shards)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let mut waiting = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(entity), Some(target)) = (EntityId::from_packed(row.try_get(1)?), EntityId::from_packed(row.try_get(4)?))
        else {
            continue;
        };
        waiting.push(Waiting {
            id: row.try_get(0)?,
            entity,
            seq: u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0),
            n: row.try_get(3)?,
            target,
            body: row.try_get(5)?,
            tries: row.try_get(6)?,
        });
    }
    Ok(waiting)
}

/// These were handed over.
///
/// # Errors
/// When the database cannot answer: they will be handed over again, under the same ids.
pub async fn done(pool: &PgPool, ids: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query("update outbox set done_at = clock_timestamp() where id = any($1)").bind(ids).execute(pool).await.map(drop)
}

/// This one could not be handed over: try again after `wait`, or never when that is `None`.
///
/// # Errors
/// When the database cannot answer: it is tried again at once.
pub async fn failed(pool: &PgPool, id: i64, wait: Option<Duration>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update outbox set tries = tries + 1, \
           due_at = clock_timestamp() + make_interval(secs => coalesce($2, 0)), \
           dead_at = case when $2 is null then clock_timestamp() end \
         where id = $1",
    )
    .bind(id)
    .bind(wait.map(|wait| wait.as_secs_f64()))
    .execute(pool)
    .await
    .map(drop)
}

/// When the oldest waiting notice was due first; `None` when nothing waits.
///
/// # Errors
/// When the database cannot answer.
pub async fn oldest(pool: &PgPool) -> Result<Option<Timestamp>, sqlx::Error> {
    let row = sqlx::query(
        "select j.at from outbox o join journal j on j.entity = o.entity and j.seq = o.seq \
         where o.done_at is null and o.dead_at is null order by o.due_at, o.id limit 1",
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// The number of the newest notice: about how many there ever were, since a commit that failed uses numbers up. One look at
/// an index.
///
/// # Errors
/// When the database cannot answer.
pub async fn newest(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select coalesce(max(id), 0) from outbox").fetch_one(pool).await
}

/// How many notices wait to be handed over.
///
/// # Errors
/// When the database cannot answer.
pub async fn waiting(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from outbox where done_at is null and dead_at is null").fetch_one(pool).await
}
