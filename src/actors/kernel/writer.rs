//! The journal writer: one thread with its own runtime and connection, so that a stalled actor never stalls a commit.
//!
//! Group commit is natural: while one statement is under way, whatever is decided meanwhile queues up and becomes the next.
//! What a commit made durable is released while the next statement is already on its way to the database.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tokio::sync::mpsc::UnboundedReceiver;

use super::desk::{Desk, Settled, Taken, assemble};
use super::held::Lesson;
use super::item::Item;
use super::names;
use super::outlet::{fail, release};
use super::plant::Fault;
use super::shared::Shared;
use super::supervisor::gauge;
use crate::storage::journal::Outcome;
use crate::storage::journal::commit::Committer;
use crate::storage::shards;

/// Between two tries to reach the database.
const RETRY: Duration = Duration::from_millis(100);

/// The writer's own state.
struct Writer {
    shared: Arc<Shared>,
    options: PgConnectOptions,
    desk: Desk,
    items: UnboundedReceiver<Item>,
    committer: Option<Committer>,
    /// Durable, not yet released.
    durable: Vec<Item>,
}

/// Runs the writer until every sender of items is gone and everything is written.
pub(super) async fn run(shared: Arc<Shared>, options: PgConnectOptions, items: UnboundedReceiver<Item>) {
    let desk = Desk::new(shared.settings.batch);
    Writer { shared, options, desk, items, committer: None, durable: Vec::new() }.run().await;
}

impl Writer {
    async fn run(mut self) {
        while self.gather().await {
            if !self.connect().await {
                continue;
            }
            let Taken { batch, fences, failed } = self.desk.take(&self.shared.ownership);
            self.fail(failed);
            if batch.is_empty() {
                continue;
            }
            if self.shared.faults.has(Fault::AckBeforeCommit) {
                self.commit_after_answering(batch, fences).await;
                continue;
            }
            let outcome = self.commit(&batch, fences).await;
            self.settle(batch, outcome).await;
        }
    }

    /// Takes what waits. With nothing to write it releases what is durable first and then sleeps.
    async fn gather(&mut self) -> bool {
        loop {
            while let Ok(item) = self.items.try_recv() {
                self.desk.push(item);
            }
            metrics::gauge!(names::QUEUE_DEPTH).set(gauge(self.desk.len()));
            if !self.desk.is_empty() {
                return true;
            }
            if !self.durable.is_empty() {
                self.release();
                continue;
            }
            match self.items.recv().await {
                Some(item) => self.desk.push(item),
                None => return false,
            }
        }
    }

    async fn commit(&mut self, batch: &[Item], fences: Vec<(u8, i64)>) -> Outcome {
        let Some(mut committer) = self.committer.take() else { return Outcome::Again };
        let began = Instant::now();
        let (columns, lessons) = assemble(batch, fences);
        let rows = columns.rows.len();
        let outcome = {
            let commit = committer.commit(&columns);
            let mut commit = pin!(tokio::time::timeout(self.shared.settings.commit_timeout, commit));
            // The first poll sends the statement; while the database works, the batch before is released.
            let first = std::future::poll_fn(|cx| Poll::Ready(commit.as_mut().poll(cx))).await;
            self.release();
            match first {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => commit.await,
            }
        };
        let outcome = outcome.unwrap_or(Outcome::Unknown);
        if outcome == Outcome::Committed {
            lessons.into_iter().for_each(Lesson::learn);
        }
        metrics::histogram!(names::COMMIT).record(began.elapsed().as_secs_f64());
        metrics::histogram!(names::BATCH_SIZE).record(gauge(rows));
        if outcome == Outcome::Unknown {
            committer.abandon().await;
        } else {
            self.committer = Some(committer);
        }
        outcome
    }

    async fn settle(&mut self, batch: Vec<Item>, outcome: Outcome) {
        match &outcome {
            Outcome::Committed => {}
            Outcome::FenceLost(_) => metrics::counter!(names::FENCE_LOST).increment(1),
            Outcome::Conflict(entity) => {
                metrics::counter!(names::KEY_CONFLICT).increment(1);
                tracing::error!(%entity, "a sequence number or command id was written by somebody else");
            }
            Outcome::Rejected(name) => metrics::counter!(names::REJECTED, "constraint" => name.clone()).increment(1),
            Outcome::Unable(reason) => {
                metrics::counter!(names::REJECTED, "constraint" => reason.clone()).increment(1);
                tracing::error!(reason, "the database cannot write");
            }
            Outcome::Again => {}
            Outcome::Unknown => metrics::counter!(names::UNKNOWN_OUTCOME).increment(1),
        }
        let Settled { done, failed, lost, unsure } = self.desk.settle(batch, outcome);
        self.durable.extend(done);
        self.shared.ownership.lost(&lost);
        self.shared.ownership.unsettle(&unsure);
        self.fail(failed);
        if !unsure.is_empty() {
            self.clear_up().await;
        }
    }

    /// Takes new epochs for the shards of a commit that nobody knows the outcome of: when that is done, the commit either is
    /// visible or can never happen.
    async fn clear_up(&mut self) {
        let began = Instant::now();
        loop {
            let asked = self.shared.ownership.unsettled();
            let shared = Arc::clone(&self.shared);
            let wanted = asked.clone();
            let renewed =
                self.shared.io.spawn(async move { shards::renew(&shared.pool, &shared.settings.node, &wanted).await }).await;
            if let Ok(Ok(renewed)) = renewed {
                self.shared.ownership.renewed(&asked, &renewed);
                self.shared.settled.notify_waiters();
                tracing::warn!(shards = asked.len(), kept = renewed.len(), "took new epochs after an unknown outcome");
                return;
            }
            self.wait_for_database(began).await;
        }
    }

    /// Sees to a connection. After too long without one, those who wait are told so, and it gives `false`.
    async fn connect(&mut self) -> bool {
        let began = Instant::now();
        while self.committer.is_none() {
            match Committer::connect(&self.options, self.shared.faults.has(Fault::NoFence)).await {
                Ok(committer) => self.committer = Some(committer),
                Err(error) => {
                    tracing::warn!(%error, "the journal writer cannot connect");
                    self.release();
                    self.wait_for_database(began).await;
                    if self.desk.is_empty() {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Waits a moment. Those who have waited too long are told that nothing of theirs was written.
    async fn wait_for_database(&mut self, began: Instant) {
        tokio::time::sleep(RETRY).await;
        if began.elapsed() > self.shared.settings.patience {
            while let Ok(item) = self.items.try_recv() {
                self.desk.push(item);
            }
            let failed = self.desk.give_up();
            self.fail(failed);
        }
    }

    fn release(&mut self) {
        let durable = std::mem::take(&mut self.durable);
        self.gone(durable.len());
        release(durable, &self.shared);
    }

    fn fail(&mut self, failed: Vec<(Item, madang_domain::code::Code)>) {
        // What became durable before is said before.
        if !failed.is_empty() {
            self.release();
            self.gone(failed.len());
            fail(failed, &self.shared);
        }
    }

    fn gone(&self, items: usize) {
        self.shared.waiting.fetch_sub(u64::try_from(items).unwrap_or(0), Ordering::Relaxed);
    }

    /// The planted fault: says everything first and writes it then.
    async fn commit_after_answering(&mut self, mut batch: Vec<Item>, fences: Vec<(u8, i64)>) {
        batch.iter_mut().for_each(Item::answer_early);
        let outcome = self.commit(&batch, fences).await;
        self.settle(batch, outcome).await;
    }
}
