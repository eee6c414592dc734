//! What the database holds, read once after the run.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use madang::storage::journal::{JournalRow, read};
use madang_domain::auction;
use madang_domain::ids::{EntityId, Kind};
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// One decision.
#[derive(Debug)]
pub struct Decision<E = auction::Event> {
    /// As stored.
    pub row: JournalRow,
    /// Its events.
    pub events: Vec<E>,
}

/// Every decision of the auctions of a run, by auction, in the order of the journal.
pub type Journal = BTreeMap<i64, Vec<Decision>>;

/// Opens the database.
pub async fn open(url: &str) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(url)?;
    PgPoolOptions::new().max_connections(4).connect_with(options).await.context("cannot open the database")
}

/// Reads all decisions of these auctions.
pub async fn load(pool: &PgPool, auctions: &[i64]) -> anyhow::Result<Journal> {
    let mut journal = Journal::new();
    for auction in auctions {
        let entity = EntityId::new(Kind::Auction, *auction).context("an impossible auction")?;
        journal.insert(*auction, decisions(pool, entity).await?);
    }
    Ok(journal)
}

/// Reads all decisions of one entity.
pub async fn decisions<E: DeserializeOwned>(pool: &PgPool, entity: EntityId) -> anyhow::Result<Vec<Decision<E>>> {
    let rows = read::rows_after(pool, entity, 0, u32::MAX).await?;
    let decisions = rows.into_iter().map(|row| {
        let events = serde_json::from_slice(&row.body).context("events that cannot be read")?;
        Ok(Decision { row, events })
    });
    decisions.collect()
}

/// Reads all decisions of these auctions once nothing is added any more: settlements follow by themselves.
pub async fn at_rest(pool: &PgPool, auctions: &[i64]) -> anyhow::Result<Journal> {
    let mut journal = load(pool, auctions).await?;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let again = load(pool, auctions).await?;
        let rests = again.values().map(Vec::len).eq(journal.values().map(Vec::len));
        journal = again;
        if rests {
            break;
        }
    }
    Ok(journal)
}
