//! Table `job`: work that is done once, whatever dies meanwhile.
//!
//! A worker takes a job by a lease, renews it while it works, and settles it under the same lease; a lease that ran out
//! makes the job anybody's. Times are the database's own, so that nodes need not agree about the hour.

use std::time::Duration;

use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

/// Who works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The node, the same after a restart.
    pub node: String,
    /// This process.
    pub id: Uuid,
}

/// A job that was taken.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Taken {
    /// Its number.
    pub id: i64,
    /// What kind of work.
    pub kind: String,
    /// What it is about, by the kind.
    pub subject: i64,
    /// How often it was begun, this time included.
    pub tries: i32,
}

/// How many jobs there are, and how late the latest is.
#[derive(Debug, Clone, Copy, PartialEq, FromRow)]
pub struct Backlog {
    /// Waiting or being retried.
    pub ready: i64,
    /// Being worked on.
    pub running: i64,
    /// Given up.
    pub dead: i64,
    /// The age of the oldest that is due, in s.
    pub oldest_s: f64,
}

/// Adds a job, in the transaction of what it is about. A second one of the same kind and subject is the first.
///
/// # Errors
/// The database's.
pub async fn insert(db: &mut PgConnection, kind: &str, subject: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into job (kind, subject, due_at, created_at, changed_at)
        values ($1, $2, clock_timestamp(), clock_timestamp(), clock_timestamp())
        on conflict (kind, subject) do nothing",
    )
    .bind(kind)
    .bind(subject)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the job that has waited longest, for `lease`; `None` when nothing is due.
///
/// # Errors
/// The database's.
pub async fn take(db: &PgPool, worker: &Worker, lease: Duration) -> Result<Option<Taken>, sqlx::Error> {
    sqlx::query_as(
        "update job
        set state = 'running', tries = tries + 1, node = $1, worker = $2, changed_at = clock_timestamp(),
            lease_until = clock_timestamp() + make_interval(secs => $3)
        where id = (
            select id
            from job
            where (state = 'ready' and due_at <= clock_timestamp())
                or (state = 'running' and lease_until <= clock_timestamp())
            order by due_at, id
            limit 1
            for update skip locked)
        returning id, kind, subject, tries",
    )
    .bind(&worker.node)
    .bind(worker.id)
    .bind(lease.as_secs_f64())
    .fetch_optional(db)
    .await
}

/// Holds a job for `lease` from now. `false`: somebody else has it.
///
/// # Errors
/// The database's.
pub async fn renew(db: &PgPool, worker: &Worker, job: i64, lease: Duration) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update job
        set lease_until = clock_timestamp() + make_interval(secs => $3)
        where id = $1 and worker = $2 and state = 'running'",
    )
    .bind(job)
    .bind(worker.id)
    .bind(lease.as_secs_f64())
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It is done.
    Done,
    /// It failed, and is tried again after a while.
    Again {
        /// Why, for operators.
        error: &'a str,
        /// After so long.
        wait: Duration,
    },
    /// It was put down unfinished, which counts as no try.
    PutDown,
    /// It failed for the last time.
    Dead {
        /// Why, for operators.
        error: &'a str,
    },
}

/// Settles a job that this worker has. `false`: somebody else has it.
///
/// # Errors
/// The database's.
pub async fn settle(db: &PgPool, worker: &Worker, job: i64, outcome: &Outcome<'_>) -> Result<bool, sqlx::Error> {
    let (state, error, wait, back) = match outcome {
        Outcome::Done => ("done", None, Duration::ZERO, 0),
        Outcome::Again { error, wait } => ("ready", Some(*error), *wait, 0),
        Outcome::PutDown => ("ready", None, Duration::ZERO, 1),
        Outcome::Dead { error } => ("dead", Some(*error), Duration::ZERO, 0),
    };
    let done = sqlx::query(
        "update job
        set state = $3, error = $4, due_at = clock_timestamp() + make_interval(secs => $5), tries = tries - $6,
            node = null, worker = null, lease_until = null, changed_at = clock_timestamp()
        where id = $1 and worker = $2 and state = 'running'",
    )
    .bind(job)
    .bind(worker.id)
    .bind(state)
    .bind(error)
    .bind(wait.as_secs_f64())
    .bind(back)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Jobs that an earlier process of this node had are anybody's at once. Gives how many.
///
/// # Errors
/// The database's.
pub async fn inherit(db: &PgPool, worker: &Worker) -> Result<u64, sqlx::Error> {
    let done =
        sqlx::query("update job set lease_until = clock_timestamp() where state = 'running' and node = $1 and worker <> $2")
            .bind(&worker.node)
            .bind(worker.id)
            .execute(db)
            .await?;
    Ok(done.rows_affected())
}

/// How many jobs there are.
///
/// # Errors
/// The database's.
pub async fn backlog(db: &PgPool) -> Result<Backlog, sqlx::Error> {
    sqlx::query_as(
        "select count(*) filter (where state = 'ready') as ready,
            count(*) filter (where state = 'running') as running,
            count(*) filter (where state = 'dead') as dead,
            coalesce(extract(epoch from clock_timestamp() - min(due_at)
                filter (where state = 'ready' and due_at <= clock_timestamp())), 0)::float8 as oldest_s
        from job
        where state <> 'done'",
    )
    .fetch_one(db)
    .await
}
