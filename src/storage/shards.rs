//! Who owns which shard, and who is alive: the tables `shard` and `node`.

use std::time::Duration;

use madang_domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Takes over what this node name had before, and what nobody alive owns. The epoch rises at every acquisition: our own
/// older connection may still be committing under the old one. The update waits for every open commit of the old epoch,
/// so when it returns, each of those is either visible or impossible.
const CLAIM: &str = "update shard s set owner = $1, epoch = s.epoch + 1 \
     where (s.owner is distinct from $1 or $3) and ( \
       s.owner is null or s.owner = $1 or not exists ( \
         select from node n where n.id = s.owner and n.seen_at > clock_timestamp() - make_interval(secs => $2) \
           and not n.draining)) \
     returning s.id, s.epoch";

/// The same, for shards whose last commit has an unknown outcome: continuous ownership, or nothing.
const RENEW: &str = "update shard s set epoch = s.epoch + 1 \
     from unnest($2::int[], $3::bigint[]) as w (shard, epoch) \
     where s.id = w.shard and s.epoch = w.epoch and s.owner = $1 \
     returning s.id, s.epoch";

const RELEASE: &str = "update shard s set owner = null \
     from unnest($2::int[], $3::bigint[]) as w (shard, epoch) \
     where s.id = w.shard and s.epoch = w.epoch and s.owner = $1";

const JOIN: &str = "insert into node (id, incarnation, addr, seen_at, draining) values ($1, $2, $3, clock_timestamp(), false) \
     on conflict (id) do update set incarnation = excluded.incarnation, addr = excluded.addr, \
       seen_at = clock_timestamp(), draining = false";

const BEAT: &str = "update node set seen_at = clock_timestamp(), draining = $3 where id = $1 and incarnation = $2 \
     returning clock_timestamp()";

const LEAVE: &str = "delete from node where id = $1 and incarnation = $2";

/// A shard and the epoch under which we own it.
pub type Owned = (u8, i64);

/// Makes this process the node of that name; an older process of the same name is deposed.
///
/// # Errors
/// When the database cannot answer.
pub async fn join(pool: &PgPool, node: &str, incarnation: Uuid, addr: &str) -> Result<(), sqlx::Error> {
    sqlx::query(JOIN).bind(node).bind(incarnation).bind(addr).execute(pool).await.map(drop)
}

/// Says that we live, and gives the database's time; `None` when another process has our name now.
///
/// # Errors
/// When the database cannot answer.
pub async fn beat(pool: &PgPool, node: &str, incarnation: Uuid, draining: bool) -> Result<Option<Timestamp>, sqlx::Error> {
    let row = sqlx::query(BEAT).bind(node).bind(incarnation).bind(draining).fetch_optional(pool).await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Takes every shard that is free, was ours (when `again`), or whose owner was not seen for the length of a lease.
///
/// # Errors
/// When the database cannot answer.
pub async fn claim(pool: &PgPool, node: &str, lease: Duration, again: bool) -> Result<Vec<Owned>, sqlx::Error> {
    let rows = sqlx::query(CLAIM).bind(node).bind(lease.as_secs_f64()).bind(again).fetch_all(pool).await?;
    rows.iter().map(owned).collect()
}

/// Takes a new epoch for shards that are ours at these epochs. Those missing in the answer are lost.
///
/// # Errors
/// When the database cannot answer.
pub async fn renew(pool: &PgPool, node: &str, shards: &[Owned]) -> Result<Vec<Owned>, sqlx::Error> {
    let (ids, epochs) = columns(shards);
    let rows = sqlx::query(RENEW).bind(node).bind(ids).bind(epochs).fetch_all(pool).await?;
    rows.iter().map(owned).collect()
}

/// Gives shards back and leaves.
///
/// # Errors
/// When the database cannot answer.
pub async fn leave(pool: &PgPool, node: &str, incarnation: Uuid, shards: &[Owned]) -> Result<(), sqlx::Error> {
    let (ids, epochs) = columns(shards);
    sqlx::query(RELEASE).bind(node).bind(ids).bind(epochs).execute(pool).await?;
    sqlx::query(LEAVE).bind(node).bind(incarnation).execute(pool).await.map(drop)
}

fn columns(shards: &[Owned]) -> (Vec<i32>, Vec<i64>) {
    shards.iter().map(|(shard, epoch)| (i32::from(*shard), *epoch)).unzip()
}

fn owned(row: &PgRow) -> Result<Owned, sqlx::Error> {
    let shard: i32 = row.try_get(0)?;
    let shard = u8::try_from(shard).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok((shard, row.try_get(1)?))
}
