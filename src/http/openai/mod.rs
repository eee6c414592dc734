//! OpenAI's dialect: `GET /v1/models` and `POST /v1/chat/completions`, so that unmodified clients of OpenAI can talk to the
//! assistants. A model is an assistant; the client keeps the history. Nothing of it is kept here.
//!
//! `fault` is how failures look in this dialect, `body` what may be asked, `complete` the answer, whole or streamed.

mod body;
mod complete;
mod fault;
mod models;
mod settling;

use actix_web::middleware::from_fn;
use actix_web::web;

use super::limits;

/// The largest body that is read: a long history is the client's to send.
const BODY_LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// The paths of this dialect, at the root of the server.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/v1")
            .app_data(web::PayloadConfig::new(BODY_LIMIT_BYTES))
            // The last one named is the outermost.
            .wrap(from_fn(limits::admit))
            .wrap(from_fn(fault::render))
            .service(web::resource("/models").route(web::get().to(models::list_models)))
            .service(web::resource("/models/{model}").route(web::get().to(models::show_model)))
            .service(web::resource("/chat/completions").route(web::post().to(complete::create_completion)))
            .default_service(web::to(fault::no_such_path)),
    );
}
