//! Tables `chat_quota` (what one person used on one day) and `chat_reservation` (tokens of answers that are not over).
//!
//! The row of a person and a day is changed by one statement each time, and its lock puts those who ask at once into an order:
//! the limits hold exactly, on however many nodes.

use chrono::NaiveDate;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// What one person used on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow)]
pub struct Used {
    /// Answers that were asked for.
    pub messages: i32,
    /// Of these, not over yet.
    pub running: i32,
    /// Tokens that are reserved for those.
    pub reserved: i64,
    /// Tokens of those that are over.
    pub used: i64,
}

/// The most that one person may use on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Answers.
    pub messages: i32,
    /// Answers at a time.
    pub running: i32,
    /// Tokens.
    pub tokens: i64,
}

/// What to reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The reservation's id: the same id is reserved once.
    pub id: Uuid,
    /// For whom.
    pub user: UserId,
    /// On which day's account.
    pub day: NaiveDate,
    /// How many tokens.
    pub tokens: i64,
    /// When.
    pub at: Timestamp,
}

/// What came of wanting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It is reserved; this is used with it.
    Fresh(Used),
    /// It was reserved before under the same id.
    Before,
    /// The limits do not allow it; this is used without it.
    Refused(Used),
}

/// Reserves tokens for one answer, if the limits allow it.
///
/// # Errors
/// The database's.
pub async fn reserve(db: &PgPool, wanted: &Wanted, most: Most) -> Result<Reserved, sqlx::Error> {
    let fits_alone = wanted.tokens <= most.tokens && most.messages > 0 && most.running > 0;
    if fits_alone {
        let taken: Result<Option<Used>, sqlx::Error> = sqlx::query_as(
            "with taken as (
              insert into chat_quota as q (user_id, day, messages, running, reserved, used)
              values ($1, $2, 1, 1, $3, 0)
              on conflict (user_id, day) do update
              set messages = q.messages + 1, running = q.running + 1, reserved = q.reserved + $3
              where q.messages < $4 and q.running < $5 and q.used + q.reserved + $3 <= $6
              returning messages, running, reserved, used
            ), kept as (
              insert into chat_reservation (id, user_id, day, tokens, made_at)
              select $7, $1, $2, $3, $8 from taken
            )
            select messages, running, reserved, used from taken",
        )
        .bind(wanted.user.get())
        .bind(wanted.day)
        .bind(wanted.tokens)
        .bind(most.messages)
        .bind(most.running)
        .bind(most.tokens)
        .bind(wanted.id)
        .bind(wanted.at)
        .fetch_optional(db)
        .await;
        match taken {
            Ok(Some(used)) => return Ok(Reserved::Fresh(used)),
            Ok(None) => {}
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Reserved::Before),
            Err(error) => return Err(error),
        }
    }
    Ok(Reserved::Refused(used(db, wanted.user, wanted.day).await?))
}

/// What a person used on a day.
///
/// # Errors
/// The database's.
pub async fn used(db: &PgPool, user: UserId, day: NaiveDate) -> Result<Used, sqlx::Error> {
    let found: Option<Used> =
        sqlx::query_as("select messages, running, reserved, used from chat_quota where user_id = $1 and day = $2")
            .bind(user.get())
            .bind(day)
            .fetch_optional(db)
            .await?;
    Ok(found.unwrap_or_default())
}

/// The answer of a reservation is over: what it took is counted in its stead. Done once, however often it is asked. `asked`:
/// whether it still counts as an answer that was asked for.
///
/// # Errors
/// The database's.
pub async fn settle(db: &PgPool, id: Uuid, tokens: i64, asked: bool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with gone as (delete from chat_reservation where id = $1 returning user_id, day, tokens)
        update chat_quota as q
        set running = q.running - 1, reserved = q.reserved - gone.tokens, used = q.used + $2,
            messages = q.messages - $3
        from gone where q.user_id = gone.user_id and q.day = gone.day",
    )
    .bind(id)
    .bind(tokens)
    .bind(i32::from(!asked))
    .execute(db)
    .await?;
    Ok(())
}

/// Gives back what was reserved before a moment and never settled: the question was never taken.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &PgPool, before: Timestamp) -> Result<u64, sqlx::Error> {
    let old: Vec<Uuid> =
        sqlx::query_scalar("select id from chat_reservation where made_at < $1 limit 1000").bind(before).fetch_all(db).await?;
    for id in &old {
        settle(db, *id, 0, true).await?;
    }
    Ok(u64::try_from(old.len()).unwrap_or(u64::MAX))
}
