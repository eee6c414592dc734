//! The outbox relay: hands notices to inboxes and to the mail, at least once, under ids that never change.
//!
//! Woken by every commit that left a notice, and by a slow poll for what other nodes or a crash left behind. The inbox drops
//! doubles by the command's id; mail gets the same id, so that its sender can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use madang_domain::entity::{Actor, Notice, Order};
use madang_domain::ids::UserId;
use madang_domain::user::{Command, UserInbox};
use uuid::Uuid;

use crate::actors::ask::Denied;
use crate::actors::kernel::shared::Shared;
use crate::actors::kernel::{derived_id, names};
use crate::storage::outbox::{self, Waiting};

/// After each failed try. After the last the notice is dead: kept for operators, never tried again.
const RETRIES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];
/// Without being woken, the relay looks this often.
const POLL: Duration = Duration::from_secs(1);
/// Rows in one look.
const PAGE: i64 = 1_000;
/// Notices handed over at once.
const AT_ONCE: usize = 256;
/// How often the age of the oldest is measured.
const MEASURE: Duration = Duration::from_secs(1);

/// Sends what a notice says by mail and to the person's devices, as it asks. The implementation looks up where and in which
/// language.
pub trait NoticeSink: Send + Sync + 'static {
    /// Hands a notice to mail and push. The same `id` may come twice after a crash.
    ///
    /// The error is one line for the log, without anything personal in it; the notice is tried again later.
    fn send(&self, user: UserId, notice: Notice, id: Uuid) -> BoxFuture<'static, Result<(), String>>;
}

/// No mail is sent.
#[derive(Debug, Clone, Copy)]
pub struct NoMail;

impl NoticeSink for NoMail {
    fn send(&self, _user: UserId, _notice: Notice, _id: Uuid) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

/// Runs for as long as the engine does.
pub(crate) async fn keep(shared: Arc<Shared>, mail: Arc<dyn NoticeSink>) {
    let mut measured: Option<Instant> = None;
    loop {
        if measured.is_none_or(|at| at.elapsed() >= MEASURE) {
            measured = Some(Instant::now());
            measure(&shared).await;
        }
        match relay(&shared, &mail).await {
            // A full page: there is more.
            Ok(handed) if i64::try_from(handed).is_ok_and(|handed| handed >= PAGE) => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the outbox could not be read"),
        }
        let _ = tokio::time::timeout(POLL, shared.outbox.notified()).await;
    }
}

/// How long the oldest notice has been waiting.
async fn measure(shared: &Shared) {
    match outbox::oldest(&shared.pool).await {
        Ok(oldest) => {
            let age = oldest.and_then(|at| (shared.clock.now() - at).to_std().ok()).unwrap_or_default();
            metrics::gauge!(names::OUTBOX_OLDEST).set(age.as_secs_f64());
        }
        Err(error) => tracing::warn!(%error, "the outbox could not be measured"),
    }
}

/// Hands over one page; gives how many rows it had.
async fn relay(shared: &Arc<Shared>, mail: &Arc<dyn NoticeSink>) -> Result<usize, sqlx::Error> {
    let ours: Vec<u8> = shared.ownership.all().into_iter().map(|(shard, _)| shard).collect();
    let page = outbox::due(&shared.pool, &ours, PAGE).await?;
    let rows = page.len();
    let handed: Vec<_> = stream::iter(page)
        .map(|row| async {
            let result = hand_over(shared, mail, &row).await;
            (row, result)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut done = Vec::with_capacity(handed.len());
    for (row, result) in handed {
        match result {
            Ok(()) => done.push(row.id),
            Err(why) => put_off(shared, &row, &why).await?,
        }
    }
    if !done.is_empty() {
        outbox::done(&shared.pool, &done).await?;
    }
    Ok(rows)
}

async fn put_off(shared: &Shared, row: &Waiting, why: &str) -> Result<(), sqlx::Error> {
    let wait = usize::try_from(row.tries).ok().and_then(|tries| RETRIES.get(tries)).copied();
    if wait.is_none() {
        metrics::counter!(names::OUTBOX_DEAD).increment(1);
        tracing::error!(entity = %row.entity, seq = row.seq, n = row.n, why, "a notice is given up");
    }
    outbox::failed(&shared.pool, row.id, wait).await
}

async fn hand_over(shared: &Arc<Shared>, mail: &Arc<dyn NoticeSink>, row: &Waiting) -> Result<(), String> {
    let notice: Notice = serde_json::from_str(&row.body).map_err(|error| format!("not a notice: {error}"))?;
    let id = derived_id(b"notice", row.entity, row.seq, row.n);
    let command = Command::Tell { notice: notice.clone() };
    let order = Order { to: row.target, id, actor: Actor::System, command };
    match shared.ask::<UserInbox>(order).await {
        // The kinds of notices are those that the rules name.
        Ok(_) => metrics::counter!(names::NOTICES, "type" => notice.kind.clone()).increment(1),
        // Final: another try would be refused as well. The mail may still go.
        Err(Denied::Refused { code, .. }) => tracing::error!(target = %row.target, %code, "an inbox refused a notice"),
        Err(Denied::Failed(code)) => return Err(format!("the inbox could not take it: {code}")),
    }
    if notice.mail || notice.push {
        mail.send(UserId::new(row.target.number()), notice, id).await?;
    }
    Ok(())
}
