//! The one statement that makes a batch durable: it checks every fence and writes every part of the batch, or nothing.
//!
//! [`statement`] composes it of the parts that the batch has, `parts/*.sql` are their texts, [`bind`] gives them their rows.

mod bind;
mod statement;

use std::collections::{BTreeSet, HashSet};

use madang_domain::entity::AccountOwner;
use madang_domain::money::Currency;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};

use self::statement::{Parts, Statements};
use super::fault::outcome_of;
use super::{Batch, Outcome, owner_columns};

/// Checks the fences only, without locks: enough to answer reads, which then are true at this moment.
const CHECK: &str = "select id from shard s join unnest($1::int[], $2::bigint[]) as w (shard, epoch) \
     on s.id = w.shard and s.epoch = w.epoch";

const LOST: &str = "select w.shard from unnest($1::int[], $2::bigint[]) as w (shard, epoch) \
     where not exists (select from shard s where s.id = w.shard and s.epoch = w.epoch)";

const OPEN_ACCOUNTS: &str = "insert into account (owner_kind, owner, currency) \
     select * from unnest($1::text[], $2::bigint[], $3::text[]) on conflict do nothing";

/// The statement joins small arrays with large tables: always by index, never planned anew.
const SESSION: &str = "set synchronous_commit = on; set statement_timeout = 0; set plan_cache_mode = force_generic_plan; \
     set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off";

/// The constraint that a transfer's key breaks when it exists.
const KEY_EXISTS: &str = "transfer_once";

/// Prepared statements kept: sets of parts beyond that are prepared anew when they come again.
const STATEMENTS: usize = 64;

/// The journal writer's own connection.
#[derive(Debug)]
pub struct Committer {
    connection: PgConnection,
    /// Accounts that are known to have a row. The statement updates accounts and cannot create them: a check constraint
    /// judges a proposed row before `on conflict` does, and a release is negative on its own.
    accounts: HashSet<(AccountOwner, Currency)>,
    statements: Statements,
    /// The planted fault: neither epochs nor unique keys are checked.
    unfenced: bool,
}

impl Committer {
    /// Connects. `unfenced` is never set in a release.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses the session's settings.
    pub async fn connect(options: &PgConnectOptions, unfenced: bool) -> Result<Self, sqlx::Error> {
        let options = options.clone().application_name("madang journal").statement_cache_capacity(STATEMENTS);
        let mut connection = options.connect().await?;
        sqlx::raw_sql(SESSION).execute(&mut connection).await?;
        Ok(Self { connection, accounts: HashSet::new(), statements: Statements::new(unfenced), unfenced })
    }

    /// Makes the batch durable. Never cancel this future: after [`Outcome::Unknown`], and after dropping it half way, the
    /// connection must be given up with [`Committer::abandon`].
    pub async fn commit(&mut self, batch: &Batch<'_>) -> Outcome {
        match self.try_commit(batch).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let outcome = outcome_of(&error);
                tracing::warn!(%error, ?outcome, "a commit did not succeed");
                outcome
            }
        }
    }

    async fn try_commit(&mut self, batch: &Batch<'_>) -> Result<Outcome, sqlx::Error> {
        let shards: Vec<i32> = batch.fences.iter().map(|(shard, _)| i32::from(*shard)).collect();
        let epochs: Vec<i64> = batch.fences.iter().map(|(_, epoch)| *epoch).collect();
        if batch.is_read_only() {
            if self.unfenced {
                return Ok(Outcome::Committed);
            }
            let held = sqlx::query(CHECK).bind(&shards).bind(&epochs).fetch_all(&mut self.connection).await?;
            return if held.len() == shards.len() { Ok(Outcome::Committed) } else { self.lost(&shards, &epochs).await };
        }
        self.open_accounts(batch).await?;
        let parts = Parts::of(batch);
        let written = match self.write(batch, parts, &shards, &epochs).await {
            // Nothing was written, and why is known: some transfer was made before.
            Err(sqlx::Error::Database(error)) if error.constraint() == Some(KEY_EXISTS) => {
                self.write(batch, parts.again(), &shards, &epochs).await
            }
            other => other,
        };
        let Some(row) = written? else { return Ok(Outcome::Unknown) };
        if !row.try_get::<bool, _>("held")? {
            return self.lost(&shards, &epochs).await;
        }
        let moved: i64 = row.try_get("moved")?;
        let wanted = batch.payments.len() + batch.transfers.len();
        if usize::try_from(moved).ok() != Some(wanted) {
            tracing::warn!(moved, wanted, "transfers were made before under the same keys");
        }
        Ok(Outcome::Committed)
    }

    async fn lost(&mut self, shards: &[i32], epochs: &[i64]) -> Result<Outcome, sqlx::Error> {
        let lost = sqlx::query(LOST).bind(shards).bind(epochs).fetch_all(&mut self.connection).await?;
        let lost = lost.iter().map(|row| row.try_get::<i32, _>(0)).collect::<Result<Vec<_>, _>>()?;
        Ok(Outcome::FenceLost(lost.into_iter().filter_map(|shard| u8::try_from(shard).ok()).collect()))
    }

    async fn open_accounts(&mut self, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let missing: BTreeSet<_> = batch.accounts().filter(|account| !self.accounts.contains(account)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (kinds, owners): (Vec<&str>, Vec<i64>) = missing.iter().map(|(owner, _)| owner_columns(*owner)).unzip();
        let currencies: Vec<&str> = missing.iter().map(|(_, currency)| currency.code()).collect();
        sqlx::query(OPEN_ACCOUNTS).bind(kinds).bind(owners).bind(currencies).execute(&mut self.connection).await?;
        self.accounts.extend(missing);
        Ok(())
    }

    /// Sends the statement and reads to its very end: the row itself is made before the commit is, and only the end of the
    /// exchange proves that deferred constraints held and the disk has it.
    async fn write(
        &mut self,
        batch: &Batch<'_>,
        parts: Parts,
        shards: &[i32],
        epochs: &[i64],
    ) -> Result<Option<PgRow>, sqlx::Error> {
        let text = AssertSqlSafe(self.statements.text(parts));
        let query = bind::parts(sqlx::query(text).bind(shards).bind(epochs), batch, parts);
        Ok(query.fetch_all(&mut self.connection).await?.pop())
    }

    /// Closes the socket at once, without a farewell that could wait.
    pub async fn abandon(self) {
        if let Err(error) = self.connection.close_hard().await {
            tracing::debug!(%error, "closing an abandoned connection");
        }
    }
}
