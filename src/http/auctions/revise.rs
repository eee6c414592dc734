//! Changing an offer, as long as it has not opened.

use actix_web::{HttpRequest, web};
use madang_domain::auction::Command;
use madang_domain::code::Code;
use madang_domain::ids::{ArtworkId, UserId};
use serde_json::Value;

use super::create::{Offer, OfferBody};
use super::{AuctionView, Auctions};
use crate::http::auth::Seller;
use crate::http::command::command_id;
use crate::http::problem::Problem;
use crate::storage::artworks::find_artwork;
use crate::storage::auctions::insert_offer;

/// Replaces the terms of an auction that has not opened: what is left out is as for a new one.
#[utoipa::path(put, path = "/auctions/{auction}", tag = "auctions", security(("bearer" = [])),
    params(("auction" = i64, Path)), request_body = OfferBody,
    responses((status = 200, body = AuctionView), (status = 409, description = "auction.wrong_state"),
        (status = 422, description = "auction.invalid, money.*")))]
pub(super) async fn revise_auction(
    auctions: web::Data<Auctions>,
    who: Seller,
    auction: web::Path<i64>,
    body: web::Json<OfferBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let parts = &auctions.parts;
    let id = Auctions::id(*auction)?;
    let command = command_id(&request, body.command_id)?;
    let artwork = find_artwork(&parts.db, ArtworkId::new(body.artwork_id)).await?;
    let artwork = artwork.ok_or_else(|| Problem::new(Code::NotFound, "There is no such artwork."))?;
    let offer = Offer::parse(&body, &parts.currencies)?;
    let before = auctions.view(id, who.viewer()).await?;
    let seller = body.seller.or_else(|| before.get("seller").and_then(Value::as_i64)).ok_or(Code::AuctionUnknown)?;
    // Remembers when this was first asked, so that asking again gives the same times.
    let (number, asked_at) = insert_offer(&parts.db, who.user(), command, *auction, parts.clock.now()).await?;
    if number != *auction {
        return Err(Code::IdReused.into());
    }
    let terms = offer.terms(artwork, UserId::new(seller), asked_at);
    auctions.ask(id, command, who.actor(), Command::Revise(Box::new(terms))).await?;
    parts.cards.refresh(number).await;
    Ok(web::Json(auctions.view(id, who.viewer()).await?))
}
