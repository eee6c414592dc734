//! The graceful end: nothing that was answered is lost anyway; this is so that nothing needs to be asked again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::builder::Parts;
use super::shared::Shared;
use crate::storage::shards;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Ends an engine, in order: no new letters; inboxes and the journal are emptied; everybody goes to rest, leaving a
/// snapshot; shards are given back; threads end.
pub(super) async fn stop(shared: &Arc<Shared>, parts: &Parts) {
    if shared.stopping.swap(true, Ordering::AcqRel) {
        return;
    }
    let Some(io) = parts.io.lock().take() else { return };
    let work = Arc::clone(shared);
    if io.spawn(async move { wind_down(&work).await }).await.is_err() {
        tracing::error!("the engine's wind-down failed");
    }
    parts.end(io);
}

async fn wind_down(shared: &Shared) {
    let end = Instant::now() + shared.settings.stop;
    let answered = wait_until(end - shared.settings.stop / 3, || inside(shared) == 0).await;
    let written = wait_until(end - shared.settings.stop / 4, || shared.waiting.load(Ordering::Relaxed) == 0).await;
    let mut rested = false;
    while !rested && Instant::now() < end {
        for room in shared.rooms.get().into_iter().flatten() {
            room.retire();
        }
        // Who could not rest at once (somebody was just leaving) is asked again.
        let soon = (Instant::now() + 40 * LOOK).min(end);
        rested = wait_until(soon, || population(shared) == 0 && shared.waiting.load(Ordering::Relaxed) == 0).await;
    }
    if !(answered && written && rested) {
        tracing::warn!(answered, written, rested, left = population(shared), "the engine stops before all is at rest");
    }
    let owned = shared.ownership.all();
    let lost: Vec<u8> = owned.iter().map(|(shard, _)| *shard).collect();
    let leaving = shards::leave(&shared.pool, &shared.settings.node, shared.incarnation, &owned);
    match tokio::time::timeout(Duration::from_secs(1), leaving).await {
        Ok(Ok(())) => tracing::info!(shards = owned.len(), "shards are given back"),
        Ok(Err(error)) => tracing::warn!(%error, "shards could not be given back"),
        Err(_) => tracing::warn!("shards could not be given back in time"),
    }
    shared.ownership.lost(&lost);
    let _ = tokio::time::timeout(Duration::from_secs(1), shared.pool.close()).await;
}

fn inside(shared: &Shared) -> u64 {
    shared.rooms.get().into_iter().flatten().map(|room| room.inside()).sum()
}

fn population(shared: &Shared) -> usize {
    shared.rooms.get().into_iter().flatten().map(|room| room.population()).sum()
}

async fn wait_until(end: Instant, done: impl Fn() -> bool) -> bool {
    while !done() {
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}
