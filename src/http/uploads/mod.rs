//! Uploads to campaigns over HTTP: announce one, send its bytes to the address that is given back, say that they are there,
//! look how far it is. For the campaign's owner.

mod views;

use std::fmt;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use rand::TryRng;
use rand::rngs::SysRng;
use serde::Deserialize;
use sqlx::PgPool;
use tokio::sync::Notify;
use utoipa::{IntoParams, OpenApi};
use uuid::Uuid;

use super::auth::Company;
use super::command::command_id;
use super::page;
use super::problem::Problem;
use crate::actors::jobs::intake::{Campaigns, most_bytes};
use crate::actors::kernel::clock::Clock;
use crate::clients::objects::{Incoming, Key, MediaType, ObjectStore};
use crate::storage::uploads::{self, Announced, NewUpload, Upload, UploadState};

use views::{AnnouncedView, FaultsView, UploadBody, UploadView, UploadsView};

/// What uploads need. Cheap to clone.
#[derive(Clone)]
pub struct Uploads {
    /// The database.
    pub db: PgPool,
    /// Where uploads lie.
    pub store: Arc<dyn ObjectStore>,
    /// The campaigns.
    pub campaigns: Arc<dyn Campaigns>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Told when there is a new job.
    pub wake: Arc<Notify>,
    /// The largest archive, in bytes.
    pub max_archive: u64,
    /// Open uploads of one campaign.
    pub per_campaign: u32,
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The paths of this area below `/api/v1`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/campaigns/{campaign}/uploads")
            .route(web::get().to(list_uploads))
            .route(web::post().to(announce_upload)),
    )
    .service(web::resource("/campaigns/{campaign}/uploads/{upload}").route(web::get().to(show_upload)))
    .service(web::resource("/campaigns/{campaign}/uploads/{upload}/complete").route(web::post().to(complete_upload)))
    .service(web::resource("/campaigns/{campaign}/uploads/{upload}/faults").route(web::get().to(list_faults)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(list_uploads, announce_upload, show_upload, complete_upload, list_faults))]
pub struct Document;

/// Which uploads.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct PageQuery {
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

impl Uploads {
    /// Checks that the campaign is this person's (admins see all), and gives whether it takes uploads.
    async fn own(&self, campaign: i64, who: &Company) -> Result<bool, Problem> {
        let facts = self.campaigns.facts(campaign).await?.ok_or(Code::CampaignUnknown)?;
        if facts.owner == who.user() || who.0.roles.contains(&Role::Admin) {
            Ok(facts.open)
        } else {
            Err(Code::Forbidden.into())
        }
    }

    async fn find(&self, campaign: i64, upload: i64) -> Result<Upload, Problem> {
        let found = uploads::find(&self.db, upload).await?;
        found.filter(|upload| upload.new.campaign == campaign).ok_or_else(|| Code::UploadUnknown.into())
    }

    fn ticket(&self, upload: &Upload) -> Result<AnnouncedView, Problem> {
        let key: Key = upload.new.object.parse().map_err(Problem::internal)?;
        let bytes = u64::try_from(upload.new.bytes).map_err(Problem::internal)?;
        let incoming = Incoming { key, owner: upload.new.owner, bytes };
        Ok(AnnouncedView::new(UploadView::from(upload), self.store.ticket(&incoming, self.clock.now())))
    }
}

/// A campaign's uploads, the newest first, each with how far it is.
#[utoipa::path(get, path = "/campaigns/{campaign}/uploads", tag = "uploads", security(("bearer" = [])),
    params(("campaign" = i64, Path), PageQuery), responses((status = 200, body = UploadsView)))]
pub(super) async fn list_uploads(
    uploads: web::Data<Uploads>,
    who: Company,
    campaign: web::Path<i64>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<UploadsView>, Problem> {
    uploads.own(*campaign, &who).await?;
    let limit = page::limit(query.limit, 24);
    let before = page::after(query.after.as_deref())?.unwrap_or(i64::MAX);
    let mut rows = uploads::list(&uploads.db, *campaign, before, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|upload| upload.id.to_string());
    Ok(web::Json(UploadsView { items: rows.iter().map(UploadView::from).collect(), next }))
}

/// Announces a zip of images and boxes, or one image, and gives the signed request that brings its bytes in: good for two
/// minutes, for exactly this size and type. The same request again, while nothing came, gives a fresh one.
#[utoipa::path(post, path = "/campaigns/{campaign}/uploads", tag = "uploads", security(("bearer" = [])),
    params(("campaign" = i64, Path)), request_body = UploadBody,
    responses((status = 201, body = AnnouncedView), (status = 413, description = "upload.too_large"),
        (status = 415, description = "upload.type"), (status = 422, description = "upload.invalid"),
        (status = 409, description = "upload.closed"), (status = 429, description = "upload.too_many")))]
pub(super) async fn announce_upload(
    uploads: web::Data<Uploads>,
    who: Company,
    campaign: web::Path<i64>,
    body: web::Json<UploadBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let command = command_id(&request, body.command_id)?;
    let open = uploads.own(*campaign, &who).await?;
    let new = parse(&uploads, *campaign, &who, command, body)?;
    if !open {
        return Err(Code::UploadClosed.into());
    }
    let most = i64::from(uploads.per_campaign);
    let upload = match uploads::announce(&uploads.db, &new, most, uploads.clock.now()).await? {
        Announced::TooMany => return Err(Code::UploadTooMany.into()),
        // The object's name was drawn at random for each.
        Announced::Known(known) if (NewUpload { object: known.new.object.clone(), ..new }) != known.new => {
            return Err(Code::IdReused.into());
        }
        Announced::Known(upload) | Announced::Added(upload) => upload,
    };
    if upload.state != UploadState::Waiting {
        return Err(Code::UploadOver.into());
    }
    Ok(HttpResponse::build(StatusCode::CREATED).json(uploads.ticket(&upload)?))
}

