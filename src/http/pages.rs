//! The pages, embedded in the binary.
//!
//! Plain ES modules without a build step live in `web/`. A release carries them inside; a debug build reads them from the
//! disk at each request, so that an edit shows with the next reload. All files but the shell are served under
//! `/assets/{version}/`, `version` being the digest of them all: modules import each other by relative paths and so stay
//! within one version, which browsers may keep for ever. The shell, `index.html`, is asked for anew each time.

use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, EntityTag, Header, IfNoneMatch, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Compress;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use madang_domain::code::Code;
use rust_embed::{Embed, EmbeddedFile};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Everything under `web/`.
#[derive(Embed)]
#[folder = "web/"]
struct Web;

/// The addresses that the pages' own router knows (`web/main.js` has the same list). `{}` in braces is one path segment.
const ROUTES: [&str; 44] = [
    "/",
    "/auctions",
    "/auctions/{id}",
    "/sign-in",
    "/sign-up",
    "/password",
    "/wallet",
    "/bids",
    "/notices",
    "/favourites",
    "/account",
    "/account/keys",
    "/desk",
    "/desk/new",
    "/desk/edit/{id}",
    "/operators",
    "/outbox",
    "/about",
    "/alarms",
    "/alarms/new",
    "/alarms/ring",
    "/alarms/log",
    "/alarms/{id}",
    "/labels",
    "/company",
    "/company/new",
    "/campaigns/{id}",
    "/campaigns/{id}/review",
    "/campaigns/{id}/upload",
    "/admin/campaigns",
    "/admin/knowledge",
    "/admin/knowledge/new",
    "/admin/knowledge/{id}",
    "/admin/assistants",
    "/admin/assistants/new",
    "/admin/assistants/{name}",
    "/admin/prompts",
    "/points",
    "/raffles",
    "/raffles/new",
    "/raffles/{id}",
    "/chats",
    "/chats/{id}",
    "/shared/{token}",
];

/// What the pages may load and where they may send: no inline script or style, nothing from elsewhere but pictures of
/// artworks, and nobody may frame us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentPolicy(String);

impl ContentPolicy {
    /// The policy of pages that send to this server alone, and to the store of objects at another origin
    /// (`https://bucket.s3.example`) where there is one: uploads go straight there.
    #[must_use]
    pub fn new(store: Option<&str>) -> Self {
        let connect = ["'self'"].into_iter().chain(store).collect::<Vec<_>>().join(" ");
        Self(format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
             connect-src {connect}; img-src 'self' data: https: http:; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        ))
    }

    fn of(request: &HttpRequest) -> Self {
        request.app_data::<web::Data<Self>>().map_or_else(|| Self::new(None), |policy| policy.get_ref().clone())
    }
}

const HTML: &str = "text/html; charset=utf-8";
const REVALIDATE: &str = "no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The version of assets that are read from the disk and may change at any moment.
const UNSETTLED: &str = "dev";

