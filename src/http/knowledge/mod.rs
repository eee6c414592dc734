//! Articles over HTTP, for admins: keep, change, take away, bring in by the file, search and see why.

mod articles;
mod imports;
mod views;

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::{HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::knowledge::article::{Article, NotAnArticle};
use serde_json::json;
use tokio::sync::{Notify, Semaphore};
use utoipa::OpenApi;

use self::views::{PassagesView, SearchBody, StateView};
use super::auth::Admin;
use super::problem::{self, Problem};
use crate::actors::knowledge::{Knowledge, LONGEST_QUESTION};
use crate::storage::knowledge::articles as stored;

/// The largest article in one request.
const ARTICLE_BYTES: usize = 2 * 1024 * 1024;
/// Passages of one search where nobody says how many.
const USUAL: usize = 8;

/// Whether a result may be kept on the way: it may not.
const NO_STORE: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

/// What this area needs. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    /// What is known.
    pub knowledge: Knowledge,
    /// Told when there is a new job.
    pub wake: Arc<Notify>,
    /// The largest file that is taken, in bytes.
    pub max_import: u64,
    /// Files that may arrive at the same time: each is in memory until all of it is there.
    pub arriving: Arc<Semaphore>,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("max_import", &self.max_import).finish_non_exhaustive()
    }
}

/// The paths of this area below `/api/v1`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/knowledge/articles")
            .app_data(problem::json_up_to(ARTICLE_BYTES))
            .route(web::get().to(articles::list_articles))
            .route(web::post().to(articles::create_article)),
    )
    .service(
        web::resource("/knowledge/articles/{article}")
            .app_data(problem::json_up_to(ARTICLE_BYTES))
            .route(web::get().to(articles::show_article))
            .route(web::put().to(articles::replace_article))
            .route(web::delete().to(articles::delete_article)),
    )
    .service(web::resource("/knowledge/articles/{article}/chunks").route(web::get().to(articles::list_chunks)))
    .service(web::resource("/knowledge/articles/{article}/versions").route(web::get().to(articles::list_versions)))
    .service(web::resource("/knowledge/articles/{article}/versions/{version}").route(web::get().to(articles::show_version)))
    .service(
        web::resource("/knowledge/imports")
            .route(web::get().to(imports::list_imports))
            .route(web::post().to(imports::create_import)),
    )
    .service(web::resource("/knowledge/imports/{import}").route(web::get().to(imports::show_import)))
    .service(web::resource("/knowledge/search").route(web::post().to(search_knowledge)))
    .service(web::resource("/knowledge").route(web::get().to(show_knowledge)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(
    show_knowledge,
    search_knowledge,
    articles::list_articles,
    articles::create_article,
    articles::show_article,
    articles::replace_article,
    articles::delete_article,
    articles::list_chunks,
    articles::list_versions,
    articles::show_version,
    imports::list_imports,
    imports::create_import,
    imports::show_import
))]
pub struct Document;

impl From<NotAnArticle> for Problem {
    fn from(why: NotAnArticle) -> Self {
        let field = match why {
            NotAnArticle::Title => "title",
            NotAnArticle::Url => "url",
            NotAnArticle::Tags => "tags",
            NotAnArticle::Heading | NotAnArticle::Empty | NotAnArticle::TooLong => "sections",
            NotAnArticle::Origin => "source",
        };
        let sentence = why.to_string();
        let mut signs = sentence.chars();
        let sentence: String = signs.next().into_iter().flat_map(char::to_uppercase).chain(signs).chain(['.']).collect();
        Self::new(Code::ArticleInvalid, sentence).with_detail(json!({ "field": field }))
    }
}

/// How much is known, from where, and how much of it this node can find.
#[utoipa::path(get, path = "/knowledge", tag = "knowledge", security(("bearer" = [])),
    responses((status = 200, body = StateView)))]
async fn show_knowledge(library: web::Data<Library>, _admin: Admin) -> Result<HttpResponse, Problem> {
    let overview = stored::overview(library.knowledge.db()).await?;
    let view = StateView::new(overview, library.knowledge.state());
    Ok(HttpResponse::Ok().insert_header(NO_STORE).json(view))
}

/// The passages that an answer to a question would be given from, each with why it was chosen.
#[utoipa::path(post, path = "/knowledge/search", tag = "knowledge", security(("bearer" = [])), request_body = SearchBody,
    responses((status = 200, body = PassagesView), (status = 503, description = "knowledge.loading")))]
async fn search_knowledge(
    library: web::Data<Library>,
    _admin: Admin,
    body: web::Json<SearchBody>,
) -> Result<web::Json<PassagesView>, Problem> {
    if body.query.chars().count() > LONGEST_QUESTION {
        return Err(Problem::new(Code::BadRequest, format!("A question has at most {LONGEST_QUESTION} characters.")));
    }
    let began = std::time::Instant::now();
    let limit = body.limit.map_or(USUAL, usize::from).max(1);
    let items = library.knowledge.search(&body.query, &body.filter, limit).await?;
    let model = library.knowledge.state().model;
    Ok(web::Json(PassagesView { items, model, took_ms: began.elapsed().as_secs_f64() * 1000.0 }))
}

/// A draft that became an article, or the problem with it.
fn checked(draft: &madang_domain::knowledge::article::Draft) -> Result<Article, Problem> {
    Ok(Article::parse(draft)?)
}
