//! How well a campaign's people agree and read. Counted over all answers, outside of the campaign's turn.

use actix_web::web;
use madang_domain::campaign::quality::{Quality, quality};
use madang_domain::code::Code;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Campaigns;
use crate::actors::ask::Denied;
use crate::http::auth::SignedIn;
use crate::http::problem::Problem;

/// Tasks of one look.
const PART: usize = 500;

/// Agreement and reading errors. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct QualityView {
    /// Tasks that somebody has answered, tests left out.
    tasks: usize,
    /// Counted answers to them.
    answers: usize,
    /// Fleiss' kappa; null where it is not defined.
    fleiss: Option<f64>,
    /// Krippendorff's alpha; null where it is not defined.
    krippendorff: Option<f64>,
    /// `{cer, cer_jamo, compared}`: mean character error rates over syllables and over jamo against what was decided, or
    /// against the reading that is nearest to all; null where nothing is typed.
    reading: Option<Value>,
    /// `{worker, answers, kappa, reading}` each: Cohen's kappa with what was chosen, and their reading.
    workers: Vec<Value>,
}

/// How well its people agree and read: over the whole campaign and for each person. For its owner and admins; one at a time.
#[utoipa::path(get, path = "/campaigns/{campaign}/quality", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path)),
    responses((status = 200, body = QualityView), (status = 503, description = "engine.busy")))]
pub(super) async fn show_quality(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
) -> Result<web::Json<Quality>, Problem> {
    let id = Campaigns::id(*campaign)?;
    let kind = campaigns.look(id, who.viewer(), |project| project.rules().kind).await?;
    let _turn = campaigns.counting().try_acquire().map_err(|_| Denied::Failed(Code::Busy))?;
    let mut judged = Vec::new();
    for from in (0..).step_by(PART) {
        let look = move |project: &madang_domain::campaign::Project| {
            (project.tasks.len() > from).then(|| project.list_judged(from, PART))
        };
        match campaigns.look(id, who.viewer(), look).await? {
            Some(part) => judged.extend(part),
            None => break,
        }
    }
    let counted = web::block(move || quality(&judged, kind)).await;
    Ok(web::Json(counted.map_err(Problem::internal)?))
}
