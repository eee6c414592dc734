//! Accounts, holds, transfers and entries. The journal's commit writes them too, for the decisions of entities; here are
//! the transfers that belong to no entity (deposits and withdrawals), and all reading.

use std::str::FromStr;

use madang_domain::entity::{AccountOwner, LedgerEntry, Transfer};
use madang_domain::ids::{EntityId, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

use super::journal::owner_columns;

/// How often a transfer is begun before a lock that cannot be had is an error.
const POST_TRIES: u32 = 10;
/// `lock_not_available` and `deadlock_detected`: nothing was done, and the next try may do it.
const GAVE_WAY: [&str; 2] = ["55P03", "40P01"];

/// One account as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountRow {
    /// Everything that is there.
    pub balance: Money,
    /// What entities hold of it.
    pub held: i64,
}

/// What one entity holds of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldRow {
    /// Who holds.
    pub entity: EntityId,
    /// How much.
    pub amount: Money,
}

/// One leg of a transfer, as the owner of the account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// The transfer's number: entries are listed newest first, and this is the cursor.
    pub transfer: i64,
    /// What it was for.
    pub purpose: String,
    /// The entity it belongs to.
    pub entity: Option<EntityId>,
    /// When.
    pub at: Timestamp,
    /// Positive came in, negative went out.
    pub amount: Money,
}

/// What came of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It was made.
    Now,
    /// It was made before, under the same key.
    Before,
    /// Another one was made before under this key. Nothing was done.
    KeyReused,
    /// The account has not enough that is free. Nothing was done.
    NoFunds,
}

/// Sums that must be zero or equal. Empty lists are health.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Currencies whose entries do not sum to zero, with the sum.
    pub unbalanced: Vec<(String, i64)>,
    /// Accounts whose balance is not the sum of their entries, as `kind/owner/currency`.
    pub wrong_balances: Vec<String>,
    /// Accounts whose `held` is not the sum of their holds, as `kind/owner/currency`.
    pub wrong_holds: Vec<String>,
}

impl Reconciliation {
    /// Whether all is well.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        *self == Self::default()
    }
}

/// One account with its holds, read at one moment; `None` when it was never used.
///
/// # Errors
/// When the database cannot answer.
pub async fn account(
    pool: &PgPool,
    user: UserId,
    currency: Currency,
) -> Result<Option<(AccountRow, Vec<HeldRow>)>, sqlx::Error> {
    let rows = sqlx::query(
        "select a.currency, a.balance, a.held, h.entity, h.amount from account a \
         left join hold h on h.owner = a.owner and h.currency = a.currency \
         where a.owner_kind = 'user' and a.owner = $1 and a.currency = $2::char(3)",
    )
    .bind(user.get())
    .bind(currency.code())
    .fetch_all(pool)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut holds = Vec::new();
    for row in &rows {
        if let Some(entity) = row.try_get::<Option<i64>, _>(3)?.and_then(EntityId::from_packed) {
            holds.push(HeldRow { entity, amount: Money::new(row.try_get(4)?, currency) });
        }
    }
    Ok(Some((account_of(first)?, holds)))
}

/// A user's accounts, by currency.
///
/// # Errors
/// When the database cannot answer.
pub async fn accounts(pool: &PgPool, user: UserId) -> Result<Vec<AccountRow>, sqlx::Error> {
    let rows =
        sqlx::query("select currency, balance, held from account where owner_kind = 'user' and owner = $1 order by currency")
            .bind(user.get())
            .fetch_all(pool)
            .await?;
    rows.iter().map(account_of).collect()
}

/// What entities hold of a user's money.
///
/// # Errors
/// When the database cannot answer.
pub async fn holds(pool: &PgPool, user: UserId) -> Result<Vec<HeldRow>, sqlx::Error> {
    let rows =
        sqlx::query("select currency, entity, amount from hold where owner = $1 and amount > 0 order by entity, currency")
            .bind(user.get())
            .fetch_all(pool)
            .await?;
    let mut holds = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(entity) = EntityId::from_packed(row.try_get(1)?) {
            holds.push(HeldRow { entity, amount: Money::new(row.try_get(2)?, currency_of(row.try_get(0)?)?) });
        }
    }
    Ok(holds)
}

