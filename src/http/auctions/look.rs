//! One auction, as its viewer may see it.

use actix_web::web;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Auctions;
use crate::actors::kernel::Viewed;
use crate::http::auth::MaybeSignedIn;
use crate::http::problem::Problem;
use crate::storage::artworks::Artwork;
use madang_domain::ids::ArtworkId;

/// The artwork on sale, as it was when it was offered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtworkInAuction {
    id: i64,
    title: String,
    artist: String,
    medium: Option<String>,
    size: Option<String>,
    year: Option<String>,
    image_urls: Vec<String>,
    /// The main picture: the first of `image_urls`, else one drawn by the server.
    image: String,
    /// A picture drawn by the server, for where `image` cannot be loaded.
    placeholder: String,
}

/// An auction. Amounts are minor units of `currency`. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuctionView {
    id: i64,
    /// `scheduled`, `live`, `paused`, `closing`, `sold`, `unsold`, `settled`, `defaulted` or `cancelled`.
    state: String,
    artwork: ArtworkInAuction,
    /// The seller's number.
    seller: i64,
    currency: String,
    opening_bid: i64,
    /// Null before the first bid.
    price: Option<i64>,
    /// The least amount that the next bid must name.
    next_bid: i64,
    /// Who leads: the paddle, a number within this auction.
    leader: Option<u32>,
    /// How many visible bids there were.
    bids: u64,
    /// How many have bid.
    bidders: u32,
    /// `none`, `met` or `not_met`.
    reserve: String,
    starts_at: Option<String>,
    ends_at: Option<String>,
    /// Late bids do not move the end beyond this.
    absolute_end_at: Option<String>,
    /// While paused: what is left until the end.
    paused_remaining_ms: Option<i64>,
    /// How it is run: steps, soft close, premium ...
    rules: Value,
    /// For somebody who has bid: `{paddle, leading, max, hold}`.
    mine: Option<Value>,
    /// After the end: `{result, hammer?, leader?, reason?, at, invoice?}`.
    outcome: Option<Value>,
    /// The number of the decision after which it was so.
    seq: u64,
    /// The channel's offset then: publications after it are not contained.
    offset: u64,
    /// The channel's epoch.
    epoch: String,
    /// How many watch now.
    viewers: u64,
}

/// One auction. Bidders also see their own part, the seller the reserve, clerks the book.
#[utoipa::path(get, path = "/auctions/{auction}", tag = "auctions", params(("auction" = i64, Path)),
    responses((status = 200, body = AuctionView), (status = 404, description = "auction.unknown")))]
pub(super) async fn show_auction(
    auctions: web::Data<Auctions>,
    who: MaybeSignedIn,
    auction: web::Path<i64>,
) -> Result<web::Json<Value>, Problem> {
    let id = Auctions::id(*auction)?;
    Ok(web::Json(auctions.view(id, who.viewer()).await?))
}

/// The rules' view with what only the house knows: where in the journal and on the channel it stands, pictures, viewers.
/// `None` for an auction that was never created.
#[must_use]
pub fn shown(viewed: Viewed, viewers: u64) -> Option<Value> {
    let Value::Object(mut view) = viewed.data else { return None };
    if let Some(Value::Object(artwork)) = view.get_mut("artwork") {
        let placeholder = artwork.get("id").and_then(Value::as_i64).map(|id| Artwork::placeholder(ArtworkId::new(id)));
        let first = artwork.get("image_urls").and_then(|urls| urls.get(0)).and_then(Value::as_str).map(str::to_owned);
        artwork.insert("image".to_owned(), json!(first.or_else(|| placeholder.clone())));
        artwork.insert("placeholder".to_owned(), json!(placeholder));
    }
    view.insert("seq".to_owned(), json!(viewed.seq));
    view.insert("offset".to_owned(), json!(viewed.offset));
    view.insert("epoch".to_owned(), json!(*viewed.epoch));
    view.insert("viewers".to_owned(), json!(viewers));
    Some(Value::Object(view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_gets_its_place_in_the_channel_and_a_picture() {
        let viewed = |urls: Value| Viewed {
            data: json!({ "id": 17, "artwork": { "id": 5, "image_urls": urls } }),
            seq: 9,
            offset: 4,
            epoch: "e1".into(),
        };
        let view = shown(viewed(json!([])), 3).unwrap();
        let drawn =
            json!({ "id": 5, "image_urls": [], "image": "/media/artworks/5.svg", "placeholder": "/media/artworks/5.svg" });
        assert_eq!(view, json!({ "id": 17, "artwork": drawn, "seq": 9, "offset": 4, "epoch": "e1", "viewers": 3 }));
        let view = shown(viewed(json!(["/a.png"])), 3).unwrap();
        assert_eq!(view["artwork"]["image"], "/a.png");
    }

    #[test]
    fn what_was_never_created_is_not_shown() {
        assert_eq!(shown(Viewed { data: Value::Null, seq: 0, offset: 0, epoch: "e1".into() }, 0), None);
    }
}