/// The digest of all embedded files, or [`UNSETTLED`] where they are read from the disk.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    if cfg!(debug_assertions) {
        return UNSETTLED.to_owned();
    }
    let mut digest = Sha256::new();
    for path in Web::iter() {
        digest.update(path.as_bytes());
        digest.update(Web::get(&path).map(|file| file.metadata.sha256_hash()).unwrap_or_default());
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// Adds the pages. Must come after every other route: it answers what nobody else knows.
pub fn routes(cfg: &mut ServiceConfig) {
    for route in ROUTES {
        cfg.route(route, web::get().to(page));
        cfg.route(route, web::head().to(page));
    }
    cfg.route("/favicon.ico", web::get().to(favicon))
        .route("/manifest.webmanifest", web::get().to(manifest))
        .route("/service-worker.js", web::get().to(service_worker))
        .service(web::scope("/assets").wrap(Compress::default()).route("/{version}/{path:.*}", web::get().to(asset)))
        .default_service(web::route().to(unknown));
}

/// A known page: the shell, whose script renders it.
async fn page(request: HttpRequest) -> HttpResponse {
    shell(&request, StatusCode::OK)
}

/// What nobody knows: the "not found" page for people, a problem document for programs.
async fn unknown(request: HttpRequest) -> HttpResponse {
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    if reads && !request.path().starts_with("/api/") && wants_html(&request) {
        return shell(&request, StatusCode::NOT_FOUND);
    }
    HttpResponse::NotFound().content_type("application/problem+json").json(json!({
        "code": Code::NotFound.name(),
        "message": Code::NotFound.sentence(),
        "status": 404,
    }))
}

fn wants_html(request: &HttpRequest) -> bool {
    let accept = request.headers().get(actix_web::http::header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The shell with this version's addresses filled in.
fn shell(request: &HttpRequest, status: StatusCode) -> HttpResponse {
    let Some(file) = Web::get("index.html") else { return HttpResponse::InternalServerError().finish() };
    let text = String::from_utf8_lossy(&file.data);
    let body = text.replace("{preload}", &preload()).replace("{assets}", &format!("/assets/{}", *VERSION));
    let tag = EntityTag::new_weak(hex(&Sha256::digest(body.as_bytes())));
    if status == StatusCode::OK && unchanged(request, &tag) {
        return HttpResponse::NotModified().insert_header((ETAG, tag.to_string())).finish();
    }
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, HTML))
        .insert_header((CACHE_CONTROL, REVALIDATE))
        .insert_header((ETAG, tag.to_string()))
        .insert_header((CONTENT_SECURITY_POLICY, ContentPolicy::of(request).0))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .body(body)
}

/// Names every module up front, so that the browser does not find them one import after another. Languages are left out:
/// only one of them is read.
fn preload() -> String {
    let mut paths: Vec<_> = Web::iter()
        .filter(|path| path.ends_with(".js"))
        .filter(|path| path.starts_with("core/") || path.starts_with("parts/") || path.starts_with("pages/"))
        .collect();
    paths.sort();
    paths.iter().map(|path| format!("<link rel=\"modulepreload\" href=\"{{assets}}/{path}\">\n")).collect()
}

/// One file of one version.
async fn asset(request: HttpRequest, path: web::Path<(String, String)>) -> HttpResponse {
    let (version, path) = path.into_inner();
    let Some(file) = Web::get(&path) else { return unknown(request).await };
    let settled = version == *VERSION && version != UNSETTLED;
    file_response(&request, file, if settled { FOR_EVER } else { REVALIDATE })
}

async fn favicon(request: HttpRequest) -> HttpResponse {
    match Web::get("favicon.svg") {
        Some(file) => file_response(&request, file, REVALIDATE),
        None => unknown(request).await,
    }
}

/// What makes the pages an app of the phone: its name, its icons, where it begins.
async fn manifest(request: HttpRequest) -> HttpResponse {
    let Some(file) = Web::get("manifest.webmanifest") else { return unknown(request).await };
    let body = String::from_utf8_lossy(&file.data).replace("{assets}", &format!("/assets/{}", *VERSION));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/manifest+json"))
        .insert_header((CACHE_CONTROL, REVALIDATE))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}

/// At the root, since a service worker governs what lies below its own address; asked for anew, as browsers do anyway.
async fn service_worker(request: HttpRequest) -> HttpResponse {
    match Web::get("service-worker.js") {
        Some(file) => file_response(&request, file, REVALIDATE),
        None => unknown(request).await,
    }
}

fn file_response(request: &HttpRequest, file: EmbeddedFile, caching: &'static str) -> HttpResponse {
    let tag = EntityTag::new_weak(hex(&file.metadata.sha256_hash()));
    if unchanged(request, &tag) {
        return HttpResponse::NotModified()
            .insert_header((ETAG, tag.to_string()))
            .insert_header((CACHE_CONTROL, caching))
            .finish();
    }
    let kind = file.metadata.mimetype();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, caching))
        .insert_header((ETAG, tag.to_string()))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(file.data.into_owned())
}

