//! Lists of auctions: search, and one's favourites.

use actix_web::{HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::ids::ArtworkId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Auctions;
use crate::actors::ask::Denied;
use crate::http::auth::SignedIn;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::artworks::Artwork;
use crate::storage::auctions::{Card, Filter, Phase, Place, Sort, find_cards, list_cards};
use crate::storage::favourites::{Kept, delete_favourite, insert_favourite};

/// Which auctions to list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct AuctionsQuery {
    /// `scheduled`, `live` or `ended`; all where it is left out.
    state: Option<String>,
    /// Words in title, artist and medium.
    #[serde(default)]
    search: String,
    /// A part of the medium.
    #[serde(default)]
    medium: String,
    /// `ending` (soonest first, the default), `newest` or `price` (lowest first).
    sort: Option<String>,
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

impl AuctionsQuery {
    fn parse(&self) -> Result<Filter, Problem> {
        let unknown = |what: &str, names: &str| Problem::new(Code::BadRequest, format!("`{what}` must be one of {names}."));
        let phase = match self.state.as_deref().filter(|state| !state.is_empty()) {
            Some(name) => Some(Phase::from_name(name).ok_or_else(|| unknown("state", "scheduled, live and ended"))?),
            None => None,
        };
        let sort = match self.sort.as_deref() {
            None | Some("" | "ending") => Sort::Ending,
            Some("newest") => Sort::Newest,
            Some("price") => Sort::Price,
            Some(_) => return Err(unknown("sort", "ending, newest and price")),
        };
        let after = page::after::<Place>(self.after.as_deref())?;
        let (search, medium) = (self.search.trim().to_owned(), self.medium.trim().to_owned());
        Ok(Filter { phase, search, medium, sort, after, limit: i64::from(page::limit(self.limit, 24)) })
    }
}

/// One auction in a list. Amounts are minor units of `currency`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardView {
    id: i64,
    /// `scheduled`, `live`, `paused`, `closing`, `sold`, `unsold`, `settled`, `defaulted` or `cancelled`.
    state: String,
    artwork: i64,
    seller: i64,
    title: String,
    artist: String,
    medium: Option<String>,
    image: String,
    /// A picture drawn by the server, for where `image` cannot be loaded.
    placeholder: String,
    /// The price; where bidding starts as long as nobody has bid.
    price: i64,
    currency: String,
    bids: i64,
    #[schema(value_type = Option<String>)]
    starts_at: Option<madang_domain::time::Timestamp>,
    #[schema(value_type = Option<String>)]
    ends_at: Option<madang_domain::time::Timestamp>,
}

impl From<Card> for CardView {
    fn from(card: Card) -> Self {
        Self {
            id: card.id,
            state: card.state,
            artwork: card.artwork.get(),
            seller: card.seller.get(),
            title: card.title,
            artist: card.artist,
            medium: card.medium,
            image: card.image,
            placeholder: Artwork::placeholder(ArtworkId::new(card.artwork.get())),
            price: card.price,
            currency: card.currency.to_string(),
            bids: card.bids,
            starts_at: card.starts_at,
            ends_at: card.ends_at,
        }
    }
}

/// A page of auctions.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardsView {
    items: Vec<CardView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

/// Searches auctions.
#[utoipa::path(get, path = "/auctions", tag = "auctions", params(AuctionsQuery), responses((status = 200, body = CardsView)))]
pub(super) async fn list_auctions(
    auctions: web::Data<Auctions>,
    query: web::Query<AuctionsQuery>,
) -> Result<web::Json<CardsView>, Problem> {
    let limit = page::limit(query.limit, 24);
    let mut filter = query.parse()?;
    filter.limit += 1;
    let mut cards = list_cards(&auctions.parts.db, &filter).await?;
    let more = page::cut(&mut cards, limit);
    let next = cards.last().filter(|_| more).map(|card| Place::of(card, filter.sort).to_string());
    Ok(web::Json(CardsView { items: cards.into_iter().map(CardView::from).collect(), next }))
}

/// One's favourites, the latest first.
#[utoipa::path(get, path = "/favourites", tag = "auctions", security(("bearer" = [])),
    responses((status = 200, body = CardsView)))]
pub(super) async fn list_favourites(auctions: web::Data<Auctions>, who: SignedIn) -> Result<web::Json<CardsView>, Problem> {
    let db = &auctions.parts.db;
    let order = crate::storage::favourites::list_favourites(db, who.user()).await?;
    let mut cards = find_cards(db, &order).await?;
    cards.sort_by_key(|card| order.iter().position(|id| *id == card.id));
    Ok(web::Json(CardsView { items: cards.into_iter().map(CardView::from).collect(), next: None }))
}

/// Keeps an auction among one's favourites: ten at most.
#[utoipa::path(put, path = "/favourites/{auction}", tag = "auctions", security(("bearer" = [])),
    params(("auction" = i64, Path)), responses((status = 204), (status = 409, description = "auction.favourites_full")))]
pub(super) async fn keep_favourite(
    auctions: web::Data<Auctions>,
    who: SignedIn,
    auction: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    let parts = &auctions.parts;
    if find_cards(&parts.db, &[*auction]).await?.is_empty() {
        return Err(Denied::Failed(Code::AuctionUnknown).into());
    }
    match insert_favourite(&parts.db, who.user(), *auction, parts.clock.now()).await? {
        Kept::Kept => Ok(HttpResponse::NoContent().finish()),
        Kept::Full => Err(Code::FavouritesFull.into()),
    }
}

/// Keeps it no longer.
#[utoipa::path(delete, path = "/favourites/{auction}", tag = "auctions", security(("bearer" = [])),
    params(("auction" = i64, Path)), responses((status = 204)))]
pub(super) async fn drop_favourite(
    auctions: web::Data<Auctions>,
    who: SignedIn,
    auction: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    delete_favourite(&auctions.parts.db, who.user(), *auction).await?;
    Ok(HttpResponse::NoContent().finish())
}
