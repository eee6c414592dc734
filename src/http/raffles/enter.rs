//! Entering a raffle.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::entity::Actor;
use madang_domain::raffle::Command;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Raffles;
use crate::actors::ask::Denied;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// An entry.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryBody {
    /// What you add to the draw, so that nobody can know its outcome beforehand: 1 to 64 letters, digits, `-` or `_`. The
    /// server adds something by chance where it is left out.
    nonce: Option<String>,
    /// The client's id of this entry: asked again with the same id, there is one entry. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// An entry that was taken. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// The entry's number, which is its ticket's.
    entry: u32,
    /// Your number in this raffle.
    participant: u32,
    /// What was added to the draw.
    nonce: String,
    /// How many entries you have now.
    my_entries: u32,
    /// How many there are now.
    entries: u32,
    participants: u32,
    /// `min(1, prizes / entries)`.
    odds: f64,
    /// The decision's number.
    seq: u64,
    /// The channel's offset after it.
    offset: u64,
    /// Whether this id was answered before.
    duplicate: bool,
}

/// Enters a raffle once more, for the price of an entry.
#[utoipa::path(post, path = "/raffles/{raffle}/entries", tag = "raffles", security(("bearer" = [])),
    params(("raffle" = i64, Path)), request_body = EntryBody,
    responses((status = 201, body = EntryView), (status = 402, description = "money.no_funds"),
        (status = 403, description = "raffle.own"),
        (status = 409, description = "raffle.closed, raffle.full, raffle.limit_reached, raffle.wrong_state"),
        (status = 422, description = "raffle.invalid")))]
pub(super) async fn enter_raffle(
    raffles: web::Data<Raffles>,
    who: SignedIn,
    raffle: web::Path<i64>,
    body: web::Json<EntryBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let command = command_id(&request, body.command_id)?;
    let entry = raffles.enter(*raffle, command, who.actor(), body.nonce).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(entry))
}

impl Raffles {
    /// Enters a raffle once more; gives the entry as [`EntryView`] says.
    ///
    /// # Errors
    /// As the raffle or the engine denies.
    pub async fn enter(&self, raffle: i64, id: Uuid, by: Actor, nonce: Option<String>) -> Result<Value, Denied> {
        let entered = self.ask(Self::id(raffle)?, id, by, Command::Enter { nonce }).await;
        let result = match &entered {
            Ok(_) => "taken",
            Err(Denied::Refused { .. }) => "refused",
            Err(Denied::Failed(_)) => "failed",
        };
        metrics::counter!("raffle_entries_total", "result" => result).increment(1);
        let answer = entered?;
        let mut entry = answer.data;
        if let Value::Object(fields) = &mut entry {
            fields.insert("seq".to_owned(), json!(answer.seq));
            fields.insert("offset".to_owned(), json!(answer.offset));
            fields.insert("duplicate".to_owned(), json!(answer.duplicate));
        }
        Ok(entry)
    }
}
