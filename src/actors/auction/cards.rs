//! Keeps `auction_card`, the rows of the list page, true to the auctions' committed state.
//!
//! ```text
//! commit -> publication -> Changes: "auction 17 changed" (a set: a hot auction is in it once)
//!                             |
//!                             v   every PACE at most
//!                           Cards: look at each -> one statement writes all, newest `seq` wins
//! ```
//!
//! The hot path pays for one entry in a set. A crash between a commit and its row is made good at the next start, by
//! comparing the rows with the journal.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use madang_domain::code::Code;
use madang_domain::entity::Viewer;
use madang_domain::ids::{ArtworkId, EntityId, Kind, UserId};
use madang_domain::money::Currency;
use madang_domain::time::Timestamp;
use parking_lot::Mutex;
use serde::Deserialize;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::auction_id;
use crate::actors::ask::Denied;
use crate::actors::kernel::{Engine, Viewed};
use crate::actors::publish::{Publication, Publisher};
use crate::storage::artworks::Artwork;
use crate::storage::auctions::{self, Card, Phase};

/// A changed auction's row is written at most this often.
const PACE: Duration = Duration::from_millis(250);
/// After a failure this long passes before the next try.
const REST: Duration = Duration::from_secs(2);
/// At most so many auctions are looked at for one statement.
const BATCH: usize = 256;

/// Which auctions changed since their rows were written. Given to the engine as a [`Publisher`], which needs no engine.
#[derive(Debug, Default)]
pub struct Changes {
    changed: Mutex<BTreeSet<i64>>,
    wake: Notify,
}

impl Changes {
    /// Notes that an auction's row must be written.
    pub fn note(&self, auction: i64) {
        if self.changed.lock().insert(auction) {
            self.wake.notify_one();
        }
    }

    fn take(&self) -> Vec<i64> {
        std::mem::take(&mut *self.changed.lock()).into_iter().collect()
    }
}

impl Publisher for Changes {
    fn publish(&self, channel: &str, _: &str, _: &[Publication]) {
        if let Ok(id) = channel.parse::<EntityId>()
            && id.kind() == Kind::Auction
        {
            self.note(id.number());
        }
    }
}

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

/// Writes the rows.
#[derive(Debug, Clone)]
pub struct Cards {
    engine: Engine,
    db: PgPool,
    changes: Arc<Changes>,
}

impl Cards {
    /// A writer of rows of what `changes` notes.
    #[must_use]
    pub fn new(engine: Engine, db: PgPool, changes: Arc<Changes>) -> Self {
        Self { engine, db, changes }
    }

    /// Writes rows until told to stop: first what a crash left behind, then what changes.
    pub async fn run(self, stop: CancellationToken) {
        match auctions::list_behind(&self.db).await {
            Ok(behind) => behind.into_iter().for_each(|auction| self.changes.note(auction)),
            Err(error) => tracing::error!(error = %error, "cannot compare the auctions' rows with the journal"),
        }
        while stop.run_until_cancelled(self.changes.wake.notified()).await.is_some() {
            let pace = if self.write_noted().await { PACE } else { REST };
            if stop.run_until_cancelled(tokio::time::sleep(pace)).await.is_none() {
                break;
            }
        }
        self.write_noted().await;
    }

    /// Writes the row of one auction now, for those who will look for it at once. Where that fails it is written later.
    pub async fn refresh(&self, auction: i64) {
        self.write_or_note(&[auction]).await;
    }

    /// Writes the rows that are noted now; what is noted meanwhile waits for the next turn, or a hot one would be written
    /// without a pause. Those that cannot be written stay noted, and the answer is false.
    pub async fn write_noted(&self) -> bool {
        let mut all = true;
        for page in self.changes.take().chunks(BATCH) {
            all &= self.write_or_note(page).await;
        }
        all
    }

    async fn write_or_note(&self, noted: &[i64]) -> bool {
        let mut cards = Vec::with_capacity(noted.len());
        let mut left = Vec::new();
        for id in noted.iter().copied().filter_map(auction_id) {
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
        left.iter().for_each(|auction| self.changes.note(*auction));
        left.is_empty()
    }

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

    #[test]
    fn a_hot_auction_is_noted_once_and_other_channels_are_not() {
        let changes = Changes::default();
        for channel in ["auction:17", "auction:17", "user:3", "chat", "auction:2"] {
            changes.publish(channel, "e", &[]);
        }
        assert_eq!(changes.take(), [2, 17]);
        assert_eq!(changes.take(), [0; 0]);
    }
}
