//! The catalogue over HTTP, and the pictures that the server draws where an artwork has none.

mod picture;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::artwork::{Draft, Facts, NotAnArtwork};
use madang_domain::code::Code;
use madang_domain::ids::ArtworkId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::auctions::Auctions;
use super::auth::Seller;
use super::command::command_id;
use super::page;
use super::problem::Problem;
use crate::storage::artworks::{self, Artwork, Filter, NewArtwork, Put};

pub use picture::drawn;

/// The paths of this area below `/api/v1`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/artworks").route(web::get().to(list_artworks)).route(web::post().to(create_artwork)))
        .service(web::resource("/artworks/{artwork}").route(web::get().to(show_artwork)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(list_artworks, show_artwork, create_artwork))]
pub struct Document;

/// The paths of this area at the root.
pub fn media_routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/media/artworks/{artwork}.svg").route(web::get().to(show_picture)));
}

/// An artwork on its way in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtworkBody {
    /// 1 to 500 characters.
    title: String,
    /// 1 to 500 characters.
    artist: String,
    medium: Option<String>,
    size: Option<String>,
    year: Option<String>,
    /// At most 10,000 characters.
    description: Option<String>,
    /// At most 20 addresses, the main picture first.
    #[serde(default)]
    image_urls: Vec<String>,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    command_id: Option<uuid::Uuid>,
}

/// One artwork.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtworkView {
    id: i64,
    title: String,
    artist: String,
    medium: Option<String>,
    size: Option<String>,
    year: Option<String>,
    description: Option<String>,
    image_urls: Vec<String>,
    /// The main picture: the first of `image_urls`, else one drawn by the server.
    image: String,
    /// A picture drawn by the server, for where `image` cannot be loaded.
    placeholder: String,
}

impl From<Artwork> for ArtworkView {
    fn from(artwork: Artwork) -> Self {
        let (image, placeholder) = (artwork.image(), Artwork::placeholder(artwork.id));
        let Facts { title, artist, medium, size, year, description, image_urls } = artwork.facts;
        let id = artwork.id.get();
        Self { id, title, artist, medium, size, year, description, image_urls, image, placeholder }
    }
}

/// Which artworks to list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct ArtworksQuery {
    /// Words in title, artist, medium and year; parts of words are found too.
    #[serde(default)]
    search: String,
    /// A part of the artist's name.
    #[serde(default)]
    artist: String,
    /// A part of the medium.
    #[serde(default)]
    medium: String,
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// A page of the catalogue, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtworksView {
    items: Vec<ArtworkView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

/// Searches the catalogue.
#[utoipa::path(get, path = "/artworks", tag = "artworks", params(ArtworksQuery), responses((status = 200, body = ArtworksView)))]
pub(super) async fn list_artworks(
    auctions: web::Data<Auctions>,
    query: web::Query<ArtworksQuery>,
) -> Result<web::Json<ArtworksView>, Problem> {
    let limit = page::limit(query.limit, 24);
    let ArtworksQuery { search, artist, medium, after, .. } = query.into_inner();
    let after = page::after(after.as_deref())?;
    let filter = Filter { search, artist, medium, after, limit: i64::from(limit) + 1, ..Filter::default() };
    let mut rows = artworks::list_artworks(auctions.db(), &filter).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|artwork| artwork.id.to_string());
    Ok(web::Json(ArtworksView { items: rows.into_iter().map(ArtworkView::from).collect(), next }))
}

/// One artwork.
#[utoipa::path(get, path = "/artworks/{artwork}", tag = "artworks", params(("artwork" = i64, Path)),
    responses((status = 200, body = ArtworkView), (status = 404)))]
pub(super) async fn show_artwork(
    auctions: web::Data<Auctions>,
    artwork: web::Path<ArtworkId>,
) -> Result<web::Json<ArtworkView>, Problem> {
    let artwork = artworks::find_artwork(auctions.db(), *artwork).await?;
    Ok(web::Json(artwork.ok_or(Code::NotFound)?.into()))
}

/// Puts an artwork into the catalogue.
#[utoipa::path(post, path = "/artworks", tag = "artworks", security(("bearer" = [])), request_body = ArtworkBody,
    responses((status = 201, body = ArtworkView), (status = 422, description = "artwork.invalid")))]
pub(super) async fn create_artwork(
    auctions: web::Data<Auctions>,
    who: Seller,
    body: web::Json<ArtworkBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let ArtworkBody { title, artist, medium, size, year, description, image_urls, command_id: in_body } = body.into_inner();
    let draft = Draft { title, artist, medium, size, year, description, image_urls };
    let facts = Facts::parse(&draft).map_err(|why| invalid(&why))?;
    // The person and the request's id name it, so that asking again puts nothing in twice.
    let id = command_id(&request, in_body)?;
    let new = NewArtwork { facts, source: format!("user:{}", who.user()), source_id: id.to_string() };
    let artwork = match artworks::insert_artwork(auctions.db(), &new, auctions.now()).await? {
        Put::Known(known) if known.facts != new.facts => return Err(Code::IdReused.into()),
        Put::Known(artwork) | Put::Added(artwork) => artwork,
    };
    let place = (LOCATION, format!("/api/v1/artworks/{}", artwork.id));
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header(place).json(ArtworkView::from(artwork)))
}

fn invalid(why: &NotAnArtwork) -> Problem {
    Problem::new(Code::ArtworkInvalid, format!("This cannot enter the catalogue: {why}."))
}

/// A picture drawn from the artwork's number: always there, always the same.
async fn show_picture(artwork: web::Path<u32>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .body(drawn((*artwork).into()))
}
