//! The OpenAPI document, at `/api/openapi.json`, and the page to try it, at `/api/docs/`.

use actix_web::web;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, PathItem, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};
use utoipa_swagger_ui::SwaggerUi;

use super::{
    accounts, admin, alarms, api, api_keys, artworks, auctions, campaigns, chats, devices, knowledge, labels, points, raffles,
    uploads, wallet,
};

/// What every failure looks like, as application/problem+json.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "it only describes what `http::problem` writes")]
struct ProblemView {
    /// The stable name, such as `money.no_funds`; see docs/errors.md.
    #[schema(example = "money.no_funds")]
    code: String,
    /// One sentence for the person.
    message: String,
    /// The HTTP status again.
    status: u16,
    /// Facts that help to ask better: an object, or absent.
    detail: Option<serde_json::Value>,
    /// The request's id, as in the header x-request-id.
    request_id: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Madang",
        description = "A real-time server for things that happen live. Amounts are whole minor units, times RFC 3339 in UTC, \
            collections `{items, next}` where `next` is the cursor for `after`. Writes accept `Idempotency-Key: <uuid>`: the \
            same id with the same body gets the same answer. The live protocol is at /connection/websocket."
    ),
    components(schemas(ProblemView)),
    tags(
        (name = "accounts", description = "Sign-up, sessions, people"),
        (name = "wallet", description = "One's own money"),
        (name = "alarms", description = "One's alarm clock, the session that rings, the devices that ring"),
        (name = "points", description = "Points, and the stamps they buy"),
        (name = "raffles", description = "Prizes, entries, draws and their proofs"),
        (name = "artworks", description = "What can be auctioned"),
        (name = "auctions", description = "Auctions, bids, favourites, invoices"),
        (name = "campaigns", description = "Images that a company has labeled, what came of them, and who labels"),
        (name = "chats", description = "Conversations with assistants: questions, streamed answers, links"),
        (name = "labels", description = "Labeling: the next task, an answer, what one answered"),
        (name = "uploads", description = "Images for a campaign: announce, send, follow"),
        (name = "knowledge", description = "Articles that answers are taken from: keep, bring in, search. For admins"),
        (name = "operations", description = "For operators"),
        (name = "development", description = "Only on a server without SMTP"),
    ),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Every operation may fail, and fails in one shape.
struct Failures;

impl Modify for Failures {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            let shape = RefOr::Ref(utoipa::openapi::Ref::from_schema_name("Problem"));
            let failure = ResponseBuilder::new()
                .description("Any failure")
                .content("application/problem+json", ContentBuilder::new().schema(Some(shape)).build())
                .build();
            operation.responses.responses.insert("default".to_owned(), failure.into());
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch].into_iter().flatten()
}

/// The document of the whole API.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let areas = accounts::Document::openapi()
        .merge_from(alarms::Document::openapi())
        .merge_from(devices::Document::openapi())
        .merge_from(api_keys::Document::openapi())
        .merge_from(artworks::Document::openapi())
        .merge_from(auctions::Document::openapi())
        .merge_from(campaigns::Document::openapi())
        .merge_from(knowledge::Document::openapi())
        .merge_from(chats::Document::openapi())
        .merge_from(labels::Document::openapi())
        .merge_from(uploads::Document::openapi())
        .merge_from(wallet::Document::openapi())
        .merge_from(points::Document::openapi())
        .merge_from(raffles::Document::openapi())
        .merge_from(admin::Document::openapi());
    let mut document = Document::openapi().nest(api::BASE, areas);
    Failures.modify(&mut document);
    document
}

/// The document and the page to try it.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::redirect("/api/docs", "/api/docs/"))
        .service(SwaggerUi::new("/api/docs/{_:.*}").url("/api/openapi.json", document()));
}
