//! Articles one by one.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::knowledge::article::Origin;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use super::views::{ArticleBody, ArticleView, ArticlesView, ChunksView, VersionView, VersionsView};
use super::{Library, checked};
use crate::http::auth::Admin;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::knowledge::articles::{self, Kept, ListFilter};
use crate::storage::knowledge::chunks;

/// Where articles come from that are written here.
const HOUSE: &str = "house";

/// Which articles.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct ListQuery {
    /// Words, or parts of words, of the title.
    title: Option<String>,
    /// Of this source only.
    source: Option<String>,
    /// With this tag only.
    tag: Option<String>,
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// Which versions.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct VersionsQuery {
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// Articles, the newest first, without their text.
#[utoipa::path(get, path = "/knowledge/articles", tag = "knowledge", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = ArticlesView)))]
pub(super) async fn list_articles(
    library: web::Data<Library>,
    _admin: Admin,
    query: web::Query<ListQuery>,
) -> Result<web::Json<ArticlesView>, Problem> {
    let ListQuery { title, source, tag, after, limit } = query.into_inner();
    let limit = page::limit(limit, 24);
    let below = page::after(after.as_deref())?.unwrap_or(i64::MAX);
    let filter =
        ListFilter { title: title.unwrap_or_default(), source: source.unwrap_or_default(), tag: tag.unwrap_or_default() };
    let mut rows = articles::list(library.knowledge.db(), &filter, below, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(web::Json(ArticlesView { items: rows.into_iter().map(Into::into).collect(), next }))
}

/// Keeps an article. One of the same source and name gets a new version; where nothing differs it stays as it is.
#[utoipa::path(post, path = "/knowledge/articles", tag = "knowledge", security(("bearer" = [])), request_body = ArticleBody,
    responses((status = 201, body = ArticleView), (status = 200, description = "It was there before", body = ArticleView),
        (status = 422, description = "knowledge.invalid")))]
pub(super) async fn create_article(
    library: web::Data<Library>,
    admin: Admin,
    body: web::Json<ArticleBody>,
) -> Result<HttpResponse, Problem> {
    let name = body.name.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
    let origin = Origin::parse(body.source.as_deref().unwrap_or(HOUSE), &name)?;
    let article = checked(&body.draft())?;
    let kept = library.knowledge.keep(vec![(origin, article)], Some(admin.user())).await?;
    library.knowledge.settle().await;
    let (id, status) = match kept.first() {
        Some(Kept::Added(id)) => (*id, StatusCode::CREATED),
        Some(Kept::Changed(id, _) | Kept::Unchanged(id, _)) => (*id, StatusCode::OK),
        Some(Kept::Conflict(_) | Kept::Unknown) | None => return Err(Code::Internal.into()),
    };
    let view = view(&library, id).await?;
    Ok(HttpResponse::build(status).insert_header((LOCATION, format!("/api/v1/knowledge/articles/{id}"))).json(view))
}

/// An article.
#[utoipa::path(get, path = "/knowledge/articles/{article}", tag = "knowledge", security(("bearer" = [])),
    params(("article" = i64, Path)),
    responses((status = 200, body = ArticleView), (status = 404, description = "knowledge.unknown")))]
pub(super) async fn show_article(
    library: web::Data<Library>,
    _admin: Admin,
    id: web::Path<i64>,
) -> Result<web::Json<ArticleView>, Problem> {
    Ok(web::Json(view(&library, *id).await?))
}

async fn view(library: &Library, id: i64) -> Result<ArticleView, Problem> {
    let (article, version) = articles::find(library.knowledge.db(), id).await?.ok_or(Code::ArticleUnknown)?;
    ArticleView::new(article, &version)
}

