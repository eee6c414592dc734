//! What an entity hands to the journal writer: something to write, something to say once that is durable, or both.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use madang_domain::code::Code;
use madang_domain::entity::Entity;
use madang_domain::ids::{EntityId, Kind};
use madang_domain::time::Timestamp;
use serde_json::Value;

use super::gate::Permit;
use super::held::Held;
use crate::actors::ask::{Answer, Denied};
use crate::actors::publish::Publication;
use crate::storage::journal::{HoldRow, JournalRow, OutboxRow, RefusalRow, SnapshotRow, TimerRow, TransferRow};

/// Somebody waits for this. Dropped without a word, it says that the outcome is unknown: always safe, because asking again
/// with the same id then tells.
pub struct Promise<T>(Option<PromiseFn<T>>);

type PromiseFn<T> = Box<dyn FnOnce(Result<T, Denied>) + Send>;

impl<T> Promise<T> {
    /// A promise that is kept by calling `keep`, on whatever thread the result is known.
    pub fn new(keep: impl FnOnce(Result<T, Denied>) + Send + 'static) -> Self {
        Self(Some(Box::new(keep)))
    }

    /// The same, of a closure that is boxed already.
    #[must_use]
    pub fn boxed(keep: Box<dyn FnOnce(Result<T, Denied>) + Send>) -> Self {
        Self(Some(keep))
    }

    /// Keeps it.
    pub fn give(mut self, result: Result<T, Denied>) {
        if let Some(keep) = self.0.take() {
            keep(result);
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(keep) = self.0.take() {
            keep(Err(Denied::Failed(Code::Unknown)));
        }
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Promise")
    }
}

/// What somebody may see of an entity, and the moment in its life at which it was so.
#[derive(Debug, Clone, PartialEq)]
pub struct Viewed {
    /// What the rules show.
    pub data: Value,
    /// After which decision; 0 when nothing has ever happened to it.
    pub seq: u64,
    /// The channel's offset there: publications after it are not contained in `data`.
    pub offset: u64,
    /// The channel's epoch.
    pub epoch: Arc<str>,
}

/// What a look found out, without its type.
pub type Seen = Box<dyn Any + Send>;

/// What is known of a kind without its types: how stored events look to those who asked and to those who watch.
#[derive(Debug, Clone, Copy)]
pub struct KindTable {
    /// Which kind.
    pub kind: Kind,
    /// The answer to the command that made these stored events.
    pub answer: fn(&[u8]) -> Result<Value, serde_json::Error>,
    /// The publications of these stored events.
    pub publications: fn(&[u8], Timestamp) -> Result<Vec<Bytes>, serde_json::Error>,
}

impl KindTable {
    /// The table of a kind.
    #[must_use]
    pub fn of<E: Entity>() -> Self {
        Self {
            kind: E::KIND,
            answer: |body| Ok(E::answer(&serde_json::from_slice::<Vec<E::Event>>(body)?)),
            publications: |body, at| publications_of::<E>(&serde_json::from_slice::<Vec<E::Event>>(body)?, at),
        }
    }
}

/// Encodes what watchers are told of these events: once, for all of them.
///
/// # Errors
/// When a publication cannot be encoded.
pub fn publications_of<E: Entity>(events: &[E::Event], at: Timestamp) -> Result<Vec<Bytes>, serde_json::Error> {
    events
        .iter()
        .filter_map(|event| E::publication(event, at))
        .map(|publication| serde_json::to_vec(&publication).map(Bytes::from))
        .collect()
}

/// One incarnation of an entity: from its activation to its passivation or end.
pub struct Residence {
    /// Whose.
    pub id: EntityId,
    /// Unique in this process.
    pub incarnation: u64,
    /// The first epoch of the unbroken ownership under which it was loaded.
    pub since: i64,
    /// The name of its channel.
    pub channel: String,
    /// Its kind's table.
    pub table: KindTable,
    /// The last durable decision.
    pub committed: AtomicU64,
    /// What the writer knows of its holds.
    pub held: Held,
    /// Takes words from the writer back to the entity.
    pub word: Box<dyn Fn(Word) + Send + Sync>,
}

impl fmt::Debug for Residence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.id, self.incarnation)
    }
}

