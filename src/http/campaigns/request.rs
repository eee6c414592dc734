//! Asking for a campaign, and looking at those there are.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::campaign::{Command, Draft, Rules};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::{Kind, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Campaigns;
use crate::http::auth::{Company, SignedIn};
use crate::http::command::command_id;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::campaigns::{Card, insert_request, list_cards};

/// A campaign to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignBody {
    /// 1 to 100 characters.
    name: String,
    /// At most 2,000 characters.
    #[serde(default)]
    description: String,
    /// How it is to be run; what is left out has a usable default.
    #[serde(default)]
    rules: Value,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// One campaign. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignView {
    id: i64,
    /// requested, approved, rejected, in_progress, paused or completed.
    state: String,
    /// Why it was rejected.
    reason: Option<String>,
    owner: i64,
    name: String,
    description: String,
    rules: Value,
    requested_at: String,
    started_at: Option<String>,
    completed_at: Option<String>,
    /// Tests with a known answer.
    golds: u64,
    /// Tasks that people have now.
    leases: u64,
    /// People who were ever given a task.
    workers: u64,
    /// `{tasks, done, open, review, decided, unusable, undecided, answers, golds, late, agreement_bp, points_pending,
    /// points_paid, forecast_at}`
    progress: Value,
}

/// One campaign in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardView {
    id: i64,
    state: String,
    /// ocr, choice or text.
    kind: String,
    name: String,
    owner: i64,
    requested_at: String,
    /// `{tasks, done, open, review, answers, points_pending, points_paid}`, as of the last settled task.
    progress: Value,
}

impl From<Card> for CardView {
    fn from(card: Card) -> Self {
        let open = card.tasks.saturating_sub(card.done).saturating_sub(card.review);
        Self {
            id: card.id,
            state: card.state,
            kind: card.kind,
            name: card.name,
            owner: card.owner,
            requested_at: card.requested_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
            progress: json!({
                "tasks": card.tasks, "done": card.done, "open": open, "review": card.review, "answers": card.answers,
                "points_pending": card.pending, "points_paid": card.paid,
            }),
        }
    }
}

/// A page of campaigns, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardsView {
    items: Vec<CardView>,
    /// For the next page's `cursor`; null on the last.
    next: Option<String>,
}

/// Which campaigns.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct CardsQuery {
    /// Only those in this state.
    state: Option<String>,
    /// For admins: only their own.
    mine: Option<bool>,
    /// The last page's `next`.
    cursor: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// Asks for a campaign.
#[utoipa::path(post, path = "/campaigns", tag = "campaigns", security(("bearer" = [])), request_body = CampaignBody,
    responses((status = 201, body = CampaignView), (status = 422, description = "campaign.invalid")))]
pub(super) async fn create_campaign(
    campaigns: web::Data<Campaigns>,
    who: Company,
    body: web::Json<CampaignBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let command = command_id(&request, body.command_id)?;
    let CampaignBody { name, description, rules, .. } = body.into_inner();
    let draft = Draft { name, description, rules: rules_of(rules)? };
    draft.rules.check().map_err(|why| invalid(&why))?;
    let parts = &campaigns.parts;
    let fresh = parts.engine.allocate(Kind::Campaign).await?;
    let number = insert_request(&parts.db, who.user(), command, fresh.number()).await?;
    let id = Campaigns::id(number)?;
    campaigns.ask(id, command, who.actor(), Command::Request(Box::new(draft))).await?;
    parts.pool.cards().refresh(number).await;
    let view = campaigns.view(id, who.viewer()).await?;
    let place = (LOCATION, format!("/api/v1/campaigns/{number}"));
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header(place).json(view))
}

fn invalid(why: &str) -> Problem {
    Problem::new(Code::CampaignInvalid, format!("The campaign's rules are not valid: {why}."))
}

fn rules_of(given: Value) -> Result<Rules, Problem> {
    if given.is_null() {
        return Ok(Rules::default());
    }
    serde_json::from_value(given).map_err(|error| invalid(&error.to_string()))
}

/// Campaigns: one's own; for admins everybody's.
#[utoipa::path(get, path = "/campaigns", tag = "campaigns", security(("bearer" = [])), params(CardsQuery),
    responses((status = 200, body = CardsView)))]
pub(super) async fn list_campaigns(
    campaigns: web::Data<Campaigns>,
    who: Company,
    query: web::Query<CardsQuery>,
) -> Result<web::Json<CardsView>, Problem> {
    let admin = who.0.roles.contains(&Role::Admin) && !query.mine.unwrap_or(false);
    let owner: Option<UserId> = (!admin).then(|| who.user());
    let limit = page::limit(query.limit, 20);
    let before = page::after::<i64>(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let state = query.state.as_deref().filter(|state| !state.is_empty());
    let mut cards = list_cards(campaigns.db(), owner, state, before, i64::from(limit) + 1).await?;
    let more = page::cut(&mut cards, limit);
    let next = cards.last().filter(|_| more).map(|card| card.id.to_string());
    Ok(web::Json(CardsView { items: cards.into_iter().map(CardView::from).collect(), next }))
}

/// One campaign. For its owner and admins.
#[utoipa::path(get, path = "/campaigns/{campaign}", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path)), responses((status = 200, body = CampaignView)))]
pub(super) async fn show_campaign(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
) -> Result<web::Json<Value>, Problem> {
    Ok(web::Json(campaigns.view(Campaigns::id(*campaign)?, who.viewer()).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_make_no_sense_have_a_code() {
        assert!(rules_of(Value::Null).is_ok_and(|rules| rules == Rules::default()));
        assert!(rules_of(json!({ "kind": "choice", "choices": ["a", "b"] })).is_ok());
        for wrong in [json!({ "kind": "dance" }), json!({ "no_such_rule": 1 }), json!(5), json!({ "points": "15" })] {
            assert_eq!(rules_of(wrong).map_err(|problem| problem.code()).err(), Some(Code::CampaignInvalid));
        }
    }
}
