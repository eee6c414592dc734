//! Labeling over HTTP: the next task, an answer, another one; and what one answered so far. The live protocol's `label.*` is
//! the same.

mod mine;

use actix_web::{HttpRequest, web};
use madang_domain::code::Code;
use madang_domain::ids::UserId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub use mine::{LabelView, LabelsView};

use super::auth::SignedIn;
use super::campaigns::Campaigns;
use super::command::command_id;
use super::problem::Problem;
use crate::actors::ask::Denied;
use crate::actors::campaign::pool::Pool;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/labels/next").route(web::post().to(next_label)))
        .service(web::resource("/labels/answer").route(web::post().to(answer_label)))
        .service(web::resource("/labels/skip").route(web::post().to(skip_label)))
        .service(web::resource("/labels/extend").route(web::post().to(extend_label)))
        .service(web::resource("/labels/mine").route(web::get().to(mine::list_mine)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(next_label, answer_label, skip_label, extend_label, mine::list_mine))]
pub struct Document;

/// Which task, and what is said about it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelBody {
    /// The campaign, as it came with the task.
    campaign: Option<i64>,
    /// The lease.
    lease: Option<Uuid>,
    /// Its fencing number.
    fence: Option<u64>,
    /// For `answer`: at most 500 characters.
    answer: Option<String>,
    /// The client's id of this command: asked again with the same id, the answer is the same. Or as header
    /// `Idempotency-Key`.
    pub(super) command_id: Option<Uuid>,
}

/// A task to label. This type documents the answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextView {
    /// `{campaign, task, lease, fence, deadline, kind, instructions, choices, image, width, height, region, points}`; null
    /// when there is nothing for this person now.
    task: Option<Value>,
}

/// What became of an answer. This type documents it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnsweredView {
    /// Not a failed test.
    passed: bool,
    /// What it pays when it proves right.
    points: i64,
    /// The decision's number in the campaign.
    seq: u64,
}

/// What can be asked about labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Next,
    Answer,
    Skip,
    Extend,
}

impl Verb {
    /// The verb of a name: the part of an rpc method after `label.`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "next" => Some(Self::Next),
            "answer" => Some(Self::Answer),
            "skip" => Some(Self::Skip),
            "extend" => Some(Self::Extend),
            _ => None,
        }
    }
}

/// Does what is asked, over HTTP and over the live protocol alike.
pub(super) async fn ask(pool: &Pool, worker: UserId, id: Uuid, verb: Verb, body: LabelBody) -> Result<Value, Denied> {
    let LabelBody { campaign, lease, fence, answer, .. } = body;
    let held = || campaign.zip(lease).zip(fence).ok_or(Denied::Failed(Code::BadRequest));
    match verb {
        Verb::Next => match pool.next(worker, id).await {
            Ok(task) => Ok(json!({ "task": task })),
            Err(denied @ Denied::Refused { .. }) if denied.code() == Code::LabelNothing => Ok(json!({ "task": null })),
            Err(denied) => Err(denied),
        },
        Verb::Answer => {
            let ((campaign, lease), fence) = held()?;
            let answer = answer.ok_or(Denied::Failed(Code::BadRequest))?;
            Ok(json!(pool.answer(worker, id, campaign, lease, fence, &answer).await?))
        }
        Verb::Skip => {
            let ((campaign, lease), fence) = held()?;
            pool.give_back(worker, id, campaign, lease, fence).await?;
            Ok(json!({ "given_back": true }))
        }
        Verb::Extend => {
            let ((campaign, lease), fence) = held()?;
            pool.extend(worker, id, campaign, lease, fence).await
        }
    }
}

async fn handle(
    campaigns: &Campaigns,
    who: &SignedIn,
    verb: Verb,
    body: &[u8],
    request: &HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let body: LabelBody = if body.is_empty() {
        LabelBody::default()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Problem::new(Code::BadRequest, format!("The body could not be understood: {error}.")))?
    };
    let id = command_id(request, body.command_id)?;
    Ok(web::Json(ask(campaigns.pool(), who.user(), id, verb, body).await?))
}

/// Gives out a task.
#[utoipa::path(post, path = "/labels/next", tag = "labels", security(("bearer" = [])), request_body = LabelBody,
    responses((status = 200, body = NextView), (status = 403, description = "label.excluded"),
        (status = 409, description = "label.too_many_leases")))]
async fn next_label(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    handle(&campaigns, &who, Verb::Next, &body, &request).await
}

/// Answers a task.
#[utoipa::path(post, path = "/labels/answer", tag = "labels", security(("bearer" = [])), request_body = LabelBody,
    responses((status = 200, body = AnsweredView), (status = 409,
        description = "label.late: kept, but not counted; label.already_answered, label.stale_fence ...")))]
async fn answer_label(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    handle(&campaigns, &who, Verb::Answer, &body, &request).await
}

/// Gives a task back unanswered.
#[utoipa::path(post, path = "/labels/skip", tag = "labels", security(("bearer" = [])), request_body = LabelBody,
    responses((status = 200, description = "{given_back}")))]
async fn skip_label(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    handle(&campaigns, &who, Verb::Skip, &body, &request).await
}

/// Keeps a task for a while longer, up to ten minutes in all.
#[utoipa::path(post, path = "/labels/extend", tag = "labels", security(("bearer" = [])), request_body = LabelBody,
    responses((status = 200, description = "{deadline}; null where it is as late as it can be")))]
async fn extend_label(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    handle(&campaigns, &who, Verb::Extend, &body, &request).await
}
