//! The people who label in a campaign: how well, and who is taken off.

use actix_web::{HttpRequest, web};
use madang_domain::campaign::Command;
use madang_domain::campaign::view::WorkerRow;
use madang_domain::ids::UserId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Campaigns;
use super::run::body_of;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::page;
use crate::http::problem::Problem;

/// One person's work. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkerView {
    worker: i64,
    /// Counted answers, tests included.
    answers: u32,
    right: u32,
    wrong: u32,
    dropped: u32,
    late: u32,
    skips: u32,
    /// `{correct, total}`
    gold: Value,
    /// By the tests, 0 to 1; one half for a stranger.
    accuracy: f64,
    /// Where the accuracy lies with a probability of 0.95.
    interval: Option<Vec<f64>>,
    /// By how all their answers agree with everybody's (Dawid and Skene's model), 0 to 1; null where nothing is to be chosen.
    reliability: Option<f64>,
    /// `{reason, until}`
    excluded: Option<Value>,
    /// `{at, excluded, dropped}` each, oldest first.
    log: Vec<Value>,
}

/// A page of people, by number.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkersView {
    #[schema(value_type = Vec<WorkerView>)]
    items: Vec<WorkerRow>,
    /// For the next page's `cursor`; null on the last.
    next: Option<String>,
}

/// Where in the list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct WorkersQuery {
    /// The last page's `next`.
    cursor: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// Takes a person off.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExcludeBody {
    /// Why, 1 to 500 characters.
    #[serde(default)]
    reason: String,
    /// Whether their answers to unsettled tasks are taken back, so that others are asked; true where it is left out.
    drop: Option<bool>,
    /// The client's id of this command. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// The people who label here. For its owner and admins.
#[utoipa::path(get, path = "/campaigns/{campaign}/workers", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path), WorkersQuery), responses((status = 200, body = WorkersView)))]
pub(super) async fn list_workers(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
    query: web::Query<WorkersQuery>,
) -> Result<web::Json<WorkersView>, Problem> {
    let id = Campaigns::id(*campaign)?;
    let from = UserId::new(page::after::<i64>(query.cursor.as_deref())?.unwrap_or(0));
    let limit = usize::from(page::limit(query.limit, 50));
    let (items, next) = campaigns.look(id, who.viewer(), move |project| project.list_workers(from, limit)).await?;
    Ok(web::Json(WorkersView { items, next: next.map(|next| next.to_string()) }))
}

/// Takes a person off the campaign.
#[utoipa::path(post, path = "/campaigns/{campaign}/workers/{user}/exclude", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path), ("user" = i64, Path)), request_body = ExcludeBody,
    responses((status = 200, description = "{excluded, dropped}")))]
pub(super) async fn exclude_worker(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    path: web::Path<(i64, i64)>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let body = body_of::<ExcludeBody>(&body)?;
    let command = command_id(&request, body.command_id)?;
    let (campaign, worker) = path.into_inner();
    let worker = UserId::new(worker);
    let exclude = Command::Exclude { worker, reason: body.reason, drop: body.drop.unwrap_or(true) };
    change(&campaigns, &who, campaign, command, exclude).await
}

/// Lets a person back.
#[utoipa::path(post, path = "/campaigns/{campaign}/workers/{user}/readmit", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path), ("user" = i64, Path)), request_body = ExcludeBody,
    responses((status = 200, description = "{excluded}")))]
pub(super) async fn readmit_worker(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    path: web::Path<(i64, i64)>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let command = command_id(&request, body_of::<ExcludeBody>(&body)?.command_id)?;
    let (campaign, worker) = path.into_inner();
    change(&campaigns, &who, campaign, command, Command::Readmit { worker: UserId::new(worker) }).await
}

async fn change(
    campaigns: &Campaigns,
    who: &SignedIn,
    campaign: i64,
    id: Uuid,
    command: Command,
) -> Result<web::Json<Value>, Problem> {
    let to = Campaigns::id(campaign)?;
    campaigns.look(to, who.viewer(), |_| ()).await?;
    Ok(web::Json(campaigns.ask(to, id, who.actor(), command).await?.data))
}
