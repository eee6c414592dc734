//! Table `favourite`: ten places for each person.

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::PgPool;

/// How many favourites a person may keep.
pub const MOST: i16 = 10;

/// What came of keeping one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is among the favourites now, or was before.
    Kept,
    /// All places are taken.
    Full,
}

/// Keeps an auction among a person's favourites. Each statement takes the lowest free place; when another request took the
/// very same place at the same moment, the key refuses it and the next place is tried.
///
/// # Errors
/// The database's.
pub async fn insert_favourite(db: &PgPool, user: UserId, auction: i64, at: Timestamp) -> Result<Kept, sqlx::Error> {
    for _ in 0..=MOST {
        let (there, free): (bool, bool) = sqlx::query_as(
            "with mine as (
                select place, auction from favourite where user_id = $1
            ), free as (
                select min(p.place)::smallint as place
                from generate_series(1, 10) as p (place)
                where not exists (select from mine where mine.place = p.place)
            ), put as (
                insert into favourite (user_id, place, auction, created_at)
                select $1, free.place, $2, $3
                from free
                where free.place is not null and not exists (select from mine where mine.auction = $2)
                on conflict do nothing
                returning 1
            )
            select exists (select from put) or exists (select from mine where mine.auction = $2),
                (select place is not null from free)",
        )
        .bind(user.get())
        .bind(auction)
        .bind(at)
        .fetch_one(db)
        .await?;
        if there {
            return Ok(Kept::Kept);
        }
        if !free {
            return Ok(Kept::Full);
        }
    }
    Ok(Kept::Full)
}

/// Keeps it no longer. Nothing happens where it was not kept.
///
/// # Errors
/// The database's.
pub async fn delete_favourite(db: &PgPool, user: UserId, auction: i64) -> Result<(), sqlx::Error> {
    sqlx::query("delete from favourite where user_id = $1 and auction = $2").bind(user.get()).bind(auction).execute(db).await?;
    Ok(())
}

/// A person's favourites, the latest first.
///
/// # Errors
/// The database's.
pub async fn list_favourites(db: &PgPool, user: UserId) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("select auction from favourite where user_id = $1 order by created_at desc, place desc")
        .bind(user.get())
        .fetch_all(db)
        .await
}
