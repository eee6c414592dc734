//! What every part of one engine shares.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use madang_domain::code::Code;
use madang_domain::entity::{Entity, Order};
use madang_domain::ids::{EntityId, Kind};
use madang_domain::time::Timestamp;
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use uuid::Uuid;

use super::clock::Clock;
use super::item::{Item, Promise, Residence, Write};
use super::letter::{Content, Letter, Look};
use super::lookup::LookUp;
use super::outlet::Outlet;
use super::ownership::Ownership;
use super::pasts::PastWanted;
use super::plant::Faults;
use super::room::{AnyRoom, Room};
use super::settings::EngineSettings;
use crate::actors::ask::{Answer, Denied};
use crate::actors::funds::Funds;
use crate::actors::publish::{Publication, Publisher};
use crate::storage::journal::read;

/// One engine's common ground.
pub struct Shared {
    /// As set.
    pub settings: EngineSettings,
    /// The planted fault, if any.
    pub faults: Faults,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// This process among all that ever had the node's name.
    pub incarnation: Uuid,
    /// Of all channels of this database.
    pub channel_epoch: Arc<str>,
    /// Our shards.
    pub ownership: Ownership,
    /// Money, in memory.
    pub funds: Arc<Funds>,
    /// Where publications go.
    pub publisher: Arc<dyn Publisher>,
    /// Connections of [`Shared::io`], for everything but commits.
    pub pool: PgPool,
    /// The runtime on which the engine waits for the database.
    pub io: Handle,
    /// To the journal writer.
    pub writer: mpsc::UnboundedSender<Item>,
    /// Items sent and not yet released, for the gauge.
    pub waiting: AtomicU64,
    /// To the timer service.
    pub deadlines: mpsc::UnboundedSender<(EntityId, Option<Timestamp>)>,
    /// Asks the journal about command ids.
    pub look_ups: mpsc::UnboundedSender<LookUp>,
    /// Reads the pasts of entities that come to life.
    pub pasts: mpsc::UnboundedSender<PastWanted>,
    /// Wakes the outbox relay.
    pub outbox: Notify,
    /// Wakes whoever waits for shards to be settled.
    pub settled: Notify,
    /// Limits how many entities are brought to life at once.
    pub loads: Semaphore,
    /// One room for each registered kind.
    pub rooms: OnceLock<Vec<Arc<dyn AnyRoom>>>,
    /// No new letters.
    pub stopping: AtomicBool,
    /// The lease is good and the name is ours.
    pub trusted: AtomicBool,
    /// The last incarnation of an entity.
    pub incarnations: AtomicU64,
    /// How many went to rest.
    pub rests: AtomicU64,
    /// When the engine began: the zero of [`Shared::uptime_ms`].
    pub began: Instant,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("node", &self.settings.node).finish_non_exhaustive()
    }
}

impl Shared {
    /// The room of a kind.
    #[must_use]
    pub fn room(&self, kind: Kind) -> Option<&Arc<dyn AnyRoom>> {
        self.rooms.get()?.iter().find(|room| room.table().kind == kind)
    }

    /// Gives a command.
    pub fn post<E: Entity>(&self, order: Order<E::Command>, reply: Promise<Answer>) {
        tracing::debug!(cmd = %order.id, entity = %order.to, "a command is asked");
        if order.to.kind() != E::KIND {
            return reply.give(Err(Denied::Failed(Code::NotFound)));
        }
        match self.room(E::KIND).and_then(|room| room.as_any().downcast_ref::<Room<E>>()) {
            Some(room) => {
                let to = order.to;
                room.post(Letter::new(to, Content::Order { order: Box::new(order), reply, journal: None }));
            }
            None => reply.give(Err(Denied::Failed(Code::Internal))),
        }
    }

    /// Gives a command and waits for the answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn ask<E: Entity>(&self, order: Order<E::Command>) -> Result<Answer, Denied> {
        let (give, answer) = oneshot::channel();
        self.post::<E>(order, Promise::new(move |result| drop(give.send(result))));
        answer.await.unwrap_or(Err(Denied::Failed(Code::Unknown)))
    }

    /// Looks at the state of an entity and waits for what is found out: true at a committed moment.
    ///
    /// # Errors
    /// Why there is nothing.
    pub async fn look<E: Entity, T: Send + 'static>(
        &self,
        id: EntityId,
        look: impl FnOnce(&E) -> T + Send + 'static,
    ) -> Result<T, Denied> {
        let room = self.room(E::KIND).and_then(|room| room.as_any().downcast_ref::<Room<E>>());
        let room = room.filter(|_| id.kind() == E::KIND).ok_or(Denied::Failed(Code::NotFound))?;
        let (give, seen) = oneshot::channel();
        let reply = Promise::new(move |result| drop(give.send(result)));
        room.post(Letter::new(id, Content::Look { look: Look::new(look), reply }));
        let seen = seen.await.unwrap_or(Err(Denied::Failed(Code::Unknown)))?;
        seen.downcast().map(|seen| *seen).map_err(|_| Denied::Failed(Code::Internal))
    }

    /// To the writer. When it is gone the item's promise says that the outcome is unknown.
    pub fn submit(&self, item: Item) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _ = self.writer.send(item);
    }

    /// Milliseconds since the engine began.
    #[must_use]
    pub fn uptime_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether letters are taken.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.stopping.load(Ordering::Acquire) && self.trusted.load(Ordering::Acquire)
    }
}

impl Outlet for Arc<Shared> {
    fn money(&self, write: &Write, committed: bool) {
        if !write.holds.is_empty() || !write.transfers.is_empty() {
            self.funds.settle(&write.holds, &write.transfers, committed);
        }
    }

    fn publish(&self, residence: &Residence, publications: &[Publication]) {
        self.publisher.publish(&residence.channel, &self.channel_epoch, publications);
    }

    fn recall(&self, residence: &Arc<Residence>, seq: u64, reply: Promise<Answer>) {
        let (shared, residence) = (Arc::clone(self), Arc::clone(residence));
        self.io.spawn(async move {
            reply.give(recall(&shared.pool, &residence, seq).await);
        });
    }

    fn deadline(&self, entity: EntityId, due: Option<Timestamp>) {
        let _ = self.deadlines.send((entity, due));
    }

    fn notices(&self) {
        self.outbox.notify_one();
    }
}

/// The same answer again, from the journal.
async fn recall(pool: &PgPool, residence: &Residence, seq: u64) -> Result<Answer, Denied> {
    let row = read::row(pool, residence.id, seq).await.map_err(|error| {
        tracing::warn!(%error, "a known command could not be read");
        Denied::Failed(Code::Busy)
    })?;
    let row = row.ok_or(Denied::Failed(Code::Unknown))?;
    let data = (residence.table.answer)(&row.body).map_err(|error| {
        tracing::error!(entity = %residence.id, seq, %error, "stored events cannot be read");
        Denied::Failed(Code::Internal)
    })?;
    Ok(Answer { seq: row.seq, offset: row.offset, at: row.at, data, duplicate: true })
}
