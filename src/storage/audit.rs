//! What `madang verify` counts across tables: read only, and by nobody else. Which entities there are and what is left to
//! tell. Tables are owned by `journal`, `outbox` and `ledger`.

use madang_domain::ids::EntityId;
use sqlx::{PgPool, Row};

/// Notices on their way, and those that were given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Telling {
    /// Told.
    pub done: i64,
    /// Not told yet.
    pub waiting: i64,
    /// Given up after all tries.
    pub dead: i64,
}

/// Entities after one, in order, at most `limit`; ids that mean nothing come as they are.
///
/// # Errors
/// When the database cannot answer.
pub async fn list_entities(db: &PgPool, after: i64, limit: u32) -> Result<Vec<Result<EntityId, i64>>, sqlx::Error> {
    // A skip scan: the key is read once for each entity, not once for each row.
    let rows = sqlx::query(
        "with recursive found as (
           (select entity, 1 as n from journal where entity > $1 order by entity limit 1)
           union all
           select (select j.entity from journal j where j.entity > f.entity order by j.entity limit 1), f.n + 1
           from found f where f.entity is not null and f.n <= $2
         )
         select entity from found where entity is not null and n <= $2 order by entity",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.try_get::<i64, _>(0).map(|packed| EntityId::from_packed(packed).ok_or(packed))).collect()
}

/// What there is to tell.
///
/// # Errors
/// When the database cannot answer.
pub async fn count_telling(db: &PgPool) -> Result<Telling, sqlx::Error> {
    let row = sqlx::query(
        "select count(*) filter (where done_at is not null),
                count(*) filter (where done_at is null and dead_at is null),
                count(*) filter (where dead_at is not null)
         from outbox",
    )
    .fetch_one(db)
    .await?;
    Ok(Telling { done: row.try_get(0)?, waiting: row.try_get(1)?, dead: row.try_get(2)? })
}

/// The holds of one entity, as user, currency and amount.
///
/// # Errors
/// When the database cannot answer.
pub async fn list_holds(db: &PgPool, entity: EntityId) -> Result<Vec<(i64, String, i64)>, sqlx::Error> {
    let rows =
        sqlx::query("select owner, currency::text, amount from hold where entity = $1 and amount > 0 order by owner, currency")
            .bind(entity.packed())
            .fetch_all(db)
            .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// Which of these transfers are missing.
///
/// # Errors
/// When the database cannot answer.
pub async fn list_missing_transfers(db: &PgPool, keys: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(
        "select wanted.key from unnest($1::text[]) as wanted (key)
         where not exists (select from transfer where transfer.key = wanted.key)",
    )
    .bind(keys)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}
