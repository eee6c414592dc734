//! Who takes part, each under a number of this raffle: 1, 2, 3 ... in the order in which they came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// The participants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<UserId>", into = "Vec<UserId>")]
pub(super) struct People {
    by_number: Vec<UserId>,
    numbers: BTreeMap<UserId, u32>,
}

impl People {
    /// How many there are: the number of the last one.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.by_number.len()).unwrap_or(u32::MAX)
    }

    /// A person's number.
    pub(super) fn number(&self, user: UserId) -> Option<u32> {
        self.numbers.get(&user).copied()
    }

    /// The person of a number.
    pub(super) fn user(&self, number: u32) -> Option<UserId> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.by_number.get(index).copied()
    }

    /// Takes somebody in, if they are not there.
    pub(super) fn take(&mut self, user: UserId) {
        let next = self.count().saturating_add(1);
        if let std::collections::btree_map::Entry::Vacant(place) = self.numbers.entry(user) {
            place.insert(next);
            self.by_number.push(user);
        }
    }
}

impl From<Vec<UserId>> for People {
    fn from(users: Vec<UserId>) -> Self {
        let mut people = Self::default();
        users.into_iter().for_each(|user| people.take(user));
        people
    }
}

impl From<People> for Vec<UserId> {
    fn from(people: People) -> Self {
        people.by_number
    }
}
