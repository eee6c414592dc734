//! Tables `chat_card` (the list's read rows), `chat_text` (the words that a search finds) and `chat_offer` (which conversation
//! a create request made). Reads the view `pub_engine_chat_head`.

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// One conversation in its owner's list, as of its decision number `seq`.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Card {
    /// Its number.
    pub id: i64,
    /// How new this is.
    pub seq: i64,
    /// Whose it is.
    pub owner: i64,
    /// The assistant's name.
    pub assistant: String,
    /// What it is called; empty before the first question.
    pub title: String,
    /// `empty`, or the stage of the answer that is written or was written last.
    pub state: String,
    /// How many questions there are.
    pub questions: i32,
    /// When something happened last.
    pub changed_at: Timestamp,
}

/// The words of one question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Which.
    pub message: i32,
    /// Question and answer.
    pub words: String,
}

/// Which conversations of a person, and where in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only those in which these words stand, whatever their case; `None`: all.
    pub words: Option<String>,
    /// Only those that changed before this moment, or at it and have a lower number.
    pub before: Option<(Timestamp, i64)>,
    /// At most so many.
    pub limit: i64,
}

/// A page of a person's conversations, the last changed first.
///
/// # Errors
/// The database's.
pub async fn list_cards(db: &PgPool, owner: UserId, filter: &Filter) -> Result<Vec<Card>, sqlx::Error> {
    let (at, id) = filter.before.unzip();
    sqlx::query_as(
        "select id, seq, owner, assistant, title, state, questions, changed_at
        from chat_card as card
        where owner = $1 and state <> 'deleted'
          and ($2::timestamptz is null or (changed_at, id) < ($2, $3))
          and ($4::text is null or position(lower($4) in lower(title)) > 0 or exists (
            select 1 from chat_text as t where t.chat = card.id and position(lower($4) in lower(t.words)) > 0))
        order by changed_at desc, id desc
        limit $5",
    )
    .bind(owner.get())
    .bind(at)
    .bind(id)
    .bind(&filter.words)
    .bind(filter.limit)
    .fetch_all(db)
    .await
}

/// Writes a card with the words of some messages, only where it is newer than what is there: may be repeated, and done out
/// of order.
///
/// # Errors
/// The database's.
pub async fn put_card(db: &PgPool, card: &Card, words: &[Words]) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin().await?;
    let newer = sqlx::query(
        "insert into chat_card (id, seq, owner, assistant, title, state, questions, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (id) do update
        set seq = excluded.seq, title = excluded.title, state = excluded.state, questions = excluded.questions,
            changed_at = excluded.changed_at
        where chat_card.seq < excluded.seq and chat_card.state <> 'deleted'",
    )
    .bind(card.id)
    .bind(card.seq)
    .bind(card.owner)
    .bind(&card.assistant)
    .bind(&card.title)
    .bind(&card.state)
    .bind(card.questions)
    .bind(card.changed_at)
    .execute(&mut *transaction)
    .await?
    .rows_affected()
        > 0;
    if newer && !words.is_empty() {
        sqlx::query(
            "insert into chat_text (chat, message, owner, words)
            select $1, t.message, $2, t.words from unnest($3::integer[], $4::text[]) as t (message, words)
            on conflict (chat, message) do update set words = excluded.words",
        )
        .bind(card.id)
        .bind(card.owner)
        .bind(words.iter().map(|one| one.message).collect::<Vec<_>>())
        .bind(words.iter().map(|one| one.words.clone()).collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

/// Nothing is left of a conversation in lists and searches but that its number was used.
///
/// # Errors
/// The database's.
pub async fn put_deleted(db: &PgPool, id: i64, seq: i64, at: Timestamp) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::query("delete from chat_text where chat = $1").bind(id).execute(&mut *transaction).await?;
    sqlx::query(
        "insert into chat_card (id, seq, owner, assistant, title, state, questions, changed_at)
        values ($1, $2, 0, '', '', 'deleted', 0, $3)
        on conflict (id) do update
        set seq = excluded.seq, owner = 0, assistant = '', title = '', state = 'deleted', questions = 0, changed_at = $3",
    )
    .bind(id)
    .bind(seq)
    .bind(at)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// Conversations whose card is missing or older than their newest decision, or in which an answer was being written: what a
/// crash left to do.
///
/// # Errors
/// The database's.
pub async fn list_behind(db: &PgPool) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "select head.chat
        from pub_engine_chat_head as head
        left join chat_card as card on card.id = head.chat
        where card.seq is null or card.seq < head.seq or card.state in ('queued', 'retrieving', 'streaming')
        order by head.chat",
    )
    .fetch_all(db)
    .await
}

/// How many conversations a person has.
///
/// # Errors
/// The database's.
pub async fn count(db: &PgPool, owner: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from chat_card where owner = $1 and state <> 'deleted'")
        .bind(owner.get())
        .fetch_one(db)
        .await
}

/// Which conversation a create request made before, if it did.
///
/// # Errors
/// The database's.
pub async fn find_offer(db: &PgPool, user: UserId, command: Uuid) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("select chat from chat_offer where user_id = $1 and command = $2")
        .bind(user.get())
        .bind(command)
        .fetch_optional(db)
        .await
}

/// Which conversation a create request makes: that of before where it is asked again, otherwise `fresh`.
///
/// # Errors
/// The database's.
pub async fn insert_offer(db: &PgPool, user: UserId, command: Uuid, fresh: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "insert into chat_offer (user_id, command, chat)
        values ($1, $2, $3)
        on conflict (user_id, command) do update set chat = chat_offer.chat
        returning chat",
    )
    .bind(user.get())
    .bind(command)
    .bind(fresh)
    .fetch_one(db)
    .await
}
