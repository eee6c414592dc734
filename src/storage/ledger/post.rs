//! Transfers that belong to no entity.

use madang_domain::entity::{AccountOwner, LedgerEntry, Transfer};
use madang_domain::ids::UserId;
use madang_domain::ledger::Payment;
use madang_domain::money::Money;
use madang_domain::time::Timestamp;
use sqlx::{PgConnection, PgPool, Row};

use crate::storage::journal::owner_columns;

/// How often a transfer is begun before a lock that cannot be had is an error.
const POST_TRIES: u32 = 10;
/// `lock_not_available` and `deadlock_detected`: nothing was done, and the next try may do it.
const GAVE_WAY: [&str; 2] = ["55P03", "40P01"];

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
    let mut legs: Vec<&LedgerEntry> = transfer.entries.iter().collect();
    // Accounts are locked in one order everywhere, so that two transfers never wait for each other in a circle.
    legs.sort_by_key(|leg| (leg.account, leg.amount.currency));
    open_accounts(&mut transaction, &legs).await?;
    let payment = Payment::of(transfer);
    let Some(made) = insert(&mut transaction, transfer, payment, at).await? else {
        let same = is_same(&mut transaction, transfer).await?;
        return Ok(if same { Posted::Before } else { Posted::KeyReused });
    };
    match change_balances(&mut transaction, &legs).await {
        Ok(()) => {}
        Err(sqlx::Error::Database(fault)) if fault.constraint() == Some("account_user_covers_holds") => {
            transaction.rollback().await?;
            return Ok(Posted::NoFunds);
        }
        Err(error) => return Err(error),
    }
    if payment.is_none() {
        insert_entries(&mut transaction, made, &legs).await?;
    }
    transaction.commit().await?;
    Ok(Posted::Now)
}

async fn open_accounts(connection: &mut PgConnection, legs: &[&LedgerEntry]) -> Result<(), sqlx::Error> {
    let (kinds, owners): (Vec<&str>, Vec<i64>) = legs.iter().map(|leg| owner_columns(leg.account)).unzip();
    let currencies: Vec<&str> = legs.iter().map(|leg| leg.amount.currency.code()).collect();
    sqlx::query(
        "insert into account (owner_kind, owner, currency) \
         select * from unnest($1::text[], $2::bigint[], $3::text[]) on conflict do nothing",
    )
    .bind(kinds)
    .bind(owners)
    .bind(currencies)
    .execute(connection)
    .await?;
    Ok(())
}

async fn change_balances(connection: &mut PgConnection, legs: &[&LedgerEntry]) -> Result<(), sqlx::Error> {
    for leg in legs {
        let (kind, owner) = owner_columns(leg.account);
        sqlx::query(
            "update account set balance = balance + $4 where owner_kind = $1 and owner = $2 and currency = $3::char(3)",
        )
        .bind(kind)
        .bind(owner)
        .bind(leg.amount.currency.code())
        .bind(leg.amount.amount)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The number of the new transfer, which is whole when it is a payment; `None` when its key exists.
async fn insert(
    connection: &mut PgConnection,
    transfer: &Transfer,
    payment: Option<Payment>,
    at: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let (from, to) = payment.map(|paid| (owner_columns(paid.from), owner_columns(paid.to))).unzip();
    sqlx::query_scalar(
        "insert into transfer (key, purpose, at, from_kind, from_owner, to_kind, to_owner, currency, amount) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (key) do nothing returning id",
    )
    .bind(&transfer.key)
    .bind(&transfer.purpose)
    .bind(at)
    .bind(from.map(|(kind, _)| kind))
    .bind(from.map(|(_, owner)| owner))
    .bind(to.map(|(kind, _)| kind))
    .bind(to.map(|(_, owner)| owner))
    .bind(payment.as_ref().map(|paid| paid.amount.currency.code()))
    .bind(payment.map(|paid| paid.amount.amount))
    .fetch_optional(connection)
    .await
}

/// All entries in one statement: that they sum to zero is checked at its end.
async fn insert_entries(connection: &mut PgConnection, transfer: i64, legs: &[&LedgerEntry]) -> Result<(), sqlx::Error> {
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
        "select p.owner_kind, p.owner, p.currency, p.amount from posting p join transfer t on t.id = p.transfer \
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
