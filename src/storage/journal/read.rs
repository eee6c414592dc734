//! Reading the journal: an entity's past for loading, a known command, a stretch of history.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use madang_domain::ids::{EntityId, UserId};
use madang_domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::{BodyHash, Chain, JournalRow, SnapshotRow};

/// The columns of a [`JournalRow`].
const ROWS_AFTER: &str = "select entity, seq, epoch, version, cmd, actor_user, at, pub_offset, body_hash, chain, body \
     from journal where entity = $1 and seq > $2 order by seq limit $3";

const ROW: &str = "select entity, seq, epoch, version, cmd, actor_user, at, pub_offset, body_hash, chain, body \
     from journal where entity = $1 and seq = $2";

const RECENT: &str = "select cmd, seq, body_hash, at from journal where entity = $1 and seq <= $2 order by seq desc limit $3";

const BY_COMMAND: &str = "select w.n, j.seq, j.body_hash \
     from unnest($1::bigint[], $2::uuid[]) with ordinality as w (entity, cmd, n) \
     join journal j on j.entity = w.entity and j.cmd = w.cmd";

const SNAPSHOTS: &str = "select seq, version, pub_offset, at, chain, digest, body from snapshot \
     where entity = $1 order by seq desc limit 2";

/// The same for several entities at once. Each one's rows are found by the primary key.
const SNAPSHOTS_OF: &str = "select s.seq, s.version, s.pub_offset, s.at, s.chain, s.digest, s.body, w.entity \
     from unnest($1::bigint[]) as w (entity) cross join lateral \
     (select * from snapshot where entity = w.entity order by seq desc limit 2) s order by w.entity, s.seq desc";

const ROWS_OF: &str = "select j.entity, j.seq, j.epoch, j.version, j.cmd, j.actor_user, j.at, j.pub_offset, j.body_hash, j.chain, \
     j.body from unnest($1::bigint[], $2::bigint[]) as w (entity, after) cross join lateral \
     (select * from journal where entity = w.entity and seq > w.after order by seq limit 9223372036854775807) j \
     order by j.entity, j.seq";

const RECENT_OF: &str = "select r.cmd, r.seq, r.body_hash, r.at, w.entity \
     from unnest($1::bigint[], $2::bigint[]) as w (entity, upto) cross join lateral \
     (select cmd, seq, body_hash, at from journal where entity = w.entity and seq <= w.upto and w.upto > 0 \
      order by seq desc limit $3) r order by w.entity, r.seq desc";

/// The highest id below a bound: one probe of the unique key each.
const NEWEST_OF: &str = "select w.entity, n.cmd from unnest($1::bigint[]) as w (entity) cross join lateral \
     (select cmd from journal where entity = w.entity and cmd < $2 order by cmd desc limit 1) n";

const TIMERS_OF: &str = "select t.entity, t.due_at, t.fire_id from unnest($1::bigint[]) as w (entity) \
     join timer t on t.entity = w.entity and t.name = 'wake'";

const TIMER: &str = "select due_at, fire_id from timer where entity = $1 and name = 'wake'";

const HEAD: &str = "select seq, pub_offset from journal where entity = $1 order by seq desc limit 1";

/// Finds the first row whose offset is beyond `$2` by halving: offsets never fall along `seq`, and `seq` has no gaps, so
/// the primary key is index enough.
const SEQ_OF_OFFSET: &str = "with recursive probe (low, high) as ( \
       select 1::bigint, $3::bigint + 1 \
       union all \
       select case when j.pub_offset > $2 then p.low else j.seq + 1 end, \
              case when j.pub_offset > $2 then j.seq else p.high end \
       from probe p join journal j on j.entity = $1 and j.seq = (p.low + p.high) / 2 \
       where p.low < p.high \
     ) select high from probe where low >= high";

/// Why a stored row cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database could not answer.
    #[error("the database could not answer")]
    Database(#[from] sqlx::Error),
    /// A stored value is out of its range.
    #[error("a stored row is damaged: {0}")]
    Damaged(&'static str),
}

/// A command that was decided before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCommand {
    /// The decision it made.
    pub seq: u64,
    /// What it asked.
    pub body_hash: BodyHash,
}

/// A recent command of an entity, to recognise its repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentCommand {
    /// Its id.
    pub cmd: Uuid,
    /// When it was decided.
    pub at: Timestamp,
    /// The decision.
    pub known: KnownCommand,
}

/// How far after now the ids are watched, see [`Forgotten`].
const WATCHED: TimeDelta = TimeDelta::days(7);

