//! Who watches a channel now.

use std::collections::HashMap;

use madang_domain::ids::UserId;
use uuid::Uuid;

/// One client that watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// The connection's public id.
    pub client: Uuid,
    /// The person, when signed in.
    pub user: Option<UserId>,
}

/// How many watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceStats {
    /// Connections.
    pub clients: usize,
    /// People; all who are not signed in count as one.
    pub users: usize,
}

#[derive(Default)]
pub(super) struct Presence {
    clients: HashMap<Uuid, Option<UserId>>,
    users: HashMap<Option<UserId>, usize>,
}

impl Presence {
    /// Whether the client was not there yet.
    pub(super) fn join(&mut self, who: Present) -> bool {
        if self.clients.insert(who.client, who.user).is_some() {
            return false;
        }
        *self.users.entry(who.user).or_default() += 1;
        true
    }

    /// Who it was, if there.
    pub(super) fn leave(&mut self, client: Uuid) -> Option<Present> {
        let user = self.clients.remove(&client)?;
        if let Some(count) = self.users.get_mut(&user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.users.remove(&user);
            }
        }
        Some(Present { client, user })
    }

    pub(super) fn list(&self, limit: usize) -> Vec<Present> {
        self.clients.iter().take(limit).map(|(&client, &user)| Present { client, user }).collect()
    }

    pub(super) fn stats(&self) -> PresenceStats {
        PresenceStats { clients: self.clients.len(), users: self.users.len() }
    }
}
