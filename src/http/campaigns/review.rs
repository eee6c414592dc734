//! Tasks that a person decides.

use actix_web::{HttpRequest, web};
use madang_domain::campaign::view::Listed;
use madang_domain::campaign::{Command, ReviewVerdict};
use madang_domain::code::Code;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Campaigns;
use super::results::{ResultsQuery, ResultsView, list};
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// A person's decision about a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewBody {
    /// `accept` (with `answer`), `unusable`, or `more` to ask more people.
    verdict: String,
    /// For `accept`.
    answer: Option<String>,
    /// The client's id of this command. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

impl ReviewBody {
    fn parse(&self) -> Result<ReviewVerdict, Problem> {
        match (self.verdict.as_str(), &self.answer) {
            ("accept", Some(answer)) => Ok(ReviewVerdict::Accept { answer: answer.clone() }),
            ("unusable", None) => Ok(ReviewVerdict::Unusable),
            ("more", None) => Ok(ReviewVerdict::More),
            _ => Err(Problem::new(Code::BadRequest, "A verdict is accept with an answer, unusable, or more.")),
        }
    }
}

/// The tasks that wait for a person, with the reading that is nearest to all where text was typed. For its owner and admins.
#[utoipa::path(get, path = "/campaigns/{campaign}/review", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path), ResultsQuery), responses((status = 200, body = ResultsView)))]
pub(super) async fn list_review(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
    query: web::Query<ResultsQuery>,
) -> Result<web::Json<ResultsView>, Problem> {
    list(&campaigns, *campaign, who.viewer(), Listed::Review, &query).await
}

/// Decides a task in review.
#[utoipa::path(post, path = "/campaigns/{campaign}/review/{task}", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path), ("task" = u32, Path)), request_body = ReviewBody,
    responses((status = 200, description = "{task, state}"), (status = 409, description = "campaign.not_in_review")))]
pub(super) async fn review_task(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    path: web::Path<(i64, u32)>,
    body: web::Json<ReviewBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let (campaign, task) = path.into_inner();
    let id = Campaigns::id(campaign)?;
    let command = command_id(&request, body.command_id)?;
    let verdict = body.parse()?;
    campaigns.look(id, who.viewer(), |_| ()).await?;
    let answer = campaigns.ask(id, command, who.actor(), Command::Review { task, verdict }).await?;
    Ok(web::Json(answer.data))
}
