//! What the journal writer knows of the holds that an incarnation has in the database.
//!
//! In a hot lot nearly everybody who takes the lead in a commit has lost it again by its end: their holds end as they began
//! and need no writing. What the rest need is one update in place, when a row is known to be there. All of this is learned
//! from commits of this very incarnation, whose shard has had no other owner since: the fence proves it with each commit.

use std::collections::HashMap;
use std::sync::Arc;

use madang_domain::ids::UserId;
use madang_domain::money::Currency;
use parking_lot::Mutex;

use super::item::Residence;

/// A hold as it stands in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How much is held.
    pub amount: i64,
    /// Whether there is a row: always for an amount, perhaps for nothing.
    pub row: bool,
}

/// The known holds of one incarnation.
#[derive(Debug, Default)]
pub struct Held(Mutex<HashMap<(UserId, Currency), Standing>>);

impl Held {
    /// How a hold stands; none when that is not known.
    #[must_use]
    pub fn standing(&self, key: (UserId, Currency)) -> Option<Standing> {
        self.0.lock().get(&key).copied()
    }

    /// Whether there are rows that hold nothing.
    #[must_use]
    pub fn has_empty_rows(&self) -> bool {
        self.0.lock().values().any(|standing| standing.row && standing.amount == 0)
    }
}

/// What is true once a commit is done.
#[derive(Debug)]
pub enum Lesson {
    /// A hold stands so.
    Standing(Arc<Residence>, (UserId, Currency), Standing),
    /// Rows that hold nothing are gone.
    Swept(Arc<Residence>),
}

impl Lesson {
    /// Takes it to heart.
    pub fn learn(self) {
        match self {
            Self::Standing(residence, key, standing) => {
                residence.held.0.lock().insert(key, standing);
            }
            Self::Swept(residence) => {
                residence.held.0.lock().values_mut().for_each(|standing| standing.row &= standing.amount > 0);
            }
        }
    }
}
