//! Table `device`: where people are reached.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use madang_domain::device::{Address, MAX_DEVICES};
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};

/// One device as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its number.
    pub id: i64,
    /// How it is reached.
    pub address: Address,
    /// When it was registered first.
    pub created_at: Timestamp,
    /// When it was registered last.
    pub seen_at: Timestamp,
}

impl FromRow<'_, PgRow> for Device {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let name: String = row.try_get("address")?;
        let (p256dh, auth): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.try_get("p256dh")?, row.try_get("auth")?);
        let address = match p256dh.zip(auth) {
            Some((p256dh, auth)) => Address::WebPush { endpoint: name, p256dh, auth },
            None => Address::Fcm { token: name },
        };
        Ok(Self { id: row.try_get("id")?, address, created_at: row.try_get("created_at")?, seen_at: row.try_get("seen_at")? })
    }
}

fn hash(address: &Address) -> Vec<u8> {
    Sha256::digest(address.name()).to_vec()
}

/// Registers a device. One that somebody else had registered is this person's from now on: a phone changes hands. Gives its
/// number; `None` when the person has as many as one may have.
///
/// # Errors
/// The database's.
pub async fn put_device(db: &PgPool, user: UserId, address: &Address, now: Timestamp) -> Result<Option<i64>, sqlx::Error> {
    let (p256dh, auth) = match address {
        Address::Fcm { .. } => (None, None),
        Address::WebPush { p256dh, auth, .. } => (Some(p256dh), Some(auth)),
    };
    // The person's row orders those who register at the same time, so that nobody has one too many.
    let mut transaction = db.begin().await?;
    sqlx::query("select from user_account where id = $1 for update").bind(user.get()).execute(&mut *transaction).await?;
    let id = sqlx::query_scalar(
        "insert into device (user_id, kind, address, address_hash, p256dh, auth, created_at, seen_at)
        select $1, $2, $3, $4, $5, $6, $7, $7
        where (select count(*) from device where user_id = $1 and not (kind = $2 and address_hash = $4)) < $8
        on conflict (kind, address_hash) do update
        set user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth, seen_at = excluded.seen_at,
            created_at = case when device.user_id = excluded.user_id then device.created_at else excluded.created_at end
        returning id",
    )
    .bind(user.get())
    .bind(address.kind())
    .bind(address.name())
    .bind(hash(address))
    .bind(p256dh)
    .bind(auth)
    .bind(now)
    .bind(MAX_DEVICES)
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(id)
}

/// A person's devices, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list_devices(db: &PgPool, user: UserId) -> Result<Vec<Device>, sqlx::Error> {
    sqlx::query_as("select id, address, p256dh, auth, created_at, seen_at from device where user_id = $1 order by id")
        .bind(user.get())
        .fetch_all(db)
        .await
}

/// How a person is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The language that they read.
    pub locale: String,
    /// Their devices, the oldest first; never none.
    pub devices: Vec<Device>,
}

/// How these people are reached, in one look; who has no device is left out.
///
/// # Errors
/// The database's.
pub async fn reach(db: &PgPool, users: &[UserId]) -> Result<HashMap<UserId, Reach>, sqlx::Error> {
    let wanted: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let rows = sqlx::query(
        "select d.user_id, d.id, d.address, d.p256dh, d.auth, d.created_at, d.seen_at, u.locale
        from device d join pub_accounts_user u on u.id = d.user_id
        where d.user_id = any($1) order by d.user_id, d.id",
    )
    .bind(wanted)
    .fetch_all(db)
    .await?;
    let mut reached: HashMap<UserId, Reach> = HashMap::new();
    for row in &rows {
        let device = Device::from_row(row)?;
        match reached.entry(UserId::new(row.try_get("user_id")?)) {
            Entry::Occupied(known) => known.into_mut().devices.push(device),
            Entry::Vacant(first) => {
                first.insert(Reach { locale: row.try_get("locale")?, devices: vec![device] });
            }
        }
    }
    Ok(reached)
}

/// Forgets one of a person's devices; false when it is not theirs.
///
/// # Errors
/// The database's.
pub async fn remove_device(db: &PgPool, user: UserId, id: i64) -> Result<bool, sqlx::Error> {
    let removed =
        sqlx::query("delete from device where id = $1 and user_id = $2").bind(id).bind(user.get()).execute(db).await?;
    Ok(removed.rows_affected() > 0)
}

/// Forgets a device that is gone, unless it was registered anew meanwhile.
///
/// # Errors
/// The database's.
pub async fn forget_device(db: &PgPool, device: &Device) -> Result<(), sqlx::Error> {
    sqlx::query("delete from device where id = $1 and seen_at = $2")
        .bind(device.id)
        .bind(device.seen_at)
        .execute(db)
        .await
        .map(drop)
}
