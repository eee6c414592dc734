//! What must be done now and then: forgetting what has run out, adding up the ledger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::actors::broker::Broker;
use crate::actors::jobs::intake::Intake;
use crate::actors::kernel::Engine;
use crate::actors::kernel::clock::Clock;
use crate::http::accounts::Accounts;
use crate::http::auth::Revocations;
use crate::storage::cache::Cache;

/// Memory is tidied this often.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// Old rows are looked for, and the ledger is added up, this often.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What the chores need.
pub(super) struct Chores {
    pub(super) accounts: Accounts,
    pub(super) broker: Arc<Broker>,
    pub(super) cache: Arc<dyn Cache>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) engine: Engine,
    pub(super) intake: Intake,
    pub(super) metrics: PrometheusHandle,
    pub(super) revocations: Arc<Revocations>,
}

impl Chores {
    /// Does them until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        let (mut tidy, mut sweep) = (interval(TIDY_EVERY), interval(SWEEP_EVERY));
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tidy.tick() => self.tidy(),
                _ = sweep.tick() => self.sweep().await,
            }
        }
    }

    fn tidy(&self) {
        self.metrics.run_upkeep();
        self.broker.sweep(Instant::now());
        self.cache.sweep();
        self.revocations.forget(self.clock.now());
    }

    async fn sweep(&self) {
        // What another node said of signed-out sessions may have been lost on the way.
        if let Err(error) = self.accounts.catch_up().await {
            tracing::warn!(%error, "lately cut sessions could not be read");
        }
        if let Err(error) = self.accounts.sweep().await {
            tracing::warn!(%error, "old codes and sessions could not be forgotten");
        }
        if let Err(error) = self.intake.forget().await {
            tracing::warn!(%error, "uploads that nobody confirmed could not be forgotten");
        }
        match self.engine.funds().reconcile().await {
            Ok(sums) if sums.is_sound() => tracing::debug!("the ledger adds up"),
            Ok(sums) => {
                metrics::counter!("ledger_unsound_total").increment(1);
                tracing::error!(?sums, "the ledger does not add up");
            }
            Err(code) => tracing::warn!(%code, "the ledger could not be added up"),
        }
    }
}
