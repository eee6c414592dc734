//! Table `session`: on which devices people are signed in, each a family of refresh tokens.
//!
//! A token is never stored. Token number `generation` of a family follows from the family's `seed` and the server's
//! secret (`http::auth::refresh`), so the successor of a token is the same however often it is asked for.

use chrono::TimeDelta;
use madang_domain::accounts::refresh::{Family, Verdict};
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::{FromRow, PgExecutor, PgPool, Row};
use uuid::Uuid;

use super::accounts::{self, Account};
use super::email_codes::{self, Purpose};

/// A family of refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SessionRow {
    /// Its id, the `sid` of access tokens.
    pub id: Uuid,
    /// What the person's client calls the device.
    pub device: String,
    /// The sign-in.
    pub created_at: Timestamp,
    /// The last refresh.
    pub rotated_at: Timestamp,
    /// When the newest refresh token ends.
    pub expires_at: Timestamp,
}

/// A session about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// Random.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// Its name for the person.
    pub device: &'a str,
    /// 32 random bytes.
    pub seed: &'a [u8],
    /// Now.
    pub at: Timestamp,
    /// How long its first refresh token is good.
    pub good_for: TimeDelta,
}

/// Begins a session.
///
/// # Errors
/// The database's.
pub async fn insert(db: &PgPool, new: NewSession<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into session (id, user_id, device, seed, created_at, rotated_at, expires_at)
         values ($1, $2, $3, $4, $5, $5, $6)",
    )
    .bind(new.id)
    .bind(new.user.get())
    .bind(new.device)
    .bind(new.seed)
    .bind(new.at)
    .bind(new.at + new.good_for)
    .execute(db)
    .await?;
    Ok(())
}

/// The seed of a family that may still be refreshed or was revoked; `None` when there is no such family.
///
/// # Errors
/// The database's.
pub async fn find_seed(db: &PgPool, id: Uuid) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("select seed from session where id = $1").bind(id).fetch_optional(db).await
}

/// Presents token number `presented` of a family, whose seal the caller has checked, and stores what the verdict asks for:
/// the rotation (the next token is good for `good_for`), or the end of the family. The row is locked meanwhile, so parallel calls with the same token take turns
/// and all but the first get the same successor. Gives the verdict and whose session it is, with the roles of now;
/// `None`: no such family.
///
/// # Errors
/// The database's.
pub async fn rotate(
    db: &PgPool,
    id: Uuid,
    presented: u32,
    now: Timestamp,
    good_for: TimeDelta,
) -> Result<Option<(Verdict, Account)>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let row = sqlx::query(
        "select s.generation, s.rotated_at, s.expires_at, s.revoked_at,
                u.id, u.email, u.name, u.roles, u.locale, u.created_at
         from session s join user_account u on u.id = s.user_id
         where s.id = $1
         for update of s",
    )
    .bind(id)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let generation: i32 = row.try_get("generation")?;
    let family = Family {
        generation: generation.unsigned_abs(),
        given_at: row.try_get("rotated_at")?,
        expires_at: row.try_get("expires_at")?,
        revoked: row.try_get::<Option<Timestamp>, _>("revoked_at")?.is_some(),
    };
    let verdict = family.judge(presented, now);
    match verdict {
        Verdict::Rotate(next) => {
            sqlx::query("update session set generation = $2, rotated_at = $3, expires_at = $4 where id = $1")
                .bind(id)
                .bind(next.cast_signed())
                .bind(now)
                .bind(now + good_for)
                .execute(&mut *tx)
                .await?;
        }
        Verdict::Reused => {
            sqlx::query("update session set revoked_at = $2, revoked_because = 'reused' where id = $1")
                .bind(id)
                .bind(now)
                .execute(&mut *tx)
                .await?;
        }
        Verdict::SameAgain(_) | Verdict::Expired | Verdict::Revoked | Verdict::Unknown => {}
    }
    let account = Account::from_row(&row)?;
    tx.commit().await?;
    Ok(Some((verdict, account)))
}

