//! Raffles as their viewers may see them: lists, one raffle, the proof of its draw, its winners.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::entity::{Role, Viewer};
use madang_domain::ids::{EntityId, UserId};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::Raffles;
use crate::actors::ask::Denied;
use crate::actors::raffle;
use crate::http::auth::{Admin, MaybeSignedIn};
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::accounts;
use crate::storage::raffles::{Card, Filter, find_code, list_cards};

/// The states by which lists are filtered.
const STATES: [&str; 4] = ["open", "frozen", "drawn", "cancelled"];

/// Which raffles to list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct RafflesQuery {
    /// `open`, `frozen`, `drawn` or `cancelled`; all where it is left out.
    state: Option<String>,
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// One raffle in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct RaffleCardView {
    id: i64,
    /// `open`, `frozen`, `drawn` or `cancelled`.
    state: String,
    title: String,
    /// What an entry costs, in stamps.
    entry_stamps: i64,
    /// How many prizes there are.
    prizes: i32,
    entries: i32,
    participants: i32,
    /// Of one entry to win at all: `min(1, prizes / entries)`.
    odds: f64,
    #[schema(value_type = String)]
    closes_at: Timestamp,
    #[schema(value_type = String)]
    draw_at: Timestamp,
}

impl From<Card> for RaffleCardView {
    fn from(card: Card) -> Self {
        Self {
            odds: (f64::from(card.prizes) / f64::from(card.entries.max(1))).min(1.0),
            id: card.id,
            state: card.state,
            title: card.title,
            entry_stamps: card.entry_stamps,
            prizes: card.prizes,
            entries: card.entries,
            participants: card.participants,
            closes_at: card.closes_at,
            draw_at: card.draw_at,
        }
    }
}

/// A page of raffles, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RafflesView {
    items: Vec<RaffleCardView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

/// A prize. Who has it is among the winners.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrizeView {
    /// 1, 2, 3 ... in the order in which they are drawn.
    prize: u32,
    title: String,
    expires_on: Option<String>,
}

/// A raffle. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RaffleView {
    id: i64,
    /// `open`, `frozen`, `drawn` or `cancelled`.
    state: String,
    title: String,
    description: String,
    /// What an entry costs, in stamps.
    entry_stamps: i64,
    one_per_person: bool,
    max_per_person: Option<u32>,
    prizes: Vec<PrizeView>,
    entries: u32,
    participants: u32,
    /// Of one entry to win at all: `min(1, prizes / entries)`.
    odds: f64,
    closes_at: String,
    draw_at: String,
    /// The SHA-256 of the seed, known from the beginning.
    commitment: String,
    /// The SHA-256 of the frozen list, known before the seed.
    list_hash: Option<String>,
    frozen_at: Option<String>,
    /// Revealed by the draw.
    seed: Option<String>,
    drawn_at: Option<String>,
    /// After the draw: `{prize, ticket, participant}`.
    #[schema(value_type = Vec<Object>)]
    winners: Vec<Value>,
    /// Why it was cancelled.
    reason: Option<String>,
    /// For somebody who entered: `{participant, entries, tickets, won, prizes}`; `prizes` has the codes that one won.
    mine: Option<Value>,
    /// The number of the decision after which it was so.
    seq: u64,
    /// The channel's offset then: publications after it are not contained.
    offset: u64,
    /// The channel's epoch.
    epoch: String,
}

/// Somebody who won.
#[derive(Debug, Serialize, ToSchema)]
pub struct WinnerView {
    prize: u32,
    title: String,
    ticket: u32,
    user: i64,
    name: Option<String>,
    /// For what cannot be told by a code.
    email: Option<String>,
}

/// Who won, by prize.
#[derive(Debug, Serialize, ToSchema)]
pub struct WinnersView {
    items: Vec<WinnerView>,
}

/// Raffles, the newest first.
#[utoipa::path(get, path = "/raffles", tag = "raffles", params(RafflesQuery), responses((status = 200, body = RafflesView)))]
pub(super) async fn list_raffles(
    raffles: web::Data<Raffles>,
    query: web::Query<RafflesQuery>,
) -> Result<web::Json<RafflesView>, Problem> {
    let limit = page::limit(query.limit, 24);
    let state = query.state.clone().filter(|state| !state.is_empty());
    if state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(Problem::new(Code::BadRequest, "`state` must be one of open, frozen, drawn and cancelled."));
    }
    let before = page::after::<i64>(query.after.as_deref())?;
    let mut cards = list_cards(raffles.db(), &Filter { state, before, limit: i64::from(limit) + 1 }).await?;
    let more = page::cut(&mut cards, limit);
    let next = cards.last().filter(|_| more).map(|card| card.id.to_string());
    Ok(web::Json(RafflesView { items: cards.into_iter().map(RaffleCardView::from).collect(), next }))
}

/// One raffle. Participants also see their own entries, and winners the codes of their prizes.
#[utoipa::path(get, path = "/raffles/{raffle}", tag = "raffles", params(("raffle" = i64, Path)),
    responses((status = 200, body = RaffleView), (status = 404, description = "raffle.unknown")))]
