//! Table `assistant`: whom people can talk to, as operators wrote it.

use sqlx::{FromRow, PgPool};

/// One assistant.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Row {
    /// Its name in addresses: small letters, digits, hyphens.
    pub name: String,
    /// What it is called in Korean.
    pub title_ko: String,
    /// What it is called in English.
    pub title_en: String,
    /// What it says before the first question, in Korean; may be empty.
    pub greeting_ko: String,
    /// The same in English.
    pub greeting_en: String,
    /// Who it is and what it talks about.
    pub instructions: String,
    /// Articles of these sources only; empty: all.
    pub sources: Vec<String>,
    /// Articles with one of these tags only; empty: all.
    pub tags: Vec<String>,
    /// 0 (always the likeliest word) to 2.
    pub temperature: f32,
    /// About how long its answers are, in characters; `None`: as long as they need.
    pub max_chars: Option<i32>,
    /// Whether it talks about health.
    pub health: bool,
    /// Whether new questions are taken.
    pub enabled: bool,
}

/// All of them, by name.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(
        "select name, title_ko, title_en, greeting_ko, greeting_en, instructions, sources, tags, temperature, max_chars,
            health, enabled
        from assistant order by name",
    )
    .fetch_all(db)
    .await
}

/// Writes one, new or not.
///
/// # Errors
/// The database's.
pub async fn put(db: &PgPool, row: &Row) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into assistant (name, title_ko, title_en, greeting_ko, greeting_en, instructions, sources, tags,
            temperature, max_chars, health, enabled)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (name) do update
        set title_ko = excluded.title_ko, title_en = excluded.title_en, greeting_ko = excluded.greeting_ko,
            greeting_en = excluded.greeting_en, instructions = excluded.instructions, sources = excluded.sources,
            tags = excluded.tags, temperature = excluded.temperature, max_chars = excluded.max_chars,
            health = excluded.health, enabled = excluded.enabled",
    )
    .bind(&row.name)
    .bind(&row.title_ko)
    .bind(&row.title_en)
    .bind(&row.greeting_ko)
    .bind(&row.greeting_en)
    .bind(&row.instructions)
    .bind(&row.sources)
    .bind(&row.tags)
    .bind(row.temperature)
    .bind(row.max_chars)
    .bind(row.health)
    .bind(row.enabled)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes one away. Whether there was one.
///
/// # Errors
/// The database's.
pub async fn delete(db: &PgPool, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from assistant where name = $1").bind(name).execute(db).await?;
    Ok(done.rows_affected() > 0)
}
