//! One simulated node: the engine's own desk, ownership and residents, moved by hand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use madang_domain::code::Code;
use madang_domain::ids::{EntityId, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use parking_lot::Mutex;
use uuid::Uuid;

use super::database::Database;
use super::gauge::Gauge;
use crate::actors::ask::{Answer, Denied};
use crate::actors::kernel::desk::{Desk, Limits, Settled, Taken, assemble};
use crate::actors::kernel::gate::{Entry, Gate};
use crate::actors::kernel::held::Held;
use crate::actors::kernel::item::{Item, KindTable, Promise, Residence, Word, Write};
use crate::actors::kernel::keeper::{Habits, Keeper, Spoiled};
use crate::actors::kernel::letter::{Content, Letter};
use crate::actors::kernel::outlet::{Outlet, fail, release};
use crate::actors::kernel::ownership::Ownership;
use crate::actors::kernel::plant::{Fault, Faults};
use crate::actors::kernel::resident::{Host, Life, Resident};
use crate::actors::kernel::retell::{Memory, Retold};
use crate::actors::publish::Publication;
use crate::storage::journal::{HoldRow, Outcome};

pub(super) const HABITS: Habits =
    Habits { snapshot_rows: 4, snapshot_bytes: 4096, snapshot_thrift: 0, recent: 6, check_every: 1 };
const LIMITS: Limits = Limits { rows: 4, bytes: 4096 };
const PERMITS: u32 = 6;

/// What leaves the sans-IO parts and waits to be moved on.
#[derive(Debug, Default)]
struct Tray {
    items: VecDeque<Item>,
    words: VecDeque<(EntityId, u64, Word)>,
    look_ups: Vec<Letter<Gauge>>,
    forwarded: Vec<Letter<Gauge>>,
    recalls: Vec<(EntityId, u64, Promise<Answer>)>,
    published: Vec<(EntityId, Publication)>,
    rested: Vec<Memory<Gauge>>,
}

type Shelf = Arc<Mutex<Tray>>;

/// A commit on its way.
#[derive(Debug)]
struct Sent {
    batch: Vec<Item>,
    fences: Vec<(u8, i64)>,
    outcome: Option<Outcome>,
}

/// An entity being loaded: what was read, under which term, and who waits.
#[derive(Debug)]
struct Loading {
    read: Option<(Box<Keeper<Gauge>>, i64)>,
    waiting: Vec<Letter<Gauge>>,
}

pub(super) struct Node {
    pub(super) id: usize,
    pub(super) owned: Ownership,
    faults: Faults,
    desk: Desk,
    shelf: Shelf,
    sent: Option<Sent>,
    residents: BTreeMap<EntityId, Resident<Gauge>>,
    loading: BTreeMap<EntityId, Loading>,
    incarnations: u64,
    pub(super) now: Timestamp,
    /// A past that could not be trusted.
    pub(super) broken: Option<String>,
    /// How many pasts were told anew and were the same.
    pub(super) retold: u64,
}

struct Home<'a> {
    shelf: &'a Shelf,
    now: Timestamp,
    faults: Faults,
}

impl Host<Gauge> for Home<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }
    fn random(&self) -> u64 {
        7
    }
    fn channel_epoch(&self) -> Arc<str> {
        "sim".into()
    }
    fn submit(&self, item: Item) {
        self.shelf.lock().items.push_back(item);
    }
    fn look_up(&self, letter: Letter<Gauge>) {
        self.shelf.lock().look_ups.push(letter);
    }
    fn with_funds(
        &self,
        _user: UserId,
        _currency: Currency,
        _entity: EntityId,
        _decide: &mut dyn FnMut(Money) -> Option<HoldRow>,
    ) -> Option<()> {
        unreachable!("gauges need no money")
    }
    fn learn_funds(&self, _user: UserId, _currency: Currency, _letter: Letter<Gauge>) {
        unreachable!("gauges need no money")
    }
    fn reserve(&self, _write: &Write, _reserved: Option<(UserId, Currency)>) {}
    fn forward(&self, mut letter: Letter<Gauge>) {
        letter.permit = None;
        self.shelf.lock().forwarded.push(letter);
    }
    fn faults(&self) -> Faults {
        self.faults
    }
    fn report(&self, residence: &Residence, what: &Spoiled) {
        unreachable!("{residence:?}: {what}")
    }
    fn panicked(&self, residence: &Residence, _cmd: Option<Uuid>) {
        unreachable!("{residence:?} panicked")
    }
    fn compare(&self, keeper: &Keeper<Gauge>) {
        self.shelf.lock().rested.extend(Memory::of(keeper));
    }
}