/// What an incarnation is told besides commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Your memory is ahead of the journal and will not be written: end.
    Doomed(Doom),
    /// Your farewell has passed the writer: nothing of yours is under way any more.
    Buried,
    /// Rest, if nobody waits for you.
    Retire,
}

/// Why an incarnation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doom {
    /// Its shard has another owner or term.
    Moved,
    /// The outcome of a commit is not known.
    Unsure,
    /// A fault of its own: counted towards quarantine.
    Fault,
}

/// What becomes durable with an item.
#[derive(Debug, Default)]
pub struct Write {
    /// The decision; none when only a snapshot is kept.
    pub row: Option<JournalRow>,
    /// What watchers will hear.
    pub publications: Vec<Publication>,
    /// The deadline, when it changed.
    pub timer: Option<TimerRow>,
    /// What must be told.
    pub notices: Vec<OutboxRow>,
    /// Holds, in total.
    pub holds: Vec<HoldRow>,
    /// Transfers.
    pub transfers: Vec<TransferRow>,
    /// A snapshot, when one is due.
    pub snapshot: Option<SnapshotRow>,
}

impl Write {
    /// Its weight against the batch's limit of bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.row.as_ref().map_or(0, |row| row.body.len()) + self.snapshot.as_ref().map_or(0, |shot| shot.body.len())
    }
}

/// What is said when everything before it in the entity's order is durable.
#[derive(Debug)]
pub enum Release {
    /// Nothing.
    Nothing,
    /// The answer to a command.
    Answer {
        /// Who waits.
        reply: Promise<Answer>,
        /// For what.
        result: Result<Answer, Denied>,
    },
    /// The answer that the journal holds for a command that came again.
    Recall {
        /// Who waits.
        reply: Promise<Answer>,
        /// The decision it made.
        seq: u64,
    },
    /// What was looked at.
    View {
        /// Who waits.
        reply: Promise<Viewed>,
        /// For what.
        view: Viewed,
    },
    /// What another part of the program found out.
    Look {
        /// Who waits.
        reply: Promise<Seen>,
        /// For what.
        seen: Seen,
    },
    /// This incarnation says nothing any more.
    Farewell,
}

/// One thing on its way through the journal writer. Items of one entity keep their order.
#[derive(Debug)]
pub struct Item {
    /// From whom.
    pub residence: Arc<Residence>,
    /// What must become durable first.
    pub write: Option<Box<Write>>,
    /// A refusal to keep.
    pub refusal: Option<Box<RefusalRow>>,
    /// What is said then.
    pub release: Release,
    /// The place at the entity's gate, given back when all is said.
    pub permit: Option<Permit>,
}

impl Item {
    /// The planted fault: gives the answer at once, before anything is durable.
    pub fn answer_early(&mut self) {
        match std::mem::replace(&mut self.release, Release::Nothing) {
            Release::Answer { reply, result } => reply.give(result),
            Release::View { reply, view } => reply.give(Ok(view)),
            Release::Look { reply, seen } => reply.give(Ok(seen)),
            other @ (Release::Nothing | Release::Recall { .. } | Release::Farewell) => self.release = other,
        }
    }

    /// Says why not, to whoever waits.
    pub fn fail(self, code: Code) {
        let Self { residence, release, permit, .. } = self;
        drop(permit);
        match release {
            Release::Answer { reply, .. } | Release::Recall { reply, .. } => reply.give(Err(Denied::Failed(code))),
            Release::View { reply, .. } => reply.give(Err(Denied::Failed(code))),
            Release::Look { reply, .. } => reply.give(Err(Denied::Failed(code))),
            Release::Farewell => (residence.word)(Word::Buried),
            Release::Nothing => {}
        }
    }
}
