//! The journal writer's desk: which items go into the next commit, and what each outcome means for them. No IO.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use madang_domain::code::Code;
use madang_domain::ids::EntityId;
use madang_domain::ledger::Payment;

use super::held::{Lesson, Standing};
use super::item::{Doom, Item, Release, Residence, Word};
use super::ownership::Ownership;
use crate::storage::journal::{Batch, HoldRow, Outcome, SnapshotRow, TimerRow};

/// How much goes into one commit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// At most so many decisions.
    pub rows: usize,
    /// At most so many bytes of events and snapshots, one item always allowed.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 1024, bytes: 256 * 1024 }
    }
}

/// How often a batch that the database asks to repeat is repeated.
const REPEATS: u32 = 5;

/// What waits to be written, and which incarnations may not write any more.
#[derive(Debug)]
pub struct Desk {
    queue: VecDeque<Item>,
    /// Groups that are tried alone, each of one entity, before the queue: one of them was rejected.
    isolated: VecDeque<Vec<Item>>,
    /// Incarnations whose memory will not be written, until their farewell, with what their callers are told.
    dead: HashMap<u64, Code>,
    limits: Limits,
    repeats: u32,
}

/// The next commit, and those who cannot be part of it.
#[derive(Debug, Default)]
pub struct Taken {
    /// To commit together.
    pub batch: Vec<Item>,
    /// The shards to check, with our epochs.
    pub fences: Vec<(u8, i64)>,
    /// Items of incarnations that may not write any more.
    pub failed: Vec<(Item, Code)>,
}

/// What an outcome means.
#[derive(Debug, Default)]
pub struct Settled {
    /// Durable: release in this order.
    pub done: Vec<Item>,
    /// Not written, or nobody knows: say so.
    pub failed: Vec<(Item, Code)>,
    /// These shards are not ours any more.
    pub lost: Vec<u8>,
    /// These shards need a new epoch before anything of them is loaded.
    pub unsure: Vec<u8>,
}

impl Desk {
    /// An empty desk.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { queue: VecDeque::new(), isolated: VecDeque::new(), dead: HashMap::new(), limits, repeats: 0 }
    }

    /// Puts an item at the end of the queue.
    pub fn push(&mut self, item: Item) {
        self.queue.push_back(item);
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.isolated.is_empty()
    }

    /// How many items wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len() + self.isolated.iter().map(Vec::len).sum::<usize>()
    }

    /// Takes what goes into the next commit: everything that waits, up to the limits.
    pub fn take(&mut self, owned: &Ownership) -> Taken {
        let mut taken = Taken::default();
        let mut fences = BTreeMap::new();
        if let Some(group) = self.isolated.pop_front() {
            for item in group {
                self.admit(item, owned, &mut taken, &mut fences);
            }
        } else {
            let (mut rows, mut bytes) = (0, 0);
            while rows < self.limits.rows
                && (rows == 0 || bytes < self.limits.bytes)
                && taken.batch.len() < 8 * self.limits.rows
            {
                let Some(item) = self.queue.pop_front() else { break };
                if let Some(write) = &item.write {
                    rows += 1;
                    bytes += write.bytes();
                }
                self.admit(item, owned, &mut taken, &mut fences);
            }
        }
        taken.fences = fences.into_iter().collect();
        taken
    }

    fn admit(&mut self, mut item: Item, owned: &Ownership, taken: &mut Taken, fences: &mut BTreeMap<u8, i64>) {
        if let Some(code) = self.dead.get(&item.residence.incarnation).copied() {
            if matches!(item.release, Release::Farewell) {
                self.dead.remove(&item.residence.incarnation);
            }
            taken.failed.push((item, code));
            return;
        }
        let shard = item.residence.id.shard();
        let Some(epoch) = owned.epoch(shard, item.residence.since) else {
            self.doom(&item.residence, Doom::Moved, Code::Moved);
            return self.admit(item, owned, taken, fences);
        };
        if let Some(row) = item.write.as_mut().and_then(|write| write.row.as_mut()) {
            row.epoch = epoch;
        }
        if !matches!(item.release, Release::Farewell) {
            fences.insert(shard, epoch);
        }
        taken.batch.push(item);
    }

    /// From now on nothing of this incarnation is written.
    fn doom(&mut self, residence: &Arc<Residence>, doom: Doom, code: Code) {
        if self.dead.insert(residence.incarnation, code).is_none() {
            (residence.word)(Word::Doomed(doom));
        }
    }

    /// Everything that waits is not written: the database has been away for too long. Farewells still pass.
    pub fn give_up(&mut self) -> Vec<(Item, Code)> {
        let waiting = self.isolated.drain(..).flatten().chain(self.queue.drain(..)).collect();
        self.part(waiting, Doom::Unsure, Code::Busy, |_| true)
    }

    /// Draws the consequences of a commit's outcome.
    pub fn settle(&mut self, batch: Vec<Item>, outcome: Outcome) -> Settled {
        if outcome != Outcome::Again {
            self.repeats = 0;
        }
        match outcome {
            Outcome::Committed => Settled { done: batch, ..Settled::default() },
            Outcome::FenceLost(lost) => {
                let failed = self.part(batch, Doom::Moved, Code::Moved, |id| lost.contains(&id.shard()));
                Settled { failed, lost, ..Settled::default() }
            }
            Outcome::Conflict(entity) if batch.iter().any(|item| item.residence.id == entity) => {
                let failed = self.part(batch, Doom::Unsure, Code::Moved, |id| id == entity);
                Settled { failed, ..Settled::default() }
            }
            Outcome::Again if self.repeats < REPEATS => {
                self.repeats += 1;
                self.part(batch, Doom::Unsure, Code::Busy, |_| false);
                Settled::default()
            }
            // Two nodes may have promised the same money; the entity did nothing wrong, it only must look again.
            Outcome::Rejected(name) if name.starts_with("account_") => self.isolate(batch, Doom::Unsure),
            Outcome::Conflict(_) | Outcome::Rejected(_) | Outcome::Again => self.isolate(batch, Doom::Fault),
            Outcome::Unable(_) => {
                let failed = self.part(batch, Doom::Unsure, Code::Busy, |_| true);
                Settled { failed, ..Settled::default() }
            }
            Outcome::Unknown => {
                let unsure: BTreeSet<u8> = batch.iter().map(|item| item.residence.id.shard()).collect();
                let failed = self.part(batch, Doom::Unsure, Code::Unknown, |_| true);
                Settled { failed, unsure: unsure.into_iter().collect(), ..Settled::default() }
            }
        }
    }

    /// Dooms the incarnations of the chosen entities and puts the others back to the front, in order.
    fn part(&mut self, batch: Vec<Item>, doom: Doom, code: Code, chosen: impl Fn(EntityId) -> bool) -> Vec<(Item, Code)> {
        let (out, back): (Vec<_>, Vec<_>) = batch.into_iter().partition(|item| chosen(item.residence.id));
        for item in back.into_iter().rev() {
            self.queue.push_front(item);
        }
        let mut failed = Vec::with_capacity(out.len());
        for item in out {
            self.doom(&item.residence, doom, code);
            if matches!(item.release, Release::Farewell) {
                self.dead.remove(&item.residence.incarnation);
            }
            failed.push((item, code));
        }
        failed
    }

    /// Finds out which entity the database refuses: each is tried alone. One that is alone already ends so.
    fn isolate(&mut self, batch: Vec<Item>, doom: Doom) -> Settled {
        let mut groups: Vec<(EntityId, Vec<Item>)> = Vec::new();
        for item in batch {
            let id = item.residence.id;
            match groups.iter_mut().find(|(of, _)| *of == id) {
                Some((_, group)) => group.push(item),
                None => groups.push((id, vec![item])),
            }
        }
        if groups.len() == 1 {
            let batch = groups.into_iter().flat_map(|(_, group)| group).collect();
            let failed = self.part(batch, doom, Code::Busy, |_| true);
            return Settled { failed, ..Settled::default() };
        }
        for (_, group) in groups.into_iter().rev() {
            self.isolated.push_front(group);
        }
        Settled::default()
    }
}

