//! Table `email_code`: which code was mailed to whom. Only keyed hashes are kept.

use chrono::Duration;
use madang_domain::accounts::email_code::{MAX_TRIES, RESEND_AFTER, Sent, Verdict};
use madang_domain::time::Timestamp;
use sqlx::PgPool;

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To show that the address of a new account is one's own.
    SignUp,
    /// To set a new password.
    Password,
}

impl Purpose {
    /// Its stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Password => "password",
        }
    }
}

/// What came of asking for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issued {
    /// The new code counts from now on, an older one no more.
    New,
    /// One was sent a moment ago; another may be asked for after this.
    TooSoon(Duration),
}

/// Stores a new code for the address unless one was sent a moment ago.
///
/// # Errors
/// The database's.
pub async fn issue(
    db: &PgPool,
    email: &str,
    purpose: Purpose,
    code_hash: &[u8],
    now: Timestamp,
) -> Result<Issued, sqlx::Error> {
    let stored = sqlx::query(
        "insert into email_code (email, purpose, code_hash, sent_at)
         values ($1, $2, $3, $4)
         on conflict on constraint email_code_pkey do update
         set code_hash = excluded.code_hash,
             sent_at = excluded.sent_at,
             tries = 0
         where email_code.sent_at <= $5",
    )
    .bind(email)
    .bind(purpose.name())
    .bind(code_hash)
    .bind(now)
    .bind(now - RESEND_AFTER)
    .execute(db)
    .await?;
    if stored.rows_affected() == 1 {
        return Ok(Issued::New);
    }
    let sent_at: Option<Timestamp> = sqlx::query_scalar("select sent_at from email_code where email = $1 and purpose = $2")
        .bind(email)
        .bind(purpose.name())
        .fetch_optional(db)
        .await?;
    // Gone meanwhile: the code was used, or another request has just sent one.
    let wait = Sent::new(sent_at.unwrap_or(now)).resend_wait(now);
    Ok(Issued::TooSoon(wait.unwrap_or(RESEND_AFTER)))
}

/// Tries a code: judges it and counts a wrong try, in one transaction, so that parallel guesses are counted one by one.
/// Gives the verdict and how many tries are left. Where no code was sent, every code is wrong.
///
/// # Errors
/// The database's.
pub async fn attempt(
    db: &PgPool,
    email: &str,
    purpose: Purpose,
    code_hash: &[u8],
    now: Timestamp,
) -> Result<(Verdict, u8), sqlx::Error> {
    let mut tx = db.begin().await?;
    let row: Option<(Vec<u8>, Timestamp, i32)> =
        sqlx::query_as("select code_hash, sent_at, tries from email_code where email = $1 and purpose = $2 for update")
            .bind(email)
            .bind(purpose.name())
            .fetch_optional(&mut *tx)
            .await?;
    let Some((stored, sent_at, tries)) = row else { return Ok((Verdict::Wrong, 0)) };
    let mut sent = Sent { sent_at, tries: u8::try_from(tries).unwrap_or(MAX_TRIES) };
    // Both are keyed hashes, so the time the comparison takes tells nothing about the code.
    let verdict = sent.judge(stored == code_hash, now);
    if verdict == Verdict::Wrong {
        sqlx::query("update email_code set tries = tries + 1 where email = $1 and purpose = $2")
            .bind(email)
            .bind(purpose.name())
            .execute(&mut *tx)
            .await?;
        sent.tries += 1;
    }
    tx.commit().await?;
    Ok((verdict, MAX_TRIES.saturating_sub(sent.tries)))
}

/// Uses a code up inside the transaction that acts on it. False: somebody else did, or it is another code by now.
///
/// # Errors
/// The database's.
pub async fn consume(
    tx: &mut sqlx::PgConnection,
    email: &str,
    purpose: Purpose,
    code_hash: &[u8],
) -> Result<bool, sqlx::Error> {
    let gone = sqlx::query("delete from email_code where email = $1 and purpose = $2 and code_hash = $3")
        .bind(email)
        .bind(purpose.name())
        .bind(code_hash)
        .execute(tx)
        .await?;
    Ok(gone.rows_affected() == 1)
}

/// Forgets codes that were sent before a moment; gives their number.
///
/// # Errors
/// The database's.
pub async fn delete_older(db: &PgPool, than: Timestamp) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query("delete from email_code where sent_at < $1").bind(than).execute(db).await?.rows_affected())
}
