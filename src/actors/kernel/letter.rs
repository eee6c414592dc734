//! What is sent to an entity.

use std::fmt;

use actix::Message;
use madang_domain::code::Code;
use madang_domain::entity::{Entity, Order, Viewer};
use madang_domain::ids::EntityId;
use madang_domain::time::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::gate::Permit;
use super::item::{Promise, Seen, Viewed};
use crate::actors::ask::{Answer, Denied};
use crate::storage::journal::read::KnownCommand;

/// Something for one entity, with its place at the entity's gate.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Letter<E: Entity> {
    /// To whom.
    pub to: EntityId,
    /// What.
    pub content: Content<E>,
    /// Given at the gate, carried until all is said. `None` on the way to the supervisor.
    pub permit: Option<Permit>,
}

/// What a letter says.
#[derive(Debug)]
pub enum Content<E: Entity> {
    /// A command.
    Order {
        /// The command.
        order: Box<Order<E::Command>>,
        /// Who waits.
        reply: Promise<Answer>,
        /// What the journal said about its id, where it had to be asked.
        journal: Option<Option<KnownCommand>>,
    },
    /// Somebody looks.
    View {
        /// Who.
        viewer: Viewer,
        /// Who waits.
        reply: Promise<Viewed>,
    },
    /// Another part of the program looks at the state itself.
    Look {
        /// What it wants to know.
        look: Look<E>,
        /// Who waits.
        reply: Promise<Seen>,
    },
    /// A deadline may be due.
    Wake,
    /// An operator looks.
    Inspect {
        /// Who waits.
        reply: Promise<Inspection>,
    },
}

/// A look at the state itself, of which only what is found out leaves the entity's thread.
pub struct Look<E>(Box<dyn FnOnce(&E) -> Seen + Send>);

impl<E> Look<E> {
    /// A look that finds this out. It must be short: the entity does nothing else meanwhile.
    pub fn new<T: Send + 'static>(look: impl FnOnce(&E) -> T + Send + 'static) -> Self {
        Self(Box::new(move |state| Box::new(look(state))))
    }

    /// Looks.
    #[must_use]
    pub fn at(self, state: &E) -> Seen {
        (self.0)(state)
    }
}

impl<E> fmt::Debug for Look<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

impl<E: Entity> Letter<E> {
    /// A letter that has not passed a gate.
    #[must_use]
    pub const fn new(to: EntityId, content: Content<E>) -> Self {
        Self { to, content, permit: None }
    }

    /// Sends it back.
    pub fn refuse(self, code: Code) {
        match self.content {
            Content::Order { reply, .. } => reply.give(Err(Denied::Failed(code))),
            Content::View { reply, .. } => reply.give(Err(Denied::Failed(code))),
            Content::Look { reply, .. } => reply.give(Err(Denied::Failed(code))),
            Content::Inspect { reply } => reply.give(Err(Denied::Failed(code))),
            Content::Wake => {}
        }
    }
}

/// One living entity, for operators.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Its name.
    pub entity: String,
    /// Its shard.
    pub shard: u8,
    /// The epoch with which our unbroken ownership of the shard began.
    pub epoch: i64,
    /// Which incarnation in this process.
    pub incarnation: u64,
    /// The last decision.
    pub seq: u64,
    /// The last durable decision.
    pub committed: u64,
    /// The channel's offset.
    pub offset: u64,
    /// How many commands are on their way.
    pub inside: u32,
    /// Its next deadline.
    pub due: Option<Timestamp>,
    /// The id of that deadline's command.
    pub fire_id: Option<Uuid>,
    /// The last snapshot.
    pub snapshot_seq: u64,
    /// The hash over its whole past.
    pub chain: String,
    /// The rules' own line.
    pub summary: String,
    /// What is wrong with it, if anything.
    pub broken: Option<String>,
}
