//! One auction of a replay from its lot to its price.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{Bidders, CURRENCY};
use super::plan::{PlannedAuction, PlannedBid};
use crate::cli::client::ClientError;
use crate::cli::client::account::Account;
use crate::cli::client::api::{Api, Ask, AuctionView};
use crate::cli::client::live::Live;
use crate::cli::client::patience::Patience;
use crate::cli::replay::command_id;

/// What all auctions of a replay share.
#[derive(Debug)]
pub struct Stage {
    /// The server.
    pub api: Api,
    /// Creates and closes the auctions.
    pub clerk: Arc<Account>,
    /// Who bids.
    pub bidders: Bidders,
    /// The run's name.
    pub run: String,
    /// How long to ask again while the server is away.
    pub patience: Duration,
    /// The least time between two bids of one auction.
    pub pause: Duration,
}

/// What became of one bid.
#[derive(Debug, Clone)]
pub struct BidOutcome {
    /// Its line in the file.
    pub line: u64,
    /// The code of the refusal; none when accepted.
    pub refused: Option<String>,
    /// From the first sending to the definite answer.
    pub took: Duration,
    /// How often it was asked.
    pub tries: u32,
}

/// What became of one auction.
#[derive(Debug)]
pub struct AuctionOutcome {
    /// The server's number of it.
    pub id: i64,
    /// Its bids.
    pub bids: Vec<BidOutcome>,
    /// The price it closed at, in cents.
    pub price: Option<i64>,
    /// The price in the file, in cents.
    pub expected: i64,
    /// The newest publication of its channel when it had closed.
    pub offset: u64,
}

#[derive(Debug, Deserialize)]
struct Created {
    id: i64,
}

impl Stage {
    /// Creates the lot of an auction, not yet open.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn create(&self, auction: &PlannedAuction) -> Result<i64, ClientError> {
        let token = self.clerk.token().await?;
        let title = format!("{} ({})", auction.item, auction.name);
        let artwork = json!({ "title": title, "artist": "eBay", "description": "A lot of the replayed file." });
        let id = command_id(&self.run, &format!("artwork/{}", auction.name));
        let ask = Ask::post("/artworks", artwork).by(&token).once(id);
        let artwork: Created = self.api.persist(&ask, self.patience).await?;
        let body = json!({
            "artwork_id": artwork.id, "currency": CURRENCY, "opening_bid": auction.opening_bid, "preset": "ebay",
        });
        let id = command_id(&self.run, &format!("auction/{}", auction.name));
        let created: Created = self.api.persist(&Ask::post("/auctions", body).by(&token).once(id), self.patience).await?;
        Ok(created.id)
    }

    /// Opens the auction, sends its bids in order, each by its bidder over the bidder's own socket, and closes it.
    ///
    /// # Errors
    /// The first answer that is neither acceptance nor refusal, or `GaveUp`.
    pub async fn play(
        &self,
        id: i64,
        auction: &PlannedAuction,
        each: impl Fn(&BidOutcome),
    ) -> Result<AuctionOutcome, ClientError> {
        let (clerk, _) = Live::start(&self.api, Some(Arc::clone(&self.clerk)));
        self.steer(&clerk, id, auction, "open").await?;
        let mut sockets: HashMap<&str, Live> = HashMap::new();
        let mut bids = Vec::with_capacity(auction.bids.len());
        for bid in &auction.bids {
            let account = self
                .bidders
                .get(&bid.bidder)
                .ok_or_else(|| ClientError::Unexpected(format!("{} did not sign up", bid.bidder)))?;
            let live = sockets.entry(&bid.bidder).or_insert_with(|| Live::start(&self.api, Some(Arc::clone(account))).0);
            let outcome = self.bid(live, id, bid).await?;
            each(&outcome);
            bids.push(outcome);
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
        }
        self.steer(&clerk, id, auction, "close").await?;
        let closed = self.settled(id).await?;
        Ok(AuctionOutcome { id, bids, price: closed.price, expected: auction.final_price, offset: closed.offset })
    }

    async fn bid(&self, live: &Live, id: i64, bid: &PlannedBid) -> Result<BidOutcome, ClientError> {
        let data = json!({
            "auction": id,
            "max": { "amount": bid.max, "currency": CURRENCY },
            "confirm": true,
            "command_id": command_id(&self.run, &format!("bid/{}", bid.line)),
        });
        let begun = Instant::now();
        let definite = live.command("auction.bid", &data, self.patience).await?;
        let (refused, tries) = (refusal(&definite.data), definite.tries);
        Ok(BidOutcome { line: bid.line, refused, took: begun.elapsed(), tries })
    }

    /// A verb of the clerk, over the clerk's socket: more of them a minute than HTTP requests are allowed.
    async fn steer(&self, clerk: &Live, id: i64, auction: &PlannedAuction, verb: &str) -> Result<(), ClientError> {
        let command = command_id(&self.run, &format!("{verb}/{}", auction.name));
        let data = json!({ "auction": id, "command_id": command });
        let definite = clerk.command(&format!("auction.{verb}"), &data, self.patience).await?;
        match refusal(&definite.data) {
            Some(code) => Err(ClientError::Unexpected(format!("{verb} was refused: {code}"))),
            None => Ok(()),
        }
    }

    /// The view once the hammer has fallen and everything is paid.
    async fn settled(&self, id: i64) -> Result<AuctionView, ClientError> {
        let mut patience = Patience::of(self.patience);
        loop {
            let view = self.api.auction(id, None, self.patience).await?;
            if !matches!(view.state.as_str(), "live" | "closing" | "sold") {
                return Ok(view);
            }
            patience.wait(&format!("auction:{id} is still {}", view.state)).await?;
        }
    }
}

/// The code of a refusal; none for an acceptance.
fn refusal(data: &Value) -> Option<String> {
    if data.get("result").and_then(Value::as_str) != Some("refused") {
        return None;
    }
    Some(data.get("code").and_then(Value::as_str).unwrap_or("unnamed").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_refused() {
        assert_eq!(refusal(&json!({"result":"leading","seq":3})), None);
        assert_eq!(refusal(&json!({"result":"outbid"})), None);
        let refused = json!({"result":"refused","code":"auction.bid_too_low"});
        assert_eq!(refusal(&refused).as_deref(), Some("auction.bid_too_low"));
    }
}
