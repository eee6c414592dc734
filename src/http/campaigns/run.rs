//! Running a campaign: approve and reject for admins, pause, resume and complete for its owner too.

use actix_web::{HttpRequest, web};
use madang_domain::campaign::Command;
use madang_domain::code::Code;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CampaignView, Campaigns};
use crate::http::auth::{Admin, SignedIn};
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// What a verb may need. All of it, and the body itself, may be left out where it is not needed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// The client's id of this command. Or as header `Idempotency-Key`.
    pub(super) command_id: Option<Uuid>,
    /// For `reject`: why, 1 to 500 characters; its owner reads it.
    #[serde(default)]
    pub(super) reason: String,
}

/// A body that may be absent.
pub(super) fn body_of<T: Default + for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, Problem> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(Code::BadRequest, format!("The body could not be understood: {error}.")))
}

/// Lets a campaign run. Again changes nothing.
#[utoipa::path(post, path = "/campaigns/{campaign}/approve", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path)), request_body = ReasonBody,
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign.wrong_state")))]
pub(super) async fn approve_campaign(
    campaigns: web::Data<Campaigns>,
    who: Admin,
    campaign: web::Path<i64>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let command = command_id(&request, body_of::<ReasonBody>(&body)?.command_id)?;
    let asker = (who.actor(), who.viewer());
    Ok(web::Json(campaigns.run(Campaigns::id(*campaign)?, command, asker, Command::Approve).await?))
}

/// Says no to a campaign, with a reason.
#[utoipa::path(post, path = "/campaigns/{campaign}/reject", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path)), request_body = ReasonBody,
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign.wrong_state")))]
pub(super) async fn reject_campaign(
    campaigns: web::Data<Campaigns>,
    who: Admin,
    campaign: web::Path<i64>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let body = body_of::<ReasonBody>(&body)?;
    let command = command_id(&request, body.command_id)?;
    let asker = (who.actor(), who.viewer());
    let reject = Command::Reject { reason: body.reason };
    Ok(web::Json(campaigns.run(Campaigns::id(*campaign)?, command, asker, reject).await?))
}

/// Gives out no more tasks.
#[utoipa::path(post, path = "/campaigns/{campaign}/pause", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path)), request_body = ReasonBody,
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign.wrong_state")))]
pub(super) async fn pause_campaign(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    manage(&campaigns, &who, *campaign, &body, &request, Command::Pause).await
}

/// Goes on.
#[utoipa::path(post, path = "/campaigns/{campaign}/resume", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path)), request_body = ReasonBody,
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign.wrong_state")))]
pub(super) async fn resume_campaign(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    manage(&campaigns, &who, *campaign, &body, &request, Command::Resume).await
}

/// Ends a campaign: what is not answered stays so.
#[utoipa::path(post, path = "/campaigns/{campaign}/complete", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path)), request_body = ReasonBody,
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign.wrong_state")))]
pub(super) async fn complete_campaign(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    manage(&campaigns, &who, *campaign, &body, &request, Command::Complete).await
}

async fn manage(
    campaigns: &Campaigns,
    who: &SignedIn,
    campaign: i64,
    body: &[u8],
    request: &HttpRequest,
    command: Command,
) -> Result<web::Json<Value>, Problem> {
    let id = command_id(request, body_of::<ReasonBody>(body)?.command_id)?;
    let asker = (who.actor(), who.viewer());
    Ok(web::Json(campaigns.run(Campaigns::id(campaign)?, id, asker, command).await?))
}
