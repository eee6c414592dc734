//! The past: bids of an auction, one's own attempts with result and reason, one's notices.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};
use madang_domain::auction::Event;
use madang_domain::entity::{Order, Role};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::money::Money;
use madang_domain::time::Timestamp;
use madang_domain::user::{Command as InboxCommand, UserInbox};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Auctions;
use super::merge::{Merged, Position, merge};
use crate::actors::ask::Denied;
use crate::http::auth::{MaybeSignedIn, SignedIn};
use crate::http::command::command_id;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::attempts::{self, AcceptedRow, After, RefusedRow};
use crate::storage::auctions::{Card, find_cards};
use madang_domain::code::Code;

/// Where in a list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct PageQuery {
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// A bidder, for clerks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BidderView {
    id: i64,
    name: String,
}

/// One bid. Everybody sees paddle and price; who bid and refused bids are for clerks and for the bidder.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptView {
    auction: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[schema(value_type = String)]
    at: Timestamp,
    /// The decision's number; of a refused bid: the number at which it was true.
    seq: i64,
    /// The bidder's number in the auction.
    #[serde(skip_serializing_if = "Option::is_none")]
    paddle: Option<u32>,
    /// The price after it, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<i64>,
    /// The maximum that was named, as money.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    max: Option<Money>,
    /// `leading`, `outbid` or `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Why, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<BidderView>,
}

/// A page of bids, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptsView {
    items: Vec<AttemptView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

/// How much of a bid is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Paddle and price.
    Publicly,
    /// All of it.
    Fully,
}

impl AttemptView {
    /// Of an accepted bid; `None` where the stored events hold none.
    fn accepted(row: &AcceptedRow, card: &Card, told: Told) -> Option<Self> {
        let events: Vec<Event> = serde_json::from_slice(&row.body).ok()?;
        let (paddle, price, max, leading) = events.iter().find_map(|event| match event {
            Event::BidPlaced(bid) => Some((bid.paddle, bid.price, bid.max, bid.leader == bid.paddle)),
            Event::MaximumRaised(raise) => Some((raise.paddle, raise.price, raise.max, true)),
            Event::Created(_)
            | Event::Revised(_)
            | Event::Opened(_)
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Retracted(_)
            | Event::OutbidTold { .. }
            | Event::Closing { .. }
            | Event::Sold(_)
            | Event::Unsold { .. }
            | Event::Settled { .. }
            | Event::Defaulted { .. }
            | Event::Cancelled { .. } => None,
        })?;
        let full = told == Told::Fully;
        Some(Self {
            auction: row.auction,
            title: full.then(|| card.title.clone()),
            at: row.at,
            seq: row.seq,
            paddle: Some(paddle),
            price: Some(price),
            max: full.then_some(Money::new(max, card.currency)),
            result: full.then_some(if leading { "leading" } else { "outbid" }),
            code: None,
            message: None,
            user: None,
        })
    }

    fn refused(row: RefusedRow, title: Option<String>) -> Self {
        Self {
            auction: row.auction,
            title,
            at: row.at,
            seq: row.at_seq,
            paddle: None,
            price: None,
            max: Some(row.max),
            result: Some("refused"),
            code: Some(row.code),
            message: Some(row.message),
            user: None,
        }
    }
}

/// The bids of an auction: paddles and prices; for clerks every attempt with bidder, result and reason.
#[utoipa::path(get, path = "/auctions/{auction}/bids", tag = "auctions", params(("auction" = i64, Path), PageQuery),
    responses((status = 200, body = AttemptsView)))]
