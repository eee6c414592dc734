//! Campaigns over HTTP. One file per verb: `request` (ask for one, list them), `run` (approve, pause, complete ...), `results`
//! (pages of tasks), `export` (all of them as a file), `review`, `workers`, `quality` (how well people agree).
//!
//! A campaign is shown to its owner and to admins; for everybody else there is none of that number.

mod export;
mod formats;
mod quality;
mod request;
mod results;
mod review;
mod run;
mod workers;

use std::fmt;
use std::sync::Arc;

use actix_web::web;
use madang_domain::campaign::{Campaign, Command, Project};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Viewer};
use madang_domain::ids::{EntityId, UserId};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use utoipa::OpenApi;
use uuid::Uuid;

pub use quality::QualityView;
pub use request::{CampaignBody, CampaignView, CardView, CardsView};
pub use results::{ResultsView, TaskView};
pub use review::ReviewBody;
pub use run::ReasonBody;
pub use workers::{ExcludeBody, WorkerView, WorkersView};

use crate::actors::ask::{Answer, Denied};
use crate::actors::campaign::campaign_id;
use crate::actors::campaign::pool::Pool;
use crate::actors::kernel::Engine;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/campaigns")
            .route(web::get().to(request::list_campaigns))
            .route(web::post().to(request::create_campaign)),
    )
    .service(web::resource("/campaigns/{campaign}").route(web::get().to(request::show_campaign)))
    .service(web::resource("/campaigns/{campaign}/approve").route(web::post().to(run::approve_campaign)))
    .service(web::resource("/campaigns/{campaign}/reject").route(web::post().to(run::reject_campaign)))
    .service(web::resource("/campaigns/{campaign}/pause").route(web::post().to(run::pause_campaign)))
    .service(web::resource("/campaigns/{campaign}/resume").route(web::post().to(run::resume_campaign)))
    .service(web::resource("/campaigns/{campaign}/complete").route(web::post().to(run::complete_campaign)))
    .service(web::resource("/campaigns/{campaign}/results").route(web::get().to(results::list_results)))
    .service(web::resource("/campaigns/{campaign}/export").route(web::get().to(export::export_campaign)))
    .service(web::resource("/campaigns/{campaign}/review").route(web::get().to(review::list_review)))
    .service(web::resource("/campaigns/{campaign}/review/{task}").route(web::post().to(review::review_task)))
    .service(web::resource("/campaigns/{campaign}/quality").route(web::get().to(quality::show_quality)))
    .service(web::resource("/campaigns/{campaign}/workers").route(web::get().to(workers::list_workers)))
    .service(web::resource("/campaigns/{campaign}/workers/{user}/exclude").route(web::post().to(workers::exclude_worker)))
    .service(web::resource("/campaigns/{campaign}/workers/{user}/readmit").route(web::post().to(workers::readmit_worker)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(
    request::list_campaigns,
    request::create_campaign,
    request::show_campaign,
    run::approve_campaign,
    run::reject_campaign,
    run::pause_campaign,
    run::resume_campaign,
    run::complete_campaign,
    results::list_results,
    export::export_campaign,
    review::list_review,
    review::review_task,
    quality::show_quality,
    workers::list_workers,
    workers::exclude_worker,
    workers::readmit_worker,
))]
pub struct Document;

/// Campaigns, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct Campaigns {
    parts: Arc<Parts>,
}

struct Parts {
    engine: Engine,
    db: PgPool,
    pool: Pool,
    /// Counting over a whole campaign is much work: one at a time.
    counting: Semaphore,
}

impl fmt::Debug for Campaigns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Campaigns").finish_non_exhaustive()
    }
}

fn unknown() -> Denied {
    Denied::Failed(Code::CampaignUnknown)
}

impl Campaigns {
    /// Over this engine and pool; lists come from `db`.
    #[must_use]
    pub fn new(engine: Engine, db: PgPool, pool: Pool) -> Self {
        Self { parts: Arc::new(Parts { engine, db, pool, counting: Semaphore::new(1) }) }
    }

    /// The entity of a campaign's number.
    ///
    /// # Errors
    /// `campaign.unknown` where no campaign can have it.
    pub fn id(number: i64) -> Result<EntityId, Denied> {
        campaign_id(number).ok_or_else(unknown)
    }

    /// From which people are given tasks.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.parts.pool
    }

    /// The turn of who counts over a whole campaign.
    fn counting(&self) -> &Semaphore {
        &self.parts.counting
    }

    /// The database, for lists.
    pub(super) fn db(&self) -> &PgPool {
        &self.parts.db
    }

    /// Asks a campaign and waits for its answer. Who may is the rules' matter; who may not even know of it is told that there
    /// is none.
    ///
    /// # Errors
    /// As the campaign or the engine denies.
    pub async fn ask(&self, to: EntityId, id: Uuid, actor: Actor, command: Command) -> Result<Answer, Denied> {
        self.parts.engine.ask::<Campaign>(Order { to, id, actor, command }).await
    }

    /// Runs a verb of its owner or an admin, writes its row, and shows it.
    async fn run(&self, to: EntityId, id: Uuid, (actor, viewer): (Actor, Viewer), command: Command) -> Result<Value, Denied> {
        self.look(to, viewer.clone(), |_| ()).await?;
        self.ask(to, id, actor, command).await?;
        self.parts.pool.cards().refresh(to.number()).await;
        self.view(to, viewer).await
    }

    /// Looks at a campaign that this viewer may see.
    ///
    /// # Errors
    /// `campaign.unknown` where there is none for them, or when the engine cannot say.
    pub async fn look<T: Send + 'static>(
        &self,
        id: EntityId,
        viewer: Viewer,
        look: impl FnOnce(&Project) -> T + Send + 'static,
    ) -> Result<T, Denied> {
        let seen = self
            .parts
            .engine
            .look(id, move |campaign: &Campaign| campaign.project().filter(|project| project.is_shown_to(&viewer)).map(look));
        seen.await?.ok_or_else(unknown)
    }

    /// What this viewer may see of a campaign now.
    ///
    /// # Errors
    /// `campaign.unknown`, or when the engine cannot say.
    pub async fn view(&self, id: EntityId, viewer: Viewer) -> Result<Value, Denied> {
        let viewed = self.parts.engine.view(id, viewer).await?;
        let mut view = viewed.data;
        let Value::Object(fields) = &mut view else { return Err(unknown()) };
        if let Some(owner) = fields.get("owner").and_then(Value::as_i64) {
            // Who watches the channel is decided at once, so it must be known here, whichever node made the campaign.
            self.parts.pool.note_owner(id.number(), UserId::new(owner));
        }
        fields.insert("seq".to_owned(), json!(viewed.seq));
        fields.insert("offset".to_owned(), json!(viewed.offset));
        fields.insert("epoch".to_owned(), json!(&*viewed.epoch));
        Ok(view)
    }
}
