//! The one statement that makes a batch durable.

use std::collections::{BTreeSet, HashSet};

use madang_domain::entity::AccountOwner;
use madang_domain::money::Currency;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, SqlSafeStr, SqlStr};

use super::fault::outcome_of;
use super::{Batch, Outcome, owner_columns};

/// Checks every fence and writes every part of the batch, or nothing.
///
/// - `for share` on the shard rows: a take-over is an update of a column that is no key, which `for key share` would not
///   stop, and a plain read could be overtaken before our commit.
/// - A hold's old amount may be read from the snapshot of the statement: only the shard's owner writes it, and the fence
///   proves that nobody else has owned it since.
/// - A transfer whose key exists already moves nothing again: entries and balances follow the inserted transfers only.
const COMMIT: &str = include_str!("commit.sql");

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

/// The journal writer's own connection.
#[derive(Debug)]
pub struct Committer {
    connection: PgConnection,
    /// Accounts that are known to have a row. The statement updates accounts and cannot create them: a check constraint
    /// judges a proposed row before `on conflict` does, and a release is negative on its own.
    accounts: HashSet<(AccountOwner, Currency)>,
    /// The planted fault: neither epochs nor unique keys are checked.
    unfenced: bool,
}

impl Committer {
    /// Connects. `unfenced` is never set in a release.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses the session's settings.
    pub async fn connect(options: &PgConnectOptions, unfenced: bool) -> Result<Self, sqlx::Error> {
        let options = options.clone().application_name("madang journal");
        let mut connection = options.connect().await?;
        sqlx::raw_sql(SESSION).execute(&mut connection).await?;
        Ok(Self { connection, accounts: HashSet::new(), unfenced })
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
        let Some(row) = self.write(batch, &shards, &epochs).await? else { return Ok(Outcome::Unknown) };
        if !row.try_get::<bool, _>("held")? {
            return self.lost(&shards, &epochs).await;
        }
        let moved: i64 = row.try_get("moved")?;
        if usize::try_from(moved).ok() != Some(batch.transfers.len()) {
            tracing::warn!(moved, wanted = batch.transfers.len(), "transfers were made before under the same keys");
        }
        Ok(Outcome::Committed)
    }

    async fn lost(&mut self, shards: &[i32], epochs: &[i64]) -> Result<Outcome, sqlx::Error> {
        let lost = sqlx::query(LOST).bind(shards).bind(epochs).fetch_all(&mut self.connection).await?;
        let lost = lost.iter().map(|row| row.try_get::<i32, _>(0)).collect::<Result<Vec<_>, _>>()?;
        Ok(Outcome::FenceLost(lost.into_iter().filter_map(|shard| u8::try_from(shard).ok()).collect()))
    }

    async fn open_accounts(&mut self, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let mut missing = BTreeSet::new();
        let of_holds = batch.holds.iter().map(|hold| (AccountOwner::User(hold.user), hold.currency));
        let of_entries = batch.transfers.iter().flat_map(|row| &row.transfer.entries);
        for account in of_holds.chain(of_entries.map(|entry| (entry.account, entry.amount.currency))) {
            if !self.accounts.contains(&account) {
                missing.insert(account);
            }
        }
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
    async fn write(&mut self, batch: &Batch<'_>, shards: &[i32], epochs: &[i64]) -> Result<Option<PgRow>, sqlx::Error> {
        let statement = if self.unfenced { unfenced() } else { COMMIT.into_sql_str() };
        let query = bind::journal(sqlx::query(statement).bind(shards).bind(epochs), batch);
        let query = bind::snapshots(query, batch);
        let query = bind::timers(query, batch);
        let query = bind::notices(query, batch);
        let query = bind::refusals(query, batch);
        let query = bind::holds(query, batch);
        let query = bind::transfers(query, batch);
        Ok(query.fetch_all(&mut self.connection).await?.pop())
    }

    /// Closes the socket at once, without a farewell that could wait.
    pub async fn abandon(self) {
        if let Err(error) = self.connection.close_hard().await {
            tracing::debug!(%error, "closing an abandoned connection");
        }
    }
}

/// The planted fault: the statement without its fence, and rows that exist are silently left.
fn unfenced() -> SqlStr {
    let held = "select s.id from shard s join want w on s.id = w.shard and s.epoch = w.epoch for share of s";
    let fence = "where (select ok from fence)\n),\nshots as (";
    let statement = COMMIT
        .replace(held, "select shard as id from want")
        .replace(fence, "where (select ok from fence) on conflict do nothing\n),\nshots as (");
    AssertSqlSafe(statement).into_sql_str()
}

/// Binds each part of a batch as arrays, in the order of `commit.sql`.
mod bind {
    use sqlx::Postgres;
    use sqlx::postgres::PgArguments;
    use sqlx::query::Query;

    use super::super::{Batch, owner_columns};

    type Statement<'q> = Query<'q, Postgres, PgArguments>;

