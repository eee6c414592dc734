//! What one answered, with what came of it: from the journal, and the ledger's own word on the points.

use std::collections::HashSet;
use std::num::ParseIntError;
use std::str::FromStr;

use actix_web::web;
use madang_domain::campaign::Event;
use madang_domain::ids::{EntityId, Kind};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::auth::SignedIn;
use crate::http::campaigns::Campaigns;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::audit::list_missing_transfers;
use crate::storage::campaigns::{AnswerRow, list_answers_of};

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LabelView {
    campaign: i64,
    task: u32,
    answer: String,
    #[schema(value_type = String)]
    at: Timestamp,
    /// waiting, right, wrong or late.
    state: &'static str,
    /// Paid, or waiting to be.
    points: i64,
}

/// A page of answers, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelsView {
    items: Vec<LabelView>,
    /// For the next page's `cursor`; null on the last.
    next: Option<String>,
}

/// Where in the list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct MineQuery {
    /// The last page's `next`.
    cursor: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// Where in the list: time in microseconds, entity, decision.
struct Place([i64; 3]);

impl FromStr for Place {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().unwrap_or_default().parse();
        Ok(Self([next()?, next()?, next()?]))
    }
}

/// An answer with the keys of the transfers that would settle it.
struct Found {
    view: LabelView,
    post: String,
    void: String,
    known: Option<bool>,
}

/// One's own answers.
#[utoipa::path(get, path = "/labels/mine", tag = "labels", security(("bearer" = [])), params(MineQuery),
    responses((status = 200, body = LabelsView)))]
pub(super) async fn list_mine(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    query: web::Query<MineQuery>,
) -> Result<web::Json<LabelsView>, Problem> {
    let limit = page::limit(query.limit, 50);
    let Place([at, entity, seq]) = page::after(query.cursor.as_deref())?.unwrap_or(Place([i64::MAX, i64::MAX, i64::MAX]));
    let at = Timestamp::from_timestamp_micros(at).unwrap_or_else(latest);
    let mut rows = list_answers_of(campaigns.db(), who.user(), (at, entity, seq), i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|row| format!("{}.{}.{}", row.at.timestamp_micros(), row.entity, row.seq));
    let found: Vec<Found> = rows.iter().filter_map(found).collect();
    let keys: Vec<String> = found.iter().flat_map(|found| [found.post.clone(), found.void.clone()]).collect();
    let missing: HashSet<String> = list_missing_transfers(campaigns.db(), &keys).await?.into_iter().collect();
    let items = found.into_iter().map(|found| settled(found, &missing)).collect();
    Ok(web::Json(LabelsView { items, next }))
}

/// Later than any answer, and within what the database counts.
fn latest() -> Timestamp {
    Timestamp::from_timestamp(253_402_300_799, 0).unwrap_or_default()
}

fn found(row: &AnswerRow) -> Option<Found> {
    let events: Vec<Event> = serde_json::from_slice(&row.body).ok()?;
    let id = EntityId::new(Kind::Campaign, row.campaign)?;
    events.into_iter().find_map(|event| {
        let view = |task, answer, state, points| LabelView { campaign: row.campaign, task, answer, at: row.at, state, points };
        let (number, view, known) = match event {
            Event::Answered(answered) => {
                let view = view(answered.task, answered.text, "waiting", answered.points);
                (answered.answer, view, answered.right)
            }
            Event::AnsweredLate { answer, task, text, .. } => (answer, view(task, text, "late", 0), None),
            Event::Requested { .. }
            | Event::Approved
            | Event::Rejected { .. }
            | Event::TasksAdded(_)
            | Event::Started
            | Event::Paused
            | Event::Resumed
            | Event::Completed { .. }
            | Event::Claimed(_)
            | Event::Extended { .. }
            | Event::GivenBack { .. }
            | Event::Settled(_)
            | Event::MoreWanted { .. }
            | Event::WorkerExcluded(_)
            | Event::WorkerReadmitted { .. }
            | Event::UploadWent(_)
            | Event::Swept { .. } => return None,
        };
        let key = |step: &str| format!("{id}/answer/{number}/{step}");
        Some(Found { view, post: key("post"), void: key("void"), known })
    })
}

fn settled(found: Found, missing: &HashSet<String>) -> LabelView {
    let Found { mut view, post, void, known } = found;
    if view.state == "late" {
        return view;
    }
    // Answers that pay nothing have no transfers; then only what was known at once is known here.
    let right = if !missing.contains(&post) { Some(true) } else { known };
    let right = if !missing.contains(&void) { Some(false) } else { right };
    match right {
        Some(true) => view.state = "right",
        Some(false) => (view.state, view.points) = ("wrong", 0),
        None => {}
    }
    view
}