/// Signs one session out; false when it was not in force.
///
/// # Errors
/// The database's.
pub async fn revoke(db: &PgPool, id: Uuid, now: Timestamp) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("update session set revoked_at = $2, revoked_because = 'signed_out' where id = $1 and revoked_at is null")
            .bind(id)
            .bind(now)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Signs one of a person's own sessions out; false when it is not theirs or not in force.
///
/// # Errors
/// The database's.
pub async fn revoke_own(db: &PgPool, user: UserId, id: Uuid, now: Timestamp) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update session set revoked_at = $3, revoked_because = 'signed_out'
         where id = $1 and user_id = $2 and revoked_at is null",
    )
    .bind(id)
    .bind(user.get())
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Signs all of a person's sessions out and names them.
///
/// # Errors
/// The database's.
pub async fn revoke_all(db: &PgPool, user: UserId, now: Timestamp) -> Result<Vec<Uuid>, sqlx::Error> {
    end_all(db, user, now).await
}

async fn end_all(db: impl PgExecutor<'_>, user: UserId, now: Timestamp) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "update session set revoked_at = $2, revoked_because = 'signed_out'
         where user_id = $1 and revoked_at is null
         returning id",
    )
    .bind(user.get())
    .bind(now)
    .fetch_all(db)
    .await
}

/// Sets the password of an address's account, uses up the code that shows the address is the person's own, and signs them
/// out everywhere: all or nothing. Names the sessions that ended. `None`: the code was used or replaced meanwhile.
///
/// # Errors
/// The database's.
pub async fn change_password(
    db: &PgPool,
    email: &str,
    password_hash: &str,
    code_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
    let mut tx = db.begin().await?;
    if !email_codes::consume(&mut tx, email, Purpose::Password, code_hash).await? {
        return Ok(None);
    }
    let Some(user) = accounts::update_password(&mut tx, email, password_hash).await? else { return Ok(None) };
    let ended = end_all(&mut *tx, user, now).await?;
    tx.commit().await?;
    Ok(Some(ended))
}

/// A person's sessions in force, the last used first.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool, user: UserId, now: Timestamp) -> Result<Vec<SessionRow>, sqlx::Error> {
    sqlx::query_as(
        "select id, device, created_at, rotated_at, expires_at
         from session
         where user_id = $1 and revoked_at is null and expires_at > $2
         order by rotated_at desc, id
         limit 100",
    )
    .bind(user.get())
    .bind(now)
    .fetch_all(db)
    .await
}

/// Sets a person's roles and marks all their sessions' access tokens as stale, both or neither. Gives the account and each
/// session with the generation up to which its access tokens are stale. `None`: no such account.
///
/// # Errors
/// The database's.
pub async fn change_roles(
    db: &PgPool,
    user: UserId,
    roles: &[Role],
    now: Timestamp,
) -> Result<Option<(Account, Vec<(Uuid, i32)>)>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let Some(account) = accounts::update_roles(&mut tx, user, roles).await? else { return Ok(None) };
    let stale = sqlx::query_as(
        "update session set stale_generation = generation, stale_at = $2
         where user_id = $1 and revoked_at is null
         returning id, stale_generation",
    )
    .bind(user.get())
    .bind(now)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Some((account, stale)))
}

/// What memory must know at start: sessions revoked (`None`) or made stale (up to a generation) since a moment.
///
/// # Errors
/// The database's.
pub async fn list_cut_since(db: &PgPool, since: Timestamp) -> Result<Vec<(Uuid, Option<i32>)>, sqlx::Error> {
    sqlx::query_as(
        "select id, null::integer from session where revoked_at >= $1
         union all
         select id, stale_generation from session where stale_at >= $1 and revoked_at is null",
    )
    .bind(since)
    .fetch_all(db)
    .await
}

/// Forgets sessions that ended, by time or by signing out, before a moment; gives their number.
///
/// # Errors
/// The database's.
pub async fn delete_ended(db: &PgPool, before: Timestamp) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query("delete from session where expires_at < $1 or revoked_at < $1").bind(before).execute(db).await?;
    Ok(gone.rows_affected())
}
