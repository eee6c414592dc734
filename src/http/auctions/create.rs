//! Offering an artwork.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::auction::daily::{next_settlement, next_start};
use madang_domain::auction::{Preset, Subject, Terms};
use madang_domain::code::Code;
use madang_domain::ids::{ArtworkId, Kind, UserId};
use madang_domain::money::Currency;
use madang_domain::time::{Timestamp, stored};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AuctionView, Auctions};
use crate::http::amount;
use crate::http::auth::Seller;
use crate::http::command::command_id;
use crate::http::problem::Problem;
use crate::storage::artworks::{Artwork, find_artwork};
use crate::storage::auctions::insert_offer;

/// An auction to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferBody {
    /// What is sold.
    pub(super) artwork_id: i64,
    /// Who sells, where a clerk offers for somebody else.
    pub(super) seller: Option<i64>,
    /// Such as `KRW`; the server's first currency where it is left out.
    currency: Option<String>,
    /// Where bidding starts, in minor units.
    #[schema(value_type = i64)]
    opening_bid: Box<RawValue>,
    /// Not sold below this. Only the seller and clerks see it.
    #[schema(value_type = Option<i64>)]
    reserve: Option<Box<RawValue>>,
    /// Opens by itself then; left out: when its seller or a clerk opens it.
    #[schema(value_type = Option<String>)]
    starts_at: Option<Timestamp>,
    /// The planned end; left out: by the rules, or when a clerk closes it.
    #[schema(value_type = Option<String>)]
    ends_at: Option<Timestamp>,
    /// The rules to start from: `timed`, `live`, `seed`, `ebay` or `whatnot`; `timed` where it is left out.
    preset: Option<String>,
    /// Rules that differ from the preset's, by name.
    #[serde(default)]
    rules: Value,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    pub(super) command_id: Option<Uuid>,
}

/// Offers an artwork.
#[utoipa::path(post, path = "/auctions", tag = "auctions", security(("bearer" = [])), request_body = OfferBody,
    responses((status = 201, body = AuctionView), (status = 422, description = "auction.invalid, money.*")))]
pub(super) async fn create_auction(
    auctions: web::Data<Auctions>,
    who: Seller,
    body: web::Json<OfferBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let parts = &auctions.parts;
    let command = command_id(&request, body.command_id)?;
    let artwork = find_artwork(&parts.db, ArtworkId::new(body.artwork_id)).await?;
    let artwork = artwork.ok_or_else(|| Problem::new(Code::NotFound, "There is no such artwork."))?;
    let offer = Offer::parse(&body, &parts.currencies)?;
    let fresh = parts.engine.allocate(Kind::Auction).await?;
    let (number, asked_at) = insert_offer(&parts.db, who.user(), command, fresh.number(), parts.clock.now()).await?;
    let id = Auctions::id(number)?;
    let terms = offer.terms(artwork, body.seller.map_or(who.user(), UserId::new), asked_at);
    auctions.offer(id, command, who.actor(), terms).await?;
    let view = auctions.view(id, who.viewer()).await?;
    let place = (LOCATION, format!("/api/v1/auctions/{number}"));
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header(place).json(view))
}

/// The parsed body.
pub(super) struct Offer {
    currency: Currency,
    opening_bid: i64,
    reserve: Option<i64>,
    preset: Preset,
    rules: madang_domain::auction::Rules,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
}

impl Offer {
    pub(super) fn parse(body: &OfferBody, currencies: &[Currency]) -> Result<Self, Problem> {
        let currency = match &body.currency {
            Some(code) => code.parse().ok().filter(|currency| currencies.contains(currency)),
            None => currencies.first().copied(),
        };
        let currency = currency.ok_or_else(|| {
            let known: Vec<_> = currencies.iter().map(ToString::to_string).collect();
            Problem::new(Code::WrongCurrency, format!("Auctions here are in {}.", known.join(" or ")))
        })?;
        let preset = preset(body.preset.as_deref().unwrap_or("timed"))?;
        let invalid = |why| Problem::new(Code::AuctionInvalid, format!("The auction's rules are not valid: {why}."));
        Ok(Self {
            currency,
            opening_bid: amount::whole(body.opening_bid.get())?,
            reserve: body.reserve.as_ref().map(|reserve| amount::whole(reserve.get())).transpose()?,
            preset,
            rules: preset.rules_with(currency, &body.rules).map_err(invalid)?,
            starts_at: body.starts_at.map(stored),
            ends_at: body.ends_at.map(stored),
        })
    }

