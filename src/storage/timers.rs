//! Which deadlines are due soon: the table `timer`, read here and written by the journal's commit.

use madang_domain::ids::EntityId;
use madang_domain::time::Timestamp;
use sqlx::{PgPool, Row};

/// Deadlines of these shards up to a moment, earliest first, those after `after` where that is given.
///
/// # Errors
/// When the database cannot answer.
pub async fn due(
    pool: &PgPool,
    shards: &[u8],
    until: Timestamp,
    after: Option<(Timestamp, EntityId)>,
    limit: i64,
) -> Result<Vec<(EntityId, Timestamp)>, sqlx::Error> {
    let shards: Vec<i16> = shards.iter().map(|shard| i16::from(*shard)).collect();
    let rows = sqlx::query(
        "select entity, due_at from timer where due_at <= $2 and shard = any($1) \
           and (due_at, entity) > (coalesce($4, '-infinity'::timestamptz), coalesce($5, 0)) \
         order by due_at, entity limit $3",
    )
    .bind(shards)
    .bind(until)
    .bind(limit)
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, entity)| entity.packed()))
    .fetch_all(pool)
    .await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        // A kind this binary does not know belongs to a newer one: leave its deadline alone.
        if let Some(entity) = EntityId::from_packed(row.try_get(0)?) {
            due.push((entity, row.try_get(1)?));
        }
    }
    Ok(due)
}
