//! The ledger as a pure book: accounts, holds and transfers, and what must always be true of them.
//!
//! The database keeps the real one, with the same rules as constraints. This one checks a transfer before it is posted and
//! is the model that property tests compare with.

use std::collections::BTreeMap;

use crate::entity::{AccountOwner, Effect, LedgerEntry, Transfer};
use crate::ids::{EntityId, UserId};
use crate::money::{Currency, Money};

/// Why the ledger says no. Refused means unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A transfer needs legs.
    #[error("a transfer without entries")]
    Empty,
    /// Nothing is made or lost.
    #[error("the entries of a transfer must sum to zero in each currency, not to {0}")]
    Unbalanced(i128),
    /// Nobody spends what they do not have, or what is held.
    #[error("the available balance does not cover this")]
    NoFunds,
    /// A hold is never negative.
    #[error("a hold below zero")]
    NegativeHold,
    /// Beyond what we count.
    #[error("an amount beyond what is counted")]
    Overflow,
    /// The key was used for another transfer.
    #[error("the key {0} was used for another transfer")]
    KeyReused(String),
}

/// Whether a transfer was posted by this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// Now.
    Now,
    /// Before, by the same key and with the same legs.
    Before,
}

/// An account by its owner and currency.
type AccountKey = (AccountOwner, Currency);

/// A hold by the account and the entity that holds.
type HoldKey = (UserId, Currency, EntityId);

/// A transfer of one amount from one account to another. Nearly all are, and they are stored in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// Who has less afterwards.
    pub from: AccountOwner,
    /// Who has more.
    pub to: AccountOwner,
    /// By how much: more than nothing.
    pub amount: Money,
}

impl Payment {
    /// What a transfer pays; `None` for one that is more, or something else, than a payment.
    #[must_use]
    pub fn of(transfer: &Transfer) -> Option<Self> {
        let [one, other] = transfer.entries.as_slice() else { return None };
        let (from, to) = if one.amount.amount < 0 { (one, other) } else { (other, one) };
        let LedgerEntry { account, amount } = *to;
        let balanced = from.amount.currency == amount.currency && from.amount.amount.checked_neg() == Some(amount.amount);
        (balanced && amount.amount > 0 && from.account != account).then_some(Self { from: from.account, to: account, amount })
    }
}

/// A double-entry book in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    balances: BTreeMap<AccountKey, i64>,
    holds: BTreeMap<HoldKey, i64>,
    posted: BTreeMap<String, Transfer>,
}

/// Whether a transfer is in order by itself: it has legs, and those of each currency sum to zero.
///
/// # Errors
/// What is wrong with it.
pub fn check_transfer(transfer: &Transfer) -> Result<(), LedgerError> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for entry in &transfer.entries {
        *sums.entry(entry.amount.currency).or_default() += i128::from(entry.amount.amount);
    }
    if sums.is_empty() {
        return Err(LedgerError::Empty);
    }
    sums.into_values().find(|sum| *sum != 0).map_or(Ok(()), |sum| Err(LedgerError::Unbalanced(sum)))
}

impl Ledger {
    /// What an account has, holds included.
    #[must_use]
    pub fn balance(&self, owner: AccountOwner, currency: Currency) -> i64 {
        self.balances.get(&(owner, currency)).copied().unwrap_or(0)
    }

    /// How much of a person's money is held in all.
    #[must_use]
    pub fn held(&self, user: UserId, currency: Currency) -> i64 {
        let all = self.holds.iter().filter(|((holder, unit, _), _)| *holder == user && *unit == currency);
        all.map(|(_, amount)| amount).fold(0, |sum, amount| sum.saturating_add(*amount))
    }

    /// How much of a person's money one entity holds.
    #[must_use]
    pub fn hold(&self, user: UserId, currency: Currency, by: EntityId) -> i64 {
        self.holds.get(&(user, currency, by)).copied().unwrap_or(0)
    }

    /// All holds that are not zero.
    pub fn holds(&self) -> impl Iterator<Item = (UserId, EntityId, Money)> {
        self.holds.iter().map(|((user, currency, by), amount)| (*user, *by, Money::new(*amount, *currency)))
    }

