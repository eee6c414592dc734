//! Which shards are ours, and under which epoch: what every write is fenced by.

use parking_lot::RwLock;

use crate::storage::shards::Owned;

/// How many shards there are; fixed for ever.
pub const SHARDS: usize = 256;

/// One shard, as this node sees it.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The epoch of our latest acquisition; 0 when it is not ours.
    epoch: i64,
    /// The first epoch of our unbroken ownership: memory loaded since then is sound.
    since: i64,
    /// Whether a commit of an unknown outcome must be cleared up before anything is loaded.
    unsettled: bool,
}

/// The shards of this node.
#[derive(Debug)]
pub struct Ownership {
    slots: RwLock<Vec<Slot>>,
}

impl Default for Ownership {
    fn default() -> Self {
        Self { slots: RwLock::new(vec![Slot::default(); SHARDS]) }
    }
}

impl Ownership {
    fn slot(&self, shard: u8) -> Slot {
        self.slots.read().get(usize::from(shard)).copied().unwrap_or_default()
    }

    fn change(&self, shard: u8, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.write().get_mut(usize::from(shard)) {
            change(slot);
        }
    }

    /// The start of our unbroken ownership, if the shard is ours and its entities may be loaded.
    #[must_use]
    pub fn term(&self, shard: u8) -> Option<i64> {
        let slot = self.slot(shard);
        (slot.epoch > 0 && !slot.unsettled).then_some(slot.since)
    }

    /// Whether the shard is ours but a commit of unknown outcome is still being cleared up.
    #[must_use]
    pub fn is_unsettled(&self, shard: u8) -> bool {
        let slot = self.slot(shard);
        slot.epoch > 0 && slot.unsettled
    }

    /// The epoch under which memory loaded in the term `since` may be written; `None` when that term has ended.
    #[must_use]
    pub fn epoch(&self, shard: u8, since: i64) -> Option<i64> {
        let slot = self.slot(shard);
        (slot.epoch > 0 && slot.since == since).then_some(slot.epoch)
    }

    /// These shards were acquired anew: whatever was loaded before is worth nothing.
    pub fn acquired(&self, shards: &[Owned]) {
        for (shard, epoch) in shards {
            self.change(*shard, |slot| *slot = Slot { epoch: *epoch, since: *epoch, unsettled: false });
        }
    }

    /// A commit of these shards has an unknown outcome.
    pub fn unsettle(&self, shards: &[u8]) {
        for shard in shards {
            self.change(*shard, |slot| slot.unsettled = slot.epoch > 0);
        }
    }

    /// The unsettled shards with the epochs we had.
    #[must_use]
    pub fn unsettled(&self) -> Vec<Owned> {
        self.ours(|slot| slot.unsettled)
    }

    /// These unsettled shards got a new epoch without anybody owning them in between; those missing are lost.
    pub fn renewed(&self, asked: &[Owned], renewed: &[Owned]) {
        for (shard, old) in asked {
            let new = renewed.iter().find(|(id, _)| id == shard).map(|(_, epoch)| *epoch);
            self.change(*shard, |slot| {
                if slot.epoch == *old {
                    *slot = new.map_or_else(Slot::default, |epoch| Slot { epoch, since: slot.since, unsettled: false });
                }
            });
        }
    }

    /// These shards have another owner.
    pub fn lost(&self, shards: &[u8]) {
        for shard in shards {
            self.change(*shard, |slot| *slot = Slot::default());
        }
    }

    /// All shards that are ours.
    #[must_use]
    pub fn all(&self) -> Vec<Owned> {
        self.ours(|_| true)
    }

    fn ours(&self, want: impl Fn(&Slot) -> bool) -> Vec<Owned> {
        let slots = self.slots.read();
        (0u8..=u8::MAX)
            .zip(slots.iter())
            .filter(|(_, slot)| slot.epoch > 0 && want(slot))
            .map(|(id, slot)| (id, slot.epoch))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_shard_keeps_its_term_and_a_lost_one_does_not() {
        let owned = Ownership::default();
        owned.acquired(&[(3, 7), (4, 2)]);
        owned.unsettle(&[3, 4]);
        assert_eq!(owned.term(3), None, "nothing is loaded before the outcome is cleared up");
        let asked = owned.unsettled();
        owned.renewed(&asked, &[(3, 8)]);
        assert_eq!((owned.term(3), owned.epoch(3, 7)), (Some(7), Some(8)));
        assert_eq!((owned.term(4), owned.epoch(4, 2)), (None, None));
        owned.acquired(&[(4, 9)]);
        assert_eq!(owned.epoch(4, 2), None, "memory of the old term stays worthless");
    }
}
