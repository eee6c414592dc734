//! Tables `upload` and `upload_file`: what companies sent to campaigns, and what became of each file.

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use uuid::Uuid;

use super::jobs;

/// The kind of the jobs that work uploads up; their subject is the upload's number.
pub const JOB: &str = "intake";

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadState {
    /// Announced; its bytes have not been confirmed.
    Waiting,
    /// Being made into tasks.
    Working,
    /// All that could become a task is one.
    Done,
    /// Nothing more will come of it.
    Failed,
    /// Its bytes never came.
    Expired,
}

impl UploadState {
    const ALL: [Self; 5] = [Self::Waiting, Self::Working, Self::Done, Self::Failed, Self::Expired];

    /// Its name, stored and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// An upload about to be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// To which campaign.
    pub campaign: i64,
    /// By whom.
    pub owner: UserId,
    /// The request that asks.
    pub command: Uuid,
    /// The file's name with its owner, 1 to 255 characters.
    pub name: String,
    /// Its type, as in `Content-Type`.
    pub media: String,
    /// Its size.
    pub bytes: i64,
    /// Where the bytes will lie.
    pub object: String,
    /// How many of ten thousand texts become gold.
    pub gold_share_bp: i32,
    /// Which of them.
    pub gold_seed: i64,
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its number.
    pub id: i64,
    /// What was announced.
    pub new: NewUpload,
    /// Where it stands.
    pub state: UploadState,
    /// Why it failed as a whole: a code and a sentence.
    pub failure: Option<(String, String)>,
    /// Files found in it, when that is known.
    pub files: Option<i32>,
    /// Files that are settled.
    pub files_done: i32,
    /// Of those, the ones of which nothing became a task.
    pub files_refused: i32,
    /// Tasks made.
    pub tasks: i32,
    /// Of those, the ones the campaign has.
    pub tasks_added: i32,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When it last moved.
    pub changed_at: Timestamp,
}

impl FromRow<'_, PgRow> for Upload {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let state: String = row.try_get("state")?;
        let state = UploadState::ALL.into_iter().find(|known| known.name() == state);
        let (code, message): (Option<String>, Option<String>) = (row.try_get("code")?, row.try_get("message")?);
        Ok(Self {
            id: row.try_get("id")?,
            new: NewUpload {
                campaign: row.try_get("campaign")?,
                owner: UserId::new(row.try_get("owner")?),
                command: row.try_get("command")?,
                name: row.try_get("name")?,
                media: row.try_get("media")?,
                bytes: row.try_get("bytes")?,
                object: row.try_get("object")?,
                gold_share_bp: row.try_get("gold_share_bp")?,
                gold_seed: row.try_get("gold_seed")?,
            },
            state: state.ok_or_else(|| sqlx::Error::Decode("an unknown state of an upload".into()))?,
            failure: code.zip(message),
            files: row.try_get("files")?,
            files_done: row.try_get("files_done")?,
            files_refused: row.try_get("files_refused")?,
            tasks: row.try_get("tasks")?,
            tasks_added: row.try_get("tasks_added")?,
            created_at: row.try_get("created_at")?,
            changed_at: row.try_get("changed_at")?,
        })
    }
}

/// What came of announcing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announced {
    /// It is new.
    Added(Upload),
    /// The same request announced it before; here it is as it stands.
    Known(Upload),
    /// The campaign has as many open uploads as it may have.
    TooMany,
}

/// Announces an upload, unless the campaign has `most` open ones already.
///
/// # Errors
/// The database's.
pub async fn announce(db: &PgPool, new: &NewUpload, most: i64, at: Timestamp) -> Result<Announced, sqlx::Error> {
    let mut tx = db.begin().await?;
    // Of two announcements for one campaign the second sees the first.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('upload', $1))").bind(new.campaign).execute(&mut *tx).await?;
    let known = sqlx::query_as("select * from upload where owner = $1 and command = $2")
        .bind(new.owner.get())
        .bind(new.command)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(upload) = known {
        return Ok(Announced::Known(upload));
    }
    let open: i64 = sqlx::query_scalar("select count(*) from upload where campaign = $1 and state in ('waiting', 'working')")
        .bind(new.campaign)
        .fetch_one(&mut *tx)
        .await?;
    if open >= most {
        return Ok(Announced::TooMany);
    }
    let upload = sqlx::query_as(
        "insert into upload (campaign, owner, command, name, media, bytes, object, gold_share_bp, gold_seed, created_at,
            changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        returning *",
    )
    .bind(new.campaign)
    .bind(new.owner.get())
    .bind(new.command)
    .bind(&new.name)
    .bind(&new.media)
    .bind(new.bytes)
    .bind(&new.object)
    .bind(new.gold_share_bp)
    .bind(new.gold_seed)
    .bind(at)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Announced::Added(upload))
}

/// One upload.
///
/// # Errors
/// The database's.
pub async fn find(db: &PgPool, id: i64) -> Result<Option<Upload>, sqlx::Error> {
    sqlx::query_as("select * from upload where id = $1").bind(id).fetch_optional(db).await
}

/// A campaign's uploads below a number, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool, campaign: i64, before: i64, limit: i64) -> Result<Vec<Upload>, sqlx::Error> {
    sqlx::query_as("select * from upload where campaign = $1 and id < $2 order by id desc limit $3")
        .bind(campaign)
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Its bytes are there: from now on it is worked on. `false`: it was not waiting.
///
/// # Errors
/// The database's.
pub async fn begin(db: &PgPool, id: i64, at: Timestamp) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    let done = sqlx::query("update upload set state = 'working', changed_at = $2 where id = $1 and state = 'waiting'")
        .bind(id)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    jobs::insert(&mut tx, JOB, id).await?;
    tx.commit().await?;
    Ok(true)
}

