//! Tables `knowledge_import` and `knowledge_import_part`: files of articles on their way in, and what came of them.

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde_json::Value;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::storage::jobs;

/// The kind of the jobs that work imports up; their subject is the import's number.
pub const JOB: &str = "knowledge";
/// The most faults that are kept of one import.
pub const MOST_FAULTS: usize = 100;

/// An import about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// By whom.
    pub owner: UserId,
    /// The request that asks.
    pub command: Uuid,
    /// The file's name.
    pub name: String,
    /// What the file is said to be.
    pub format: String,
    /// Where articles come from that do not say so themselves.
    pub source: String,
    /// Tags that each of its articles gets.
    pub tags: Vec<String>,
}

/// An import.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct ImportRow {
    /// Its number.
    pub id: i64,
    /// Who sent it.
    pub owner: i64,
    /// The file's name.
    pub name: String,
    /// What the file is said to be.
    pub format: String,
    /// Where articles come from that do not say so themselves.
    pub source: String,
    /// Tags that each of its articles gets.
    pub tags: Vec<String>,
    /// The file's size.
    pub bytes: i64,
    /// working, done or failed.
    pub state: String,
    /// Why it failed as a whole.
    pub code: Option<String>,
    /// The same, in a sentence.
    pub message: Option<String>,
    /// Articles in the file, when that is known.
    pub articles: Option<i32>,
    /// Articles that are settled.
    pub done: i32,
    /// Of those, new ones.
    pub added: i32,
    /// Those that got a new version.
    pub changed: i32,
    /// Those that were there just so.
    pub unchanged: i32,
    /// Those that were not taken.
    pub refused: i32,
    /// What was wrong with them: a JSON list.
    pub faults: Value,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it last moved.
    pub changed_at: Timestamp,
}

/// What came of sending one.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// It is kept, and its job with it.
    New(ImportRow),
    /// The same request sent it before; here it is as it stands.
    Known(ImportRow),
    /// As many are being worked on as may be.
    TooMany,
}

/// Keeps a file, given in parts, and the job that works it up, unless `most` are being worked on.
///
/// # Errors
/// The database's; then nothing is kept.
pub async fn insert(db: &PgPool, new: &NewImport, parts: &[Vec<u8>], most: i64, at: Timestamp) -> Result<Sent, sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('knowledge_import', 0))").execute(&mut *tx).await?;
    let known = sqlx::query_as("select * from knowledge_import where owner = $1 and command = $2")
        .bind(new.owner.get())
        .bind(new.command)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(known) = known {
        return Ok(Sent::Known(known));
    }
    let open: i64 =
        sqlx::query_scalar("select count(*) from knowledge_import where state = 'working'").fetch_one(&mut *tx).await?;
    if open >= most {
        return Ok(Sent::TooMany);
    }
    let bytes: usize = parts.iter().map(Vec::len).sum();
    let import: ImportRow = sqlx::query_as(
        "insert into knowledge_import (owner, command, name, format, source, tags, bytes, created_at, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        returning *",
    )
    .bind(new.owner.get())
    .bind(new.command)
    .bind(&new.name)
    .bind(&new.format)
    .bind(&new.source)
    .bind(&new.tags)
    .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
    .bind(at)
    .fetch_one(&mut *tx)
    .await?;
    for (n, part) in (0_i32..).zip(parts) {
        sqlx::query("insert into knowledge_import_part (import, n, bytes) values ($1, $2, $3)")
            .bind(import.id)
            .bind(n)
            .bind(part)
            .execute(&mut *tx)
            .await?;
    }
    jobs::insert(&mut tx, JOB, import.id).await?;
    tx.commit().await?;
    Ok(Sent::New(import))
}

/// One import.
///
/// # Errors
/// The database's.
pub async fn find(db: &PgPool, id: i64) -> Result<Option<ImportRow>, sqlx::Error> {
    sqlx::query_as("select * from knowledge_import where id = $1").bind(id).fetch_optional(db).await
}

/// Imports below a number, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool, below: i64, limit: i64) -> Result<Vec<ImportRow>, sqlx::Error> {
    sqlx::query_as("select * from knowledge_import where id < $1 order by id desc limit $2")
        .bind(below)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// The whole file of an import.
///
/// # Errors
/// The database's.
pub async fn file(db: &PgPool, id: i64) -> Result<Vec<u8>, sqlx::Error> {
    let parts: Vec<Vec<u8>> = sqlx::query_scalar("select bytes from knowledge_import_part where import = $1 order by n")
        .bind(id)
        .fetch_all(db)
        .await?;
    Ok(parts.concat())
}

/// It was read: so many articles are in it.
///
/// # Errors
/// The database's.
pub async fn counted(db: &PgPool, id: i64, articles: i32, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("update knowledge_import set articles = $2, changed_at = $3 where id = $1 and state = 'working'")
        .bind(id)
        .bind(articles)
        .bind(at)
        .execute(db)
        .await
        .map(drop)
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Articles that are settled.
    pub done: i32,
    /// Of those, new ones.
    pub added: i32,
    /// Those that got a new version.
    pub changed: i32,
    /// Those that were there just so.
    pub unchanged: i32,
    /// Those that were not taken.
    pub refused: i32,
}

/// Keeps how far it is: only ever forward.
///
/// # Errors
/// The database's.
pub async fn advance(db: &PgPool, id: i64, so_far: &Progress, faults: &Value, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update knowledge_import
        set done = $2, added = $3, changed = $4, unchanged = $5, refused = $6, faults = $7, changed_at = $8
        where id = $1 and state = 'working' and done < $2",
    )
    .bind(id)
    .bind(so_far.done)
    .bind(so_far.added)
    .bind(so_far.changed)
    .bind(so_far.unchanged)
    .bind(so_far.refused)
    .bind(faults)
    .bind(at)
    .execute(db)
    .await
    .map(drop)
}

/// It is over: done, or failed with a code and a sentence. Its file is let go.
///
/// # Errors
/// The database's.
pub async fn end(db: &PgPool, id: i64, failure: Option<(&str, &str)>, at: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "update knowledge_import set state = $2, code = $3, message = $4, changed_at = $5 where id = $1 and state = 'working'",
    )
    .bind(id)
    .bind(if failure.is_some() { "failed" } else { "done" })
    .bind(failure.map(|(code, _)| code))
    .bind(failure.map(|(_, message)| message))
    .bind(at)
    .execute(&mut *tx)
    .await?;
    remove_file(&mut tx, id).await?;
    tx.commit().await
}

async fn remove_file(tx: &mut PgConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("delete from knowledge_import_part where import = $1").bind(id).execute(tx).await.map(drop)
}
