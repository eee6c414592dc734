//! Keeps this node alive in the cluster's eyes, and takes shards that nobody owns.
//!
//! Ownership by lease is advice, for speed and routing; the epochs in the journal's fence are what keeps data safe.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use madang_domain::time::Timestamp;
use tokio::time::MissedTickBehavior;

use super::names;
use super::ownership::SHARDS;
use super::shared::Shared;
use super::supervisor::gauge;
use crate::storage::shards;

/// A lease that was not renewed for the lease less this is not trusted any more.
const MARGIN: Duration = Duration::from_secs(1);

/// Joins the cluster and takes what is free or was ours.
///
/// # Errors
/// When the database cannot answer.
pub(super) async fn join(shared: &Shared) -> Result<(), sqlx::Error> {
    let settings = &shared.settings;
    shards::join(&shared.pool, &settings.node, shared.incarnation, &settings.addr).await?;
    let claimed = shards::claim(&shared.pool, &settings.node, settings.lease, true).await?;
    shared.ownership.acquired(&claimed);
    shared.trusted.store(true, Ordering::Release);
    Ok(())
}

/// Runs for as long as the engine does.
pub(super) async fn keep(shared: Arc<Shared>) {
    let mut beat = tokio::time::interval(shared.settings.beat);
    let mut claim = tokio::time::interval(shared.settings.claim);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    claim.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut renewed = Instant::now();
    let mut deposed = false;
    loop {
        tokio::select! {
            _ = beat.tick() => renew(&shared, &mut renewed, &mut deposed).await,
            _ = claim.tick() => {
                if !deposed && shared.is_open() {
                    take_free(&shared).await;
                }
            }
        }
    }
}

async fn renew(shared: &Shared, renewed: &mut Instant, deposed: &mut bool) {
    let settings = &shared.settings;
    let draining = shared.stopping.load(Ordering::Acquire);
    let before = shared.clock.now();
    match shards::beat(&shared.pool, &settings.node, shared.incarnation, draining).await {
        Ok(Some(theirs)) => {
            let margin = settings.lease.saturating_sub(renewed.elapsed());
            metrics::gauge!(names::LEASE_MARGIN).set(margin.as_secs_f64());
            *renewed = Instant::now();
            *deposed = false;
            shared.trusted.store(clocks_agree(shared, before, theirs), Ordering::Release);
        }
        Ok(None) => {
            if !std::mem::replace(deposed, true) {
                tracing::error!(node = settings.node, "another process has taken this node's name and its shards");
            }
            shared.trusted.store(false, Ordering::Release);
        }
        Err(error) => {
            tracing::warn!(%error, "the lease could not be renewed");
            if renewed.elapsed() + MARGIN.min(settings.lease / 5) > settings.lease {
                shared.trusted.store(false, Ordering::Release);
            }
        }
    }
    metrics::gauge!(names::SHARDS_OWNED).set(gauge(shared.ownership.all().len()));
}

/// A node whose clock is off would decide at wrong times: it takes no letters until it is mended. The database said its
/// time somewhere between `before` and now, so a slow answer proves nothing against our clock.
fn clocks_agree(shared: &Shared, before: Timestamp, theirs: Timestamp) -> bool {
    if !shared.clock.is_real() {
        return true;
    }
    let skew = skew_of(before, theirs, shared.clock.now());
    metrics::gauge!(names::CLOCK_SKEW).set(skew.as_seconds_f64());
    let agree = skew.abs().to_std().is_ok_and(|off| off <= shared.settings.skew);
    if !agree {
        tracing::error!(seconds = skew.as_seconds_f64(), "this machine's clock differs from the database's");
    }
    agree
}

/// How far our clock is certainly ahead of theirs; negative when it is behind.
fn skew_of(before: Timestamp, theirs: Timestamp, after: Timestamp) -> TimeDelta {
    if theirs < before {
        before - theirs
    } else if theirs > after {
        after - theirs
    } else {
        TimeDelta::zero()
    }
}

async fn take_free(shared: &Shared) {
    if shared.ownership.all().len() >= SHARDS {
        return;
    }
    match shards::claim(&shared.pool, &shared.settings.node, shared.settings.lease, false).await {
        Ok(claimed) if !claimed.is_empty() => {
            tracing::info!(shards = claimed.len(), "took shards that nobody owned");
            shared.ownership.acquired(&claimed);
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "free shards could not be taken"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_is_no_skew() {
        let at = |seconds| Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(skew_of(at(10), at(10), at(19)), TimeDelta::zero());
        assert_eq!(skew_of(at(10), at(8), at(19)), TimeDelta::seconds(2));
        assert_eq!(skew_of(at(10), at(22), at(19)), TimeDelta::seconds(-3));
    }
}
