//! Accounts, holds, transfers and entries: all reading is here. The journal's commit writes them for the decisions of
//! entities, [`post`] those transfers that belong to no entity (deposits and withdrawals).

pub mod post;

use std::str::FromStr;

use madang_domain::entity::AccountOwner;
use madang_domain::ids::{EntityId, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::journal::owner_columns;

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
        "select * from ( \
           (select t.id, t.purpose, t.entity, t.at, e.currency, e.amount, e.n from entry e join transfer t on t.id = e.transfer \
            where e.owner_kind = 'user' and e.owner = $1 and e.transfer < $2 order by e.transfer desc, e.n limit $3) \
           union all \
           (select id, purpose, entity, at, currency, -amount, 0 from transfer \
            where from_kind = 'user' and from_owner = $1 and id < $2 order by id desc limit $3) \
           union all \
           (select id, purpose, entity, at, currency, amount, 1 from transfer \
            where to_kind = 'user' and to_owner = $1 and id < $2 order by id desc limit $3) \
         ) as mine order by id desc, n limit $3",
    )
    .bind(user.get())
    .bind(before.unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(EntryRow {
                transfer: row.try_get(0)?,
                purpose: row.try_get(1)?,
                entity: row.try_get::<Option<i64>, _>(2)?.and_then(EntityId::from_packed),
                at: row.try_get(3)?,
                amount: Money::new(row.try_get(5)?, currency_of(row.try_get(4)?)?),
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
        "select t.entity, count(*), -sum(p.amount)::bigint from posting p join transfer t on t.id = p.transfer \
         where p.owner_kind = 'user' and p.owner = $1 and p.currency = $2::char(3) and t.purpose = $3 \
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

/// Adds everything up.
///
/// # Errors
/// When the database cannot answer.
pub async fn reconcile(pool: &PgPool) -> Result<Reconciliation, sqlx::Error> {
    let unbalanced =
        sqlx::query("select currency::text, sum(amount)::bigint from posting group by currency having sum(amount) <> 0")
            .fetch_all(pool)
            .await?;
    let balances = sqlx::query(
        "select concat_ws('/', a.owner_kind, a.owner, a.currency) from account a \
         left join (select owner_kind, owner, currency, sum(amount) as total from posting group by 1, 2, 3) e \
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

fn account_of(row: &PgRow) -> Result<AccountRow, sqlx::Error> {
    let currency = currency_of(row.try_get("currency")?)?;
    Ok(AccountRow { balance: Money::new(row.try_get("balance")?, currency), held: row.try_get("held")? })
}

fn currency_of(code: &str) -> Result<Currency, sqlx::Error> {
    Currency::from_str(code).map_err(|error| sqlx::Error::Decode(error.into()))
}
