//! Files of articles: sent in one request, worked up by a durable job, followed by looking again.

use std::time::Duration;

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use madang_domain::code::Code;
use madang_domain::knowledge::article::{Article, Draft, Origin, Section};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Library;
use super::views::{ImportView, ImportsView};
use crate::actors::knowledge::intake::Format;
use crate::http::auth::Admin;
use crate::http::command::command_id;
use crate::http::page;
use crate::http::problem::Problem;
use crate::storage::knowledge::imports::{self, NewImport, Sent};

/// Imports that may be worked on at a time.
const AT_ONCE: i64 = 20;
/// How long the next bytes of a file may take.
const NEXT_BYTES_WITHIN: Duration = Duration::from_secs(30);
/// Bytes kept in one row.
const PART: usize = 1024 * 1024;
/// Where articles come from that do not say so.
const SOURCE: &str = "import";

/// What is sent.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct ImportQuery {
    /// The file's name: for one document its name within the source.
    name: String,
    /// jsonl, markdown, text, html or pdf; without it the name's ending says.
    format: Option<String>,
    /// Where articles come from that do not say so themselves; `import` where nothing is said.
    source: Option<String>,
    /// Tags for each article, separated by commas.
    tags: Option<String>,
}

/// Which imports.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct PageQuery {
    /// The last page's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// Imports, the newest first, each with how far it is.
#[utoipa::path(get, path = "/knowledge/imports", tag = "knowledge", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = ImportsView)))]
pub(super) async fn list_imports(
    library: web::Data<Library>,
    _admin: Admin,
    query: web::Query<PageQuery>,
) -> Result<web::Json<ImportsView>, Problem> {
    let limit = page::limit(query.limit, 12);
    let below = page::after(query.after.as_deref())?.unwrap_or(i64::MAX);
    let mut rows = imports::list(library.knowledge.db(), below, i64::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let items = rows.into_iter().map(ImportView::try_from).collect::<Result<_, _>>()?;
    Ok(web::Json(ImportsView { items, next }))
}

/// Takes a file of articles; the body is the file itself. From then on it is worked up, whatever happens to this server.
/// JSON Lines have an article in each line (`title`, `sections` of `heading` and `text`, or `text`; `id`, `source`, `url`,
/// `tags`); every other format is one article.
#[utoipa::path(post, path = "/knowledge/imports", tag = "knowledge", security(("bearer" = [])), params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 202, body = ImportView), (status = 413, description = "knowledge.import_too_large"),
        (status = 415, description = "knowledge.import_type"), (status = 422, description = "knowledge.invalid"),
        (status = 429, description = "knowledge.too_many_imports")))]
pub(super) async fn create_import(
    library: web::Data<Library>,
    admin: Admin,
    query: web::Query<ImportQuery>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let new = new_import(&admin, &query, &request)?;
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > library.max_import) {
        return Err(Code::ImportTooLarge.into());
    }
    let _turn = library.arriving.try_acquire().map_err(|_| full())?;
    let parts = receive(body, library.max_import).await?;
    let sent = imports::insert(library.knowledge.db(), &new, &parts, AT_ONCE, library.knowledge.now()).await?;
    let import = match sent {
        Sent::New(import) => import,
        Sent::Known(import) => return Ok(HttpResponse::Accepted().json(ImportView::try_from(import)?)),
        Sent::TooMany => return Err(full()),
    };
    library.wake.notify_one();
    Ok(HttpResponse::Accepted().json(ImportView::try_from(import)?))
}

fn full() -> Problem {
    Problem::from(Code::ImportsFull).retry_after(chrono::Duration::seconds(5))
}

/// The file, in parts.
async fn receive(mut body: web::Payload, most: u64) -> Result<Vec<Vec<u8>>, Problem> {
    let (mut parts, mut part, mut all) = (Vec::new(), Vec::new(), 0_u64);
    loop {
        let broken = || Problem::new(Code::BadRequest, "The upload broke off.");
        match tokio::time::timeout(NEXT_BYTES_WITHIN, body.next()).await.map_err(|_| broken())? {
            Some(Ok(chunk)) => {
                all = all.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
                if all > most {
                    return Err(Code::ImportTooLarge.into());
                }
                part.extend_from_slice(&chunk);
                if part.len() >= PART {
                    parts.push(std::mem::take(&mut part));
                }
            }
            Some(Err(_)) => return Err(broken()),
            None => break,
        }
    }
    parts.push(part);
    Ok(parts)
}

fn new_import(admin: &Admin, query: &ImportQuery, request: &HttpRequest) -> Result<NewImport, Problem> {
    let format = match &query.format {
        Some(name) => Format::from_name(name),
        None => Format::of_file(&query.name),
    };
    let format = format.ok_or(Code::ImportType)?;
    let origin = Origin::parse(query.source.as_deref().filter(|source| !source.is_empty()).unwrap_or(SOURCE), &query.name)?;
    let tags = query.tags.as_deref().unwrap_or_default().split(',').map(str::to_owned).collect();
    // The rules for tags are the article's.
    let section = Section { heading: String::new(), text: "-".to_owned() };
    let tags = Article::parse(&Draft { title: "-".to_owned(), url: None, tags, sections: vec![section] })?.tags().to_vec();
    Ok(NewImport {
        owner: admin.user(),
        command: command_id(request, None)?,
        name: origin.name().to_owned(),
        format: format.name().to_owned(),
        source: origin.source().to_owned(),
        tags,
    })
}

/// An import: how far it is, and what was wrong.
#[utoipa::path(get, path = "/knowledge/imports/{import}", tag = "knowledge", security(("bearer" = [])),
    params(("import" = i64, Path)),
    responses((status = 200, body = ImportView), (status = 404, description = "knowledge.import_unknown")))]
pub(super) async fn show_import(
    library: web::Data<Library>,
    _admin: Admin,
    id: web::Path<i64>,
) -> Result<web::Json<ImportView>, Problem> {
    let import = imports::find(library.knowledge.db(), *id).await?.ok_or(Code::ImportUnknown)?;
    Ok(web::Json(ImportView::try_from(import)?))
}
