//! The engine with all kinds of live things, and who hears what they publish.

use std::sync::Arc;

use madang_domain::alarm::AlarmClock;
use madang_domain::auction::Auction;
use madang_domain::campaign::Campaign;
use madang_domain::chat::Chat;
use madang_domain::ids::Kind;
use madang_domain::raffle::Raffle;

use super::BuildError;
use super::notices::Tellers;
use crate::actors::broker::Broker;
use crate::actors::chat::stage::Stage;
use crate::actors::follow::Changes;
use crate::actors::kernel::clock::Clock;
use crate::actors::kernel::{Engine, EngineSettings};
use crate::actors::publish::{Publication, Publisher};
use crate::actors::user::UserInbox;
use crate::storage::Db;

/// What the engine publishes goes to the watchers and to the lists' rows.
pub(super) struct Everybody {
    pub(super) broker: Arc<Broker>,
    pub(super) auctions: Arc<Changes>,
    pub(super) raffles: Arc<Changes>,
    pub(super) campaigns: Arc<Changes>,
    pub(super) chats: Arc<Stage>,
}

impl Everybody {
    pub(super) fn of(broker: &Arc<Broker>) -> Self {
        Self {
            broker: Arc::clone(broker),
            auctions: Arc::new(Changes::of(Kind::Auction)),
            raffles: Arc::new(Changes::of(Kind::Raffle)),
            campaigns: Arc::new(Changes::of(Kind::Campaign)),
            chats: Arc::default(),
        }
    }
}

impl Publisher for Everybody {
    fn publish(&self, channel: &str, epoch: &str, publications: &[Publication]) {
        self.broker.publish(channel, epoch, publications);
        self.auctions.publish(channel, epoch, publications);
        self.raffles.publish(channel, epoch, publications);
        self.campaigns.publish(channel, epoch, publications);
        self.chats.publish(channel, epoch, publications);
    }
}

/// Starts the engine.
pub(super) async fn start_engine(
    settings: EngineSettings,
    clock: &Arc<dyn Clock>,
    db: &Db,
    (publisher, tellers): (Arc<dyn Publisher>, Tellers),
) -> Result<Engine, BuildError> {
    let engine = Engine::builder(db.pool().clone())
        .settings(settings)
        .clock(Arc::clone(clock))
        .publisher(publisher)
        .mail(Arc::new(tellers))
        .kind::<AlarmClock>()
        .kind::<Auction>()
        .kind::<Campaign>()
        .kind::<Chat>()
        .kind::<UserInbox>()
        .kind::<Raffle>();
    Ok(engine.start().await?)
}