pub(super) async fn show_raffle(
    raffles: web::Data<Raffles>,
    who: MaybeSignedIn,
    raffle: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    let id = Raffles::id(*raffle)?;
    let mut view = raffles.view(id, who.viewer()).await?;
    raffles.show_codes(id, &mut view).await?;
    // What a winner sees is for nobody's cache.
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-store")).json(view))
}

/// The proof of the draw: a file with which anybody can repeat it, `madang verify FILE.json` for one.
#[utoipa::path(get, path = "/raffles/{raffle}/proof", tag = "raffles", params(("raffle" = i64, Path)),
    responses((status = 200, description = "The proof, as domain/src/draw describes it", body = Object),
        (status = 404, description = "raffle.unknown"), (status = 409, description = "raffle.not_drawn")))]
pub(super) async fn show_proof(raffles: web::Data<Raffles>, raffle: web::Path<i64>) -> Result<HttpResponse, Problem> {
    let id = Raffles::id(*raffle)?;
    let state = raffles.view(id, Viewer::Public).await?;
    if state.get("drawn_at").is_none_or(Value::is_null) {
        return Err(Code::RaffleNotDrawn.into());
    }
    let proof = raffle::proof(&raffles.parts.engine, id).await?.ok_or(Code::RaffleNotDrawn)?;
    let file = format!("attachment; filename=\"raffle-{}.json\"", *raffle);
    // A draw never changes.
    let caching = (CACHE_CONTROL, "public, max-age=86400");
    Ok(HttpResponse::Ok().insert_header((CONTENT_DISPOSITION, file)).insert_header(caching).json(proof))
}

/// Who won, with how to reach them: for admins.
#[utoipa::path(get, path = "/raffles/{raffle}/winners", tag = "raffles", security(("bearer" = [])),
    params(("raffle" = i64, Path)), responses((status = 200, body = WinnersView), (status = 404, description = "raffle.unknown")))]
pub(super) async fn list_winners(
    raffles: web::Data<Raffles>,
    who: Admin,
    raffle: web::Path<i64>,
) -> Result<web::Json<WinnersView>, Problem> {
    let view = raffles.view(Raffles::id(*raffle)?, who.viewer()).await?;
    let found: Found = serde_json::from_value(view).map_err(Problem::internal)?;
    let mut items = Vec::with_capacity(found.admin.winners.len());
    for winner in found.admin.winners {
        let account = accounts::find(raffles.db(), UserId::new(winner.user)).await?;
        let title = found.prizes.iter().find(|prize| prize.prize == winner.prize).map(|prize| prize.title.clone());
        items.push(WinnerView {
            prize: winner.prize,
            title: title.unwrap_or_default(),
            ticket: winner.ticket,
            user: winner.user,
            name: account.as_ref().map(|account| account.name.clone()),
            email: account.map(|account| account.email),
        });
    }
    Ok(web::Json(WinnersView { items }))
}

/// The admin's view, as far as winners and codes need it.
#[derive(Debug, Deserialize)]
struct Found {
    prizes: Vec<FoundPrize>,
    admin: FoundAdmin,
}

#[derive(Debug, Deserialize)]
struct FoundPrize {
    prize: u32,
    title: String,
    expires_on: Option<String>,
}

#[derive(Debug, Deserialize)]
struct FoundAdmin {
    winners: Vec<FoundWinner>,
    references: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct FoundWinner {
    prize: u32,
    ticket: u32,
    user: i64,
}

impl Raffles {
    /// Adds to `mine` the prizes that its owner won, with their codes: the one place where a code is seen again.
    async fn show_codes(&self, id: EntityId, view: &mut Value) -> Result<(), Problem> {
        let Some(Value::Object(mine)) = view.get_mut("mine") else { return Ok(()) };
        let won: Vec<u32> = mine.get("won").and_then(|won| serde_json::from_value(won.clone()).ok()).unwrap_or_default();
        if won.is_empty() {
            return Ok(());
        }
        let house = Viewer::User { id: UserId::new(0), roles: vec![Role::Admin] };
        let all = self.view(id, house).await?;
        let all: Found = serde_json::from_value(all).map_err(Problem::internal)?;
        let mut prizes = Vec::with_capacity(won.len());
        for (prize, reference) in all.prizes.iter().zip(&all.admin.references).filter(|(prize, _)| won.contains(&prize.prize)) {
            let sealed = find_code(self.db(), id.number(), reference).await?;
            let code = sealed.map(|sealed| self.parts.codes.open(id.number(), reference, &sealed)).transpose();
            let code = code.map_err(Problem::internal)?;
            let code = code.ok_or(Denied::Failed(Code::Internal))?;
            prizes.push(json!({ "prize": prize.prize, "title": prize.title, "expires_on": prize.expires_on, "code": code }));
        }
        mine.insert("prizes".to_owned(), Value::Array(prizes));
        Ok(())
    }
}
