//! Tables `raffle_card` (the list's read rows), `raffle_win` (who won what), `raffle_offer` (which raffle a create request
//! made) and `raffle_code` (what winners get, encrypted). Reads the view `pub_engine_raffle_head`.

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// One raffle in a list, as of its decision number `seq`.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Card {
    /// The raffle's number.
    pub id: i64,
    /// How new this is.
    pub seq: i64,
    /// `open`, `frozen`, `drawn` or `cancelled`.
    pub state: String,
    /// What it is called.
    pub title: String,
    /// What an entry costs, in stamps.
    pub entry_stamps: i64,
    /// How many prizes there are.
    pub prizes: i32,
    /// How many entries there are.
    pub entries: i32,
    /// How many people take part.
    pub participants: i32,
    /// When entries close or closed.
    pub closes_at: Timestamp,
    /// When it is drawn.
    pub draw_at: Timestamp,
}

/// A prize that somebody won.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Won {
    /// In which raffle.
    pub raffle: i64,
    /// Which prize of it.
    pub prize: i32,
    /// By whom.
    pub user_id: i64,
    /// What it is.
    pub title: String,
}

/// Which raffles, and where in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only those in this state; `None`: all.
    pub state: Option<String>,
    /// Only those with a lower number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// A page of raffles, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_cards(db: &PgPool, filter: &Filter) -> Result<Vec<Card>, sqlx::Error> {
    sqlx::query_as(
        "select id, seq, state, title, entry_stamps, prizes, entries, participants, closes_at, draw_at
        from raffle_card
        where ($1::text is null or state = $1) and ($2::bigint is null or id < $2)
        order by id desc
        limit $3",
    )
    .bind(&filter.state)
    .bind(filter.before)
    .bind(filter.limit)
    .fetch_all(db)
    .await
}

/// The cards of these raffles, in no order; those that have none are left out.
///
/// # Errors
/// The database's.
pub async fn find_cards(db: &PgPool, raffles: &[i64]) -> Result<Vec<Card>, sqlx::Error> {
    sqlx::query_as(
        "select id, seq, state, title, entry_stamps, prizes, entries, participants, closes_at, draw_at
        from raffle_card
        where id = any ($1)",
    )
    .bind(raffles)
    .fetch_all(db)
    .await
}

/// Writes a card with what was won, only where it is newer than what is there: may be repeated, and done out of order.
///
/// # Errors
/// The database's.
pub async fn put_card(db: &PgPool, card: &Card, won: &[Won]) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::query(
        "insert into raffle_card (id, seq, state, title, entry_stamps, prizes, entries, participants, closes_at, draw_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (id) do update
        set seq = excluded.seq, state = excluded.state, title = excluded.title, entry_stamps = excluded.entry_stamps,
            prizes = excluded.prizes, entries = excluded.entries, participants = excluded.participants,
            closes_at = excluded.closes_at, draw_at = excluded.draw_at
        where raffle_card.seq < excluded.seq",
    )
    .bind(card.id)
    .bind(card.seq)
    .bind(&card.state)
    .bind(&card.title)
    .bind(card.entry_stamps)
    .bind(card.prizes)
    .bind(card.entries)
    .bind(card.participants)
    .bind(card.closes_at)
    .bind(card.draw_at)
    .execute(&mut *transaction)
    .await?;
    // A draw never changes: what is there is what would be written.
    sqlx::query(
        "insert into raffle_win (raffle, prize, user_id, title)
        select $1, w.prize, w.user_id, w.title
        from unnest($2::integer[], $3::bigint[], $4::text[]) as w (prize, user_id, title)
        on conflict (raffle, prize) do nothing",
    )
    .bind(card.id)
    .bind(won.iter().map(|one| one.prize).collect::<Vec<_>>())
    .bind(won.iter().map(|one| one.user_id).collect::<Vec<_>>())
    .bind(won.iter().map(|one| one.title.clone()).collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// Raffles whose card is missing or older than their newest decision: what a crash left to do.
///
/// # Errors
/// The database's.
pub async fn list_behind(db: &PgPool) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "select head.raffle
        from pub_engine_raffle_head as head
        left join raffle_card as card on card.id = head.raffle
        where card.seq is null or card.seq < head.seq
        order by head.raffle",
    )
    .fetch_all(db)
    .await
}

/// What somebody won, the latest raffle first.
///
/// # Errors
/// The database's.
pub async fn list_won(db: &PgPool, user: UserId, limit: i64) -> Result<Vec<Won>, sqlx::Error> {
    sqlx::query_as(
        "select raffle, prize, user_id, title from raffle_win where user_id = $1 order by raffle desc, prize limit $2",
    )
    .bind(user.get())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Which raffle a create request makes, and when it was first asked: those of before where it is asked again, otherwise
/// `fresh` and `at`.
///
/// # Errors
/// The database's.
pub async fn insert_offer(
    db: &PgPool,
    user: UserId,
    command: Uuid,
    fresh: i64,
    at: Timestamp,
) -> Result<(i64, Timestamp), sqlx::Error> {
    sqlx::query_as(
        "insert into raffle_offer (user_id, command, raffle, asked_at)
        values ($1, $2, $3, $4)
        on conflict (user_id, command) do update set raffle = raffle_offer.raffle
        returning raffle, asked_at",
    )
    .bind(user.get())
    .bind(command)
    .bind(fresh)
    .bind(at)
    .fetch_one(db)
    .await
}

/// Keeps sealed codes by their references. Those that are there stay as they are: the same reference is the same code.
///
/// # Errors
/// The database's.
pub async fn insert_codes(db: &PgPool, raffle: i64, codes: &[(String, Vec<u8>)]) -> Result<(), sqlx::Error> {
    let (references, sealed): (Vec<_>, Vec<_>) = codes.iter().cloned().unzip();
    sqlx::query(
        "insert into raffle_code (raffle, reference, sealed)
        select $1, c.reference, c.sealed from unnest($2::text[], $3::bytea[]) as c (reference, sealed)
        on conflict (raffle, reference) do nothing",
    )
    .bind(raffle)
    .bind(references)
    .bind(sealed)
    .execute(db)
    .await?;
    Ok(())
}

/// A sealed code.
///
/// # Errors
/// The database's.
pub async fn find_code(db: &PgPool, raffle: i64, reference: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("select sealed from raffle_code where raffle = $1 and reference = $2")
        .bind(raffle)
        .bind(reference)
        .fetch_optional(db)
        .await
}
