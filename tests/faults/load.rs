//! The load: bidders who bid right, too low and without money, readers, and a clerk who stops and ends auctions.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use madang::cli::client::account::Account;
use madang::cli::client::api::{Api, Ask};
use madang::cli::client::live::Live;
use madang_domain::auction::Command;
use madang_domain::entity::{Actor, Role};
use madang_domain::ids::UserId;
use madang_domain::money::{Currency, Money};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::history::{Call, History, Reply};
use super::nemesis::Pulse;

/// What bidders have, in won: more than a run can spend.
pub const PURSE: i64 = 100_000_000_000_000;
/// How long the server may be away while something is made ready.
const PATIENCE: Duration = Duration::from_secs(120);
const OPENING_BID: i64 = 10_000;

/// Those who have nothing.
pub type Poor = HashSet<UserId>;

/// A person with a connection.
#[derive(Debug, Clone)]
pub struct Player {
    live: Live,
    actor: Actor,
}

impl Player {
    /// Connects.
    pub fn seat(api: &Api, account: Arc<Account>, roles: Vec<Role>) -> Self {
        let actor = Actor::User { id: UserId::new(account.user), roles };
        Self { live: Live::start(api, Some(account)).0, actor }
    }

    async fn command(&self, floor: &Floor, auction: i64, method: &str, command: Command, mut data: Value) -> Reply {
        let id = Uuid::now_v7();
        if let Value::Object(fields) = &mut data {
            fields.insert("auction".to_owned(), auction.into());
            fields.insert("command_id".to_owned(), id.to_string().into());
        }
        let sent = floor.history.now();
        let answer = self.live.command(method, &data, floor.patience).await;
        let (done, reply) = (floor.history.now(), Reply::of_command(answer.as_ref()));
        let tries = answer.map_or(0, |definite| definite.tries);
        let (actor, command, id) = (self.actor.clone(), Some(command), Some(id));
        floor.history.add(Call { auction, id, actor, command, sent, done, tries, reply: reply.clone() });
        reply
    }

    async fn bid(&self, floor: &Floor, auction: i64, amount: i64) -> Reply {
        let max = Money::new(amount, Currency::KRW);
        let data = json!({ "max": max });
        self.command(floor, auction, "auction.bid", Command::PlaceBid { max, confirm: false }, data).await
    }

    async fn look(&self, floor: &Floor, auction: i64) -> Reply {
        let sent = floor.history.now();
        let seen = self.live.command("auction.view", &json!({ "auction": auction }), floor.patience).await;
        let tries = seen.as_ref().map_or(0, |definite| definite.tries);
        let reply = Reply::of_read(seen.map(|definite| definite.data));
        let (actor, done) = (self.actor.clone(), floor.history.now());
        floor.history.add(Call { auction, id: None, actor, command: None, sent, done, tries, reply: reply.clone() });
        reply
    }
}

/// Makes an auction and opens it.
pub async fn auction(api: &Api, clerk: &Account) -> anyhow::Result<i64> {
    let token = clerk.token().await?;
    let artwork = json!({ "title": "Under fire", "artist": "The fault test" });
    let artwork: Value = api.persist(&Ask::post("/artworks", artwork).by(&token).once(Uuid::new_v4()), PATIENCE).await?;
    let artwork = artwork.get("id").and_then(Value::as_i64).context("an artwork without an id")?;
    let body = json!({ "artwork_id": artwork, "currency": "KRW", "opening_bid": OPENING_BID, "preset": "ebay" });
    let made: Value = api.persist(&Ask::post("/auctions", body).by(&token).once(Uuid::new_v4()), PATIENCE).await?;
    let auction = made.get("id").and_then(Value::as_i64).context("an auction without an id")?;
    api.steer(auction, "open", &token, Uuid::new_v4(), PATIENCE).await?;
    Ok(auction)
}