impl Outlet for Home<'_> {
    fn money(&self, _write: &Write, _committed: bool) {}
    fn publish(&self, residence: &Residence, publications: &[Publication]) {
        let published = publications.iter().map(|one| (residence.id, one.clone()));
        self.shelf.lock().published.extend(published);
    }
    fn recall(&self, residence: &Arc<Residence>, seq: u64, reply: Promise<Answer>) {
        self.shelf.lock().recalls.push((residence.id, seq, reply));
    }
    fn deadline(&self, _entity: EntityId, _due: Option<Timestamp>) {}
    fn notices(&self) {}
}

impl Node {
    pub(super) fn new(id: usize, faults: Faults, now: Timestamp) -> Self {
        Self {
            id,
            owned: Ownership::default(),
            faults,
            desk: Desk::new(LIMITS),
            shelf: Shelf::default(),
            sent: None,
            residents: BTreeMap::new(),
            loading: BTreeMap::new(),
            incarnations: id as u64 * 1_000_000,
            now,
            broken: None,
            retold: 0,
        }
    }

    /// As the room and the supervisor do.
    pub(super) fn deliver(&mut self, mut letter: Letter<Gauge>) {
        letter.permit = None;
        let id = letter.to;
        if self.residents.get(&id).is_some_and(|r| matches!(r.life(), Life::Over(_)) && r.gate().inside() == 0) {
            self.residents.remove(&id);
        }
        let Some(resident) = self.residents.get_mut(&id) else {
            let loading = self.loading.entry(id).or_insert_with(|| Loading { read: None, waiting: Vec::new() });
            return loading.waiting.push(letter);
        };
        match resident.gate().enter() {
            Entry::Admitted(permit) => {
                letter.permit = Some(permit);
                resident.receive(letter, &Home { shelf: &self.shelf, now: self.now, faults: self.faults });
            }
            Entry::Full => letter.refuse(Code::Busy),
            // Those inside are still on their way out: come again.
            Entry::Closed => self.shelf.lock().forwarded.push(letter),
        }
    }

    /// Words, forwarded letters, look-ups and recalls: one of each kind moves on.
    pub(super) fn errands(&mut self, database: &Database) {
        let (word, forwarded, look_up, recall, rested) = {
            let mut tray = self.shelf.lock();
            let rested = tray.rested.pop();
            (tray.words.pop_front(), tray.forwarded.pop(), tray.look_ups.pop(), tray.recalls.pop(), rested)
        };
        if let Some(memory) = rested {
            let told = memory.compare(database.past(memory.id(), 3, self.now));
            self.retold += u64::from(told == Ok(Retold::Same));
            if !matches!(told, Ok(Retold::Same | Retold::MovedOn)) {
                self.broken = self.broken.take().or(Some(format!("{}: told anew: {told:?}", memory.id())));
            }
        }
        if let Some((id, incarnation, word)) = word
            && let Some(resident) = self.residents.get_mut(&id)
            && resident.residence().incarnation == incarnation
        {
            resident.hear(word, &Home { shelf: &self.shelf, now: self.now, faults: self.faults });
        }
        if let Some(letter) = forwarded {
            self.deliver(letter);
        }
        if let Some(mut letter) = look_up {
            if let Content::Order { order, journal, .. } = &mut letter.content {
                *journal = Some(database.by_command(letter.to, order.id));
            }
            match self.residents.get_mut(&letter.to) {
                Some(resident) => {
                    resident.receive(letter, &Home { shelf: &self.shelf, now: self.now, faults: self.faults });
                }
                None => letter.refuse(Code::Busy),
            }
        }
        if let Some((id, seq, reply)) = recall {
            let row = database.row(id, seq).ok_or(Denied::Failed(Code::Unknown));
            reply.give(row.map(|row| Answer {
                seq,
                offset: row.offset,
                at: row.at,
                data: (KindTable::of::<Gauge>().answer)(&row.body).unwrap(),
                duplicate: true,
            }));
        }
    }

