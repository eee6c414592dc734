//! Which campaign a claim went to, for those that come again.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

/// Claims whose campaign is remembered.
const MOST: usize = 65_536;

/// Which campaign each of the newest claims went to, bounded, oldest forgotten first.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    campaigns: HashMap<Uuid, i64>,
    order: VecDeque<Uuid>,
}

impl Remembered {
    /// Where a claim went.
    pub(super) fn campaign_of(&self, id: Uuid) -> Option<i64> {
        self.campaigns.get(&id).copied()
    }

    /// A claim went there.
    pub(super) fn note(&mut self, id: Uuid, campaign: i64) {
        if self.campaigns.insert(id, campaign).is_some() {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.campaigns.remove(&oldest);
        }
    }
}