/// Gathers what a batch writes: the last word on each deadline, hold and snapshot, everything else as it is. Holds that end
/// as they are known to stand are left out. The lessons are true when the batch is committed.
#[must_use]
pub fn assemble(items: &[Item], fences: Vec<(u8, i64)>) -> (Batch<'_>, Vec<Lesson>) {
    let mut batch = Batch { fences, ..Batch::default() };
    let mut timers: BTreeMap<EntityId, TimerRow> = BTreeMap::new();
    let mut holds: BTreeMap<_, (HoldRow, &Arc<Residence>)> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    let mut snapshots: BTreeMap<EntityId, (&SnapshotRow, &Arc<Residence>)> = BTreeMap::new();
    for item in items {
        let residence = &item.residence;
        batch.refusals.extend(item.refusal.as_deref());
        let Some(write) = item.write.as_deref() else { continue };
        batch.rows.extend(&write.row);
        snapshots.extend(write.snapshot.as_ref().map(|snapshot| (snapshot.entity, (snapshot, residence))));
        batch.notices.extend(&write.notices);
        for row in write.transfers.iter().filter(|row| keys.insert(row.transfer.key.as_str())) {
            match Payment::of(&row.transfer) {
                Some(payment) => batch.payments.push((row, payment)),
                None => batch.transfers.push(row),
            }
        }
        timers.extend(write.timer.map(|timer| (timer.entity, timer)));
        holds.extend(write.holds.iter().map(|hold| ((hold.entity, hold.user, hold.currency), (*hold, residence))));
    }
    let mut lessons = Vec::new();
    batch.holds_stand = true;
    for (hold, residence) in holds.into_values() {
        let key = (hold.user, hold.currency);
        let before = residence.held.standing(key);
        if before.is_none_or(|standing| standing.amount != hold.amount) {
            batch.holds_stand &= before.is_some_and(|standing| standing.row);
            batch.holds.push(hold);
            lessons.push((residence, key, hold.amount));
        }
    }
    let stand = batch.holds_stand;
    let standing = |amount| Standing { amount, row: stand || amount > 0 };
    let mut lessons: Vec<_> = lessons
        .into_iter()
        .map(|(residence, key, amount)| Lesson::Standing(Arc::clone(residence), key, standing(amount)))
        .collect();
    for (snapshot, residence) in snapshots.into_values() {
        batch.snapshots.push(snapshot);
        // Never together with holds of the same entity: one statement cannot change a row twice.
        if residence.held.has_empty_rows() && batch.holds.iter().all(|hold| hold.entity != snapshot.entity) {
            batch.swept.push(snapshot.entity);
            lessons.push(Lesson::Swept(Arc::clone(residence)));
        }
    }
    batch.timers = timers.into_values().collect();
    (batch, lessons)
}
