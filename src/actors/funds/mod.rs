//! What each account could still spend, in memory, ahead of the database.
//!
//! One [`Funds`] per node. A decision sees what its commander could still spend, and what it takes is reserved before the
//! next decision of any entity is made; what it gives back counts only when it is durable. When a commit fails, the accounts
//! it touched are forgotten and read again. The database's constraints are the judges all the same: they catch what two
//! nodes could do to one account at once.

mod account;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use madang_domain::code::Code;
use madang_domain::entity::{AccountOwner, Transfer};
use madang_domain::ids::{EntityId, UserId};
use madang_domain::money::{Currency, Money};
use parking_lot::Mutex;
use sqlx::PgPool;
use tokio::runtime::Handle;

use self::account::Account;
use super::kernel::clock::Clock;
use crate::storage::journal::{HoldRow, TransferRow};
use crate::storage::ledger::post::{self, Posted};
use crate::storage::ledger::{self, AccountRow, EntryRow, HeldRow, Reconciliation};

/// How long a load waits for decisions that are under way.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(2);
/// Accounts kept in memory before quiet ones are dropped.
const KEPT: usize = 100_000;

type Key = (UserId, Currency);

/// The one place that knows in memory what each user could still hold or spend.
pub struct Funds {
    accounts: DashMap<Key, Arc<Mutex<Account>>>,
    pool: PgPool,
    io: Handle,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Funds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Funds").field("accounts", &self.accounts.len()).finish_non_exhaustive()
    }
}

/// A user's account, as they see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wallet {
    /// Everything that is there.
    pub balance: Money,
    /// What is held by entities.
    pub held: Money,
    /// What can still be held or spent.
    pub available: Money,
}

impl From<AccountRow> for Wallet {
    fn from(row: AccountRow) -> Self {
        let currency = row.balance.currency;
        Self {
            balance: row.balance,
            held: Money::new(row.held, currency),
            available: Money::new(row.balance.amount - row.held, currency),
        }
    }
}

impl Funds {
    /// No account is known yet. The pool's connections belong to the runtime `io`.
    #[must_use]
    pub fn new(pool: PgPool, io: Handle, clock: Arc<dyn Clock>) -> Self {
        Self { accounts: DashMap::new(), pool, io, clock }
    }

    fn account(&self, key: Key) -> Arc<Mutex<Account>> {
        if let Some(account) = self.accounts.get(&key) {
            return Arc::clone(&account);
        }
        if self.accounts.len() > KEPT {
            // Nobody else holds the account, and nothing is under way: it can be read again.
            self.accounts.retain(|_, account| Arc::strong_count(account) > 1 || account.lock().loadable().is_none());
        }
        Arc::clone(&self.accounts.entry(key).or_default())
    }

    /// Runs a decision with what the user could still spend; the hold it returns is reserved before anybody else decides.
    /// `None`, without a decision, when the account must be [learned](Self::learn) first.
    pub fn decide(
        &self,
        user: UserId,
        currency: Currency,
        entity: EntityId,
        decide: &mut dyn FnMut(Money) -> Option<HoldRow>,
    ) -> Option<()> {
        let account = self.account((user, currency));
        let mut account = account.lock();
        let available = account.available(entity)?;
        if let Some(hold) = decide(Money::new(available, currency)) {
            account.hold(hold.entity, hold.amount);
        }
        Some(())
    }

    /// Keeps in mind what a decision takes, except the hold that [`Funds::decide`] reserved already.
    pub fn reserve(&self, holds: &[HoldRow], transfers: &[TransferRow], reserved: Option<Key>) {
        for key in touched(holds, transfers) {
            let account = self.account(key);
            let mut account = account.lock();
            account.begin();
            for hold in holds.iter().filter(|hold| (hold.user, hold.currency) == key && Some(key) != reserved) {
                account.hold(hold.entity, hold.amount);
            }
            // What pays from a hold comes with the hold's release in the same write: it counts as one of the two.
            let paid_from = holds.iter().find(|hold| (hold.user, hold.currency) == key).map(|hold| hold.entity);
            for amount in legs(transfers, key) {
                match paid_from {
                    Some(entity) => account.pay(entity, amount),
                    None => account.debit(amount),
                }
            }
        }
    }