    /// The terms. Auctions of the seed's kind start at the next 14:00 in Seoul and settle at the midnight after, unless
    /// other times are given; "next" is seen from when the request was first asked, so that asking again changes nothing.
    pub(super) fn terms(self, artwork: Artwork, seller: UserId, asked_at: Timestamp) -> Terms {
        let daily = self.preset == Preset::Seed;
        let starts_at = self.starts_at.or_else(|| next_start(asked_at).filter(|_| daily));
        let ends_at = self.ends_at.or_else(|| next_settlement(starts_at?).filter(|_| daily));
        Terms {
            seller,
            subject: subject_of(artwork),
            currency: self.currency,
            opening_bid: self.opening_bid,
            reserve: self.reserve,
            rules: self.rules,
            starts_at,
            ends_at,
        }
    }
}

fn preset(name: &str) -> Result<Preset, Problem> {
    serde_json::from_value(Value::from(name))
        .map_err(|_| Problem::new(Code::AuctionInvalid, "The preset must be one of timed, live, seed, ebay and whatnot."))
}

/// The artwork as people will bid on it.
#[must_use]
pub fn subject_of(artwork: Artwork) -> Subject {
    let facts = artwork.facts;
    Subject {
        id: artwork.id,
        title: facts.title,
        artist: facts.artist,
        medium: facts.medium,
        size: facts.size,
        year: facts.year,
        image_urls: facts.image_urls,
    }
}

#[cfg(test)]
mod tests {
    use madang_domain::artwork::{Draft, Facts};
    use serde_json::json;

    use super::*;

    fn artwork() -> Artwork {
        let draft = Draft { title: "씨름".to_owned(), artist: "김홍도".to_owned(), ..Draft::default() };
        let facts = Facts::parse(&draft).unwrap();
        Artwork { id: ArtworkId::new(5), facts, source: "test".to_owned(), source_id: "5".to_owned() }
    }

    fn parse(body: Value) -> Result<Offer, Code> {
        let body: OfferBody = serde_json::from_value(body).unwrap();
        Offer::parse(&body, &[Currency::KRW, Currency::USD]).map_err(|problem| problem.code())
    }

    #[test]
    fn each_wrong_setting_has_its_code() {
        let offer = |field: &str, value: Value| {
            let mut body = json!({ "artwork_id": 1, "opening_bid": 1_000 });
            body[field] = value;
            parse(body).map(|_| ())
        };
        assert_eq!(offer("preset", json!("live")), Ok(()));
        assert_eq!(offer("preset", json!("dutch")), Err(Code::AuctionInvalid));
        assert_eq!(offer("rules", json!({ "no_such_rule": 1 })), Err(Code::AuctionInvalid));
        assert_eq!(offer("opening_bid", json!(-1)), Err(Code::AmountNotPositive));
        assert_eq!(offer("opening_bid", json!(1.5)), Err(Code::AmountFractional));
        assert_eq!(offer("reserve", json!("much")), Err(Code::AmountNotANumber));
        assert_eq!(offer("currency", json!("EUR")), Err(Code::WrongCurrency));
        assert_eq!(offer("currency", json!("USD")), Ok(()));
    }

    #[test]
    fn the_seeds_auctions_keep_its_daily_hours() {
        let asked_at = "2026-03-01T04:00:00Z".parse().unwrap();
        let offer = parse(json!({ "artwork_id": 5, "opening_bid": 1_000, "preset": "seed" })).unwrap();
        let terms = offer.terms(artwork(), UserId::new(3), asked_at);
        assert_eq!(terms.starts_at, "2026-03-01T05:00:00Z".parse().ok());
        assert_eq!(terms.ends_at, "2026-03-01T15:00:00Z".parse().ok());
        let offer = parse(json!({ "artwork_id": 5, "opening_bid": 1_000 })).unwrap();
        let terms = offer.terms(artwork(), UserId::new(3), asked_at);
        assert_eq!((terms.starts_at, terms.ends_at), (None, None));
    }
}
