//! Erasing: the events of an entity that is over for good, where they are people's own words.
//!
//! Rows keep their place, their hashes and their times: the chain can still be followed, and who knows what was said can prove
//! it, but nobody can read it. The rules say which kinds may ([`madang_domain::entity::Entity::is_erasable`]), the table's
//! trigger that nothing else changes.

use madang_domain::ids::EntityId;
use sqlx::PgPool;

/// The events of an erased row.
pub const NOTHING: &[u8] = b"[]";

/// Erases all events of an entity before its decision number `seq`, its snapshots before that, and the log of what it refused.
/// May be repeated.
///
/// # Errors
/// The database's, also for kinds that are never erased.
pub async fn erase(db: &PgPool, entity: EntityId, seq: u64) -> Result<(), sqlx::Error> {
    let (entity, seq) = (entity.packed(), i64::try_from(seq).unwrap_or(i64::MAX));
    let mut transaction = db.begin().await?;
    sqlx::query("update journal set body = $3 where entity = $1 and seq < $2 and body <> $3")
        .bind(entity)
        .bind(seq)
        .bind(NOTHING)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("delete from snapshot where entity = $1 and seq < $2")
        .bind(entity)
        .bind(seq)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("delete from refusal where entity = $1").bind(entity).execute(&mut *transaction).await?;
    transaction.commit().await
}