/// What the players share.
#[derive(Debug, Clone)]
pub struct Floor {
    /// Where calls are written down.
    pub history: History,
    /// The auctions there are; the newest are bid on most.
    pub auctions: watch::Receiver<Vec<i64>>,
    /// Set when all shall end.
    pub stop: Arc<AtomicBool>,
    /// How long a client asks again.
    pub patience: Duration,
    /// The longest pause between two calls of a client.
    pub pause: Duration,
}

impl Floor {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn pick(&self) -> Option<i64> {
        let auctions = self.auctions.borrow();
        let newest = auctions.iter().rev().take(OPEN_AT_ONCE.saturating_add(1));
        newest.copied().nth(rand::random_range(0..=OPEN_AT_ONCE)).or_else(|| auctions.last().copied())
    }
}

/// So many auctions are open at a time; bidders try one that was closed, too.
pub const OPEN_AT_ONCE: usize = 4;

/// Bids until it is told to stop. A player on several servers takes one by chance each time.
pub async fn bidder(seats: Vec<Player>, floor: Floor) {
    let mut next = std::collections::HashMap::<i64, i64>::new();
    while !floor.stopped() {
        let Some(auction) = floor.pick() else { return };
        let Some(player) = seats.get(rand::random_range(0..seats.len().max(1))) else { return };
        let known = next.get(&auction).copied().unwrap_or(OPENING_BID);
        let step = (known / 50).clamp(1_000, 10_000);
        let reply = match rand::random_range(0..100u32) {
            0..10 => player.look(&floor, auction).await,
            10..25 => player.bid(&floor, auction, (known - step.saturating_mul(rand::random_range(1..4))).max(1)).await,
            25..35 => player.bid(&floor, auction, known.saturating_add(step.saturating_mul(rand::random_range(2..6)))).await,
            // Ahead of the others who know the same.
            _ => player.bid(&floor, auction, known.saturating_add(step.saturating_mul(rand::random_range(0..4)))).await,
        };
        let told = match &reply {
            Reply::Accepted { data, .. } | Reply::Seen { data, .. } | Reply::Done { data, .. } => data.get("next_bid"),
            Reply::Refused { detail, .. } => detail.get("next_bid"),
            Reply::Failed(_) => None,
        };
        if let Some(told) = told.and_then(Value::as_i64) {
            next.insert(auction, told);
        }
        tokio::time::sleep(floor.pause.mul_f64(rand::random_range(0.0..1.0))).await;
    }
}

/// Pauses and resumes open auctions, and now and then ends the oldest and opens a new one.
pub async fn clerk(
    player: Player,
    api: Api,
    account: Arc<Account>,
    floor: Floor,
    auctions: Arc<watch::Sender<Vec<i64>>>,
) -> anyhow::Result<()> {
    let mut turns = 0u32;
    while !floor.stopped() {
        tokio::time::sleep(Duration::from_millis(rand::random_range(200..800))).await;
        turns = turns.wrapping_add(1);
        let open: Vec<i64> = auctions.borrow().iter().rev().take(OPEN_AT_ONCE).copied().collect();
        let Some(one) = open.get(rand::random_range(0..open.len().max(1))).copied() else { continue };
        if turns.is_multiple_of(8) {
            let oldest = open.last().copied().unwrap_or(one);
            player.command(&floor, oldest, "auction.close", Command::Close, json!({})).await;
            let new = auction(&api, &account).await?;
            auctions.send_modify(|auctions| auctions.push(new));
            continue;
        }
        player.command(&floor, one, "auction.pause", Command::Pause, json!({})).await;
        tokio::time::sleep(Duration::from_millis(rand::random_range(20..150))).await;
        player.command(&floor, one, "auction.resume", Command::Resume, json!({})).await;
    }
    // Everything ends, so that every hold is captured or given back.
    let open: Vec<i64> = auctions.borrow().iter().rev().take(OPEN_AT_ONCE).copied().collect();
    for auction in open {
        player.command(&floor, auction, "auction.close", Command::Close, json!({})).await;
    }
    Ok(())
}
