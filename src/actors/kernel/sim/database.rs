//! The simulated database: the tables that matter, with the same promises and the same refusals.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use madang_domain::ids::EntityId;
use madang_domain::time::Timestamp;
use uuid::Uuid;

use super::gauge::Gauge;
use crate::actors::kernel::item::KindTable;
use crate::actors::publish::Publication;
use crate::storage::journal::read::{Forgotten, KnownCommand, Past, RecentCommand};
use crate::storage::journal::{Batch, JournalRow, Outcome, SnapshotRow};
use crate::storage::shards::Owned;

/// What is stored.
#[derive(Debug, Default)]
pub(super) struct Database {
    pub(super) journal: BTreeMap<EntityId, Vec<JournalRow>>,
    commands: BTreeSet<(EntityId, Uuid)>,
    snapshots: BTreeMap<EntityId, Vec<SnapshotRow>>,
    pub(super) timers: BTreeMap<EntityId, (Timestamp, Uuid)>,
    /// Owner and epoch.
    shards: BTreeMap<u8, (usize, i64)>,
    pub(super) refusals: usize,
    /// The planted fault: neither epochs nor keys are looked at, and a row that exists is silently left.
    pub(super) unfenced: bool,
}

impl Database {
    /// One commit, whole or not at all.
    pub(super) fn commit(&mut self, batch: &Batch<'_>) -> Outcome {
        if !self.unfenced {
            let holds = |(shard, epoch): &&(u8, i64)| self.shards.get(shard).is_some_and(|(_, now)| now == epoch);
            let lost: Vec<u8> = batch.fences.iter().filter(|fence| !holds(fence)).map(|(shard, _)| *shard).collect();
            if !lost.is_empty() {
                return Outcome::FenceLost(lost);
            }
            let mut lengths = BTreeMap::new();
            for row in &batch.rows {
                let length = lengths.entry(row.entity).or_insert_with(|| self.length(row.entity));
                let new = *length + 1 == row.seq && !self.commands.contains(&(row.entity, row.cmd));
                if !new {
                    return Outcome::Conflict(row.entity);
                }
                *length += 1;
            }
        }
        for row in &batch.rows {
            if row.seq <= self.length(row.entity) || !self.commands.insert((row.entity, row.cmd)) {
                continue;
            }
            self.journal.entry(row.entity).or_default().push((*row).clone());
        }
        for snapshot in &batch.snapshots {
            let kept = self.snapshots.entry(snapshot.entity).or_default();
            kept.retain(|old| old.seq >= snapshot.keep_from && old.seq != snapshot.seq);
            kept.push((*snapshot).clone());
        }
        for timer in &batch.timers {
            match timer.due {
                Some(due) => drop(self.timers.insert(timer.entity, due)),
                None => drop(self.timers.remove(&timer.entity)),
            }
        }
        self.refusals += batch.refusals.len();
        Outcome::Committed
    }

    fn length(&self, entity: EntityId) -> u64 {
        self.journal.get(&entity).map_or(0, |rows| rows.len() as u64)
    }

    /// A node takes a shard, whoever has it.
    pub(super) fn claim(&mut self, node: usize, shard: u8) -> Owned {
        let (owner, epoch) = self.shards.entry(shard).or_default();
        *owner = node;
        *epoch += 1;
        (shard, *epoch)
    }

    /// A node takes a new epoch for shards that it has at these epochs.
    pub(super) fn renew(&mut self, node: usize, shards: &[Owned]) -> Vec<Owned> {
        let mut renewed = Vec::new();
        for (shard, old) in shards {
            if self.shards.get(shard) == Some(&(node, *old)) {
                renewed.push(self.claim(node, *shard));
            }
        }
        renewed
    }

    pub(super) fn owner(&self, shard: u8) -> Option<usize> {
        self.shards.get(&shard).map(|(owner, _)| *owner)
    }

    pub(super) fn by_command(&self, entity: EntityId, cmd: Uuid) -> Option<KnownCommand> {
        let row = self.journal.get(&entity)?.iter().find(|row| row.cmd == cmd)?;
        Some(KnownCommand { seq: row.seq, body_hash: row.body_hash })
    }

    pub(super) fn row(&self, entity: EntityId, seq: u64) -> Option<&JournalRow> {
        self.journal.get(&entity)?.iter().find(|row| row.seq == seq)
    }

    /// As `storage::journal::read::past`.
    pub(super) fn past(&self, entity: EntityId, recent: usize, now: Timestamp) -> Past {
        let rows = self.journal.get(&entity).map_or(&[][..], Vec::as_slice);
        let mut snapshots = self.snapshots.get(&entity).cloned().unwrap_or_default();
        snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.seq));
        let from = snapshots.first().map_or(0, |snapshot| snapshot.seq);
        let command = |row: &JournalRow| RecentCommand {
            cmd: row.cmd,
            at: row.at,
            known: KnownCommand { seq: row.seq, body_hash: row.body_hash },
        };
        Past {
            snapshots,
            tail: rows.iter().filter(|row| row.seq > from).cloned().collect(),
            recent: rows.iter().rev().filter(|row| row.seq <= from).take(recent).map(command).collect(),
            forgotten: (from > 0).then(|| {
                let mut forgotten = Forgotten::none_before(now);
                rows.iter().for_each(|row| forgotten.add(row.cmd));
                forgotten
            }),
            timer: self.timers.get(&entity).copied(),
        }
    }

    /// Everything that was ever to be published on an entity's channel.
    pub(super) fn publications(&self, entity: EntityId) -> Result<Vec<Publication>, String> {
        let mut all = Vec::new();
        for row in self.journal.get(&entity).into_iter().flatten() {
            let data: Vec<Bytes> = (KindTable::of::<Gauge>().publications)(&row.body, row.at).unwrap();
            for data in data {
                all.push(Publication { offset: all.len() as u64 + 1, data });
            }
            if all.len() as u64 != row.offset {
                return Err(format!("{entity} row {}: its offset does not count the publications", row.seq));
            }
        }
        Ok(all)
    }
}
