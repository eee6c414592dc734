//! Tables `campaign_card` (the lists' read rows) and `campaign_request` (which campaign a request made). Reads the views
//! `pub_engine_campaign_head` and `pub_engine_label_answer`.

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// One campaign in a list, as of its decision number `seq`.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Card {
    /// The campaign's number.
    pub id: i64,
    /// How new this is.
    pub seq: i64,
    /// Whose it is.
    pub owner: i64,
    /// The state's name.
    pub state: String,
    /// What is asked: ocr, choice or text.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Tasks, tests not counted.
    pub tasks: i64,
    /// Of those that nothing more will come of.
    pub done: i64,
    /// Of those that a person must look at.
    pub review: i64,
    /// Counted answers.
    pub answers: i64,
    /// Points paid.
    pub paid: i64,
    /// Points that wait for a decision.
    pub pending: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// One decision of somebody's that holds an answer.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AnswerRow {
    /// The campaign's number.
    pub campaign: i64,
    /// The entity's packed id, part of the position.
    pub entity: i64,
    /// The decision's number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Its events, a JSON list.
    pub body: Vec<u8>,
}

/// Writes cards, each only where it is newer than what is there: may be repeated, and done out of order.
///
/// # Errors
/// The database's.
pub async fn put_cards(db: &PgPool, cards: &[Card]) -> Result<(), sqlx::Error> {
    let numbers = |of: fn(&Card) -> i64| cards.iter().map(of).collect::<Vec<_>>();
    let texts = |of: fn(&Card) -> &str| cards.iter().map(|card| of(card).to_owned()).collect::<Vec<_>>();
    sqlx::query(
        "insert into campaign_card (id, seq, owner, state, kind, name, tasks, done, review, answers, paid, pending, requested_at)
        select *
        from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
            $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::timestamptz[])
        on conflict (id) do update
        set seq = excluded.seq, owner = excluded.owner, state = excluded.state, kind = excluded.kind, name = excluded.name,
            tasks = excluded.tasks, done = excluded.done, review = excluded.review, answers = excluded.answers,
            paid = excluded.paid, pending = excluded.pending, requested_at = excluded.requested_at
        where campaign_card.seq < excluded.seq",
    )
    .bind(numbers(|card| card.id))
    .bind(numbers(|card| card.seq))
    .bind(numbers(|card| card.owner))
    .bind(texts(|card| &card.state))
    .bind(texts(|card| &card.kind))
    .bind(texts(|card| &card.name))
    .bind(numbers(|card| card.tasks))
    .bind(numbers(|card| card.done))
    .bind(numbers(|card| card.review))
    .bind(numbers(|card| card.answers))
    .bind(numbers(|card| card.paid))
    .bind(numbers(|card| card.pending))
    .bind(cards.iter().map(|card| card.requested_at).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

/// A page of campaigns, the newest first: of one owner or of everybody, in one state or in any.
///
/// # Errors
/// The database's.
pub async fn list_cards(
    db: &PgPool,
    owner: Option<UserId>,
    state: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<Card>, sqlx::Error> {
    sqlx::query_as(
        "select id, seq, owner, state, kind, name, tasks, done, review, answers, paid, pending, requested_at
        from campaign_card
        where ($1::bigint is null or owner = $1) and ($2::text is null or state = $2) and id < $3
        order by id desc
        limit $4",
    )
    .bind(owner.map(UserId::get))
    .bind(state)
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// All campaigns with their owners.
///
/// # Errors
/// The database's.
pub async fn list_owners(db: &PgPool) -> Result<Vec<(i64, UserId)>, sqlx::Error> {
    let rows: Vec<(i64, i64)> = sqlx::query_as("select id, owner from campaign_card").fetch_all(db).await?;
    Ok(rows.into_iter().map(|(id, owner)| (id, UserId::new(owner))).collect())
}

/// The numbers of the campaigns that give out tasks, the oldest first, at most `limit`.
///
/// # Errors
/// The database's.
pub async fn list_running(db: &PgPool, limit: i64) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("select id from campaign_card where state = 'in_progress' order by id limit $1")
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Campaigns whose card is missing or older than their newest decision: what a crash left to do.
///
/// # Errors
/// The database's.
pub async fn list_behind(db: &PgPool) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "select head.campaign
        from pub_engine_campaign_head as head
        left join campaign_card as card on card.id = head.campaign
        where card.seq is null or card.seq < head.seq
        order by head.campaign",
    )
    .fetch_all(db)
    .await
}

/// Which campaign a request makes: the one of before where it is asked again, otherwise `fresh`.
///
/// # Errors
/// The database's.
pub async fn insert_request(db: &PgPool, user: UserId, command: Uuid, fresh: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "insert into campaign_request (user_id, command, campaign)
        values ($1, $2, $3)
        on conflict (user_id, command) do update set campaign = campaign_request.campaign
        returning campaign",
    )
    .bind(user.get())
    .bind(command)
    .bind(fresh)
    .fetch_one(db)
    .await
}

/// One person's decisions that hold answers, the newest first, before a place in that order.
///
/// # Errors
/// The database's.
pub async fn list_answers_of(
    db: &PgPool,
    user: UserId,
    before: (Timestamp, i64, i64),
    limit: i64,
) -> Result<Vec<AnswerRow>, sqlx::Error> {
    sqlx::query_as(
        "select campaign, entity, seq, at, body
        from pub_engine_label_answer
        where actor_user = $1 and (at, entity, seq) < ($2, $3, $4)
        order by at desc, entity desc, seq desc
        limit $5",
    )
    .bind(user.get())
    .bind(before.0)
    .bind(before.1)
    .bind(before.2)
    .bind(limit)
    .fetch_all(db)
    .await
}
