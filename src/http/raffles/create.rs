//! Opening a raffle, adding prizes, calling it off: for admins.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Duration, NaiveDate};
use madang_domain::code::Code;
use madang_domain::ids::Kind;
use madang_domain::raffle::terms::ENTRY_STAMPS;
use madang_domain::raffle::{Command, Prize, Terms};
use madang_domain::time::{Timestamp, stored};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::look::RaffleView;
use super::{Raffles, RafflesParts};
use crate::http::auth::Admin;
use crate::http::command::command_id;
use crate::http::problem::Problem;
use crate::storage::raffles::{insert_codes, insert_offer};

/// The longest code of a prize, in characters.
const MAX_CODE: usize = 500;
/// How long after the close the draw is, where nothing is said, in seconds.
const USUAL_PAUSE_S: i64 = 60;

/// A prize to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrizeBody {
    /// What it is.
    title: String,
    /// What its winner gets to see, and nobody else: 1 to 500 characters. Stored encrypted.
    code: String,
    /// Until when it can be used.
    #[schema(value_type = Option<String>, example = "2027-01-31")]
    expires_on: Option<NaiveDate>,
}

/// A raffle to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaffleBody {
    title: String,
    #[serde(default)]
    description: String,
    /// In the order in which they are drawn: 1 to 100.
    prizes: Vec<PrizeBody>,
    /// When nobody can enter any more and the list is frozen.
    #[schema(value_type = String)]
    closes_at: Timestamp,
    /// When it is drawn: a second later at least, a minute later where it is left out.
    #[schema(value_type = Option<String>)]
    draw_at: Option<Timestamp>,
    /// What an entry costs, in stamps; 8 where it is left out.
    entry_stamps: Option<i64>,
    /// Whether nobody wins twice; yes where it is left out.
    one_per_person: Option<bool>,
    /// How many entries one person may have; any number where it is left out.
    max_per_person: Option<u32>,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// More to win.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrizesBody {
    prizes: Vec<PrizeBody>,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// Why a raffle is called off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// Everybody can read it: 1 to 500 characters.
    reason: String,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// Prizes as the rules know them, and their codes as they are stored.
type Sealed = (Vec<Prize>, Vec<(String, Vec<u8>)>);

impl RafflesParts {
    /// Seals the codes of prizes.
    fn seal(&self, raffle: i64, prizes: Vec<PrizeBody>) -> Result<Sealed, Problem> {
        let (mut known, mut sealed) = (Vec::with_capacity(prizes.len()), Vec::with_capacity(prizes.len()));
        for PrizeBody { title, code, expires_on } in prizes {
            let code = code.trim();
            if code.is_empty() || code.chars().count() > MAX_CODE {
                return Err(Problem::new(Code::RaffleInvalid, "A prize's code must have 1 to 500 characters."));
            }
            let reference = self.codes.reference(raffle, code);
            sealed.push((reference.clone(), self.codes.seal(raffle, &reference, code).map_err(Problem::internal)?));
            known.push(Prize { title: title.trim().to_owned(), reference, expires_on });
        }
        Ok((known, sealed))
    }
}

/// Opens a raffle. The commitment to the seed that will decide it is public from then on.
#[utoipa::path(post, path = "/raffles", tag = "raffles", security(("bearer" = [])), request_body = RaffleBody,
    responses((status = 201, body = RaffleView), (status = 422, description = "raffle.invalid")))]
pub(super) async fn create_raffle(
    raffles: web::Data<Raffles>,
    who: Admin,
    body: web::Json<RaffleBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (parts, body) = (&raffles.parts, body.into_inner());
    let command = command_id(&request, body.command_id)?;
    let fresh = parts.engine.allocate(Kind::Raffle).await?;
    let (number, asked_at) = insert_offer(&parts.db, who.user(), command, fresh.number(), parts.clock.now()).await?;
    let id = Raffles::id(number)?;
    let (prizes, codes) = parts.seal(number, body.prizes)?;
    let closes_at = stored(body.closes_at);
    let terms = Terms {
        title: body.title.trim().to_owned(),
        description: body.description.trim().to_owned(),
        prizes,
        closes_at,
        draw_at: body.draw_at.map_or(closes_at + Duration::seconds(USUAL_PAUSE_S), stored),
        entry_stamps: body.entry_stamps.unwrap_or(ENTRY_STAMPS),
        one_per_person: body.one_per_person.unwrap_or(true),
        max_per_person: body.max_per_person,
        commitment: parts.codes.seed(number).commitment(),
    };
    // What makes no sense is refused before anything of it is stored.
    terms.check(asked_at).map_err(|refusal| Problem::new(Code::RaffleInvalid, refusal.to_string()))?;
    insert_codes(&parts.db, number, &codes).await?;
    raffles.ask(id, command, who.actor(), Command::Create(Box::new(terms))).await?;
    parts.follower.refresh(number).await;
    let view = raffles.view(id, who.viewer()).await?;
    let place = (LOCATION, format!("/api/v1/raffles/{number}"));
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header(place).json(view))
}

/// Adds prizes while entries are taken.
#[utoipa::path(post, path = "/raffles/{raffle}/prizes", tag = "raffles", security(("bearer" = [])),
    params(("raffle" = i64, Path)), request_body = PrizesBody,
    responses((status = 200, body = RaffleView), (status = 409, description = "raffle.closed"),
        (status = 422, description = "raffle.invalid")))]
pub(super) async fn add_prizes(
    raffles: web::Data<Raffles>,
    who: Admin,
    raffle: web::Path<i64>,
    body: web::Json<PrizesBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let (parts, body, id) = (&raffles.parts, body.into_inner(), Raffles::id(*raffle)?);
    let command = command_id(&request, body.command_id)?;
    // Nothing is stored for a raffle that is not there.
    raffles.view(id, who.viewer()).await?;
    let (prizes, codes) = parts.seal(*raffle, body.prizes)?;
    insert_codes(&parts.db, *raffle, &codes).await?;
    raffles.ask(id, command, who.actor(), Command::AddPrizes { prizes }).await?;
    Ok(web::Json(raffles.view(id, who.viewer()).await?))
}

/// Calls a raffle off while entries are taken: everybody gets their stamps back.
#[utoipa::path(post, path = "/raffles/{raffle}/cancel", tag = "raffles", security(("bearer" = [])),
    params(("raffle" = i64, Path)), request_body = CancelBody,
    responses((status = 200, body = RaffleView), (status = 409, description = "raffle.closed, raffle.wrong_state")))]
pub(super) async fn cancel_raffle(
    raffles: web::Data<Raffles>,
    who: Admin,
    raffle: web::Path<i64>,
    body: web::Json<CancelBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let id = Raffles::id(*raffle)?;
    let command = command_id(&request, body.command_id)?;
    let asked = Command::Cancel { reason: body.into_inner().reason };
    raffles.ask(id, command, who.actor(), asked).await?;
    Ok(web::Json(raffles.view(id, who.viewer()).await?))
}
