//! The campaigns of this server, as uploads know them.

use futures_util::future::BoxFuture;
use madang_domain::campaign::event::UploadWent;
use madang_domain::campaign::{Campaign, Command, NewTask, Rules};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Role, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use serde::Deserialize;
use uuid::Uuid;

use super::{CampaignFacts, Campaigns};
use crate::actors::ask::Denied;
use crate::actors::kernel::{Engine, derived_id};

/// The campaigns that live in the engine.
#[derive(Debug, Clone)]
pub struct Rooms {
    engine: Engine,
}

/// The part of a campaign's view that counts here.
#[derive(Debug, Deserialize)]
struct Seen {
    owner: UserId,
    state: String,
    rules: Rules,
}

impl Rooms {
    /// The campaigns of this engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

impl Campaigns for Rooms {
    fn facts(&self, campaign: i64) -> BoxFuture<'_, Result<Option<CampaignFacts>, Denied>> {
        Box::pin(async move {
            let Some(id) = EntityId::new(Kind::Campaign, campaign) else { return Ok(None) };
            // As somebody who sees every campaign; whether the asker may is decided by the owner's number.
            let viewer = Viewer::User { id: UserId::new(0), roles: vec![Role::Admin] };
            let view = match self.engine.view(id, viewer).await {
                Ok(viewed) if viewed.data.is_null() => return Ok(None),
                Ok(viewed) => viewed.data,
                Err(denied) if matches!(denied.code(), Code::NotFound | Code::CampaignUnknown) => return Ok(None),
                Err(denied) => return Err(denied),
            };
            let Seen { owner, state, rules } = serde_json::from_value(view).map_err(|error| {
                tracing::error!(entity = %id, %error, "a campaign's view cannot be read");
                Denied::Failed(Code::Internal)
            })?;
            let open = !matches!(state.as_str(), "rejected" | "completed");
            Ok(Some(CampaignFacts { owner, open, kind: rules.kind, choices: rules.choices }))
        })
    }

    fn add(&self, campaign: EntityId, upload: i64, part: u32, tasks: Vec<NewTask>) -> BoxFuture<'_, Result<(), Denied>> {
        Box::pin(async move {
            let number = i16::try_from(part).map_err(|_| Denied::Failed(Code::CampaignFull))?;
            let id = derived_id(b"intake", campaign, upload.unsigned_abs(), number);
            let command = Command::AddTasks { upload, part, tasks };
            self.engine.ask::<Campaign>(Order { to: campaign, id, actor: Actor::System, command }).await.map(drop)
        })
    }

    fn tell(&self, campaign: EntityId, went: UploadWent) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let command = Command::TellUpload(went);
            let order = Order { to: campaign, id: Uuid::new_v4(), actor: Actor::System, command };
            if let Err(denied) = self.engine.ask::<Campaign>(order).await {
                tracing::debug!(upload = went.upload, code = %denied.code(), "how far an upload is could not be told");
            }
        })
    }
}
