//! Keeps `auction_card`, the rows of the list page, true to the auctions' committed state.

use std::sync::Arc;

use madang_domain::code::Code;
use madang_domain::entity::Viewer;
use madang_domain::ids::{ArtworkId, EntityId, UserId};
use madang_domain::money::Currency;
use madang_domain::time::Timestamp;
use serde::Deserialize;
use sqlx::PgPool;

use super::auction_id;
use crate::actors::ask::Denied;
use crate::actors::follow::{Changes, Derived, Follower};
use crate::actors::kernel::{Engine, Viewed};
use crate::storage::artworks::Artwork;
use crate::storage::auctions::{self, Card, Phase};

/// Why there is no row of an auction just now.
#[derive(Debug, thiserror::Error)]
enum CardError {
    /// The engine did not show the auction.
    #[error("the auction cannot be looked at: {}", .0.code())]
    Denied(Denied),
    /// The view has another shape than the rules promise.
    #[error("the auction's view is not as expected")]
    Shape(#[from] serde_json::Error),
}

impl CardError {
    fn log(&self, id: EntityId) {
        if matches!(self, Self::Denied(denied) if denied.code() == Code::Stopping) {
            // The next start compares all rows with the journal.
            tracing::debug!(auction = id.number(), "an auction's row is left to the next start");
        } else {
            tracing::warn!(error = %self, auction = id.number(), "an auction's row will be written later");
        }
    }
}

/// Keeps the rows.
pub type Cards = Follower<Rows>;

/// Follows what `changes` notes of auctions.
#[must_use]
pub fn follow(engine: Engine, db: PgPool, changes: Arc<Changes>) -> Cards {
    Follower::new(Rows { engine, db }, changes)
}

/// The rows of auctions.
#[derive(Debug, Clone)]
pub struct Rows {
    engine: Engine,
    db: PgPool,
}

impl Derived for Rows {
    const PAGE: usize = 256;

    async fn behind(&self) -> Result<Vec<i64>, sqlx::Error> {
        auctions::list_behind(&self.db).await
    }

    async fn write(&self, numbers: &[i64]) -> Vec<i64> {
        let mut cards = Vec::with_capacity(numbers.len());
        let mut left = Vec::new();
        for id in numbers.iter().copied().filter_map(auction_id) {
            match self.look_at(id).await {
                Ok(card) => cards.extend(card),
                Err(error) => {
                    error.log(id);
                    left.push(id.number());
                }
            }
        }
        if let Err(error) = auctions::put_cards(&self.db, &cards).await {
            tracing::warn!(error = %error, rows = cards.len(), "rows of auctions will be written later");
            left.extend(cards.iter().map(|card| card.id));
        }
        left
    }
}

impl Rows {
    async fn look_at(&self, id: EntityId) -> Result<Option<Card>, CardError> {
        let viewed = self.engine.view(id, Viewer::Public).await.map_err(CardError::Denied)?;
        Ok(card_of(&viewed)?)
    }
}

/// The public view, as far as a row needs it.
#[derive(Debug, Deserialize)]
struct PublicView {
    id: i64,
    state: String,
    artwork: Work,
    seller: UserId,
    currency: Currency,
    opening_bid: i64,
    price: Option<i64>,
    bids: i64,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Work {
    id: ArtworkId,
    title: String,
    artist: String,
    medium: Option<String>,
    image_urls: Vec<String>,
}

/// The row of an auction; `None` for one that was never created.
fn card_of(viewed: &Viewed) -> Result<Option<Card>, serde_json::Error> {
    let Some(view) = Option::<PublicView>::deserialize(&viewed.data)? else { return Ok(None) };
    let work = view.artwork;
    Ok(Some(Card {
        id: view.id,
        seq: i64::try_from(viewed.seq).unwrap_or(i64::MAX),
        phase: phase_of(&view.state),
        state: view.state,
        seller: view.seller,
        artwork: work.id,
        image: work.image_urls.into_iter().next().unwrap_or_else(|| Artwork::placeholder(work.id)),
        title: work.title,
        artist: work.artist,
        medium: work.medium,
        currency: view.currency,
        price: view.price.unwrap_or(view.opening_bid),
        bids: view.bids,
        starts_at: view.starts_at,
        ends_at: view.ends_at,
    }))
}

fn phase_of(state: &str) -> Phase {
    match state {
        "scheduled" => Phase::Scheduled,
        "live" | "paused" | "closing" => Phase::Live,
        _ => Phase::Ended,
    }
}

#[cfg(test)]
mod tests {
    use madang_domain::auction::{Auction, Command, Preset, Subject, Terms};
    use madang_domain::entity::{Actor, Entity, Given};

    use super::*;

    fn view_of_a_new_auction() -> serde_json::Value {
        let subject = Subject {
            id: ArtworkId::new(5),
            title: "씨름".to_owned(),
            artist: "김홍도".to_owned(),
            medium: None,
            size: None,
            year: None,
            image_urls: Vec::new(),
        };
        let terms = Terms {
            seller: UserId::new(3),
            subject,
            currency: Currency::KRW,
            opening_bid: 10_000,
            reserve: None,
            rules: Preset::Timed.rules(Currency::KRW),
            starts_at: None,
            ends_at: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        let given = Given { now, actor: Actor::System, available: None, random: 0 };
        let mut auction = Auction::vacant(auction_id(17).unwrap());
        for event in auction.decide(&Command::Create(Box::new(terms)), &given).unwrap() {
            auction.apply(&event, now);
        }
        auction.view(&Viewer::Public)
    }

    #[test]
    fn a_row_is_made_from_the_public_view() {
        let viewed = Viewed { data: view_of_a_new_auction(), seq: 1, offset: 0, epoch: "e".into() };
        let card = card_of(&viewed).unwrap().unwrap();
        assert_eq!((card.id, card.seq, card.phase, card.price), (17, 1, Phase::Scheduled, 10_000));
        assert_eq!((card.title.as_str(), card.image.as_str()), ("씨름", "/media/artworks/5.svg"));
    }

    #[test]
    fn nothing_is_written_for_what_was_never_created() {
        let viewed = Viewed { data: serde_json::Value::Null, seq: 0, offset: 0, epoch: "e".into() };
        assert_eq!(card_of(&viewed).unwrap(), None);
    }
}