pub(super) async fn list_bids(
    auctions: web::Data<Auctions>,
    who: MaybeSignedIn,
    auction: web::Path<i64>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<AttemptsView>, Problem> {
    let id = Auctions::id(*auction)?;
    let card = find_cards(&auctions.parts.db, &[id.number()]).await?.pop();
    let card = card.ok_or(Denied::Failed(Code::AuctionUnknown))?;
    let clerk = who.0.is_some_and(|who| who.roles.iter().any(|role| matches!(role, Role::Clerk | Role::Admin)));
    let page =
        if clerk { attempts_in(&auctions, id, &card, &query).await? } else { bids_in(&auctions, id, &card, &query).await? };
    Ok(web::Json(page))
}

async fn bids_in(auctions: &Auctions, id: EntityId, card: &Card, query: &PageQuery) -> Result<AttemptsView, Problem> {
    let limit = page::limit(query.limit, 50);
    let before = page::after::<i64>(query.after.as_deref())?.unwrap_or(i64::MAX);
    let mut rows = attempts::list_accepted(&auctions.parts.db, id.packed(), before, false, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    Ok(AttemptsView { items: rows.iter().filter_map(|row| AttemptView::accepted(row, card, Told::Publicly)).collect(), next })
}

async fn attempts_in(auctions: &Auctions, id: EntityId, card: &Card, query: &PageQuery) -> Result<AttemptsView, Problem> {
    let db = &auctions.parts.db;
    let limit = page::limit(query.limit, 50);
    let Position([seq, refused]) = page::after(query.after.as_deref())?.unwrap_or_default();
    let accepted = attempts::list_accepted(db, id.packed(), seq, true, i64::from(limit) + 1).await?;
    let refusals = attempts::list_refused(db, id.packed(), refused, i64::from(limit) + 1).await?;
    // What was refused at a decision came after it.
    let merged = merge(accepted, refusals, limit, |refused, accepted| refused.at_seq >= accepted.seq);
    let users: Vec<i64> = merged.items.iter().filter_map(bidder_of).collect();
    let names = attempts::find_names(db, &users).await?;
    let next = merged.more.then(|| {
        let seq = merged.last_of_first().map_or(seq, |row| row.seq);
        Position([seq, merged.last_of_second().map_or(refused, |row| row.id)]).to_string()
    });
    let named = |row: Merged<AcceptedRow, RefusedRow>| {
        let user = bidder_of(&row).map(|id| BidderView { id, name: names.get(&id).cloned().unwrap_or_default() });
        let view = match row {
            Merged::First(row) => AttemptView::accepted(&row, card, Told::Fully)?,
            Merged::Second(row) => AttemptView::refused(row, Some(card.title.clone())),
        };
        Some(AttemptView { user, ..view })
    };
    Ok(AttemptsView { items: merged.items.into_iter().filter_map(named).collect(), next })
}

fn bidder_of(row: &Merged<AcceptedRow, RefusedRow>) -> Option<i64> {
    match row {
        Merged::First(row) => row.actor_user,
        Merged::Second(row) => row.actor_user,
    }
}

/// Every bid one tried, with what came of it.
#[utoipa::path(get, path = "/me/bids", tag = "auctions", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = AttemptsView)))]
pub(super) async fn list_my_bids(
    auctions: web::Data<Auctions>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<web::Json<AttemptsView>, Problem> {
    let db = &auctions.parts.db;
    let limit = page::limit(query.limit, 50);
    let Position([at, entity, seq, refused]) = page::after(query.after.as_deref())?.unwrap_or_default();
    let after = After { at: Timestamp::from_timestamp_micros(at).unwrap_or(auctions.parts.clock.now()), entity, seq };
    let accepted = attempts::list_accepted_of(db, who.user(), after, i64::from(limit) + 1).await?;
    let refusals = attempts::list_refused_of(db, who.user(), refused, i64::from(limit) + 1).await?;
    let merged = merge(accepted, refusals, limit, |refused, accepted| refused.at >= accepted.at);
    let next = merged.more.then(|| {
        let [at, entity, seq] =
            merged.last_of_first().map_or([at, entity, seq], |row| [row.at.timestamp_micros(), row.entity, row.seq]);
        Position([at, entity, seq, merged.last_of_second().map_or(refused, |row| row.id)]).to_string()
    });
    let cards = cards_of(&auctions, &merged.items).await?;
    let view = |row: Merged<AcceptedRow, RefusedRow>| match row {
        Merged::First(row) => AttemptView::accepted(&row, cards.get(&row.auction)?, Told::Fully),
        Merged::Second(row) => {
            let title = cards.get(&row.auction).map(|card| card.title.clone());
            Some(AttemptView::refused(row, title))
        }
    };
    Ok(web::Json(AttemptsView { items: merged.items.into_iter().filter_map(view).collect(), next }))
}

async fn cards_of(auctions: &Auctions, rows: &[Merged<AcceptedRow, RefusedRow>]) -> Result<HashMap<i64, Card>, Problem> {
    let mut wanted: Vec<i64> = rows
        .iter()
        .map(|row| match row {
            Merged::First(row) => row.auction,
            Merged::Second(row) => row.auction,
        })
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let cards = find_cards(&auctions.parts.db, &wanted).await?;
    Ok(cards.into_iter().map(|card| (card.id, card)).collect())
}

/// The newest notices, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticesView {
    /// `{number, type, about, fields, at}` each.
    items: Vec<Value>,
    /// How many were not read yet.
    unread: u64,
    /// Always null: older notices are kept in the journal only.
    next: Option<String>,
}

/// Marks notices as read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBody {
    /// The number of the last notice that was read.
    through: u64,
    /// The client's id of this command. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

fn inbox_of(user: UserId) -> Result<EntityId, Problem> {
    EntityId::new(Kind::User, user.get()).ok_or_else(|| Code::NotFound.into())
}

/// What one was told: the newest fifty notices.
#[utoipa::path(get, path = "/me/notices", tag = "auctions", security(("bearer" = [])),
    responses((status = 200, body = NoticesView)))]
pub(super) async fn list_my_notices(auctions: web::Data<Auctions>, who: SignedIn) -> Result<web::Json<NoticesView>, Problem> {
    let mut view = auctions.parts.engine.view(inbox_of(who.user())?, who.viewer()).await?.data;
    let items = match view.get_mut("notices").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let unread = view.get("unread").and_then(Value::as_u64).unwrap_or(0);
    Ok(web::Json(NoticesView { items, unread, next: None }))
}

/// Marks one's notices as read, up to a number.
#[utoipa::path(post, path = "/me/notices/read", tag = "auctions", security(("bearer" = [])), request_body = ReadBody,
    responses((status = 200, description = "{read}")))]
pub(super) async fn read_my_notices(
    auctions: web::Data<Auctions>,
    who: SignedIn,
    body: web::Json<ReadBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let to = inbox_of(who.user())?;
    let id = command_id(&request, body.command_id)?;
    let order = Order { to, id, actor: who.actor(), command: InboxCommand::MarkRead { through: body.through } };
    auctions.parts.engine.ask::<UserInbox>(order).await?;
    Ok(web::Json(json!({ "read": body.through })))
}
