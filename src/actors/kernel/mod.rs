//! The engine: one owner for each live thing, one journal, nothing said before it is durable.
//!
//! Follow one command: [`Engine::ask_then`] finds the room of its kind; [`room`] sends the letter through the [`gate`] to
//! the entity's [`actor`] (or to the [`supervisor`], which [loads](load) it first); [`resident`] asks [`keeper`] to decide
//! and hands an [`item`] to the [`writer`], whose [`desk`] groups what waits into one commit; then [`outlet`] lets the answer
//! and the publications out. [`ownership`], kept by [`lease`], says under which epochs we may write.
//!
//! `keeper`, `resident` and `desk` do no IO: the simulator in `sim` runs the very same code.

mod actor;
mod body;
mod builder;
pub mod clock;
mod desk;
mod gate;
mod held;
mod item;
mod keeper;
mod lease;
mod letter;
mod load;
mod lookup;
mod mail;
pub(in crate::actors) mod names;
mod outlet;
mod ownership;
mod pasts;
mod plant;
mod quarantine;
mod recent;
mod resident;
mod retell;
mod room;
mod settings;
pub(in crate::actors) mod shared;
#[cfg(test)]
mod sim;
mod stop;
mod supervisor;
mod timers;
mod writer;

use std::sync::Arc;

use madang_domain::code::Code;
use madang_domain::entity::{Entity, Order, Viewer};
use madang_domain::ids::{EntityId, Kind};
use tokio::sync::oneshot;

pub use self::body::{derived_from, derived_id};
pub use self::builder::{EngineBuilder, StartError};
pub use self::desk::Limits;
pub use self::item::Viewed;
pub use self::keeper::Habits;
pub use self::letter::Inspection;
pub use self::load::{Unsound, verify_chain};
pub use self::plant::{Fault, Faults};
pub use self::settings::EngineSettings;

use self::item::Promise;
use self::shared::Shared;
use crate::actors::ask::{Answer, Denied};
use crate::actors::funds::Funds;
use crate::actors::publish::Publication;
use crate::storage::journal::JournalRow;
use crate::storage::journal::read::{self, ReadError};

/// What [`Engine::history`] gives: the channel's epoch, its head, and publications, oldest first.
pub type Stretch = (Arc<str>, u64, Vec<Publication>);

/// Takes the result of [`Engine::ask_then`].
pub type Reply = Box<dyn FnOnce(Result<Answer, Denied>) + Send>;

/// The engine, for everybody who asks. Cheap to clone; usable from any thread and runtime.
#[derive(Debug, Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    parts: Arc<builder::Parts>,
}

impl Engine {
    /// Begins to build one.
    #[must_use]
    pub fn builder(pool: sqlx::PgPool) -> EngineBuilder {
        EngineBuilder::new(pool)
    }

    /// Gives a command and waits for the answer, which comes when it is durable.
    ///
    /// # Errors
    /// Why there is none: the rules refused, or the engine could not.
    pub async fn ask<E: Entity>(&self, order: Order<E::Command>) -> Result<Answer, Denied> {
        self.shared.ask::<E>(order).await
    }

    /// Gives a command; `reply` is called with the answer when it is durable, on a thread of the engine: it must not block.
    pub fn ask_then<E: Entity>(&self, order: Order<E::Command>, reply: Reply) {
        self.shared.post::<E>(order, Promise::boxed(reply));
    }

    /// What this viewer may see of an entity now. `seq` is 0 for one to which nothing has ever happened.
    ///
    /// # Errors
    /// When the engine cannot say.
    pub async fn view(&self, id: EntityId, viewer: Viewer) -> Result<Viewed, Denied> {
        let (give, view) = oneshot::channel();
        let room = self.shared.room(id.kind()).ok_or(Denied::Failed(Code::NotFound))?;
        room.view(id, viewer, Promise::new(move |result| drop(give.send(result))));
        view.await.unwrap_or(Err(Denied::Failed(Code::Unknown)))
    }

