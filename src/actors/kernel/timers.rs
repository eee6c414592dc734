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
/// So many rows are read at a time.
const PAGE: i64 = 10_000;
/// At most so many deadlines are learnt in one look; the rest wait for the next.
const MOST: usize = 500_000;
/// At most so many entities are woken that have not answered yet, so that a minute at which everybody is due neither fills
/// the memory with letters nor keeps others from being brought to life.
const AT_ONCE: usize = 512;
/// One that has not answered for so long does not keep others waiting any more.
const GIVE_WAY: TimeDelta = TimeDelta::seconds(2);

/// The deadlines in memory. No IO.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    order: BTreeSet<(Timestamp, EntityId)>,
    of: HashMap<EntityId, (Timestamp, TimeDelta)>,
    /// Woken and not heard of since, oldest first: when, and who.
    woken: BTreeSet<(Timestamp, EntityId)>,
    /// When each of them was woken, and for which deadline.
    woken_at: HashMap<EntityId, (Timestamp, Timestamp)>,
}

impl Deadlines {
    /// The entity's deadline is now this, or none.
    pub(super) fn set(&mut self, entity: EntityId, due: Option<Timestamp>) {
        if due.is_some() && self.woken_at.get(&entity).map(|(_, due)| *due) == due {
            // It has come to life for that very deadline, and its letter is on its way.
            return;
        }
        self.heard_of(entity);
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

    fn heard_of(&mut self, entity: EntityId) {
        if let Some((at, _)) = self.woken_at.remove(&entity) {
            self.woken.remove(&(at, entity));
        }
    }

    /// The next moment at which there may be something to do: somebody is due, or gives way to those who are.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let due = self.order.first().map(|(due, _)| *due)?;
        let room = self.woken.first().filter(|_| self.woken.len() >= AT_ONCE).map(|(at, _)| *at + GIVE_WAY);
        Some(room.map_or(due, |room| room.max(due)))
    }

    /// Those due at `now`, as many as may be woken. Each stays, to be woken again later, until its deadline changes.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<EntityId> {
        while let Some((_, entity)) = self.woken.first().copied().filter(|(at, _)| *at + GIVE_WAY <= now) {
            self.heard_of(entity);
        }
        let mut due = Vec::new();
        while let Some((at, entity)) = self.order.first().copied().filter(|(at, _)| *at <= now) {
            if self.woken.len() >= AT_ONCE {
                break;
            }
            let deadline = self.woken_at.get(&entity).map_or(at, |(_, deadline)| *deadline);
            self.heard_of(entity);
            self.woken.insert((now, entity));
            self.woken_at.insert(entity, (now, deadline));
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
    let (mut after, mut learnt) = (None, 0);
    while learnt < MOST {
        match timers::due(&shared.pool, &ours, now + WINDOW, after, PAGE).await {
            Ok(due) => {
                for (entity, at) in &due {
                    deadlines.learn(*entity, *at);
                }
                learnt += due.len();
                after = due.last().map(|(entity, at)| (*at, *entity));
                if i64::try_from(due.len()).is_ok_and(|rows| rows < PAGE) {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "deadlines could not be read");
                tokio::time::sleep(Duration::from_millis(200)).await;
                return;
            }
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

    #[test]
    fn when_everybody_is_due_they_are_woken_as_others_answer_and_the_silent_give_way() {
        let start = Timestamp::UNIX_EPOCH;
        let lot = |number| EntityId::new(Kind::Auction, number).unwrap();
        let mut deadlines = Deadlines::default();
        for number in 0..2_000 {
            deadlines.set(lot(number), Some(start));
        }
        let first = deadlines.due(start);
        assert_eq!((first.len(), deadlines.due(start).len()), (AT_ONCE, 0));
        assert!(deadlines.next().unwrap() > start, "nobody is asked for in vain");
        for entity in first.iter().take(100) {
            deadlines.set(*entity, None);
        }
        assert_eq!((deadlines.next(), deadlines.due(start).len()), (Some(start), 100));
        // 512 that never answer do not keep the others from being woken.
        assert!(deadlines.due(start + GIVE_WAY).iter().filter(|entity| !first.contains(entity)).count() > 0);
    }
}
