//! Points and stamps: what one has earned, and turning points into stamps.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::entity::AccountOwner;
use madang_domain::ids::UserId;
use madang_domain::money::Currency;
use madang_domain::points::{MAX_STAMPS_AT_ONCE, STAMP_POINTS, buy_stamps};
use madang_domain::raffle::terms::ENTRY_STAMPS;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use super::amount;
use super::auth::SignedIn;
use super::command::command_id;
use super::problem::Problem;
use super::raffles::Raffles;
use crate::storage::{ledger, raffles as rows};

/// So many raffles and prizes are listed among one's own, the latest first.
const LISTED: i64 = 50;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/points").route(web::get().to(show_points)))
        .service(web::resource("/stamps").route(web::post().to(create_stamps)));
}

/// This area's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(show_points, create_stamps))]
pub(super) struct Document;

/// Stamps to buy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StampsBody {
    /// How many: 1 to 1,000.
    #[schema(value_type = i64, example = 8)]
    count: Box<RawValue>,
    /// The client's id of this purchase: asked again with the same id, it is made once. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// What one has earned and not spent.
#[derive(Debug, Serialize, ToSchema)]
pub struct BalanceView {
    /// Points that can be spent.
    points: i64,
    /// Points for answers that are not proved yet.
    pending: i64,
    stamps: i64,
}

/// One's entries in one raffle.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnEntriesView {
    raffle: i64,
    title: String,
    /// `open`, `frozen`, `drawn` or `cancelled`.
    state: String,
    /// How many entries one has.
    entries: i64,
    /// What they cost in all, in stamps; they come back when a raffle is cancelled.
    stamps: i64,
    /// Titles of the prizes that one won there.
    won: Vec<String>,
}

/// Points, stamps and where they went.
#[derive(Debug, Serialize, ToSchema)]
pub struct PointsView {
    #[serde(flatten)]
    balance: BalanceView,
    /// What a stamp costs, in points.
    stamp_points: i64,
    /// What an entry to a raffle usually costs, in stamps.
    entry_stamps: i64,
    /// The most stamps that can be bought at once.
    max_stamps_at_once: i64,
    /// One's entries, by raffle, the latest first.
    entries: Vec<OwnEntriesView>,
}

async fn balance(raffles: &Raffles, user: UserId) -> Result<BalanceView, Code> {
    let funds = raffles.funds();
    Ok(BalanceView {
        points: funds.balance(AccountOwner::User(user), Currency::POINTS).await?,
        pending: funds.balance(AccountOwner::Pending(user), Currency::POINTS).await?,
        stamps: funds.balance(AccountOwner::User(user), Currency::STAMPS).await?,
    })
}

/// One's points, stamps and raffle entries.
#[utoipa::path(get, path = "/points", tag = "points", security(("bearer" = [])),
    responses((status = 200, body = PointsView)))]
async fn show_points(raffles: web::Data<Raffles>, who: SignedIn) -> Result<web::Json<PointsView>, Problem> {
    let (db, user) = (raffles.db(), who.user());
    let paid = ledger::paid_for(db, user, "raffle.entry", Currency::STAMPS, LISTED).await?;
    let numbers: Vec<i64> = paid.iter().map(|(raffle, _, _)| raffle.number()).collect();
    let cards: BTreeMap<i64, rows::Card> =
        rows::find_cards(db, &numbers).await?.into_iter().map(|card| (card.id, card)).collect();
    let mut won: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for one in rows::list_won(db, user, LISTED).await? {
        won.entry(one.raffle).or_default().push(one.title);
    }
    let entries = paid.into_iter().map(|(raffle, entries, stamps)| {
        let card = cards.get(&raffle.number());
        OwnEntriesView {
            raffle: raffle.number(),
            title: card.map(|card| card.title.clone()).unwrap_or_default(),
            state: card.map_or("open", |card| card.state.as_str()).to_owned(),
            entries,
            stamps,
            won: won.remove(&raffle.number()).unwrap_or_default(),
        }
    });
    Ok(web::Json(PointsView {
        entries: entries.collect(),
        balance: balance(&raffles, user).await?,
        stamp_points: STAMP_POINTS,
        entry_stamps: ENTRY_STAMPS,
        max_stamps_at_once: MAX_STAMPS_AT_ONCE,
    }))
}

/// Turns points into stamps, 15 for one, at most once for each `Idempotency-Key`. Both move, or neither.
#[utoipa::path(post, path = "/stamps", tag = "points", security(("bearer" = [])), request_body = StampsBody,
    responses((status = 201, body = BalanceView), (status = 402, description = "money.no_funds"),
        (status = 409, description = "request.id_reused"), (status = 422, description = "points.count_invalid")))]
async fn create_stamps(
    raffles: web::Data<Raffles>,
    who: SignedIn,
    request: HttpRequest,
    body: web::Json<StampsBody>,
) -> Result<HttpResponse, Problem> {
    let count = amount::whole(body.count.get()).map_err(|_| Code::StampCountInvalid)?;
    let key = format!("stamps:{}/{}", who.user(), command_id(&request, body.command_id)?);
    let transfer = buy_stamps(who.user(), count, key).ok_or(Code::StampCountInvalid)?;
    raffles.funds().transfer(transfer).await.map_err(|code| {
        if code == Code::NoFunds {
            return Problem::new(code, format!("{count} stamps cost {} points.", count.saturating_mul(STAMP_POINTS)));
        }
        code.into()
    })?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(balance(&raffles, who.user()).await?))
}