    /// Looks at the state of an entity itself, which rests nowhere else: for lists of what is too much for a view. The look
    /// runs on the entity's thread and must be short; what it finds out comes when it is durable.
    ///
    /// # Errors
    /// When the engine cannot say.
    pub async fn look<E: Entity, T: Send + 'static>(
        &self,
        id: EntityId,
        look: impl FnOnce(&E) -> T + Send + 'static,
    ) -> Result<T, Denied> {
        self.shared.look(id, look).await
    }

    /// A living entity as operators see it; brings it to life when it rests.
    ///
    /// # Errors
    /// When the engine cannot say.
    pub async fn inspect(&self, id: EntityId) -> Result<Inspection, Denied> {
        let (give, inspection) = oneshot::channel();
        let room = self.shared.room(id.kind()).ok_or(Denied::Failed(Code::NotFound))?;
        room.inspect(id, Promise::new(move |result| drop(give.send(result))));
        inspection.await.unwrap_or(Err(Denied::Failed(Code::Unknown)))
    }

    /// Publications of an entity's channel after an offset, oldest first, at most `limit`, straight from the journal.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer, `Internal` when stored events cannot be read.
    pub async fn history(&self, id: EntityId, after: u64, limit: usize) -> Result<Stretch, Denied> {
        let room = self.shared.room(id.kind()).ok_or(Denied::Failed(Code::NotFound))?;
        let (shared, table) = (Arc::clone(&self.shared), room.table());
        self.on_io(async move {
            let after = resume_from(after, shared.faults);
            let (seq, head) = read::head(&shared.pool, id).await.map_err(|error| unreadable(&error))?;
            let mut publications = Vec::new();
            if after < head && limit > 0 {
                let mut from = read::seq_beyond(&shared.pool, id, after, seq).await.map_err(|error| unreadable(&error))?;
                while from <= seq && publications.len() < limit {
                    let page = u32::try_from(limit - publications.len()).unwrap_or(u32::MAX).clamp(16, 1000);
                    let rows = read::rows_after(&shared.pool, id, from.saturating_sub(1), page)
                        .await
                        .map_err(|error| unreadable(&error))?;
                    let Some(last) = rows.last() else { break };
                    from = last.seq + 1;
                    for row in rows.iter().filter(|row| row.seq <= seq) {
                        publications.extend(published(table, row, after)?);
                    }
                }
                publications.truncate(limit);
            }
            Ok((Arc::clone(&shared.channel_epoch), head, publications))
        })
        .await
    }

    /// Stored rows of an entity after a sequence number, oldest first, for operators and verification.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer.
    pub async fn journal(&self, id: EntityId, after: u64, limit: u32) -> Result<Vec<JournalRow>, Denied> {
        let pool = self.shared.pool.clone();
        self.on_io(async move { read::rows_after(&pool, id, after, limit).await.map_err(|error| unreadable(&error)) }).await
    }

    /// A number for a new entity of a kind.
    ///
    /// # Errors
    /// `Busy` when the database cannot answer.
    pub async fn allocate(&self, kind: Kind) -> Result<EntityId, Denied> {
        let pool = self.shared.pool.clone();
        let number =
            self.on_io(async move { read::next_number(&pool, kind.name()).await.map_err(|error| unreadable(&error)) }).await?;
        EntityId::new(kind, number).ok_or(Denied::Failed(Code::Internal))
    }

    /// The one place that knows in memory what each user could still spend.
    #[must_use]
    pub fn funds(&self) -> &Arc<Funds> {
        &self.shared.funds
    }

    /// The epoch that all channels of this database carry.
    #[must_use]
    pub fn channel_epoch(&self) -> &Arc<str> {
        &self.shared.channel_epoch
    }

    /// Whether commands are taken: the lease is good and nobody told us to stop.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// How many entities of a kind are alive.
    #[must_use]
    pub fn population(&self, kind: Kind) -> usize {
        self.shared.room(kind).map_or(0, |room| room.population())
    }

    /// Takes no more commands, answers those that are on their way, keeps what is in memory, gives the shards back.
    /// Ends within [`EngineSettings::stop`]. A second call waits for nothing.
    pub async fn stop(&self) {
        stop::stop(&self.shared, &self.parts).await;
    }

    /// Runs on the engine's own runtime, to which its connections belong, and waits from wherever we are.
    async fn on_io<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Denied>> + Send + 'static,
    ) -> Result<T, Denied> {
        self.shared.io.spawn(work).await.unwrap_or(Err(Denied::Failed(Code::Internal)))
    }
}

/// Where a watcher who has everything up to `after` goes on.
fn resume_from(after: u64, faults: Faults) -> u64 {
    if faults.has(Fault::ResumeOffByOne) { after.saturating_add(1) } else { after }
}

fn unreadable(error: &ReadError) -> Denied {
    tracing::warn!(%error, "the journal could not be read");
    Denied::Failed(Code::Busy)
}

/// A stored row's publications beyond an offset.
fn published(table: item::KindTable, row: &JournalRow, after: u64) -> Result<Vec<Publication>, Denied> {
    let all = (table.publications)(&row.body, row.at).map_err(|error| {
        tracing::error!(entity = %row.entity, seq = row.seq, %error, "stored events cannot be read");
        Denied::Failed(Code::Internal)
    })?;
    let first = row.offset + 1 - u64::try_from(all.len()).unwrap_or(0);
    Ok((first..).zip(all).filter(|(offset, _)| *offset > after).map(|(offset, data)| Publication { offset, data }).collect())
}
