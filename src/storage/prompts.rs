//! Tables `prompt_consent` (who agreed that what they ask is kept for those who improve the coach) and `prompt_log` (what was
//! asked and answered since).

use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgPool};

/// A question with its answer, masked already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrompt {
    /// In which conversation.
    pub chat: i64,
    /// Which question there.
    pub message: i32,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The assistant's name.
    pub assistant: String,
    /// Who wrote the answer.
    pub model: String,
    /// How the answer ended.
    pub stage: &'static str,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

/// One that is kept, as those see it who improve the coach: it does not say whose it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Prompt {
    /// Its number.
    pub id: i64,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The assistant's name.
    pub assistant: String,
    /// Who wrote the answer.
    pub model: String,
    /// How the answer ended.
    pub stage: String,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

/// A person's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Consent {
    /// Since when.
    pub since: Timestamp,
    /// How many questions are kept.
    pub kept: i64,
}

/// Whether a person agreed.
///
/// # Errors
/// The database's.
pub async fn consent(db: &PgPool, user: UserId) -> Result<Option<Consent>, sqlx::Error> {
    sqlx::query_as(
        "select since, (select count(*) from prompt_log where user_id = $1) as kept from prompt_consent where user_id = $1",
    )
    .bind(user.get())
    .fetch_optional(db)
    .await
}

/// A person agrees. Who did already has done so since then.
///
/// # Errors
/// The database's.
pub async fn agree(db: &PgPool, user: UserId, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("insert into prompt_consent (user_id, since) values ($1, $2) on conflict (user_id) do nothing")
        .bind(user.get())
        .bind(now)
        .execute(db)
        .await
        .map(drop)
}

/// A person agrees no longer: all that was kept goes with it.
///
/// # Errors
/// The database's.
pub async fn withdraw(db: &PgPool, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from prompt_consent where user_id = $1").bind(user.get()).execute(db).await.map(drop)
}

/// Keeps a question, if its person had agreed when it was asked; one that is kept already takes the new answer.
///
/// # Errors
/// The database's.
pub async fn keep(db: &PgPool, user: UserId, prompt: &NewPrompt) -> Result<(), sqlx::Error> {
    // The lock lets a withdrawal come before or after, never in between.
    sqlx::query(
        "insert into prompt_log (chat, message, user_id, asked_at, assistant, model, stage, question, answer)
        select $1, $2, c.user_id, $4, $5, $6, $7, $8, $9 from prompt_consent as c
        where c.user_id = $3 and c.since <= $4
        for key share of c
        on conflict (chat, message) do update
        set model = excluded.model, stage = excluded.stage, answer = excluded.answer",
    )
    .bind(prompt.chat)
    .bind(prompt.message)
    .bind(user.get())
    .bind(prompt.asked_at)
    .bind(&prompt.assistant)
    .bind(&prompt.model)
    .bind(prompt.stage)
    .bind(&prompt.question)
    .bind(&prompt.answer)
    .execute(db)
    .await
    .map(drop)
}

/// Those before a number, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool, before: Option<i64>, limit: i64) -> Result<Vec<Prompt>, sqlx::Error> {
    sqlx::query_as(
        "select id, asked_at, assistant, model, stage, question, answer from prompt_log
        where $1::bigint is null or id < $1 order by id desc limit $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Removes one. Whether there was one.
///
/// # Errors
/// The database's.
pub async fn delete(db: &PgPool, id: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from prompt_log where id = $1").bind(id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

/// Removes those of a conversation.
///
/// # Errors
/// The database's.
pub async fn delete_of_chat(db: &PgPool, chat: i64) -> Result<(), sqlx::Error> {
    sqlx::query("delete from prompt_log where chat = $1").bind(chat).execute(db).await.map(drop)
}

/// Removes those that were asked before a moment. How many there were.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &PgPool, before: Timestamp) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query("delete from prompt_log where asked_at < $1").bind(before).execute(db).await?.rows_affected())
}
