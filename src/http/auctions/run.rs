//! Running an auction: the verbs of clerks and sellers, and the winner's payment.

use actix_web::{HttpRequest, web};
use madang_domain::auction::Command;
use madang_domain::code::Code;
use madang_domain::ids::UserId;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AuctionView, Auctions};
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// What can be done to an auction by name. Who may is the rules' matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Opens it now.
    Open,
    /// Stops the clock.
    Pause,
    /// Lets the clock go on.
    Resume,
    /// Ends bidding now.
    Close,
    /// Calls it off.
    Cancel,
    /// Takes back all bids of one bidder.
    Retract,
    /// Pays the invoice from the hold.
    Pay,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Open, Self::Pause, Self::Resume, Self::Close, Self::Cancel, Self::Retract, Self::Pay];

    /// Its name in paths and rpc methods.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Close => "close",
            Self::Cancel => "cancel",
            Self::Retract => "retract",
            Self::Pay => "pay",
        }
    }

    /// The verb of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }

    /// The command, with what it needs besides.
    ///
    /// # Errors
    /// `request.malformed` where something is missing.
    pub fn command(self, reason: Option<String>, bidder: Option<UserId>) -> Result<Command, Code> {
        Ok(match self {
            Self::Open => Command::Open,
            Self::Pause => Command::Pause,
            Self::Resume => Command::Resume,
            Self::Close => Command::Close,
            Self::Cancel => Command::Cancel { reason: reason.unwrap_or_default() },
            Self::Retract => Command::Retract { bidder: bidder.ok_or(Code::BadRequest)?, reason: reason.unwrap_or_default() },
            Self::Pay => Command::Pay,
        })
    }
}

/// What a verb may need. All of it, and the body itself, may be left out where it is not needed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    /// The client's id of this command. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
    /// For `cancel` and `retract`: why; everybody can read it.
    reason: Option<String>,
    /// For `retract`: whose bids.
    #[schema(value_type = Option<i64>)]
    bidder: Option<UserId>,
}

impl RunBody {
    /// An absent body is an empty one.
    fn parse(body: &[u8]) -> Result<Self, Problem> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(body)
            .map_err(|error| Problem::new(Code::BadRequest, format!("The body could not be understood: {error}.")))
    }
}

/// Opens, pauses, resumes, closes or cancels an auction, takes a bidder's bids back, or pays.
#[utoipa::path(post, path = "/auctions/{auction}/{verb}", tag = "auctions", security(("bearer" = [])),
    params(("auction" = i64, Path), ("verb" = String, Path, description = "open, pause, resume, close, cancel, retract or pay")),
    request_body = RunBody, responses((status = 200, body = AuctionView), (status = 409, description = "auction.wrong_state")))]
pub(super) async fn run_auction(
    auctions: web::Data<Auctions>,
    who: SignedIn,
    path: web::Path<(i64, String)>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let (auction, verb) = path.into_inner();
    let verb = Verb::from_name(&verb).ok_or(Code::UnknownMethod)?;
    let id = Auctions::id(auction)?;
    let body = RunBody::parse(&body)?;
    let command_id = command_id(&request, body.command_id)?;
    let command = verb.command(body.reason, body.bidder)?;
    auctions.ask(id, command_id, who.actor(), command).await?;
    Ok(web::Json(auctions.view(id, who.viewer()).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_found_by_its_name() {
        for verb in Verb::ALL {
            assert_eq!(Verb::from_name(verb.name()), Some(verb));
        }
        assert_eq!(Verb::from_name("explode"), None);
        assert_eq!(Verb::Retract.command(Some("wrong amount".to_owned()), None), Err(Code::BadRequest));
    }

    #[test]
    fn a_body_may_be_absent_but_not_wrong() {
        assert!(RunBody::parse(b"").is_ok_and(|body| body.reason.is_none()));
        assert!(RunBody::parse(br#"{"reason":"rain"}"#).is_ok_and(|body| body.reason.as_deref() == Some("rain")));
        for wrong in [&b"{"[..], br#"{"comand_id":"x"}"#, b"\xff"] {
            assert_eq!(RunBody::parse(wrong).map(|_| ()).map_err(|problem| problem.code()), Err(Code::BadRequest));
        }
    }
}