/// A user's entries, newest first, those before the transfer `before` (all when `None`).
///
/// # Errors
/// When the database cannot answer.
pub async fn entries(pool: &PgPool, user: UserId, before: Option<i64>, limit: u32) -> Result<Vec<EntryRow>, sqlx::Error> {
    let rows = sqlx::query(
        "select e.currency, e.transfer, t.purpose, t.entity, t.at, e.amount from entry e \
         join transfer t on t.id = e.transfer \
         where e.owner_kind = 'user' and e.owner = $1 and ($2::bigint is null or e.transfer < $2) \
         order by e.transfer desc, e.n limit $3",
    )
    .bind(user.get())
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(EntryRow {
                transfer: row.try_get(1)?,
                purpose: row.try_get(2)?,
                entity: row.try_get::<Option<i64>, _>(3)?.and_then(EntityId::from_packed),
                at: row.try_get(4)?,
                amount: Money::new(row.try_get(5)?, currency_of(row.try_get(0)?)?),
            })
        })
        .collect()
}

/// What an account has; 0 where it was never used.
///
/// # Errors
/// When the database cannot answer.
pub async fn balance(pool: &PgPool, owner: AccountOwner, currency: Currency) -> Result<i64, sqlx::Error> {
    let (kind, number) = owner_columns(owner);
    let balance: Option<i64> =
        sqlx::query_scalar("select balance from account where owner_kind = $1 and owner = $2 and currency = $3::char(3)")
            .bind(kind)
            .bind(number)
            .bind(currency.code())
            .fetch_optional(pool)
            .await?;
    Ok(balance.unwrap_or(0))
}

/// What entities were paid by a user for one purpose, in one currency: each with how often and how much in all, those with
/// the highest numbers first.
///
/// # Errors
/// When the database cannot answer.
pub async fn paid_for(
    pool: &PgPool,
    user: UserId,
    purpose: &str,
    currency: Currency,
    limit: i64,
) -> Result<Vec<(EntityId, i64, i64)>, sqlx::Error> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "select t.entity, count(*), -sum(e.amount)::bigint from entry e join transfer t on t.id = e.transfer \
         where e.owner_kind = 'user' and e.owner = $1 and e.currency = $2::char(3) and t.purpose = $3 \
           and t.entity is not null \
         group by t.entity order by t.entity desc limit $4",
    )
    .bind(user.get())
    .bind(currency.code())
    .bind(purpose)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().filter_map(|(packed, times, sum)| Some((EntityId::from_packed(packed)?, times, sum))).collect())
}

/// Makes a transfer that belongs to no entity, at most once for its key. Where it waits too long for a lock, it gives way
/// and begins anew, so that a commit of the journal, which locks the same accounts, never has to.
///
/// # Errors
/// When the database cannot answer: whether it was made is then unknown, and the same key tells.
pub async fn post(pool: &PgPool, transfer: &Transfer, at: Timestamp) -> Result<Posted, sqlx::Error> {
    for _ in 1..POST_TRIES {
        match post_once(pool, transfer, at).await {
            Err(sqlx::Error::Database(fault)) if fault.code().is_some_and(|code| GAVE_WAY.contains(&code.as_ref())) => {}
            posted => return posted,
        }
    }
    post_once(pool, transfer, at).await
}

async fn post_once(pool: &PgPool, transfer: &Transfer, at: Timestamp) -> Result<Posted, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("set local lock_timeout = '500ms'").execute(&mut *transaction).await?;
    let made =
        sqlx::query("insert into transfer (key, purpose, at) values ($1, $2, $3) on conflict (key) do nothing returning id")
            .bind(&transfer.key)
            .bind(&transfer.purpose)
            .bind(at)
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(made) = made else {
        let same = is_same(&mut transaction, transfer).await?;
        return Ok(if same { Posted::Before } else { Posted::KeyReused });
    };
    match move_money(&mut transaction, made.try_get(0)?, &transfer.entries).await {
        Ok(()) => {}
        Err(sqlx::Error::Database(fault)) if fault.constraint() == Some("account_user_covers_holds") => {
            transaction.rollback().await?;
            return Ok(Posted::NoFunds);
        }
        Err(error) => return Err(error),
    }
    transaction.commit().await?;
    Ok(Posted::Now)
}