/// Gives an article its next version. What did not change keeps its chunks and vectors.
#[utoipa::path(put, path = "/knowledge/articles/{article}", tag = "knowledge", security(("bearer" = [])),
    params(("article" = i64, Path)), request_body = ArticleBody,
    responses((status = 200, body = ArticleView), (status = 404, description = "knowledge.unknown"),
        (status = 409, description = "knowledge.changed"), (status = 422, description = "knowledge.invalid")))]
pub(super) async fn replace_article(
    library: web::Data<Library>,
    admin: Admin,
    id: web::Path<i64>,
    body: web::Json<ArticleBody>,
) -> Result<web::Json<ArticleView>, Problem> {
    let article = checked(&body.draft())?;
    match library.knowledge.edit(*id, body.version, &article, Some(admin.user())).await? {
        Kept::Added(_) | Kept::Changed(..) | Kept::Unchanged(..) => Ok(web::Json(view(&library, *id).await?)),
        Kept::Conflict(version) => Err(Problem::from(Code::ArticleChanged).with_detail(json!({ "version": version }))),
        Kept::Unknown => Err(Code::ArticleUnknown.into()),
    }
}

/// Takes an article away: it is not found any more. Its versions are kept.
#[utoipa::path(delete, path = "/knowledge/articles/{article}", tag = "knowledge", security(("bearer" = [])),
    params(("article" = i64, Path)), responses((status = 204), (status = 404, description = "knowledge.unknown")))]
pub(super) async fn delete_article(
    library: web::Data<Library>,
    _admin: Admin,
    id: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    if library.knowledge.delete(*id).await? { Ok(HttpResponse::NoContent().finish()) } else { Err(Code::ArticleUnknown.into()) }
}

/// The pieces that an article is cut into, in order.
#[utoipa::path(get, path = "/knowledge/articles/{article}/chunks", tag = "knowledge", security(("bearer" = [])),
    params(("article" = i64, Path)),
    responses((status = 200, body = ChunksView), (status = 404, description = "knowledge.unknown")))]
pub(super) async fn list_chunks(
    library: web::Data<Library>,
    _admin: Admin,
    id: web::Path<i64>,
) -> Result<web::Json<ChunksView>, Problem> {
    let rows = chunks::list(library.knowledge.db(), &[*id]).await?;
    if rows.is_empty() {
        return Err(Code::ArticleUnknown.into());
    }
    Ok(web::Json(ChunksView { items: rows.into_iter().map(Into::into).collect() }))
}

/// The versions of an article, of one that was taken away, too: the newest first, without their text.
#[utoipa::path(get, path = "/knowledge/articles/{article}/versions", tag = "knowledge", security(("bearer" = [])),
    params(("article" = i64, Path), VersionsQuery), responses((status = 200, body = VersionsView)))]
pub(super) async fn list_versions(
    library: web::Data<Library>,
    _admin: Admin,
    id: web::Path<i64>,
    query: web::Query<VersionsQuery>,
) -> Result<web::Json<VersionsView>, Problem> {
    let limit = page::limit(query.limit, 24);
    let below = page::after(query.after.as_deref())?.unwrap_or(i32::MAX);
    let mut rows = articles::list_versions(library.knowledge.db(), *id, below, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|row| row.version.to_string());
    Ok(web::Json(VersionsView { items: rows.into_iter().map(VersionView::card).collect(), next }))
}

/// One version of an article, with its text.
#[utoipa::path(get, path = "/knowledge/articles/{article}/versions/{version}", tag = "knowledge", security(("bearer" = [])),
    params(("article" = i64, Path), ("version" = i32, Path)),
    responses((status = 200, body = VersionView), (status = 404, description = "knowledge.unknown")))]
pub(super) async fn show_version(
    library: web::Data<Library>,
    _admin: Admin,
    path: web::Path<(i64, i32)>,
) -> Result<web::Json<VersionView>, Problem> {
    let (id, version) = path.into_inner();
    let row = articles::find_version(library.knowledge.db(), id, version).await?.ok_or(Code::ArticleUnknown)?;
    Ok(web::Json(VersionView::whole(row)?))
}
