//! What came of each task, a page at a time.

use actix_web::web;
use madang_domain::campaign::view::{Listed, TaskRow};
use madang_domain::code::Code;
use madang_domain::entity::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Campaigns;
use crate::actors::ask::Denied;
use crate::http::auth::SignedIn;
use crate::http::page;
use crate::http::problem::Problem;

/// One task with its answers. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskView {
    task: u32,
    /// The URL path of the image.
    image: String,
    width: u32,
    height: u32,
    /// `{left, top, right, bottom}`
    region: Option<Value>,
    /// open, review, decided, unusable, undecided; gold for a test.
    state: String,
    /// The answer, or the best guess of a task in review. Absent where there is none, as are the next five.
    answer: Option<String>,
    /// How many gave it.
    votes: Option<u16>,
    /// How many gave any.
    of: Option<u16>,
    /// `votes / of` in basis points: the answer's reliability.
    agreement_bp: Option<u16>,
    /// The posterior probability of the answer in basis points, by everybody's accuracy.
    confidence_bp: Option<u16>,
    /// The probability of the answer in basis points by what the campaign has learned of its people from how their answers
    /// agree (Dawid and Skene's model). For choices only.
    posterior_bp: Option<u16>,
    /// What a machine read.
    machine: Option<String>,
    /// For a choice that is not settled: `{answer, probability}` of the likeliest by the same model, the likeliest first.
    posterior: Option<Vec<Value>>,
    /// Where text was typed and nothing is decided: `{text, found, share, mean_distance}` of the reading that is nearest to all;
    /// `found` is alike, medoid or columns.
    nearest: Option<Value>,
    /// Where text was typed: `{cer, cer_jamo, compared}`, the mean character error rates of the answers over syllables and over
    /// jamo, against the answer or the nearest reading.
    reading: Option<Value>,
    /// Counted answers and live leases are together never more.
    wanted: u16,
    /// `{number, worker, answer, standing, at}` each.
    answers: Vec<Value>,
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultsView {
    #[schema(value_type = Vec<TaskView>)]
    items: Vec<TaskRow>,
    /// For the next page's `cursor`; null on the last. A page may be empty before the last.
    next: Option<String>,
}

/// Where in which list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct ResultsQuery {
    /// all (tests not among them), open, review, decided, unusable, undecided or gold; all where it is left out.
    pub(super) state: Option<String>,
    /// The last page's `next`.
    pub(super) cursor: Option<String>,
    /// 1 to 100.
    pub(super) limit: Option<u16>,
}

/// What came of each task. For its owner and admins.
#[utoipa::path(get, path = "/campaigns/{campaign}/results", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path), ResultsQuery), responses((status = 200, body = ResultsView)))]
pub(super) async fn list_results(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
    query: web::Query<ResultsQuery>,
) -> Result<web::Json<ResultsView>, Problem> {
    let name = query.state.as_deref().filter(|state| !state.is_empty()).unwrap_or("all");
    let listed = Listed::from_name(name).ok_or_else(|| Problem::new(Code::BadRequest, "There is no such state."))?;
    list(&campaigns, *campaign, who.viewer(), listed, &query).await
}

/// A page of one list.
pub(super) async fn list(
    campaigns: &Campaigns,
    campaign: i64,
    viewer: Viewer,
    listed: Listed,
    query: &ResultsQuery,
) -> Result<web::Json<ResultsView>, Problem> {
    let from = page::after::<u32>(query.cursor.as_deref())?.unwrap_or(0);
    let limit = usize::from(page::limit(query.limit, 50));
    let kind = campaigns.look(Campaigns::id(campaign)?, viewer.clone(), |project| project.rules().kind).await?;
    let (rows, next) = rows(campaigns, campaign, viewer, listed, from, limit).await?;
    let read = move || rows.into_iter().map(|row| row.read(kind)).collect();
    let items = web::block(read).await.map_err(Problem::internal)?;
    Ok(web::Json(ResultsView { items, next: next.map(|next| next.to_string()) }))
}

/// Rows from a task on, with the images as URL paths.
pub(super) async fn rows(
    campaigns: &Campaigns,
    campaign: i64,
    viewer: Viewer,
    listed: Listed,
    from: u32,
    limit: usize,
) -> Result<(Vec<TaskRow>, Option<u32>), Denied> {
    let id = Campaigns::id(campaign)?;
    let (mut rows, next) = campaigns.look(id, viewer, move |project| project.list_tasks(listed, from, limit)).await?;
    for row in &mut rows {
        row.image = format!("/objects/{}", row.image);
    }
    Ok((rows, next))
}