async fn move_money(connection: &mut PgConnection, transfer: i64, entries: &[LedgerEntry]) -> Result<(), sqlx::Error> {
    let mut legs: Vec<&LedgerEntry> = entries.iter().collect();
    // Accounts are locked in one order everywhere, so that two transfers never wait for each other in a circle.
    legs.sort_by_key(|leg| (leg.account, leg.amount.currency));
    for leg in &legs {
        let (kind, owner) = owner_columns(leg.account);
        for statement in [
            "insert into account (owner_kind, owner, currency) values ($1, $2, $3) on conflict do nothing",
            "update account set balance = balance + $4 where owner_kind = $1 and owner = $2 and currency = $3::char(3)",
        ] {
            let query = sqlx::query(statement).bind(kind).bind(owner).bind(leg.amount.currency.code());
            let query = if statement.contains("$4") { query.bind(leg.amount.amount) } else { query };
            query.execute(&mut *connection).await?;
        }
    }
    // All entries in one statement: that they sum to zero is checked at its end.
    let columns: Vec<_> = legs.iter().map(|leg| owner_columns(leg.account)).collect();
    sqlx::query(
        "insert into entry (transfer, n, owner_kind, owner, currency, amount) \
         select $1, e.n - 1, e.owner_kind, e.owner, e.currency, e.amount \
         from unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[]) \
           with ordinality as e (owner_kind, owner, currency, amount, n)",
    )
    .bind(transfer)
    .bind(columns.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind(columns.iter().map(|(_, owner)| *owner).collect::<Vec<_>>())
    .bind(legs.iter().map(|leg| leg.amount.currency.code()).collect::<Vec<_>>())
    .bind(legs.iter().map(|leg| leg.amount.amount).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn is_same(connection: &mut PgConnection, transfer: &Transfer) -> Result<bool, sqlx::Error> {
    let rows = sqlx::query(
        "select e.owner_kind, e.owner, e.currency, e.amount from entry e join transfer t on t.id = e.transfer \
         where t.key = $1 and t.purpose = $2",
    )
    .bind(&transfer.key)
    .bind(&transfer.purpose)
    .fetch_all(connection)
    .await?;
    let mut stored = Vec::with_capacity(rows.len());
    for row in &rows {
        let leg: (String, i64, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        stored.push(leg);
    }
    let mut wanted: Vec<_> = transfer.entries.iter().map(leg_columns).collect();
    stored.sort();
    wanted.sort();
    Ok(stored == wanted)
}

fn leg_columns(entry: &LedgerEntry) -> (String, i64, String, i64) {
    let (kind, owner) = owner_columns(entry.account);
    (kind.to_owned(), owner, entry.amount.currency.code().to_owned(), entry.amount.amount)
}

/// Adds everything up.
///
/// # Errors
/// When the database cannot answer.
pub async fn reconcile(pool: &PgPool) -> Result<Reconciliation, sqlx::Error> {
    let unbalanced =
        sqlx::query("select currency::text, sum(amount)::bigint from entry group by currency having sum(amount) <> 0")
            .fetch_all(pool)
            .await?;
    let balances = sqlx::query(
        "select concat_ws('/', a.owner_kind, a.owner, a.currency) from account a \
         left join (select owner_kind, owner, currency, sum(amount) as total from entry group by 1, 2, 3) e \
           using (owner_kind, owner, currency) \
         where a.balance <> coalesce(e.total, 0)",
    )
    .fetch_all(pool)
    .await?;
    let holds = sqlx::query(
        "select concat_ws('/', a.owner_kind, a.owner, a.currency) from account a \
         left join (select owner_kind, owner, currency, sum(amount) as total from hold group by 1, 2, 3) h \
           using (owner_kind, owner, currency) \
         where a.held <> coalesce(h.total, 0)",
    )
    .fetch_all(pool)
    .await?;
    let name = |row: &PgRow| row.try_get(0);
    Ok(Reconciliation {
        unbalanced: unbalanced.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?,
        wrong_balances: balances.iter().map(name).collect::<Result<_, _>>()?,
        wrong_holds: holds.iter().map(name).collect::<Result<_, _>>()?,
    })
}

/// The transfer of money from the world outside to a user; the other way round when the amount is negative.
#[must_use]
pub fn with_the_world(user: UserId, amount: Money, key: String) -> Transfer {
    let purpose = if amount.amount < 0 { "wallet.withdrawal" } else { "wallet.deposit" };
    let back = Money::new(-amount.amount, amount.currency);
    Transfer {
        key,
        purpose: purpose.to_owned(),
        entries: vec![
            LedgerEntry { account: AccountOwner::User(user), amount },
            LedgerEntry { account: AccountOwner::World, amount: back },
        ],
    }
}

fn account_of(row: &PgRow) -> Result<AccountRow, sqlx::Error> {
    let currency = currency_of(row.try_get("currency")?)?;
    Ok(AccountRow { balance: Money::new(row.try_get("balance")?, currency), held: row.try_get("held")? })
}

fn currency_of(code: &str) -> Result<Currency, sqlx::Error> {
    Currency::from_str(code).map_err(|error| sqlx::Error::Decode(error.into()))
}