/// Whether the browser's copy is the present one.
fn unchanged(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT, IF_NONE_MATCH};
    use actix_web::{App, test};

    use super::*;

    async fn get(request: test::TestRequest) -> (StatusCode, actix_web::http::header::HeaderMap, String) {
        let app = test::init_service(App::new().configure(routes)).await;
        let response = test::call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, String::from_utf8_lossy(&test::read_body(response).await).into_owned())
    }

    #[actix_web::test]
    async fn every_page_is_the_shell_with_a_strict_policy() {
        for route in ROUTES {
            let path = route.replace("{id}", "17");
            let (status, headers, body) = get(test::TestRequest::get().uri(&path)).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(headers.get(CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap().contains("script-src 'self'"));
            assert!(body.contains("/assets/dev/main.js"), "the version is filled in");
            assert!(!body.contains("{assets}") && !body.contains("{preload}"));
        }
    }

    #[actix_web::test]
    async fn the_shell_has_no_inline_script_or_style() {
        let (_, _, body) = get(test::TestRequest::get().uri("/")).await;
        assert!(
            body.matches("<script").count()
                == body.matches("<script src=").count() + body.matches("<script type=\"module\" src=").count()
        );
        assert!(!body.contains("<style") && !body.contains(" style=") && !body.contains(" onclick="));
    }

    #[actix_web::test]
    async fn an_unknown_address_is_a_page_for_people_and_a_problem_for_programs() {
        let (status, _, body) = get(test::TestRequest::get().uri("/nowhere").insert_header((ACCEPT, "text/html,*/*"))).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("<!doctype html>"));
        let (status, headers, body) = get(test::TestRequest::get().uri("/api/v1/nowhere")).await;
        assert_eq!(
            (status, headers.get(CONTENT_TYPE).unwrap().to_str().unwrap()),
            (StatusCode::NOT_FOUND, "application/problem+json")
        );
        assert!(body.contains("request.not_found"));
    }

    #[actix_web::test]
    async fn the_pages_can_be_installed_as_an_app() {
        let (status, headers, body) = get(test::TestRequest::get().uri("/manifest.webmanifest")).await;
        assert_eq!(
            (status, headers.get(CONTENT_TYPE).unwrap().to_str().unwrap()),
            (StatusCode::OK, "application/manifest+json")
        );
        let manifest: serde_json::Value = serde_json::from_str(&body).unwrap();
        for icon in manifest["icons"].as_array().unwrap() {
            let (status, headers, _) = get(test::TestRequest::get().uri(icon["src"].as_str().unwrap())).await;
            assert_eq!((status, headers.get(CONTENT_TYPE).unwrap().to_str().ok()), (StatusCode::OK, icon["type"].as_str()));
        }
        assert_eq!(manifest["start_url"], "/alarms");
    }

    #[actix_web::test]
    async fn uploads_may_go_to_the_store_and_nowhere_else() {
        let policy = web::Data::new(ContentPolicy::new(Some("https://pictures.s3.example")));
        let app = test::init_service(App::new().app_data(policy).configure(routes)).await;
        let shell = test::call_service(&app, test::TestRequest::get().uri("/").to_request()).await;
        let policy = shell.headers().get(CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.contains("connect-src 'self' https://pictures.s3.example;"), "{policy}");
        assert!(ContentPolicy::new(None).0.contains("connect-src 'self';"));
    }

    #[actix_web::test]
    async fn a_known_copy_is_not_sent_again() {
        let (_, headers, body) = get(test::TestRequest::get().uri("/assets/dev/main.js")).await;
        assert!(!body.is_empty());
        let tag = headers.get(ETAG).unwrap().clone();
        let (status, _, body) =
            get(test::TestRequest::get().uri("/assets/dev/main.js").insert_header((IF_NONE_MATCH, tag))).await;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }

    #[actix_web::test]
    async fn only_the_present_version_is_kept_for_ever() {
        let (status, headers, _) = get(test::TestRequest::get().uri("/assets/0123456789abcdef/main.js")).await;
        assert_eq!((status, headers.get(CACHE_CONTROL).unwrap().to_str().unwrap()), (StatusCode::OK, REVALIDATE));
    }

    #[actix_web::test]
    async fn a_path_cannot_leave_the_folder() {
        for path in ["/assets/dev/../Cargo.toml", "/assets/dev/%2e%2e/Cargo.toml", "/assets/dev//etc/passwd"] {
            let (status, _, _) = get(test::TestRequest::get().uri(path)).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}