    /// What a person could still hold or spend.
    #[must_use]
    pub fn available(&self, user: UserId, currency: Currency) -> Money {
        let free = self.balance(AccountOwner::User(user), currency).saturating_sub(self.held(user, currency));
        Money::new(free, currency)
    }

    /// Whether a transfer of this key was posted.
    #[must_use]
    pub fn is_posted(&self, key: &str) -> bool {
        self.posted.contains_key(key)
    }

    /// From now on the entity holds exactly this much of the person's money.
    ///
    /// # Errors
    /// [`LedgerError::NegativeHold`], or [`LedgerError::NoFunds`] when a raise is not covered.
    pub fn set_hold(&mut self, user: UserId, amount: Money, by: EntityId) -> Result<(), LedgerError> {
        if amount.amount < 0 {
            return Err(LedgerError::NegativeHold);
        }
        let key = (user, amount.currency, by);
        let more = amount.amount.saturating_sub(self.hold(user, amount.currency, by));
        if more > self.available(user, amount.currency).amount.max(0) {
            return Err(LedgerError::NoFunds);
        }
        if amount.amount == 0 {
            self.holds.remove(&key);
        } else {
            self.holds.insert(key, amount.amount);
        }
        Ok(())
    }

    /// Posts a transfer, at most once by its key.
    ///
    /// # Errors
    /// As [`check_transfer`]; [`LedgerError::NoFunds`] when it would take a person's money that is held or not there;
    /// [`LedgerError::KeyReused`] when the key stands for another transfer.
    pub fn post(&mut self, transfer: &Transfer) -> Result<Posted, LedgerError> {
        check_transfer(transfer)?;
        if let Some(before) = self.posted.get(&transfer.key) {
            let same = before == transfer;
            return if same { Ok(Posted::Before) } else { Err(LedgerError::KeyReused(transfer.key.clone())) };
        }
        let mut changed: BTreeMap<AccountKey, i64> = BTreeMap::new();
        for entry in &transfer.entries {
            let key = (entry.account, entry.amount.currency);
            let before = changed.get(&key).copied().unwrap_or_else(|| self.balance(key.0, key.1));
            changed.insert(key, before.checked_add(entry.amount.amount).ok_or(LedgerError::Overflow)?);
        }
        for (&(owner, currency), &balance) in &changed {
            if let AccountOwner::User(user) = owner
                && balance < self.held(user, currency)
                && balance < self.balance(owner, currency)
            {
                return Err(LedgerError::NoFunds);
            }
        }
        self.balances.extend(changed);
        self.posted.insert(transfer.key.clone(), transfer.clone());
        Ok(Posted::Now)
    }

    /// Does what an entity's effects ask of the ledger, in their order, all of it or nothing.
    ///
    /// # Errors
    /// As [`Ledger::set_hold`] and [`Ledger::post`].
    pub fn take(&mut self, by: EntityId, effects: &[Effect]) -> Result<(), LedgerError> {
        let mut after = self.clone();
        for effect in effects {
            match effect {
                Effect::Hold { user, amount } => after.set_hold(*user, *amount, by)?,
                Effect::Transfer(transfer) => {
                    after.post(transfer)?;
                }
                Effect::Notify { .. } => {}
            }
        }
        *self = after;
        Ok(())
    }

    /// What must always be true: every currency sums to zero, and no person's holds are above their balance.
    ///
    /// # Errors
    /// Which of it is not.
    pub fn check(&self) -> Result<(), String> {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for ((_, currency), balance) in &self.balances {
            *sums.entry(*currency).or_default() += i128::from(*balance);
        }
        if let Some((currency, sum)) = sums.iter().find(|(_, sum)| **sum != 0) {
            return Err(format!("the accounts in {currency} sum to {sum}, not to zero"));
        }
        for (user, currency, _) in self.holds.keys() {
            if self.available(*user, *currency).amount < 0 {
                return Err(format!("user {user} has more {currency} held than there is"));
            }
        }
        let overdrawn =
            self.balances.iter().find(|((owner, _), balance)| matches!(owner, AccountOwner::User(_)) && **balance < 0);
        overdrawn.map_or(Ok(()), |((owner, currency), _)| Err(format!("{owner:?} is overdrawn in {currency}")))
    }
}

#[cfg(test)]
mod tests;
