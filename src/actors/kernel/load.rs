//! From the stored past to a living memory, every row checked on the way.

use std::panic::{AssertUnwindSafe, catch_unwind};

use madang_domain::entity::Entity;
use madang_domain::ids::EntityId;
use madang_domain::time::{Timestamp, stored};

use super::keeper::{Habits, Keeper};
use super::recent::Recent;
use crate::storage::journal::read::Past;
use crate::storage::journal::{FIRST_CHAIN, Fits, JournalRow, SnapshotRow};

/// Why a stored past is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// A row's hash does not fit its contents or the row before.
    #[error("the hash of row {0} does not fit")]
    Chain(u64),
    /// A row is missing, or there twice.
    #[error("row {found} where {wanted} should be")]
    Gap {
        /// The number that should follow.
        wanted: u64,
        /// The number that does.
        found: u64,
    },
    /// An epoch, an offset or a time falls.
    #[error("row {0} is out of order")]
    Order(u64),
    /// A snapshot cannot be read by these rules; the journal itself may be sound.
    #[error("snapshot {0} cannot be read: {1}")]
    Snapshot(u64, String),
    /// A row's events are erased, though this entity is not over.
    #[error("the events of row {0} are erased")]
    Erased(u64),
    /// Events cannot be read.
    #[error("row {0} cannot be read: {1}")]
    Events(u64, String),
    /// The rules panicked while applying stored events.
    #[error("the rules panicked at row {0}")]
    Panicked(u64),
    /// The state that came out breaks an invariant.
    #[error("an invariant is broken after loading: {0}")]
    Invariant(String),
}

impl<E: Entity> Keeper<E> {
    /// Brings an entity to life from what is stored of it.
    ///
    /// # Errors
    /// When the past cannot be trusted or read. Nothing is repaired silently.
    pub fn from_past(id: EntityId, past: Past, habits: Habits) -> Result<Self, Unsound> {
        let mut keeper = Self::vacant(id, habits);
        if let Some(newest) = past.snapshots.first() {
            keeper.adopt(newest, past.snapshots.get(1).map_or(0, |older| older.seq))?;
        }
        let reached = u64::try_from(past.recent.len()).unwrap_or(0) >= keeper.seq;
        keeper.recent = Recent::new(habits.recent, past.forgotten.filter(|_| !reached));
        for command in past.recent.iter().rev() {
            keeper.recent.remember(*command);
        }
        let (mut epoch, mut erased) = (i64::MIN, None);
        for row in &past.tail {
            if row.epoch < epoch {
                return Err(Unsound::Order(row.seq));
            }
            epoch = row.epoch;
            if keeper.replay(row)? == Fits::Erased {
                erased.get_or_insert(row.seq);
            }
        }
        if let Some(seq) = erased.filter(|_| !keeper.state.is_erasable()) {
            return Err(Unsound::Erased(seq));
        }
        let wanted = keeper.state.wake_at().map(|(due, _)| stored(due));
        keeper.wake = past.timer.filter(|(due, _)| Some(*due) == wanted);
        if keeper.wake.is_none()
            && let Some(due) = wanted
        {
            // The rules of a newer version may want a deadline that an older one did not store.
            keeper.wake = Some((due, super::body::derived_id(b"fire", id, keeper.seq, 1)));
        }
        keeper.check().map_err(|broken| Unsound::Invariant(broken.to_string()))?;
        Ok(keeper)
    }

    fn adopt(&mut self, snapshot: &SnapshotRow, older: u64) -> Result<(), Unsound> {
        self.state =
            serde_json::from_slice(&snapshot.body).map_err(|error| Unsound::Snapshot(snapshot.seq, error.to_string()))?;
        self.seq = snapshot.seq;
        self.offset = snapshot.offset;
        self.chain = snapshot.chain;
        self.last_at = snapshot.at;
        self.snapshots = (snapshot.seq, older);
        self.snapshot_weight = snapshot.body.len();
        Ok(())
    }

    /// Applies one stored row.
    fn replay(&mut self, row: &JournalRow) -> Result<Fits, Unsound> {
        if row.seq != self.seq + 1 {
            return Err(Unsound::Gap { wanted: self.seq + 1, found: row.seq });
        }
        let fits = row.follows(&self.chain);
        if fits == Fits::Not {
            return Err(Unsound::Chain(row.seq));
        }
        if row.offset < self.offset || row.at < self.last_at {
            return Err(Unsound::Order(row.seq));
        }
        let events: Vec<E::Event> =
            serde_json::from_slice(&row.body).map_err(|error| Unsound::Events(row.seq, error.to_string()))?;
        catch_unwind(AssertUnwindSafe(|| {
            for event in &events {
                self.state.apply(event, row.at);
            }
        }))
        .map_err(|_| Unsound::Panicked(row.seq))?;
        self.rows_since += 1;
        self.bytes_since += row.body.len();
        self.follow(row);
        Ok(fits)
    }
}

/// Checks that stored rows follow each other from `(after, offset, chain)`, without knowing their kind.
///
/// # Errors
/// The first row that does not.
pub fn verify_chain(rows: &[JournalRow]) -> Result<(), Unsound> {
    let (mut seq, mut offset, mut chain, mut at) = (0, 0, FIRST_CHAIN, Timestamp::UNIX_EPOCH);
    for row in rows {
        if row.seq != seq + 1 {
            return Err(Unsound::Gap { wanted: seq + 1, found: row.seq });
        }
        if row.chain != row.chain_after(&chain) {
            return Err(Unsound::Chain(row.seq));
        }
        if row.offset < offset || row.at < at {
            return Err(Unsound::Order(row.seq));
        }
        (seq, offset, chain, at) = (row.seq, row.offset, row.chain, row.at);
    }
    Ok(())
}
