//! Raffles over HTTP: `create` (with its prizes and their codes), `enter`, `look` (one raffle, lists, the proof, winners).
//!
//! Handlers parse, ask the raffle's actor or read one thing, and render. A prize's code goes in through `create`, is sealed
//! before it is stored, and comes out in `look` alone, for its winner.

mod create;
mod enter;
mod look;

use std::fmt;
use std::sync::Arc;

use actix_web::web;
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Viewer};
use madang_domain::ids::EntityId;
use madang_domain::raffle::{Command, Raffle};
use serde_json::{Value, json};
use sqlx::PgPool;
use utoipa::OpenApi;
use uuid::Uuid;

use crate::actors::ask::{Answer, Denied};
use crate::actors::funds::Funds;
use crate::actors::kernel::clock::Clock;
use crate::actors::kernel::{Engine, Viewed};
use crate::actors::raffle::codes::Codes;
use crate::actors::raffle::follow::Follower;
use crate::actors::raffle::raffle_id;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/raffles").route(web::get().to(look::list_raffles)).route(web::post().to(create::create_raffle)),
    )
    .service(web::resource("/raffles/{raffle}").route(web::get().to(look::show_raffle)))
    .service(web::resource("/raffles/{raffle}/entries").route(web::post().to(enter::enter_raffle)))
    .service(web::resource("/raffles/{raffle}/prizes").route(web::post().to(create::add_prizes)))
    .service(web::resource("/raffles/{raffle}/cancel").route(web::post().to(create::cancel_raffle)))
    .service(web::resource("/raffles/{raffle}/proof").route(web::get().to(look::show_proof)))
    .service(web::resource("/raffles/{raffle}/winners").route(web::get().to(look::list_winners)));
}

/// This area's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    look::list_raffles,
    create::create_raffle,
    look::show_raffle,
    enter::enter_raffle,
    create::add_prizes,
    create::cancel_raffle,
    look::show_proof,
    look::list_winners,
))]
pub struct Document;

/// What raffles need of the outside.
pub struct RafflesParts {
    /// Where commands go.
    pub engine: Engine,
    /// The database, for lists and sealed codes.
    pub db: PgPool,
    /// The list's rows.
    pub follower: Follower,
    /// Seals codes.
    pub codes: Arc<Codes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Raffles, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct Raffles {
    parts: Arc<RafflesParts>,
}

impl fmt::Debug for Raffles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raffles").finish_non_exhaustive()
    }
}

impl Raffles {
    /// From what they need.
    #[must_use]
    pub fn new(parts: RafflesParts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Everybody's points and stamps.
    pub(super) fn funds(&self) -> &Arc<Funds> {
        self.parts.engine.funds()
    }

    /// Who follows the raffles' commits; must [run](Follower::run) beside the server.
    #[must_use]
    pub fn follower(&self) -> Follower {
        self.parts.follower.clone()
    }

    /// The database.
    pub(super) fn db(&self) -> &PgPool {
        &self.parts.db
    }

    pub(super) fn id(number: i64) -> Result<EntityId, Denied> {
        raffle_id(number).ok_or(Denied::Failed(Code::RaffleUnknown))
    }

    async fn ask(&self, to: EntityId, id: Uuid, actor: Actor, command: Command) -> Result<Answer, Denied> {
        self.parts.engine.ask::<Raffle>(Order { to, id, actor, command }).await
    }

    /// What this viewer may see of a raffle now, with where it stands in its channel.
    pub(super) async fn view(&self, id: EntityId, viewer: Viewer) -> Result<Value, Denied> {
        shown(self.parts.engine.view(id, viewer).await?)
    }
}

/// The rules' view with where in the journal and on the channel it stands.
///
/// # Errors
/// `raffle.unknown` for one that was never created.
pub fn shown(viewed: Viewed) -> Result<Value, Denied> {
    let Value::Object(mut view) = viewed.data else { return Err(Denied::Failed(Code::RaffleUnknown)) };
    view.insert("seq".to_owned(), json!(viewed.seq));
    view.insert("offset".to_owned(), json!(viewed.offset));
    view.insert("epoch".to_owned(), json!(*viewed.epoch));
    Ok(Value::Object(view))
}
