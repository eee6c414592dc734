//! Auctions over HTTP. One file per verb: `create`, `revise`, `bid`, `run` (open, pause, resume, close, cancel ...), `list` (search,
//! favourites), `look` (one auction), `history` (bids and notices), `invoice`.
//!
//! Handlers parse, ask the auction's actor or read one thing, and render. What a person may do and see is decided by the
//! rules, never here.

mod bid;
mod create;
mod history;
mod invoice;
mod list;
mod look;
mod merge;
mod revise;
mod run;

use std::fmt;
use std::sync::Arc;

use actix_web::web;
use madang_domain::auction::{Auction, Command, Terms};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Viewer};
use madang_domain::ids::EntityId;
use madang_domain::money::Currency;
use madang_domain::time::Timestamp;
use serde_json::Value;
use sqlx::PgPool;
use utoipa::OpenApi;
use uuid::Uuid;

pub use bid::{BidBody, DecisionView};
pub use create::{OfferBody, subject_of};
pub use history::{AttemptView, AttemptsView, BidderView, NoticesView, ReadBody};
pub use invoice::InvoiceView;
pub use list::{CardView, CardsView};
pub use look::{ArtworkInAuction, AuctionView, shown};
pub use run::{RunBody, Verb};

use crate::actors::ask::{Answer, Denied};
use crate::actors::auction::auction_id;
use crate::actors::auction::cards::Cards;
use crate::actors::kernel::Engine;
use crate::actors::kernel::clock::Clock;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/auctions").route(web::get().to(list::list_auctions)).route(web::post().to(create::create_auction)),
    )
    .service(
        web::resource("/auctions/{auction}")
            .route(web::get().to(look::show_auction))
            .route(web::put().to(revise::revise_auction)),
    )
    .service(
        web::resource("/auctions/{auction}/bids")
            .route(web::get().to(history::list_bids))
            .route(web::post().to(bid::place_bid)),
    )
    .service(web::resource("/auctions/{auction}/invoice").route(web::get().to(invoice::show_invoice)))
    // After the nouns, which would else be taken for verbs.
    .service(web::resource("/auctions/{auction}/{verb}").route(web::post().to(run::run_auction)))
    .service(web::resource("/favourites").route(web::get().to(list::list_favourites)))
    .service(
        web::resource("/favourites/{auction}")
            .route(web::put().to(list::keep_favourite))
            .route(web::delete().to(list::drop_favourite)),
    )
    .service(web::resource("/me/bids").route(web::get().to(history::list_my_bids)))
    .service(web::resource("/me/notices").route(web::get().to(history::list_my_notices)))
    .service(web::resource("/me/notices/read").route(web::post().to(history::read_my_notices)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(
    list::list_auctions,
    create::create_auction,
    look::show_auction,
    revise::revise_auction,
    history::list_bids,
    bid::place_bid,
    invoice::show_invoice,
    run::run_auction,
    list::list_favourites,
    list::keep_favourite,
    list::drop_favourite,
    history::list_my_bids,
    history::list_my_notices,
    history::read_my_notices,
))]
pub struct Document;

/// How many watch a channel.
pub type ViewerCount = Arc<dyn Fn(&str) -> u64 + Send + Sync>;

/// What auctions need of the outside.
pub struct AuctionsParts {
    /// Where commands go.
    pub engine: Engine,
    /// The database, for lists and the past.
    pub db: PgPool,
    /// The list's rows.
    pub cards: Cards,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// In which currencies may be sold; the first where none is named.
    pub currencies: Vec<Currency>,
    /// How many watch.
    pub viewers: ViewerCount,
}

/// Auctions, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct Auctions {
    parts: Arc<AuctionsParts>,
}

impl fmt::Debug for Auctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auctions").finish_non_exhaustive()
    }
}

impl Auctions {
    /// From what they need.
    #[must_use]
    pub fn new(parts: AuctionsParts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Where commands go.
    pub(super) fn engine(&self) -> &Engine {
        &self.parts.engine
    }

    /// In which currencies money is counted.
    #[must_use]
    pub fn currencies(&self) -> &[Currency] {
        &self.parts.currencies
    }

    /// The database, for the catalogue.
    pub(super) fn db(&self) -> &PgPool {
        &self.parts.db
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The entity of an auction's number.
    ///
    /// # Errors
    /// `auction.unknown` where no auction can have it.
    pub fn id(number: i64) -> Result<EntityId, Denied> {
        auction_id(number).ok_or(Denied::Failed(Code::AuctionUnknown))
    }

    /// Asks an auction and waits for its answer.
    ///
    /// # Errors
    /// As the auction or the engine denies.
    pub async fn ask(&self, to: EntityId, id: Uuid, actor: Actor, command: Command) -> Result<Answer, Denied> {
        self.parts.engine.ask::<Auction>(Order { to, id, actor, command }).await
    }

    /// Offers an artwork under a number that was allocated for it; lists show it at once.
    ///
    /// # Errors
    /// As the rules or the engine deny.
    pub async fn offer(&self, id: EntityId, command: Uuid, by: Actor, terms: Terms) -> Result<Answer, Denied> {
        let answer = self.ask(id, command, by, Command::Create(Box::new(terms))).await?;
        self.parts.cards.refresh(id.number()).await;
        Ok(answer)
    }

    /// What this viewer may see of an auction now.
    ///
    /// # Errors
    /// `auction.unknown`, or as the engine denies.
    pub async fn view(&self, id: EntityId, viewer: Viewer) -> Result<Value, Denied> {
        let viewed = self.parts.engine.view(id, viewer).await?;
        let viewers = (self.parts.viewers)(&id.to_string());
        shown(viewed, viewers).ok_or(Denied::Failed(Code::AuctionUnknown))
    }
}
