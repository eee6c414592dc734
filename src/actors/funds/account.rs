//! One account in memory: what is committed, and what is on its way.

use std::collections::{HashMap, VecDeque};

use madang_domain::ids::EntityId;

/// A decision about a hold that is being committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pending {
    /// What the entity holds by it, in total.
    total: i64,
    /// What the same decision takes from the account: a capture lowers the hold by what it takes, in one write.
    paid: i64,
}

/// What one entity holds: the committed amount and the decisions that are being committed, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    committed: i64,
    pending: VecDeque<Pending>,
}

impl Held {
    /// What is held and paid by the newest decision.
    fn decided(&self) -> i64 {
        let paid: i64 = self.pending.iter().map(|pending| pending.paid).sum();
        self.pending.back().map_or(self.committed, |pending| pending.total) + paid
    }

    /// The most that the database may find held and paid while the decisions come in.
    fn reserved(&self) -> i64 {
        let mut paid = 0;
        self.pending.iter().fold(self.committed, |most, pending| {
            paid += pending.paid;
            most.max(pending.total + paid)
        })
    }
}

/// A known balance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Balance {
    committed: i64,
    /// Debits that are being committed, as a positive sum.
    debits: i64,
    holds: HashMap<EntityId, Held>,
}

/// One account. It may be unknown: not loaded yet, or forgotten because a commit failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Account {
    balance: Option<Balance>,
    /// How many decisions that touch it are being committed. It is loaded only when there are none, so that what is read is
    /// certainly with or without each of them.
    under_way: u32,
    /// Raised by everything that could make a load that is under way wrong.
    version: u64,
}

impl Account {
    /// What a decision of this entity may count on: other entities' holds at their highest, its own as it decided last,
    /// because its own decisions are committed in order.
    pub(super) fn available(&self, entity: EntityId) -> Option<i64> {
        let balance = self.balance.as_ref()?;
        let held: i64 =
            balance.holds.iter().map(|(id, held)| if *id == entity { held.decided() } else { held.reserved() }).sum();
        Some(balance.committed - balance.debits - held)
    }

    pub(super) fn is_known(&self) -> bool {
        self.balance.is_some()
    }

    /// A decision that touches this account is on its way.
    pub(super) fn begin(&mut self) {
        self.under_way += 1;
        self.version += 1;
    }

    /// It arrived, one way or the other.
    pub(super) fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.version += 1;
    }

    /// A hold was decided.
    pub(super) fn hold(&mut self, entity: EntityId, amount: i64) {
        if let Some(balance) = &mut self.balance {
            balance.holds.entry(entity).or_default().pending.push_back(Pending { total: amount, paid: 0 });
        }
    }

    /// The newest decision about this entity's hold also moves money: a debit is never counted beside the hold it is paid
    /// from.
    pub(super) fn pay(&mut self, entity: EntityId, amount: i64) {
        let newest = self.balance.as_mut().and_then(|balance| balance.holds.get_mut(&entity)?.pending.back_mut());
        if let Some(newest) = newest {
            newest.paid -= amount.min(0);
        }
    }

    /// The oldest hold under way of this entity is committed.
    pub(super) fn held(&mut self, entity: EntityId, amount: i64) {
        let Some(balance) = &mut self.balance else { return };
        let held = balance.holds.entry(entity).or_default();
        held.pending.pop_front();
        held.committed = amount;
        if amount == 0 && held.pending.is_empty() {
            balance.holds.remove(&entity);
        }
    }

    /// A transfer leg was decided: a debit counts at once, a credit when it is there.
    pub(super) fn debit(&mut self, amount: i64) {
        if let Some(balance) = &mut self.balance {
            balance.debits -= amount.min(0);
        }
    }

    /// A transfer leg of a decision without a hold is committed.
    pub(super) fn moved(&mut self, amount: i64) {
        if let Some(balance) = &mut self.balance {
            balance.committed += amount;
            balance.debits += amount.min(0);
        }
    }

    /// A transfer leg that was [`paid`](Self::pay) with a hold is committed, and so is the hold.
    pub(super) fn paid(&mut self, amount: i64) {
        if let Some(balance) = &mut self.balance {
            balance.committed += amount;
        }
    }

    /// Something failed: what is known here may be wrong.
    pub(super) fn forget(&mut self) {
        self.balance = None;
        self.version += 1;
    }

    /// The version to load at; `None` while something is under way.
    pub(super) fn loadable(&self) -> Option<u64> {
        (self.under_way == 0).then_some(self.version)
    }

    /// Takes what was read, unless something happened meanwhile.
    pub(super) fn load(&mut self, version: u64, committed: i64, holds: impl Iterator<Item = (EntityId, i64)>) -> bool {
        if self.loadable() != Some(version) {
            return false;
        }
        let holds = holds.map(|(id, committed)| (id, Held { committed, pending: VecDeque::new() })).collect();
        self.balance = Some(Balance { committed, debits: 0, holds });
        true
    }
}

#[cfg(test)]
mod tests {
    use madang_domain::ids::Kind;

    use super::*;

    fn lot(number: i64) -> EntityId {
        EntityId::new(Kind::Auction, number).unwrap()
    }

    fn known(balance: i64) -> Account {
        let mut account = Account::default();
        assert!(account.load(0, balance, std::iter::empty()));
        account
    }

    #[test]
    fn a_raised_hold_counts_at_once_and_a_released_one_after_commit() {
        let mut account = known(100);
        account.hold(lot(1), 60);
        assert_eq!(account.available(lot(2)), Some(40));
        account.held(lot(1), 60);
        account.hold(lot(1), 0);
        assert_eq!(account.available(lot(2)), Some(40), "another lot must wait for the commit");
        assert_eq!(account.available(lot(1)), Some(100), "the same lot's commits are in order");
        account.held(lot(1), 0);
        assert_eq!(account.available(lot(2)), Some(100));
    }

    #[test]
    fn a_debit_counts_at_once_and_a_credit_after_commit() {
        let mut account = known(100);
        account.debit(-30);
        account.debit(50);
        assert_eq!(account.available(lot(9)), Some(70));
        account.moved(-30);
        account.moved(50);
        assert_eq!(account.available(lot(9)), Some(120));
    }

    #[test]
    fn a_capture_counts_as_the_hold_or_the_payment_and_never_as_both() {
        let mut account = known(150);
        account.hold(lot(1), 100);
        account.held(lot(1), 100);
        account.hold(lot(1), 0);
        account.pay(lot(1), -90);
        assert_eq!(account.available(lot(2)), Some(50), "the hold until the commit");
        assert_eq!(account.available(lot(1)), Some(60), "the same lot's commits are in order");
        account.held(lot(1), 0);
        account.paid(-90);
        assert_eq!(account.available(lot(2)), Some(60), "the payment after it");
    }

    #[test]
    fn what_was_read_while_something_was_under_way_is_not_believed() {
        let mut account = Account::default();
        let version = account.loadable().unwrap();
        account.begin();
        assert!(!account.load(version, 5, std::iter::empty()));
        assert_eq!(account.loadable(), None);
        account.end();
        let version = account.loadable().unwrap();
        assert!(account.load(version, 5, std::iter::empty()));
        assert_eq!(account.available(lot(9)), Some(5));
    }
}
