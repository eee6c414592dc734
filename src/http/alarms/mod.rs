//! Alarms over HTTP. One file per verb: `set` (add, change, remove, try, zone, plan), `session` (what a ringing alarm is
//! asked, here and over rpc), `log`, `pack` (the offline pack).
//!
//! Everybody has one clock, which nobody else sees: its number is the person's, and never part of a path.

mod log;
mod pack;
mod session;
mod set;

use std::fmt;
use std::sync::Arc;

use actix_web::web;
use madang_domain::code::Code;
use madang_domain::entity::Viewer;
use madang_domain::ids::{EntityId, UserId};
use serde_json::{Value, json};
use sqlx::PgPool;
use utoipa::OpenApi;

pub use log::{LogEntry, LogView};
pub use pack::{PackAnswersBody, PackTask, PackView, ReturnedView};
pub use session::{SessionBody, Verb};
pub use set::{PlanBody, SetView, ZoneBody};

use super::auth::{SignedIn, Tokens};
use super::problem::Problem;
use crate::actors::alarm::alarm_id;
use crate::actors::alarm::mission::Missions;
use crate::actors::ask::Denied;
use crate::actors::kernel::clock::Clock;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/alarms").route(web::get().to(show_alarms)).route(web::post().to(set::add_alarm)))
        .service(web::resource("/alarms/zone").route(web::put().to(set::set_zone)))
        .service(web::resource("/alarms/log").route(web::get().to(log::list_log)))
        .service(web::resource("/alarms/plan/ack").route(web::post().to(set::acknowledge_plan)))
        .service(web::resource("/alarms/pack").route(web::get().to(pack::give_pack)))
        .service(web::resource("/alarms/pack/answers").route(web::post().to(pack::take_answers)))
        .service(web::resource("/alarms/session/{verb}").route(web::post().to(session::ask_session)))
        // After the names, which would else be taken for numbers.
        .service(
            web::resource("/alarms/{number}")
                .route(web::put().to(set::change_alarm))
                .route(web::delete().to(set::remove_alarm)),
        )
        .service(web::resource("/alarms/{number}/try").route(web::post().to(set::try_alarm)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(
    show_alarms,
    set::add_alarm,
    set::change_alarm,
    set::remove_alarm,
    set::try_alarm,
    set::set_zone,
    set::acknowledge_plan,
    session::ask_session,
    log::list_log,
    pack::give_pack,
    pack::take_answers,
))]
pub struct Document;

/// What alarms need of the outside.
pub struct AlarmsParts {
    /// Clocks and tasks.
    pub missions: Missions,
    /// The database, for the log.
    pub db: PgPool,
    /// The key that signs packs.
    pub tokens: Tokens,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Alarms, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct Alarms {
    parts: Arc<AlarmsParts>,
}

impl fmt::Debug for Alarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarms").finish_non_exhaustive()
    }
}

impl Alarms {
    /// From what they need.
    #[must_use]
    pub fn new(parts: AlarmsParts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Clocks and tasks.
    #[must_use]
    pub fn missions(&self) -> &Missions {
        &self.parts.missions
    }

    /// The entity of a person's clock.
    ///
    /// # Errors
    /// `request.not_found` where no person has that number.
    pub fn id(user: UserId) -> Result<EntityId, Denied> {
        alarm_id(user).ok_or(Denied::Failed(Code::NotFound))
    }

    /// A person's own clock.
    ///
    /// # Errors
    /// As the engine denies.
    pub async fn view(&self, user: UserId) -> Result<Value, Denied> {
        let viewer = Viewer::User { id: user, roles: Vec::new() };
        let viewed = self.parts.missions.engine().view(Self::id(user)?, viewer).await?;
        let mut view = viewed.data;
        if let Value::Object(fields) = &mut view {
            fields.insert("seq".to_owned(), json!(viewed.seq));
            fields.insert("offset".to_owned(), json!(viewed.offset));
            fields.insert("epoch".to_owned(), json!(viewed.epoch));
            fields.insert("now".to_owned(), json!(self.parts.clock.now()));
        }
        Ok(view)
    }
}

/// One's alarms, the session that is open, the streak, and which version of the plan a phone has.
///
/// `{id, zone, alarms: [{number, next_at, time, days, date, zone, title, snooze_minutes, snooze_limit, mission, answers,
/// wake_check_minutes, sound, vibration, active}], limit, next_at, session, streak: {days, best, kept, broken, frozen},
/// plan: {version, changed_at, acknowledged, acknowledged_at}, log, seq, offset, epoch, now}`, where `session` is null or
/// `{number, alarm, joined, title, sound, vibration, trial, stage, began_at, since, until, check_at, rings,
/// snooze_minutes, snoozes_left, needed, answered, excused, may_stop, task}`.
#[utoipa::path(get, path = "/alarms", tag = "alarms", security(("bearer" = [])),
    responses((status = 200, description = "the clock", body = serde_json::Value)))]
async fn show_alarms(alarms: web::Data<Alarms>, who: SignedIn) -> Result<web::Json<Value>, Problem> {
    Ok(web::Json(alarms.view(who.user()).await?))
}