    /// A decision that was reserved is durable, or never will be.
    pub fn settle(&self, holds: &[HoldRow], transfers: &[TransferRow], committed: bool) {
        for key in touched(holds, transfers) {
            let account = self.account(key);
            let mut account = account.lock();
            account.end();
            if !committed {
                account.forget();
                continue;
            }
            let mut paid_from_hold = false;
            for hold in holds.iter().filter(|hold| (hold.user, hold.currency) == key) {
                account.held(hold.entity, hold.amount);
                paid_from_hold = true;
            }
            for amount in legs(transfers, key) {
                if paid_from_hold { account.paid(amount) } else { account.moved(amount) }
            }
        }
    }

    /// Reads an account, once nothing that touches it is under way.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer or the account does not come to rest.
    pub async fn learn(&self, user: UserId, currency: Currency) -> Result<(), Code> {
        let account = self.account((user, currency));
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let version = {
                let account = account.lock();
                if account.is_known() {
                    return Ok(());
                }
                account.loadable()
            };
            if let Some(version) = version {
                let stored = ledger::account(&self.pool, user, currency).await.map_err(|error| busy(&error))?;
                let (balance, holds) = stored.map_or((0, Vec::new()), |(row, holds)| (row.balance.amount, holds));
                let holds = holds.into_iter().map(|held| (held.entity, held.amount.amount));
                if account.lock().load(version, balance, holds) {
                    return Ok(());
                }
            }
            if tokio::time::Instant::now() > until {
                return Err(Code::Busy);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Puts money in, at most once for each key. Gives the account as it is then.
    ///
    /// # Errors
    /// `WrongCurrency` for what is no money (points, stamps), `AmountNotPositive`, `AmountTooLarge`, `IdReused` when the key was used for something else, `Unknown` when the
    /// database did not answer: the same key tells.
    pub async fn deposit(self: &Arc<Self>, user: UserId, amount: Money, key: &str) -> Result<Wallet, Code> {
        self.exchange(user, Money::new(checked(amount)?, amount.currency), key).await
    }

    /// Takes money out, at most once for each key. Gives the account as it is then.
    ///
    /// # Errors
    /// As [`Funds::deposit`], and `NoFunds` when less than that is free.
    pub async fn withdraw(self: &Arc<Self>, user: UserId, amount: Money, key: &str) -> Result<Wallet, Code> {
        self.exchange(user, Money::new(-checked(amount)?, amount.currency), key).await
    }

    async fn exchange(self: &Arc<Self>, user: UserId, amount: Money, key: &str) -> Result<Wallet, Code> {
        let (funds, key) = (Arc::clone(self), format!("wallet:{user}/{key}"));
        // Whoever asks may go away: what was begun is finished, so that memory and database stay one.
        self.io.spawn(async move { funds.move_outside(user, amount, key).await }).await.unwrap_or(Err(Code::Unknown))
    }

    async fn move_outside(&self, user: UserId, amount: Money, key: String) -> Result<Wallet, Code> {
        self.post(post::with_the_world(user, amount, key)).await?;
        let accounts = ledger::accounts(&self.pool, user).await.map_err(|error| busy(&error))?;
        accounts.into_iter().map(Wallet::from).find(|wallet| wallet.balance.currency == amount.currency).ok_or(Code::Internal)
    }

    /// Makes a transfer that belongs to no entity, of one currency or several, all of it or nothing, at most once for its
    /// key.
    ///
    /// # Errors
    /// `NoFunds` when a person would have less than nothing, `IdReused` when the key was used for something else,
    /// `Unknown` when the database did not answer: the same key tells.
    pub async fn transfer(self: &Arc<Self>, transfer: Transfer) -> Result<(), Code> {
        let funds = Arc::clone(self);
        // As in `exchange`: what was begun is finished.
        self.io.spawn(async move { funds.post(transfer).await }).await.unwrap_or(Err(Code::Unknown))
    }

    async fn post(&self, transfer: Transfer) -> Result<(), Code> {
        let row = TransferRow { entity: None, at: self.clock.now(), transfer };
        let transfers = std::slice::from_ref(&row);
        for (user, currency) in touched(&[], transfers) {
            self.learn(user, currency).await?;
        }
        self.reserve(&[], transfers, None);
        let posted = post::post(&self.pool, &row.transfer, row.at).await;
        // After anything but a fresh success the account is read again: it may have been made before, or be unknown.
        self.settle(&[], transfers, matches!(posted, Ok(Posted::Now)));
        match posted {
            Ok(Posted::Now | Posted::Before) => Ok(()),
            Ok(Posted::KeyReused) => Err(Code::IdReused),
            Ok(Posted::NoFunds) => Err(Code::NoFunds),
            Err(error) => {
                tracing::warn!(%error, "a transfer has an unknown outcome");
                Err(Code::Unknown)
            }
        }
    }

    /// What an account has, as committed; 0 where it was never used.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer.
    pub async fn balance(&self, owner: AccountOwner, currency: Currency) -> Result<i64, Code> {
        self.read(move |pool| async move { ledger::balance(&pool, owner, currency).await }).await
    }

    /// A user's accounts, as committed.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer.
    pub async fn accounts(&self, user: UserId) -> Result<Vec<Wallet>, Code> {
        let rows = self.read(|pool| async move { ledger::accounts(&pool, user).await }).await?;
        Ok(rows.into_iter().map(Wallet::from).collect())
    }

    /// What entities hold of a user's money, as committed.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer.
    pub async fn holds(&self, user: UserId) -> Result<Vec<HeldRow>, Code> {
        self.read(|pool| async move { ledger::holds(&pool, user).await }).await
    }

    /// A user's entries, newest first, those before the transfer `before`.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer.
    pub async fn entries(&self, user: UserId, before: Option<i64>, limit: u32) -> Result<Vec<EntryRow>, Code> {
        self.read(move |pool| async move { ledger::entries(&pool, user, before, limit).await }).await
    }

    /// Adds up the whole ledger.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer.
    pub async fn reconcile(&self) -> Result<Reconciliation, Code> {
        self.read(|pool| async move { ledger::reconcile(&pool).await }).await
    }

    /// Reads on the runtime to which the connections belong, from wherever we are.
    async fn read<T: Send + 'static, F>(&self, work: impl FnOnce(PgPool) -> F) -> Result<T, Code>
    where
        F: Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    {
        match self.io.spawn(work(self.pool.clone())).await {
            Ok(result) => result.map_err(|error| busy(&error)),
            Err(_) => Err(Code::Stopping),
        }
    }
}

fn busy(error: &sqlx::Error) -> Code {
    tracing::warn!(%error, "the ledger could not be read");
    Code::Busy
}

fn checked(amount: Money) -> Result<i64, Code> {
    if !amount.currency.is_cash() {
        return Err(Code::WrongCurrency);
    }
    match amount.amount {
        ..=0 => Err(Code::AmountNotPositive),
        1..=Money::MAX_AMOUNT => Ok(amount.amount),
        _ => Err(Code::AmountTooLarge),
    }
}

/// The users' accounts that a decision touches.
fn touched(holds: &[HoldRow], transfers: &[TransferRow]) -> BTreeSet<Key> {
    let entries = transfers.iter().flat_map(|row| &row.transfer.entries);
    let users = entries.filter_map(|entry| match entry.account {
        AccountOwner::User(user) => Some((user, entry.amount.currency)),
        AccountOwner::Pending(_) | AccountOwner::House | AccountOwner::Tax | AccountOwner::World => None,
    });
    holds.iter().map(|hold| (hold.user, hold.currency)).chain(users).collect()
}

/// The changes that transfers make to one account.
fn legs(transfers: &[TransferRow], key: Key) -> impl Iterator<Item = i64> {
    transfers
        .iter()
        .flat_map(|row| &row.transfer.entries)
        .filter(move |entry| entry.account == AccountOwner::User(key.0) && entry.amount.currency == key.1)
        .map(|entry| entry.amount.amount)
}
