//! Does the jobs of table `job`: takes them one after another, holds each by a lease that it renews, tries again what
//! failed, and puts down what it cannot finish before the server stops. A job that a dead process had is taken over when
//! its lease runs out, or at once when the same node comes back.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::storage::jobs::{self, Outcome, Taken, Worker};

/// A job is held for so long from its last renewal.
const LEASE: Duration = Duration::from_secs(30);
/// It is renewed this often.
const RENEW: Duration = Duration::from_secs(8);
/// Without being woken, workers look for jobs this often.
const POLL: Duration = Duration::from_secs(2);
/// After each failed try. After the last the job is dead: kept for operators, never tried again.
const RETRIES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];

/// Why a try failed; the next may succeed. One line for the log, without anything personal in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(pub String);

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self(format!("the database: {error}"))
    }
}

/// One kind of work. A run may be cut off anywhere and come again: everything in it must be repeatable.
pub trait Work: fmt::Debug + Send + Sync + 'static {
    /// Its name in the table.
    fn kind(&self) -> &'static str;

    /// Does it, or goes on with it.
    fn run(&self, subject: i64) -> BoxFuture<'_, Result<(), Trouble>>;

    /// The last try has failed: tells whoever waits for it.
    fn give_up(&self, subject: i64) -> BoxFuture<'_, Result<(), Trouble>>;
}

/// The workers of one process.
#[derive(Debug)]
pub struct Workers {
    db: PgPool,
    worker: Worker,
    works: Vec<Arc<dyn Work>>,
    wake: Arc<Notify>,
    at_once: usize,
}

impl Workers {
    /// Workers that do `at_once` jobs at the same time; `wake` is told when there is a new one.
    #[must_use]
    pub fn new(db: PgPool, worker: Worker, works: Vec<Arc<dyn Work>>, wake: Arc<Notify>, at_once: usize) -> Self {
        Self { db, worker, works, wake, at_once }
    }

    /// Works until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        match jobs::inherit(&self.db, &self.worker).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "jobs that were cut off are taken up again"),
            Err(error) => tracing::warn!(%error, "jobs that were cut off could not be looked for"),
        }
        join_all((0..self.at_once.max(1)).map(|_| self.work(&stop))).await;
    }

    async fn work(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            match jobs::take(&self.db, &self.worker, LEASE).await {
                Ok(Some(job)) => self.one(&job, stop).await,
                Ok(None) => self.rest(stop).await,
                Err(error) => {
                    tracing::warn!(%error, "jobs could not be looked for");
                    self.rest(stop).await;
                }
            }
        }
    }

    async fn rest(&self, stop: &CancellationToken) {
        if let Ok(backlog) = jobs::backlog(&self.db).await {
            let whole = |count: i64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            metrics::gauge!("jobs_waiting").set(whole(backlog.ready));
            metrics::gauge!("jobs_running").set(whole(backlog.running));
            metrics::gauge!("jobs_dead").set(whole(backlog.dead));
            metrics::gauge!("jobs_oldest_seconds").set(backlog.oldest_s.max(0.0));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.wake.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }

    async fn one(&self, job: &Taken, stop: &CancellationToken) {
        let Some(work) = self.works.iter().find(|work| work.kind() == job.kind) else {
            tracing::error!(kind = job.kind, "nobody knows this kind of job");
            return self.settle(job, "dead", &Outcome::Dead { error: "nobody knows this kind of job" }).await;
        };
        let began = Instant::now();
        let tries = usize::try_from(job.tries).unwrap_or(usize::MAX);
        // One that ends the process each time comes back with its tries counted, too.
        let result = if tries > RETRIES.len() + 1 {
            Err(Trouble("it was cut off again and again".to_owned()))
        } else {
            tokio::select! {
                result = work.run(job.subject) => result,
                () = self.lost(job) => return tracing::warn!(job = job.id, "a job was taken over by somebody else"),
                () = stop.cancelled() => return self.settle(job, "put_down", &Outcome::PutDown).await,
            }
        };
        metrics::histogram!("jobs_seconds", "kind" => work.kind()).record(began.elapsed().as_secs_f64());
        match (result, RETRIES.get(tries.saturating_sub(1))) {
            (Ok(()), _) => self.settle(job, "done", &Outcome::Done).await,
            (Err(Trouble(error)), Some(wait)) => {
                tracing::warn!(job = job.id, kind = job.kind, error, "a job failed and is tried again");
                self.settle(job, "again", &Outcome::Again { error: &error, wait: *wait }).await;
            }
            (Err(Trouble(error)), None) => {
                tracing::error!(job = job.id, kind = job.kind, error, "a job is given up");
                match work.give_up(job.subject).await {
                    Ok(()) => self.settle(job, "dead", &Outcome::Dead { error: &error }).await,
                    // The lease runs out, and it is given up again.
                    Err(error) => tracing::warn!(job = job.id, %error, "nobody could be told that a job is given up"),
                }
            }
        }
    }

    /// Renews the lease; ends when it is lost.
    async fn lost(&self, job: &Taken) {
        let mut held_until = Instant::now() + LEASE;
        loop {
            tokio::time::sleep(RENEW).await;
            let asked = Instant::now();
            match jobs::renew(&self.db, &self.worker, job.id, LEASE).await {
                Ok(true) => held_until = asked + LEASE,
                Ok(false) => return,
                // Perhaps still ours: the run goes on until it surely is not.
                Err(_) if asked < held_until => {}
                Err(_) => return,
            }
        }
    }

    async fn settle(&self, job: &Taken, name: &'static str, outcome: &Outcome<'_>) {
        metrics::counter!("jobs_total", "kind" => job.kind.clone(), "outcome" => name).increment(1);
        match jobs::settle(&self.db, &self.worker, job.id, outcome).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job = job.id, "a job was taken over before it was settled"),
            // The lease runs out, and it is done again.
            Err(error) => tracing::warn!(job = job.id, %error, "a job could not be settled"),
        }
    }
}