    /// A count as a column: sequence numbers and offsets stay far below 2^63.
    fn column(number: u64) -> i64 {
        i64::try_from(number).unwrap_or(i64::MAX)
    }

    fn all<'a, R: 'a, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }

    pub(super) fn journal<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
        let rows = &batch.rows;
        query
            .bind(all(rows, |r| r.entity.packed()))
            .bind(all(rows, |r| column(r.seq)))
            .bind(all(rows, |r| r.epoch))
            .bind(all(rows, |r| i16::from(r.entity.kind().number())))
            .bind(all(rows, |r| r.version))
            .bind(all(rows, |r| r.cmd))
            .bind(all(rows, |r| r.actor.map(|user| user.get())))
            .bind(all(rows, |r| r.at))
            .bind(all(rows, |r| column(r.offset)))
            .bind(all(rows, |r| r.body_hash.as_slice()))
            .bind(all(rows, |r| r.chain.as_slice()))
            .bind(all(rows, |r| r.body.as_slice()))
    }

    pub(super) fn snapshots<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
        let rows = &batch.snapshots;
        query
            .bind(all(rows, |r| r.entity.packed()))
            .bind(all(rows, |r| column(r.seq)))
            .bind(all(rows, |r| r.version))
            .bind(all(rows, |r| column(r.offset)))
            .bind(all(rows, |r| r.at))
            .bind(all(rows, |r| r.chain.as_slice()))
            .bind(all(rows, |r| r.digest().to_vec()))
            .bind(all(rows, |r| r.body.as_slice()))
            .bind(all(rows, |r| column(r.keep_from)))
    }

    pub(super) fn timers<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
        let set: Vec<_> = batch.timers.iter().filter_map(|row| row.due.map(|(at, fire)| (row.entity, at, fire))).collect();
        let cleared: Vec<_> = batch.timers.iter().filter(|row| row.due.is_none()).map(|row| row.entity.packed()).collect();
        query
            .bind(all(&set, |(entity, _, _)| entity.packed()))
            .bind(all(&set, |(entity, _, _)| i16::from(entity.shard())))
            .bind(all(&set, |(_, at, _)| *at))
            .bind(all(&set, |(_, _, fire)| *fire))
            .bind(cleared)
    }

    pub(super) fn notices<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
        let rows = &batch.notices;
        query
            .bind(all(rows, |r| i16::from(r.entity.shard())))
            .bind(all(rows, |r| r.entity.packed()))
            .bind(all(rows, |r| column(r.seq)))
            .bind(all(rows, |r| r.n))
            .bind(all(rows, |r| r.target.packed()))
            .bind(all(rows, |r| r.body.get().to_owned()))
    }

    pub(super) fn refusals<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
        let rows = &batch.refusals;
        query
            .bind(all(rows, |r| r.entity.packed()))
            .bind(all(rows, |r| r.cmd))
            .bind(all(rows, |r| r.actor.map(|user| user.get())))
            .bind(all(rows, |r| r.at))
            .bind(all(rows, |r| column(r.at_seq)))
            .bind(all(rows, |r| r.code))
            .bind(all(rows, |r| r.message.as_str()))
            .bind(all(rows, |r| r.detail.get().to_owned()))
            .bind(all(rows, |r| r.command.get().to_owned()))
    }

    pub(super) fn holds<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
        let rows = &batch.holds;
        query
            .bind(all(rows, |r| r.entity.packed()))
            .bind(all(rows, |r| r.user.get()))
            .bind(all(rows, |r| r.currency.code().to_owned()))
            .bind(all(rows, |r| r.amount))
    }

    pub(super) fn transfers<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
        let rows = &batch.transfers;
        let legs: Vec<_> = rows
            .iter()
            .flat_map(|r| (0i16..).zip(&r.transfer.entries).map(|(n, entry)| (r.transfer.key.as_str(), n, entry)))
            .collect();
        query
            .bind(all(rows, |r| r.transfer.key.as_str()))
            .bind(all(rows, |r| r.transfer.purpose.as_str()))
            .bind(all(rows, |r| r.entity.map(|entity| entity.packed())))
            .bind(all(rows, |r| r.at))
            .bind(all(&legs, |(key, _, _)| *key))
            .bind(all(&legs, |(_, n, _)| *n))
            .bind(all(&legs, |(_, _, entry)| owner_columns(entry.account).0))
            .bind(all(&legs, |(_, _, entry)| owner_columns(entry.account).1))
            .bind(all(&legs, |(_, _, entry)| entry.amount.currency.code().to_owned()))
            .bind(all(&legs, |(_, _, entry)| entry.amount.amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_planted_statement_has_neither_fence_nor_key() {
        let planted = unfenced();
        assert!(
            !planted.as_str().contains("for share")
                && planted.as_str().contains("where (select ok from fence) on conflict do nothing")
        );
        assert!(COMMIT.contains("for share"));
    }
}