fn parse(uploads: &Uploads, campaign: i64, who: &Company, command: Uuid, body: UploadBody) -> Result<NewUpload, Problem> {
    let invalid = |why: &str| Problem::new(Code::UploadInvalid, format!("This upload is not possible: {why}."));
    let name = body.name.trim();
    if name.is_empty() || name.chars().count() > 255 || name.chars().any(char::is_control) {
        return Err(invalid("its name must have 1 to 255 characters"));
    }
    let media = MediaType::from_name(&body.media).ok_or(Code::UploadType)?;
    let most = most_bytes(media, uploads.max_archive);
    if body.bytes == 0 {
        return Err(invalid("it is empty"));
    }
    if body.bytes > most {
        return Err(Problem::from(Code::UploadTooLarge).with_detail(serde_json::json!({ "most": most })));
    }
    if body.gold_share_bp > 10_000 {
        return Err(invalid("gold_share_bp is 0 to 10000"));
    }
    let mut secret = [0; 20];
    SysRng.try_fill_bytes(&mut secret).map_err(Problem::internal)?;
    Ok(NewUpload {
        campaign,
        owner: who.user(),
        command,
        name: name.to_owned(),
        media: media.name().to_owned(),
        bytes: i64::try_from(body.bytes).map_err(|_| Code::UploadTooLarge)?,
        object: Key::upload(secret, media).to_string(),
        gold_share_bp: i32::from(body.gold_share_bp),
        gold_seed: body.gold_seed,
    })
}

/// One upload with how far it is.
#[utoipa::path(get, path = "/campaigns/{campaign}/uploads/{upload}", tag = "uploads", security(("bearer" = [])),
    params(("campaign" = i64, Path), ("upload" = i64, Path)),
    responses((status = 200, body = UploadView), (status = 404, description = "upload.unknown")))]
pub(super) async fn show_upload(
    uploads: web::Data<Uploads>,
    who: Company,
    path: web::Path<(i64, i64)>,
) -> Result<web::Json<UploadView>, Problem> {
    let (campaign, upload) = path.into_inner();
    uploads.own(campaign, &who).await?;
    Ok(web::Json(UploadView::from(&uploads.find(campaign, upload).await?)))
}

/// Says that the bytes are there: from now on the upload is worked up. Saying it again changes nothing.
#[utoipa::path(post, path = "/campaigns/{campaign}/uploads/{upload}/complete", tag = "uploads", security(("bearer" = [])),
    params(("campaign" = i64, Path), ("upload" = i64, Path)),
    responses((status = 202, body = UploadView), (status = 404, description = "upload.unknown"),
        (status = 409, description = "upload.missing, upload.over, upload.closed"),
        (status = 422, description = "object.wrong_size")))]
pub(super) async fn complete_upload(
    uploads: web::Data<Uploads>,
    who: Company,
    path: web::Path<(i64, i64)>,
) -> Result<HttpResponse, Problem> {
    let (campaign, number) = path.into_inner();
    let open = uploads.own(campaign, &who).await?;
    let upload = uploads.find(campaign, number).await?;
    let accepted = |upload: &Upload| HttpResponse::Accepted().json(UploadView::from(upload));
    match upload.state {
        UploadState::Waiting => {}
        UploadState::Working | UploadState::Done | UploadState::Failed => return Ok(accepted(&upload)),
        UploadState::Expired => return Err(Code::UploadOver.into()),
    }
    if !open {
        return Err(Code::UploadClosed.into());
    }
    let key: Key = upload.new.object.parse().map_err(Problem::internal)?;
    let bytes = uploads.store.size(&key).await?.ok_or(Code::UploadMissing)?;
    if i64::try_from(bytes) != Ok(upload.new.bytes) {
        return Err(Code::ObjectWrongSize.into());
    }
    if uploads::begin(&uploads.db, number, uploads.clock.now()).await? {
        uploads.wake.notify_one();
    }
    Ok(accepted(&uploads.find(campaign, number).await?))
}

/// Files of an upload with something wrong, in order: what, and in which line.
#[utoipa::path(get, path = "/campaigns/{campaign}/uploads/{upload}/faults", tag = "uploads", security(("bearer" = [])),
    params(("campaign" = i64, Path), ("upload" = i64, Path), PageQuery),
    responses((status = 200, body = FaultsView), (status = 404, description = "upload.unknown")))]
pub(super) async fn list_faults(
    uploads: web::Data<Uploads>,
    who: Company,
    path: web::Path<(i64, i64)>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<FaultsView>, Problem> {
    let (campaign, upload) = path.into_inner();
    uploads.own(campaign, &who).await?;
    uploads.find(campaign, upload).await?;
    let limit = page::limit(query.limit, 50);
    let after = page::after(query.after.as_deref())?.unwrap_or(-1);
    let mut rows = uploads::faulty(&uploads.db, upload, after, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|file| file.n.to_string());
    Ok(web::Json(FaultsView::new(rows, next)?))
}