/// It was unpacked: so many files are in it.
///
/// # Errors
/// The database's.
pub async fn unpacked(db: &PgPool, id: i64, files: i32, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("update upload set files = $2, changed_at = $3 where id = $1 and state = 'working'")
        .bind(id)
        .bind(files)
        .bind(at)
        .execute(db)
        .await
        .map(drop)
}

/// One file of an upload, settled.
#[derive(Debug, Clone, PartialEq)]
pub struct SettledFile {
    /// Which, in the order of the upload.
    pub n: i32,
    /// Its name in the upload.
    pub name: String,
    /// Its tasks: a JSON list.
    pub tasks: Value,
    /// What was wrong with it: a JSON list.
    pub faults: Value,

    /// Whether it was taken: false when nothing of it becomes a task.
    pub taken: bool,
}

/// Keeps what became of some files, once, and counts them.
///
/// # Errors
/// The database's.
pub async fn settle(db: &PgPool, id: i64, files: &[SettledFile], at: Timestamp) -> Result<(), sqlx::Error> {
    let column = |of: fn(&SettledFile) -> &Value| files.iter().map(of).cloned().collect::<Vec<_>>();
    sqlx::query(
        "with fresh as (
            insert into upload_file (upload, n, name, taken, tasks, faults)
            select $1, n, name, taken, tasks, faults
            from unnest($2::int[], $3::text[], $4::bool[], $5::jsonb[], $6::jsonb[]) as new (n, name, taken, tasks, faults)
            on conflict (upload, n) do nothing
            returning taken, jsonb_array_length(tasks) as tasks)
        update upload
        set files_done = files_done + fresh.files, files_refused = files_refused + fresh.refused, tasks = upload.tasks + fresh.tasks,
            changed_at = $7
        from (select count(*)::int as files, (count(*) filter (where not taken))::int as refused,
            coalesce(sum(tasks), 0)::int as tasks from fresh) as fresh
        where upload.id = $1",
    )
    .bind(id)
    .bind(files.iter().map(|file| file.n).collect::<Vec<_>>())
    .bind(files.iter().map(|file| file.name.clone()).collect::<Vec<_>>())
    .bind(files.iter().map(|file| file.taken).collect::<Vec<_>>())
    .bind(column(|file| &file.tasks))
    .bind(column(|file| &file.faults))
    .bind(at)
    .execute(db)
    .await
    .map(drop)
}

/// The numbers of the files that are settled.
///
/// # Errors
/// The database's.
pub async fn settled(db: &PgPool, id: i64) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar("select n from upload_file where upload = $1 order by n").bind(id).fetch_all(db).await
}

/// The tasks of all settled files, in order, each file's a JSON list.
///
/// # Errors
/// The database's.
pub async fn tasks(db: &PgPool, id: i64) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar("select tasks from upload_file where upload = $1 and tasks <> '[]' order by n")
        .bind(id)
        .fetch_all(db)
        .await
}

/// What was wrong with one file.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct FaultyFile {
    /// Which, in the order of the upload.
    pub n: i32,
    /// Its name in the upload.
    pub name: String,
    /// Whether some of it became tasks nevertheless.
    pub taken: bool,
    /// A JSON list.
    pub faults: Value,
}

/// Files with something wrong, after a number, in order.
///
/// # Errors
/// The database's.
pub async fn faulty(db: &PgPool, id: i64, after: i32, limit: i64) -> Result<Vec<FaultyFile>, sqlx::Error> {
    sqlx::query_as(
        "select n, name, taken, faults
        from upload_file
        where upload = $1 and n > $2 and faults <> '[]'
        order by n
        limit $3",
    )
    .bind(id)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// So many of its tasks are in the campaign.
///
/// # Errors
/// The database's.
pub async fn added(db: &PgPool, id: i64, tasks: i32, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("update upload set tasks_added = greatest(tasks_added, $2), changed_at = $3 where id = $1")
        .bind(id)
        .bind(tasks)
        .bind(at)
        .execute(db)
        .await
        .map(drop)
}

/// It is over: done, or failed with a code and a sentence.
///
/// # Errors
/// The database's.
pub async fn end(db: &PgPool, id: i64, failure: Option<(&str, &str)>, at: Timestamp) -> Result<(), sqlx::Error> {
    let state = if failure.is_some() { UploadState::Failed } else { UploadState::Done };
    sqlx::query("update upload set state = $2, code = $3, message = $4, changed_at = $5 where id = $1 and state = 'working'")
        .bind(id)
        .bind(state.name())
        .bind(failure.map(|(code, _)| code))
        .bind(failure.map(|(_, message)| message))
        .bind(at)
        .execute(db)
        .await
        .map(drop)
}

/// Uploads announced before `before` whose bytes were never confirmed are over. Gives their objects, for removal.
///
/// # Errors
/// The database's.
pub async fn expire(db: &PgPool, before: Timestamp, at: Timestamp) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "update upload set state = 'expired', changed_at = $2
        where id in (
            select id from upload where state = 'waiting' and created_at < $1 order by id limit 100 for update skip locked)
        returning object",
    )
    .bind(before)
    .bind(at)
    .fetch_all(db)
    .await
}
