//! Binds each part of a batch as arrays, in the order of its text's parameters.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::super::{Batch, owner_columns};
use super::statement::{Holds, Parts, Transfers};

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A count as a column: sequence numbers and offsets stay far below 2^63.
fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn all<'a, R: 'a, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// Every part that the statement has, in its order.
pub(super) fn parts<'q>(mut query: Statement<'q>, batch: &Batch<'_>, parts: Parts) -> Statement<'q> {
    if parts.events {
        query = events(query, batch);
    }
    if parts.snapshots {
        query = snapshots(query, batch);
    }
    if parts.timers_set {
        query = timers_set(query, batch);
    }
    if parts.timers_cleared {
        let cleared = batch.timers.iter().filter(|row| row.due.is_none());
        query = query.bind(cleared.map(|row| row.entity.packed()).collect::<Vec<_>>());
    }
    if parts.notices {
        query = notices(query, batch);
    }
    if parts.refusals {
        query = refusals(query, batch);
    }
    if parts.holds != Holds::None {
        query = holds(query, batch);
    }
    if parts.swept {
        query = query.bind(all(&batch.swept, |entity| entity.packed()));
    }
    if parts.payments != Transfers::None {
        query = payments(query, batch);
    }
    if parts.transfers != Transfers::None {
        query = transfers(query, batch);
    }
    query
}

fn events<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let rows = &batch.rows;
    query
        .bind(all(rows, |r| r.entity.packed()))
        .bind(all(rows, |r| column(r.seq)))
        .bind(all(rows, |r| r.epoch))
        .bind(all(rows, |r| i16::from(r.entity.kind().number())))
        .bind(all(rows, |r| r.version))
        .bind(all(rows, |r| r.cmd))
        .bind(all(rows, |r| r.actor.map(|user| user.get())))
        .bind(all(rows, |r| r.at))
        .bind(all(rows, |r| column(r.offset)))
        .bind(all(rows, |r| r.body_hash.as_slice()))
        .bind(all(rows, |r| r.chain.as_slice()))
        .bind(all(rows, |r| r.body.as_slice()))
}

fn snapshots<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let rows = &batch.snapshots;
    query
        .bind(all(rows, |r| r.entity.packed()))
        .bind(all(rows, |r| column(r.seq)))
        .bind(all(rows, |r| r.version))
        .bind(all(rows, |r| column(r.offset)))
        .bind(all(rows, |r| r.at))
        .bind(all(rows, |r| r.chain.as_slice()))
        .bind(all(rows, |r| r.digest().to_vec()))
        .bind(all(rows, |r| r.body.as_slice()))
        .bind(all(rows, |r| column(r.keep_from)))
}

fn timers_set<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let set: Vec<_> = batch.timers.iter().filter_map(|row| row.due.map(|(at, fire)| (row.entity, at, fire))).collect();
    query
        .bind(all(&set, |(entity, _, _)| entity.packed()))
        .bind(all(&set, |(entity, _, _)| i16::from(entity.shard())))
        .bind(all(&set, |(_, at, _)| *at))
        .bind(all(&set, |(_, _, fire)| *fire))
}

fn notices<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let rows = &batch.notices;
    query
        .bind(all(rows, |r| i16::from(r.entity.shard())))
        .bind(all(rows, |r| r.entity.packed()))
        .bind(all(rows, |r| column(r.seq)))
        .bind(all(rows, |r| r.n))
        .bind(all(rows, |r| r.target.packed()))
        .bind(all(rows, |r| r.body.get().to_owned()))
}

fn refusals<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let rows = &batch.refusals;
    query
        .bind(all(rows, |r| r.entity.packed()))
        .bind(all(rows, |r| r.cmd))
        .bind(all(rows, |r| r.actor.map(|user| user.get())))
        .bind(all(rows, |r| r.at))
        .bind(all(rows, |r| column(r.at_seq)))
        .bind(all(rows, |r| r.code))
        .bind(all(rows, |r| r.message.as_str()))
        .bind(all(rows, |r| r.detail.get().to_owned()))
        .bind(all(rows, |r| r.command.get().to_owned()))
}

fn holds<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let rows = &batch.holds;
    query
        .bind(all(rows, |r| r.entity.packed()))
        .bind(all(rows, |r| r.user.get()))
        .bind(all(rows, |r| r.currency.code().to_owned()))
        .bind(all(rows, |r| r.amount))
}

fn payments<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let rows = &batch.payments;
    query
        .bind(all(rows, |(r, _)| r.transfer.key.as_str()))
        .bind(all(rows, |(r, _)| r.transfer.purpose.as_str()))
        .bind(all(rows, |(r, _)| r.entity.map(|entity| entity.packed())))
        .bind(all(rows, |(r, _)| r.at))
        .bind(all(rows, |(_, paid)| owner_columns(paid.from).0))
        .bind(all(rows, |(_, paid)| owner_columns(paid.from).1))
        .bind(all(rows, |(_, paid)| owner_columns(paid.to).0))
        .bind(all(rows, |(_, paid)| owner_columns(paid.to).1))
        .bind(all(rows, |(_, paid)| paid.amount.currency.code()))
        .bind(all(rows, |(_, paid)| paid.amount.amount))
}

fn transfers<'q>(query: Statement<'q>, batch: &Batch<'_>) -> Statement<'q> {
    let rows = &batch.transfers;
    // Each leg names its transfer by its place, counted from 1 as the database counts.
    let legs: Vec<_> = (1i64..)
        .zip(rows)
        .flat_map(|(nth, r)| (0i16..).zip(&r.transfer.entries).map(move |(n, entry)| (nth, n, entry)))
        .collect();
    query
        .bind(all(rows, |r| r.transfer.key.as_str()))
        .bind(all(rows, |r| r.transfer.purpose.as_str()))
        .bind(all(rows, |r| r.entity.map(|entity| entity.packed())))
        .bind(all(rows, |r| r.at))
        .bind(all(&legs, |(nth, _, _)| *nth))
        .bind(all(&legs, |(_, n, _)| *n))
        .bind(all(&legs, |(_, _, entry)| owner_columns(entry.account).0))
        .bind(all(&legs, |(_, _, entry)| owner_columns(entry.account).1))
        .bind(all(&legs, |(_, _, entry)| entry.amount.currency.code().to_owned()))
        .bind(all(&legs, |(_, _, entry)| entry.amount.amount))
}
