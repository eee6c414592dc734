//! Whether an entity's past, told anew, gives what it remembered: `snapshot + tail == state`.
//!
//! Asked of a sample of those who go to rest. Rules that apply an event one way while living and another way while loading
//! would otherwise show only after the next start.

use madang_domain::entity::Entity;
use madang_domain::ids::EntityId;

use super::keeper::{Habits, Keeper};
use super::load::Unsound;
use crate::storage::journal::Chain;
use crate::storage::journal::read::Past;

/// A past with a longer tail is not told anew: the sample must stay cheap.
pub const LONGEST_TAIL: u32 = 2_000;

/// What an entity remembered when it went to rest.
#[derive(Debug, Clone)]
pub struct Memory<E: Entity> {
    id: EntityId,
    state: E,
    seq: u64,
    offset: u64,
    chain: Chain,
}

/// What telling the past anew gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retold {
    /// The same.
    Same,
    /// Something else.
    Other,
    /// A later snapshot stands where our tail was: nothing to compare.
    MovedOn,
}

impl<E: Entity> Memory<E> {
    /// What this keeper remembers; none when its tail is too long.
    #[must_use]
    pub fn of(keeper: &Keeper<E>) -> Option<Self> {
        let Keeper { id, state, seq, offset, chain, rows_since, .. } = keeper;
        let short = *rows_since <= LONGEST_TAIL;
        short.then(|| Self { id: *id, state: state.clone(), seq: *seq, offset: *offset, chain: *chain })
    }

    /// Whose.
    #[must_use]
    pub const fn id(&self) -> EntityId {
        self.id
    }

    /// Compares with what is stored. It may have gone on meanwhile.
    ///
    /// # Errors
    /// When the past cannot be trusted or read.
    pub fn compare(&self, mut past: Past) -> Result<Retold, Unsound> {
        if past.snapshots.first().is_some_and(|newest| newest.seq > self.seq) {
            return Ok(Retold::MovedOn);
        }
        past.tail.retain(|row| row.seq <= self.seq);
        let told = Keeper::<E>::from_past(self.id, past, Habits::default())?;
        let same = (told.seq, told.offset, told.chain) == (self.seq, self.offset, self.chain) && told.state == self.state;
        Ok(if same { Retold::Same } else { Retold::Other })
    }
}
