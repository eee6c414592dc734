//! Deadlines: wakes entities when their time has come, also after any crash.
//!
//! The truth is the `timer` table, written with the events that set a deadline. Those due within the window are kept in
//! memory; the table is looked at again and again for those that other nodes left behind.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use madang_domain::ids::EntityId;
use madang_domain::time::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;

use super::shared::Shared;
use crate::storage::timers;

/// Deadlines this near are kept in memory.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// Between two looks at the table.
const RESCAN: TimeDelta = TimeDelta::seconds(15);
/// An entity that did not answer to its deadline is woken again after this, then after twice as long, and so on.
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(1);
/// The longest of those.
const LAST_RETRY: TimeDelta = TimeDelta::seconds(60);
/// At most so many rows in one look.
const PAGE: i64 = 10_000;

/// The deadlines in memory. No IO.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    order: BTreeSet<(Timestamp, EntityId)>,
    of: HashMap<EntityId, (Timestamp, TimeDelta)>,
}

impl Deadlines {
    /// The entity's deadline is now this, or none.
    pub(super) fn set(&mut self, entity: EntityId, due: Option<Timestamp>) {
        if let Some((old, _)) = self.of.remove(&entity) {
            self.order.remove(&(old, entity));
        }
        if let Some(due) = due {
            self.order.insert((due, entity));
            self.of.insert(entity, (due, FIRST_RETRY));
        }
    }

    /// The table says so; what memory knows is newer or a retry.
    pub(super) fn learn(&mut self, entity: EntityId, due: Timestamp) {
        if !self.of.contains_key(&entity) {
            self.set(entity, Some(due));
        }
    }

    /// The next moment at which somebody is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(due, _)| *due)
    }

    /// Everybody due at `now`. Each stays, to be woken again later, until its deadline changes.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<EntityId> {
        let mut due = Vec::new();
        while let Some((at, entity)) = self.order.first().copied().filter(|(at, _)| *at <= now) {
            self.order.remove(&(at, entity));
            let retry = self.of.get(&entity).map_or(FIRST_RETRY, |(_, retry)| *retry);
            self.order.insert((now + retry, entity));
            self.of.insert(entity, (now + retry, (retry * 2).min(LAST_RETRY)));
            due.push(entity);
        }
        due
    }
}

/// Runs for as long as the engine does.
pub(super) async fn keep(shared: Arc<Shared>, mut changes: UnboundedReceiver<(EntityId, Option<Timestamp>)>) {
    let mut deadlines = Deadlines::default();
    let mut rescan = shared.clock.now();
    loop {
        let now = shared.clock.now();
        if now >= rescan {
            rescan = now + RESCAN;
            scan(&shared, now, &mut deadlines).await;
        }
        for entity in deadlines.due(now) {
            if let Some(room) = shared.room(entity.kind()) {
                room.wake(entity);
            }
        }
        let until = deadlines.next().map_or(rescan, |due| due.min(rescan));
        tokio::select! {
            () = shared.clock.wait_until(until) => {}
            change = changes.recv() => match change {
                Some((entity, due)) => deadlines.set(entity, due.filter(|due| *due <= now + WINDOW)),
                None => return,
            },
        }
        // A hot lot moves its end with every bid: all that came meanwhile is one look.
        while let Ok((entity, due)) = changes.try_recv() {
            deadlines.set(entity, due.filter(|due| *due <= now + WINDOW));
        }
    }
}

async fn scan(shared: &Shared, now: Timestamp, deadlines: &mut Deadlines) {
    let ours: Vec<u8> = shared.ownership.all().into_iter().map(|(shard, _)| shard).collect();
    match timers::due(&shared.pool, &ours, now + WINDOW, PAGE).await {
        Ok(due) => {
            for (entity, at) in due {
                deadlines.learn(entity, at);
            }
        }
        Err(error) => {
            tracing::warn!(%error, "deadlines could not be read");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_domain::ids::Kind;

    use super::*;

    #[test]
    fn who_does_not_answer_is_woken_again_and_who_does_is_not() {
        let start = Timestamp::UNIX_EPOCH;
        let lot = EntityId::new(Kind::Auction, 1).unwrap();
        let mut deadlines = Deadlines::default();
        deadlines.set(lot, Some(start));
        assert_eq!(deadlines.due(start), [lot]);
        assert_eq!(deadlines.due(start), []);
        deadlines.learn(lot, start);
        assert_eq!(deadlines.due(start), [], "the table's old row does not hurry it");
        assert_eq!(deadlines.due(start + TimeDelta::seconds(1)), [lot]);
        assert_eq!(deadlines.next(), Some(start + TimeDelta::seconds(3)), "twice as long");
        deadlines.set(lot, None);
        assert_eq!(deadlines.next(), None);
    }
}