/// What is known of the command ids that are not remembered: none of those stamped before `until` is stamped after `newest`.
/// So an id stamped between the two is none of them. Ids beyond, as those without a time in them mostly are, stay unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    newest: u64,
    until: u64,
}

impl Forgotten {
    /// None yet, to be watched from `now` on.
    #[must_use]
    pub fn none_before(now: Timestamp) -> Self {
        Self { newest: 0, until: u64::try_from((now + WATCHED).timestamp_millis()).unwrap_or(0) }
    }

    /// One more is forgotten.
    pub fn add(&mut self, cmd: Uuid) {
        let stamp = stamp(cmd);
        if stamp < self.until {
            self.newest = self.newest.max(stamp);
        }
    }

    /// Whether no forgotten id can carry this stamp.
    #[must_use]
    pub const fn excludes(&self, stamp: u64) -> bool {
        self.newest < stamp && stamp < self.until
    }

    /// The id above all that are watched.
    const fn bound(&self) -> Uuid {
        Uuid::from_u64_pair(self.until << 16, 0)
    }
}

/// The first 48 bits of an id: milliseconds since 1970 in one of version 7, chance in others.
#[must_use]
pub const fn stamp(cmd: Uuid) -> u64 {
    cmd.as_u64_pair().0 >> 16
}

/// Which commands before the tail are wanted, to recognise repetitions.
#[derive(Debug, Clone, Copy)]
pub struct Remember {
    /// At most so many of the newest.
    pub commands: u32,
    /// The time: what is not among them is watched from here on.
    pub now: Timestamp,
}

/// Everything that is needed to bring an entity to life.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// The newest snapshots, newest first, two at most. Damaged ones are left out.
    pub snapshots: Vec<SnapshotRow>,
    /// Every row after the newest snapshot.
    pub tail: Vec<JournalRow>,
    /// Commands before the tail, newest first.
    pub recent: Vec<RecentCommand>,
    /// Bounds the commands before those; `None` when nobody asked or nothing is before the tail.
    pub forgotten: Option<Forgotten>,
    /// The stored deadline.
    pub timer: Option<(Timestamp, Uuid)>,
}

/// Loads an entity's past: its newest sound snapshot (when `snapshots` are wanted), the rows after it, and commands before
/// those.
///
/// # Errors
/// When the database cannot answer or a row makes no sense.
pub async fn past(pool: &PgPool, entity: EntityId, remember: Option<Remember>, snapshots: bool) -> Result<Past, ReadError> {
    let mut connection = pool.acquire().await?;
    let stored = sqlx::query(SNAPSHOTS).bind(entity.packed()).fetch_all(&mut *connection).await?;
    let mut past = Past::default();
    for row in stored.iter().filter(|_| snapshots) {
        match snapshot_of(entity, row)? {
            Some(snapshot) => past.snapshots.push(snapshot),
            None => tracing::error!(%entity, "a damaged snapshot is left out"),
        }
    }
    let from = past.snapshots.first().map_or(0, |snapshot| snapshot.seq);
    // Row by row: the database sends the next ones while we read these.
    let mut tail = sqlx::query(ROWS_AFTER).bind(entity.packed()).bind(column(from)).bind(i64::MAX).fetch(&mut *connection);
    while let Some(row) = tail.try_next().await? {
        past.tail.push(row_of(&row)?);
    }
    drop(tail);
    if let Some(remember) = remember.filter(|_| from > 0) {
        let rows = sqlx::query(RECENT).bind(entity.packed()).bind(column(from)).bind(i64::from(remember.commands));
        past.recent = rows.fetch_all(&mut *connection).await?.iter().map(recent_of).collect::<Result<_, _>>()?;
        past.forgotten = forgotten(&mut connection, &[entity.packed()], remember).await?.pop().map(|(_, forgotten)| forgotten);
    }
    let timer = sqlx::query(TIMER).bind(entity.packed()).fetch_optional(&mut *connection).await?;
    past.timer = timer.map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?;
    Ok(past)
}

