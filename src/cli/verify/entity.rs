//! One entity: built again from its first event, and compared with everything that is stored of it.

use std::collections::{BTreeMap, BTreeSet};

use madang_domain::entity::{Effect, Entity};
use madang_domain::ids::EntityId;
use sqlx::PgPool;

use crate::storage::audit;
use crate::storage::journal::read::{self, Past, ReadError};
use crate::storage::journal::{Chain, FIRST_CHAIN, Fits, JournalRow};

/// Rows read at a time.
const PAGE: u32 = 5_000;

/// What an entity came to.
#[derive(Debug, Default)]
pub struct Examined {
    /// Its decisions.
    pub decisions: u64,
    /// Snapshots that were compared.
    pub snapshots: u64,
    /// What is wrong with it, in words.
    pub broken: Vec<String>,
}

/// The walk along an entity's journal.
struct Walk<E> {
    id: EntityId,
    state: E,
    seq: u64,
    offset: u64,
    epoch: i64,
    chain: Chain,
    /// The first row whose events are erased.
    erased: Option<u64>,
    holds: BTreeMap<(i64, String), i64>,
    transfers: BTreeSet<String>,
    examined: Examined,
}

/// Examines one entity.
///
/// # Errors
/// When the database cannot answer.
pub async fn examine<E: Entity>(db: &PgPool, id: EntityId) -> Result<Examined, ReadError> {
    let past = read::past(db, id, None, true).await?;
    let mut walk = Walk {
        id,
        state: E::vacant(id),
        seq: 0,
        offset: 0,
        epoch: i64::MIN,
        chain: FIRST_CHAIN,
        erased: None,
        holds: BTreeMap::new(),
        transfers: BTreeSet::new(),
        examined: Examined::default(),
    };
    loop {
        let rows = read::rows_after(db, id, walk.seq, PAGE).await?;
        for row in &rows {
            if let Err(broken) = walk.step(row, &past) {
                walk.examined.broken.push(format!("{id} seq {}: {broken}", row.seq));
                return Ok(walk.examined);
            }
        }
        if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    if let Some(seq) = walk.erased.filter(|_| !walk.state.is_erasable()) {
        walk.examined.broken.push(format!("{id} seq {seq}: its events are erased, though it is not over"));
    }
    walk.compare_money(db).await?;
    Ok(walk.examined)
}

impl<E: Entity> Walk<E> {
    /// One decision further. After the first thing that is wrong the rest would only be noise.
    fn step(&mut self, row: &JournalRow, past: &Past) -> Result<(), String> {
        if row.seq != self.seq.saturating_add(1) {
            return Err(format!("the decision before is {}", self.seq));
        }
        if row.epoch < self.epoch {
            return Err(format!("epoch {} after {}", row.epoch, self.epoch));
        }
        match row.follows(&self.chain) {
            Fits::Whole => {}
            Fits::Erased => {
                self.erased.get_or_insert(row.seq);
                self.offset = row.offset;
            }
            Fits::Not => return Err("the chain of hashes is broken: something was changed".to_owned()),
        }
        let events: Vec<E::Event> =
            serde_json::from_slice(&row.body).map_err(|error| format!("its events cannot be read: {error}"))?;
        for event in &events {
            self.state.apply(event, row.at);
            self.offset = self.offset.saturating_add(u64::from(E::publication(event, row.at).is_some()));
        }
        if row.offset != self.offset {
            return Err(format!("its channel is at {} instead of {}", row.offset, self.offset));
        }
        self.state.check().map_err(|broken| format!("the rules are broken: {broken}"))?;
        self.take_effects(&events);
        (self.seq, self.epoch, self.chain) = (row.seq, row.epoch, row.chain);
        self.examined.decisions = self.examined.decisions.saturating_add(1);
        self.compare_snapshot(past)
    }

    fn take_effects(&mut self, events: &[E::Event]) {
        for effect in self.state.effects(events) {
            match effect {
                Effect::Hold { user, amount } => {
                    let account = (user.get(), amount.currency.code().to_owned());
                    if amount.amount == 0 {
                        self.holds.remove(&account);
                    } else {
                        self.holds.insert(account, amount.amount);
                    }
                }
                Effect::Transfer(transfer) => drop(self.transfers.insert(transfer.key)),
                Effect::Notify { .. } => {}
            }
        }
    }

    fn compare_snapshot(&mut self, past: &Past) -> Result<(), String> {
        let Some(snapshot) = past.snapshots.iter().find(|snapshot| snapshot.seq == self.seq) else { return Ok(()) };
        let stored: E =
            serde_json::from_slice(&snapshot.body).map_err(|error| format!("its snapshot cannot be read: {error}"))?;
        if stored != self.state || snapshot.chain != self.chain || snapshot.offset != self.offset {
            return Err("its snapshot is not the state that its events give".to_owned());
        }
        self.examined.snapshots = self.examined.snapshots.saturating_add(1);
        Ok(())
    }

    async fn compare_money(&mut self, db: &PgPool) -> Result<(), ReadError> {
        let stored: BTreeMap<(i64, String), i64> =
            audit::list_holds(db, self.id).await?.into_iter().map(|(user, currency, held)| ((user, currency), held)).collect();
        if stored != self.holds {
            let (stored, decided) = (stored.len(), self.holds.len());
            let words = format!("{}: its holds are not those it decided ({stored} stored, {decided} decided)", self.id);
            self.examined.broken.push(words);
        }
        let keys: Vec<String> = self.transfers.iter().cloned().collect();
        for key in audit::list_missing_transfers(db, &keys).await? {
            self.examined.broken.push(format!("{}: the transfer {key} is missing", self.id));
        }
        Ok(())
    }
}
