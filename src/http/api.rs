//! The API: every area under `/api/v1`, behind the limits, with one shape for every failure.

use actix_web::middleware::from_fn;
use actix_web::web;

use super::{
    accounts, admin, ai, alarms, api_keys, artworks, auctions, campaigns, chats, devices, knowledge, labels, limits, objects,
    openai, openapi, points, problem, raffles, uploads, wallet,
};

/// Where the API lives.
pub const BASE: &str = "/api/v1";

/// All paths that are no pages and no live connections.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.configure(problem::configure)
        .configure(openapi::routes)
        .configure(admin::probes)
        .configure(artworks::media_routes)
        .configure(objects::media_routes)
        .configure(openai::routes)
        .configure(ai::routes)
        .service(
            web::scope(BASE)
                // The last one named is the outermost.
                .wrap(from_fn(limits::admit))
                .wrap(from_fn(problem::render))
                .configure(accounts::routes)
                .configure(alarms::routes)
                .configure(api_keys::routes)
                .configure(devices::routes)
                .configure(artworks::routes)
                .configure(auctions::routes)
                .configure(campaigns::routes)
                .configure(knowledge::routes)
                .configure(chats::routes)
                .configure(labels::routes)
                .configure(uploads::routes)
                .configure(wallet::routes)
                .configure(points::routes)
                .configure(raffles::routes)
                .configure(admin::routes)
                .default_service(web::to(problem::no_such_path)),
        );
}
