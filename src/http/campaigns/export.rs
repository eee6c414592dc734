//! All results as a file, streamed a part at a time: no campaign is ever in memory as a whole.
//!
//! Each part is a look at the campaign of its own, so a task that is settled while the file is written may be in it open or
//! settled; each task is in it once.

use std::collections::HashSet;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use madang_domain::campaign::Project;
use madang_domain::campaign::view::Listed;
use madang_domain::code::Code;
use madang_domain::entity::Viewer;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Campaigns;
use super::formats::{self, Format, Head, Section};
use super::results::rows;
use crate::actors::ask::Denied;
use crate::http::auth::SignedIn;
use crate::http::problem::Problem;

/// Tasks in one part.
const PART: usize = 500;

/// As which file.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct ExportQuery {
    /// `json`, `jsonl` (one task a line), `csv`, or `coco` (boxes with answers, for tools that know the format).
    format: String,
}

/// Where the file is.
struct Writer {
    campaigns: Campaigns,
    campaign: i64,
    viewer: Viewer,
    head: Head,
    format: Format,
    section: Option<Section>,
    from: u32,
    /// Whether something stands before the next row.
    started: bool,
    /// The images that are in the file, by their number there.
    images: HashSet<u64>,
}

/// All results as a file: answers, votes, confidence, reliability. For its owner and admins.
#[utoipa::path(get, path = "/campaigns/{campaign}/export", tag = "campaigns", security(("bearer" = [])),
    params(("campaign" = i64, Path), ExportQuery), responses((status = 200, description = "the file")))]
pub(super) async fn export_campaign(
    campaigns: web::Data<Campaigns>,
    who: SignedIn,
    campaign: web::Path<i64>,
    query: web::Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::from_name(&query.format)
        .ok_or_else(|| Problem::new(Code::BadRequest, "The format must be json, jsonl, csv or coco."))?;
    let (number, viewer) = (*campaign, who.viewer());
    let head = campaigns.look(Campaigns::id(number)?, viewer.clone(), move |project| head_of(number, project)).await?;
    let writer = Writer {
        campaigns: campaigns.get_ref().clone(),
        campaign: number,
        viewer,
        head,
        format,
        section: Some(Section::Opening),
        from: 0,
        started: false,
        images: HashSet::new(),
    };
    let parts = stream::unfold(writer, |mut writer| async move {
        let part = writer.part().await?;
        let part = part.map_err(|denied| actix_web::error::ErrorServiceUnavailable(denied.code().name()));
        Some((part, writer))
    });
    let name = format!("attachment; filename=\"campaign-{number}.{}\"", format.ending());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(parts))
}

fn head_of(number: i64, project: &Project) -> Head {
    Head {
        campaign: number,
        name: project.draft.name.clone(),
        kind: project.rules().kind,
        choices: project.rules().choices.clone(),
        requested_at: project.requested_at,
    }
}

impl Writer {
    /// The next part of the file; `None` after the last. After a failure there is no next part, so that a file that is not
    /// whole ends without its end.
    async fn part(&mut self) -> Option<Result<Bytes, Denied>> {
        let section = self.section.take()?;
        match self.write(section).await {
            Ok((bytes, next)) => {
                self.section = next;
                Some(Ok(bytes))
            }
            Err(denied) => Some(Err(denied)),
        }
    }

    async fn write(&mut self, section: Section) -> Result<(Bytes, Option<Section>), Denied> {
        let internal = |error: formats::WriteError| {
            tracing::error!(%error, campaign = self.campaign, "an export cannot be written");
            Denied::Failed(Code::Internal)
        };
        if let Some(words) = formats::between(self.format, section, &self.head).map_err(internal)? {
            (self.from, self.started) = (0, false);
            return Ok((words, section.next(self.format)));
        }
        let viewer = self.viewer.clone();
        let (rows, next) = rows(&self.campaigns, self.campaign, viewer, Listed::All, self.from, PART).await?;
        let bytes = formats::rows(self.format, section, &rows, (&self.head, &mut self.images, &mut self.started));
        let bytes = bytes.map_err(|error| {
            tracing::error!(%error, campaign = self.campaign, "an export cannot be written");
            Denied::Failed(Code::Internal)
        })?;
        Ok(match next {
            Some(next) => {
                self.from = next;
                (bytes, Some(section))
            }
            None => (bytes, section.next(self.format)),
        })
    }
}
