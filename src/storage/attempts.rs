//! What was bid in auctions, accepted and refused: reads the views `pub_engine_auction_bid`,
//! `pub_engine_auction_refused_bid` and `pub_accounts_user`.
//!
//! Accepted and refused bids are two streams, each with its own order and position; whoever shows both merges them.

use std::collections::HashMap;

use madang_domain::ids::UserId;
use madang_domain::money::Money;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgPool};

/// One accepted bid.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AcceptedRow {
    /// The auction's number.
    pub auction: i64,
    /// The entity's packed id, part of the position.
    pub entity: i64,
    /// The decision's number.
    pub seq: i64,
    /// Who bid.
    pub actor_user: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// Its events, a JSON list.
    pub body: Vec<u8>,
}

/// One refused bid.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RefusedRow {
    /// The auction's number.
    pub auction: i64,
    /// The position.
    pub id: i64,
    /// The auction's newest decision when it was refused.
    pub at_seq: i64,
    /// Who bid.
    pub actor_user: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub code: String,
    /// Why, as a sentence.
    pub message: String,
    /// The maximum that was named.
    #[sqlx(json)]
    pub max: Money,
}

/// Where in the stream of one person's accepted bids: the last one seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Its time.
    pub at: Timestamp,
    /// Its entity.
    pub entity: i64,
    /// Its number.
    pub seq: i64,
}

/// Accepted bids in one auction below `before`, the newest first; the private ones of leaders only where asked for.
///
/// # Errors
/// The database's.
pub async fn list_accepted(
    db: &PgPool,
    entity: i64,
    before: i64,
    private_too: bool,
    limit: i64,
) -> Result<Vec<AcceptedRow>, sqlx::Error> {
    sqlx::query_as(
        "select auction, entity, seq, actor_user, at, body
        from pub_engine_auction_bid
        where entity = $1 and seq < $2 and (visible or $3)
        order by seq desc
        limit $4",
    )
    .bind(entity)
    .bind(before)
    .bind(private_too)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Refused bids in one auction below `before`, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_refused(db: &PgPool, entity: i64, before: i64, limit: i64) -> Result<Vec<RefusedRow>, sqlx::Error> {
    sqlx::query_as(
        "select auction, id, at_seq, actor_user, at, code, message, max
        from pub_engine_auction_refused_bid
        where entity = $1 and id < $2
        order by id desc
        limit $3",
    )
    .bind(entity)
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// One person's accepted bids, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_accepted_of(db: &PgPool, user: UserId, after: After, limit: i64) -> Result<Vec<AcceptedRow>, sqlx::Error> {
    sqlx::query_as(
        "select auction, entity, seq, actor_user, at, body
        from pub_engine_auction_bid
        where actor_user = $1 and (at, entity, seq) < ($2, $3, $4)
        order by at desc, entity desc, seq desc
        limit $5",
    )
    .bind(user.get())
    .bind(after.at)
    .bind(after.entity)
    .bind(after.seq)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// One person's refused bids, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_refused_of(db: &PgPool, user: UserId, before: i64, limit: i64) -> Result<Vec<RefusedRow>, sqlx::Error> {
    sqlx::query_as(
        "select auction, id, at_seq, actor_user, at, code, message, max
        from pub_engine_auction_refused_bid
        where actor_user = $1 and id < $2
        order by id desc
        limit $3",
    )
    .bind(user.get())
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The names of people, for clerks.
///
/// # Errors
/// The database's.
pub async fn find_names(db: &PgPool, users: &[i64]) -> Result<HashMap<i64, String>, sqlx::Error> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("select id, name from pub_accounts_user where id = any ($1)").bind(users).fetch_all(db).await?;
    Ok(rows.into_iter().collect())
}
