//! Table `api_key`: keys with which programs ask the coach in a person's name.

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgPool};

/// The most keys of one person.
pub const MOST: i64 = 10;

/// One key as stored; never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ApiKeyRow {
    /// Its number.
    pub id: i64,
    /// What its owner calls it.
    pub name: String,
    /// Its last characters.
    pub ends_with: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// What its owner calls it.
    pub name: &'a str,
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// Its last characters.
    pub ends_with: &'a str,
}

/// Keeps a key. `None` when the person has [`MOST`].
///
/// # Errors
/// The database's.
pub async fn insert_key(db: &PgPool, user: UserId, key: NewKey<'_>, now: Timestamp) -> Result<Option<ApiKeyRow>, sqlx::Error> {
    let mut transaction = db.begin().await?;
    // The person's row orders those who make keys at the same time, so that nobody has one too many.
    sqlx::query("select from user_account where id = $1 for update").bind(user.get()).execute(&mut *transaction).await?;
    let made = sqlx::query_as(
        "insert into api_key (user_id, name, hash, ends_with, created_at)
        select $1, $2, $3, $4, $5 where (select count(*) from api_key where user_id = $1) < $6
        returning id, name, ends_with, created_at",
    )
    .bind(user.get())
    .bind(key.name)
    .bind(key.hash.as_slice())
    .bind(key.ends_with)
    .bind(now)
    .bind(MOST)
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(made)
}

/// A person's keys, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list_keys(db: &PgPool, user: UserId) -> Result<Vec<ApiKeyRow>, sqlx::Error> {
    sqlx::query_as("select id, name, ends_with, created_at from api_key where user_id = $1 order by id")
        .bind(user.get())
        .fetch_all(db)
        .await
}

/// Removes a person's key: from then on it opens nothing. Whether there was one.
///
/// # Errors
/// The database's.
pub async fn delete_key(db: &PgPool, user: UserId, id: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from api_key where user_id = $1 and id = $2").bind(user.get()).bind(id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

/// Whose key has this hash.
///
/// # Errors
/// The database's.
pub async fn find_owner(db: &PgPool, hash: [u8; 32]) -> Result<Option<UserId>, sqlx::Error> {
    let found: Option<i64> =
        sqlx::query_scalar("select user_id from api_key where hash = $1").bind(hash.as_slice()).fetch_optional(db).await?;
    Ok(found.map(UserId::new))
}