/// The pasts of several entities, each once: a handful of questions in all, however many they are.
///
/// # Errors
/// When the database cannot answer or a row of any of them makes no sense: then ask for each alone.
pub async fn pasts(pool: &PgPool, entities: &[EntityId], remember: Remember) -> Result<Vec<Past>, ReadError> {
    let place: HashMap<i64, usize> = entities.iter().enumerate().map(|(place, entity)| (entity.packed(), place)).collect();
    let mut pasts = vec![Past::default(); entities.len()];
    let wanted: Vec<i64> = entities.iter().map(|entity| entity.packed()).collect();
    let mut connection = pool.acquire().await?;
    for row in sqlx::query(SNAPSHOTS_OF).bind(&wanted).fetch_all(&mut *connection).await? {
        let Some((past, entity)) = of(&mut pasts, entities, &place, row.try_get(7)?) else { continue };
        match snapshot_of(entity, &row)? {
            Some(snapshot) => past.snapshots.push(snapshot),
            None => tracing::error!(%entity, "a damaged snapshot is left out"),
        }
    }
    let from: Vec<i64> = pasts.iter().map(|past| past.snapshots.first().map_or(0, |newest| column(newest.seq))).collect();
    for row in sqlx::query(ROWS_OF).bind(&wanted).bind(&from).fetch_all(&mut *connection).await? {
        if let Some((past, _)) = of(&mut pasts, entities, &place, row.try_get(0)?) {
            past.tail.push(row_of(&row)?);
        }
    }
    if from.iter().any(|seq| *seq > 0) {
        let rows = sqlx::query(RECENT_OF).bind(&wanted).bind(&from).bind(i64::from(remember.commands));
        for row in rows.fetch_all(&mut *connection).await? {
            if let Some((past, _)) = of(&mut pasts, entities, &place, row.try_get(4)?) {
                past.recent.push(recent_of(&row)?);
            }
        }
        let with_snapshot: Vec<i64> =
            wanted.iter().zip(&from).filter(|(_, seq)| **seq > 0).map(|(packed, _)| *packed).collect();
        for (packed, forgotten) in forgotten(&mut connection, &with_snapshot, remember).await? {
            if let Some((past, _)) = of(&mut pasts, entities, &place, packed) {
                past.forgotten = Some(forgotten);
            }
        }
    }
    for row in sqlx::query(TIMERS_OF).bind(&wanted).fetch_all(&mut *connection).await? {
        if let Some((past, _)) = of(&mut pasts, entities, &place, row.try_get(0)?) {
            past.timer = Some((row.try_get(1)?, row.try_get(2)?));
        }
    }
    Ok(pasts)
}

/// Bounds all that these entities, which have a past, ever decided.
async fn forgotten(
    connection: &mut PgConnection,
    entities: &[i64],
    remember: Remember,
) -> Result<Vec<(i64, Forgotten)>, ReadError> {
    let mut bounds: BTreeMap<i64, Forgotten> =
        entities.iter().map(|packed| (*packed, Forgotten::none_before(remember.now))).collect();
    let query = sqlx::query(NEWEST_OF).bind(entities).bind(Forgotten::none_before(remember.now).bound());
    for row in query.fetch_all(connection).await? {
        if let Some(bound) = bounds.get_mut(&row.try_get(0)?) {
            bound.add(row.try_get(1)?);
        }
    }
    Ok(bounds.into_iter().collect())
}

fn of<'a>(
    pasts: &'a mut [Past],
    entities: &[EntityId],
    place: &HashMap<i64, usize>,
    packed: i64,
) -> Option<(&'a mut Past, EntityId)> {
    let place = *place.get(&packed)?;
    Some((pasts.get_mut(place)?, *entities.get(place)?))
}

/// Rows after a sequence number, oldest first.
///
/// # Errors
/// When the database cannot answer or a row makes no sense.
pub async fn rows_after(pool: &PgPool, entity: EntityId, after: u64, limit: u32) -> Result<Vec<JournalRow>, ReadError> {
    let rows = sqlx::query(ROWS_AFTER).bind(entity.packed()).bind(column(after)).bind(i64::from(limit)).fetch_all(pool).await?;
    rows.iter().map(row_of).collect()
}

/// One row.
///
/// # Errors
/// When the database cannot answer or the row makes no sense.
pub async fn row(pool: &PgPool, entity: EntityId, seq: u64) -> Result<Option<JournalRow>, ReadError> {
    let row = sqlx::query(ROW).bind(entity.packed()).bind(column(seq)).fetch_optional(pool).await?;
    row.as_ref().map(row_of).transpose()
}

