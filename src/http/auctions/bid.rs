//! Bidding. The same command as the live protocol's `auction.bid`, for those who have no socket.

use actix_web::{HttpRequest, web};
use madang_domain::auction::Command;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Auctions;
use crate::actors::ask::Answer;
use crate::http::amount::MoneyBody;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// A bid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BidBody {
    /// The most the bidder will pay as hammer price; the price itself where bidding is plain.
    #[schema(value_type = Object, example = json!({ "amount": 150_000, "currency": "KRW" }))]
    max: MoneyBody,
    /// Whether the bidder was asked once more about an amount far above what is needed (`auction.confirm_needed`).
    #[serde(default)]
    confirm: bool,
    /// The client's id of this bid: asked again with the same id, the answer is the same. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// What was decided. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// `leading`, or `outbid` at once by a higher maximum.
    result: String,
    price: i64,
    /// The least amount that the next bid must name.
    next_bid: i64,
    leading: bool,
    /// The bidder's own maximum now.
    my_max: i64,
    /// The bidder's number in this auction.
    paddle: u32,
    ends_at: Option<String>,
    /// How many visible bids there are.
    bids: u64,
    /// The decision's number.
    seq: u64,
    /// The channel's offset after it.
    offset: u64,
    /// Whether this id was answered before.
    duplicate: bool,
}

/// Bids.
#[utoipa::path(post, path = "/auctions/{auction}/bids", tag = "auctions", security(("bearer" = [])),
    params(("auction" = i64, Path)), request_body = BidBody,
    responses((status = 200, body = DecisionView), (status = 402, description = "money.no_funds"),
        (status = 409, description = "auction.bid_too_low with detail {next_bid, price, seq}, auction.closed ...")))]
pub(super) async fn place_bid(
    auctions: web::Data<Auctions>,
    who: SignedIn,
    auction: web::Path<i64>,
    body: web::Json<BidBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let id = Auctions::id(*auction)?;
    let command = Command::PlaceBid { max: body.max.parse()?, confirm: body.confirm };
    let answer = auctions.ask(id, command_id(&request, body.command_id)?, who.actor(), command).await?;
    Ok(web::Json(decision(answer)))
}

fn decision(answer: Answer) -> Value {
    let mut decision = answer.data;
    if let Value::Object(fields) = &mut decision {
        fields.insert("seq".to_owned(), json!(answer.seq));
        fields.insert("offset".to_owned(), json!(answer.offset));
        fields.insert("duplicate".to_owned(), json!(answer.duplicate));
    }
    decision
}
