//! The peer of the hot lot: the bid as a row lock, `begin; select ... for update; insert; update; commit`, on the same
//! database, with the number of clients that suits it best.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row};

use crate::cli::figures::{per_second, percentile_ms};

/// Each is tried; the best counts.
const CLIENTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

const SCHEMA: &str = "drop schema if exists bench_row_lock cascade; create schema bench_row_lock; \
     create table bench_row_lock.lot (id bigint primary key, price bigint not null, leader bigint); \
     create table bench_row_lock.bid (id bigint generated always as identity primary key, lot bigint not null, \
       bidder bigint not null, amount bigint not null, at timestamptz not null default now()); \
     insert into bench_row_lock.lot values (1, 0, null)";

/// What the row lock took.
#[derive(Debug, Clone, Serialize)]
pub struct RowLock {
    /// Every number of clients tried, with bids per second and p50 and p99 in milliseconds.
    pub tried: Vec<Tried>,
    /// The best of them.
    pub best_bids_per_second: f64,
}

/// One number of clients.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// How many bid at once, each on its own connection.
    pub clients: usize,
    /// Committed per second.
    pub bids_per_second: f64,
    /// Milliseconds from `begin` to the end of `commit`: half were faster.
    pub p50_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
}

/// Runs it, `lasting` for each number of clients.
///
/// # Errors
/// When the database cannot be reached.
pub async fn run(database: &PgConnectOptions, lasting: Duration) -> anyhow::Result<RowLock> {
    let options = database.clone().disable_statement_logging();
    let mut connection = PgConnection::connect_with(&options).await?;
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
    let mut tried = Vec::new();
    for clients in CLIENTS {
        tried.push(with_clients(&options, clients, lasting).await?);
    }
    sqlx::raw_sql("drop schema bench_row_lock cascade").execute(&mut connection).await?;
    connection.close().await?;
    let best_bids_per_second = tried.iter().map(|tried| tried.bids_per_second).fold(0.0, f64::max);
    Ok(RowLock { tried, best_bids_per_second })
}

async fn with_clients(options: &PgConnectOptions, clients: usize, lasting: Duration) -> anyhow::Result<Tried> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for client in 0..clients {
        let mut connection = PgConnection::connect_with(options).await?;
        let stop = Arc::clone(&stop);
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            let bidder = i64::try_from(client).unwrap_or(0);
            while !stop.load(Ordering::Relaxed) {
                let begun = Instant::now();
                bid(&mut connection, bidder).await?;
                times.push(begun.elapsed());
            }
            Ok::<_, sqlx::Error>(times)
        }));
    }
    let begun = Instant::now();
    tokio::time::sleep(lasting).await;
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let took = begun.elapsed();
    times.sort_unstable();
    Ok(Tried {
        clients,
        bids_per_second: per_second(times.len(), took),
        p50_ms: percentile_ms(&times, 50),
        p99_ms: percentile_ms(&times, 99),
    })
}

async fn bid(connection: &mut PgConnection, bidder: i64) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let row = sqlx::query("select price from bench_row_lock.lot where id = $1 for update")
        .bind(1i64)
        .fetch_one(&mut *transaction)
        .await?;
    let amount: i64 = row.try_get::<i64, _>(0)?.saturating_add(1);
    sqlx::query("insert into bench_row_lock.bid (lot, bidder, amount) values ($1, $2, $3)")
        .bind(1i64)
        .bind(bidder)
        .bind(amount)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("update bench_row_lock.lot set price = $2, leader = $3 where id = $1")
        .bind(1i64)
        .bind(amount)
        .bind(bidder)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}