/// Which of these commands their entities decided before: one answer for each, in order.
///
/// # Errors
/// When the database cannot answer or a row makes no sense.
pub async fn by_commands(pool: &PgPool, asked: &[(EntityId, Uuid)]) -> Result<Vec<Option<KnownCommand>>, ReadError> {
    let entities: Vec<i64> = asked.iter().map(|(entity, _)| entity.packed()).collect();
    let commands: Vec<Uuid> = asked.iter().map(|(_, cmd)| *cmd).collect();
    let rows = sqlx::query(BY_COMMAND).bind(entities).bind(commands).fetch_all(pool).await?;
    let mut known = vec![None; asked.len()];
    for row in &rows {
        let place = usize::try_from(row.try_get::<i64, _>(0)? - 1).ok().and_then(|place| known.get_mut(place));
        let place = place.ok_or(ReadError::Damaged("ordinality"))?;
        *place = Some(KnownCommand { seq: count(row.try_get(1)?)?, body_hash: bytes(row.try_get(2)?)? });
    }
    Ok(known)
}

/// The entity's last row: its number and the channel's offset there. `(0, 0)` before the first.
///
/// # Errors
/// When the database cannot answer or the row makes no sense.
pub async fn head(pool: &PgPool, entity: EntityId) -> Result<(u64, u64), ReadError> {
    let row = sqlx::query(HEAD).bind(entity.packed()).fetch_optional(pool).await?;
    row.map_or(Ok((0, 0)), |row| Ok((count(row.try_get(0)?)?, count(row.try_get(1)?)?)))
}

/// The number of the first row that brought the channel beyond `offset`; the one after `head` when none did.
///
/// # Errors
/// When the database cannot answer.
pub async fn seq_beyond(pool: &PgPool, entity: EntityId, offset: u64, head: u64) -> Result<u64, ReadError> {
    let row =
        sqlx::query(SEQ_OF_OFFSET).bind(entity.packed()).bind(column(offset)).bind(column(head)).fetch_optional(pool).await?;
    row.map_or(Err(ReadError::Damaged("a gap in seq")), |row| count(row.try_get(0)?))
}

/// The epoch that all channel positions of this database carry.
///
/// # Errors
/// When the database cannot answer.
pub async fn channel_epoch(pool: &PgPool) -> Result<String, ReadError> {
    let row = sqlx::query("select value from meta where name = 'channel_epoch'").fetch_one(pool).await?;
    Ok(row.try_get(0)?)
}

/// A new number for an entity of this kind.
///
/// # Errors
/// When the database cannot answer or has no numbers for this kind.
pub async fn next_number(pool: &PgPool, kind: &str) -> Result<i64, ReadError> {
    let row = sqlx::query("select nextval(('number_' || $1)::regclass)").bind(kind).fetch_one(pool).await?;
    Ok(row.try_get(0)?)
}

fn row_of(row: &PgRow) -> Result<JournalRow, ReadError> {
    Ok(JournalRow {
        entity: EntityId::from_packed(row.try_get(0)?).ok_or(ReadError::Damaged("entity"))?,
        seq: count(row.try_get(1)?)?,
        epoch: row.try_get(2)?,
        version: row.try_get(3)?,
        cmd: row.try_get(4)?,
        actor: row.try_get::<Option<i64>, _>(5)?.map(UserId::new),
        at: row.try_get(6)?,
        offset: count(row.try_get(7)?)?,
        body_hash: bytes(row.try_get(8)?)?,
        chain: bytes(row.try_get(9)?)?,
        body: row.try_get(10)?,
    })
}

fn recent_of(row: &PgRow) -> Result<RecentCommand, ReadError> {
    let known = KnownCommand { seq: count(row.try_get(1)?)?, body_hash: bytes(row.try_get(2)?)? };
    Ok(RecentCommand { cmd: row.try_get(0)?, at: row.try_get(3)?, known })
}

/// `None` when the digest does not fit: a bit has flipped.
fn snapshot_of(entity: EntityId, row: &PgRow) -> Result<Option<SnapshotRow>, ReadError> {
    let snapshot = SnapshotRow {
        entity,
        seq: count(row.try_get(0)?)?,
        version: row.try_get(1)?,
        offset: count(row.try_get(2)?)?,
        at: row.try_get(3)?,
        chain: bytes::<{ size_of::<Chain>() }>(row.try_get(4)?)?,
        body: row.try_get(6)?,
        keep_from: 0,
    };
    let digest: &[u8] = row.try_get(5)?;
    Ok((digest == snapshot.digest()).then_some(snapshot))
}

fn bytes<const N: usize>(stored: &[u8]) -> Result<[u8; N], ReadError> {
    stored.try_into().map_err(|_| ReadError::Damaged("hash"))
}

fn count(stored: i64) -> Result<u64, ReadError> {
    u64::try_from(stored).map_err(|_| ReadError::Damaged("count"))
}

fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