    /// One step of loading: reading, or moving in.
    pub(super) fn load(&mut self, database: &Database, pick: usize) {
        let Some(id) = self.loading.keys().copied().nth(pick % self.loading.len().max(1)) else { return };
        let term = self.owned.term(id.shard());
        if self.loading.get(&id).is_some_and(|loading| loading.read.is_none()) {
            if let (Some(since), Some(loading)) = (term, self.loading.get_mut(&id)) {
                match Keeper::from_past(id, database.past(id, 3, self.now), HABITS) {
                    Ok(keeper) => loading.read = Some((Box::new(keeper), since)),
                    Err(unsound) => self.broken = self.broken.take().or(Some(format!("{id}: {unsound}"))),
                }
            } else if !self.owned.is_unsettled(id.shard()) {
                for letter in self.loading.remove(&id).into_iter().flat_map(|loading| loading.waiting) {
                    letter.refuse(Code::Moved);
                }
            }
            return;
        }
        let Some(Loading { read: Some((keeper, since)), waiting }) = self.loading.remove(&id) else { return };
        if term != Some(since) {
            return waiting.into_iter().for_each(|letter| letter.refuse(Code::Moved));
        }
        self.incarnations += 1;
        let (shelf, incarnation) = (Arc::clone(&self.shelf), self.incarnations);
        let residence = Arc::new(Residence {
            id,
            incarnation,
            since,
            channel: id.to_string(),
            table: KindTable::of::<Gauge>(),
            committed: AtomicU64::new(keeper.seq()),
            held: Held::default(),
            word: Box::new(move |word| shelf.lock().words.push_back((id, incarnation, word))),
        });
        self.residents.insert(id, Resident::new(*keeper, residence, Gate::new(PERMITS)));
        for letter in waiting {
            self.deliver(letter);
        }
    }

    /// The writer sends its next commit, unless one is on its way.
    pub(super) fn send(&mut self) {
        self.clear_desk_into();
        if self.sent.is_some() {
            return;
        }
        let Taken { mut batch, fences, failed } = self.desk.take(&self.owned);
        fail(failed, &Home { shelf: &self.shelf, now: self.now, faults: self.faults });
        if self.faults.has(Fault::AckBeforeCommit) {
            batch.iter_mut().for_each(Item::answer_early);
        }
        if !batch.is_empty() {
            self.sent = Some(Sent { batch, fences, outcome: None });
        }
    }

    fn clear_desk_into(&mut self) {
        let items = std::mem::take(&mut self.shelf.lock().items);
        for item in items {
            self.desk.push(item);
        }
    }

    /// The commit reaches the database. `fate` decides what becomes of it: 0 is lost before, 1 loses its acknowledgement,
    /// 2 must be repeated, 3 is refused; anything else goes well.
    pub(super) fn arrive(&mut self, database: &mut Database, fate: u64) {
        let Some(sent) = self.sent.as_mut().filter(|sent| sent.outcome.is_none()) else { return };
        let (batch, _) = assemble(&sent.batch, sent.fences.clone());
        sent.outcome = Some(match fate {
            0 => Outcome::Unknown,
            1 => {
                database.commit(&batch);
                Outcome::Unknown
            }
            2 => Outcome::Again,
            3 => Outcome::Rejected("disk_full".to_owned()),
            _ => database.commit(&batch),
        });
    }

    /// The acknowledgement reaches the writer.
    pub(super) fn acknowledged(&mut self, database: &mut Database) {
        if self.sent.as_ref().is_none_or(|sent| sent.outcome.is_none()) {
            return;
        }
        let Some(Sent { batch, outcome: Some(outcome), .. }) = self.sent.take() else { return };
        let home = Home { shelf: &self.shelf, now: self.now, faults: self.faults };
        let Settled { done, failed, lost, unsure } = self.desk.settle(batch, outcome);
        self.owned.lost(&lost);
        self.owned.unsettle(&unsure);
        release(done, &home);
        fail(failed, &home);
        if !unsure.is_empty() {
            let asked = self.owned.unsettled();
            let renewed = database.renew(self.id, &asked);
            self.owned.renewed(&asked, &renewed);
        }
    }

    /// Somebody goes to rest, if nobody waits for them.
    pub(super) fn retire(&mut self, pick: usize) {
        if let Some(resident) = self.residents.values_mut().nth(pick % 3) {
            resident.hear(Word::Retire, &Home { shelf: &self.shelf, now: self.now, faults: self.faults });
        }
    }

    /// Power off: memory is gone. A commit that was sent has arrived, or has not.
    pub(super) fn crash(mut self, database: &mut Database, arrives: bool) -> Vec<(EntityId, Publication)> {
        if arrives {
            self.arrive(database, 9);
        }
        self.heard()
    }

    /// What was published since the last time.
    pub(super) fn heard(&mut self) -> Vec<(EntityId, Publication)> {
        std::mem::take(&mut self.shelf.lock().published)
    }
}
