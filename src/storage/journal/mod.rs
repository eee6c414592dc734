//! The journal: what happened to each entity, and everything that must become durable together with it.
//!
//! [`commit`] writes a whole batch of many entities in one statement; [`read`] loads an entity and serves history; [`erase`]
//! takes out what may not stay. The rows here are the only form in which the engine's facts enter or leave the database.

pub mod commit;
pub mod erase;
mod fault;
pub mod read;

use madang_domain::entity::{AccountOwner, Transfer};
use madang_domain::ids::{EntityId, UserId};
use madang_domain::ledger::Payment;
use madang_domain::money::Currency;
use madang_domain::time::Timestamp;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The hash over an entity's whole past: of the previous hash and the row.
pub type Chain = [u8; 32];

/// The first 16 bytes of the sha-256 of a command and its sender: tells a repeated command from a reused id.
pub type BodyHash = [u8; 16];

/// The chain before the first row.
pub const FIRST_CHAIN: Chain = [0; 32];

/// One decision, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Whose.
    pub entity: EntityId,
    /// Its number: 1, 2, 3 ... without gaps.
    pub seq: u64,
    /// The shard's epoch under which it was written.
    pub epoch: i64,
    /// The version of the stored form of the events.
    pub version: i16,
    /// The command's id.
    pub cmd: Uuid,
    /// Who commanded; `None` for the system.
    pub actor: Option<UserId>,
    /// When it was decided.
    pub at: Timestamp,
    /// The channel's offset after this row's publications.
    pub offset: u64,
    /// Of the command that made it.
    pub body_hash: BodyHash,
    /// Over everything up to and with this row.
    pub chain: Chain,
    /// The events, a JSON list.
    pub body: Vec<u8>,
}

impl JournalRow {
    /// The chain that this row must carry when it follows a row with the chain `previous`.
    #[must_use]
    pub fn chain_after(&self, previous: &Chain) -> Chain {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.entity.packed().to_be_bytes());
        hash.update(self.seq.to_be_bytes());
        hash.update(self.cmd.as_bytes());
        hash.update(self.actor.map_or(-1, UserId::get).to_be_bytes());
        hash.update(self.at.timestamp_micros().to_be_bytes());
        hash.update(self.offset.to_be_bytes());
        hash.update(self.body_hash);
        hash.update(&self.body);
        hash.finalize().into()
    }

    /// Whether its hash fits it and the row before, or its events are [erased](erase).
    #[must_use]
    pub fn follows(&self, previous: &Chain) -> Fits {
        if self.chain == self.chain_after(previous) {
            Fits::Whole
        } else if self.body == erase::NOTHING {
            Fits::Erased
        } else {
            Fits::Not
        }
    }
}

/// How a stored row fits the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    /// As it was written.
    Whole,
    /// Without its events: good only where the entity is over for good.
    Erased,
    /// Something was changed.
    Not,
}

/// An entity's state after `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// Whose.
    pub entity: EntityId,
    /// After which decision.
    pub seq: u64,
    /// The version of the stored form of the state.
    pub version: i16,
    /// The channel's offset there.
    pub offset: u64,
    /// When that decision was made.
    pub at: Timestamp,
    /// The chain there.
    pub chain: Chain,
    /// The state as JSON.
    pub body: Vec<u8>,
    /// Snapshots before this sequence number may go.
    pub keep_from: u64,
}

impl SnapshotRow {
    /// What its `digest` column must hold, so that a flipped bit is noticed.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.entity.packed().to_be_bytes());
        hash.update(self.seq.to_be_bytes());
        hash.update(self.version.to_be_bytes());
        hash.update(self.offset.to_be_bytes());
        hash.update(self.at.timestamp_micros().to_be_bytes());
        hash.update(self.chain);
        hash.update(&self.body);
        hash.finalize().into()
    }
}

/// An entity's deadline, as its timer row must be after the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerRow {
    /// Whose.
    pub entity: EntityId,
    /// When it must be woken, and the id of the command it is then given; `None` removes the row.
    pub due: Option<(Timestamp, Uuid)>,
}

/// Something to tell after commit.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    /// Whose events said so.
    pub entity: EntityId,
    /// Which decision.
    pub seq: u64,
    /// Its place among the decision's notices; `(entity, seq, n)` is the stable id.
    pub n: i16,
    /// Who is told: an entity.
    pub target: EntityId,
    /// The notice as JSON.
    pub body: Box<RawValue>,
}

/// A refused command of a kind that keeps them.
#[derive(Debug, Clone)]
pub struct RefusalRow {
    /// By whom.
    pub entity: EntityId,
    /// The command's id.
    pub cmd: Uuid,
    /// Who asked.
    pub actor: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// The entity's sequence number then.
    pub at_seq: u64,
    /// The code's name.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
    /// The facts, JSON.
    pub detail: Box<RawValue>,
    /// The command, JSON.
    pub command: Box<RawValue>,
}

/// What one entity holds of one account after the batch, in total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldRow {
    /// Who holds.
    pub entity: EntityId,
    /// Whose money.
    pub user: UserId,
    /// Which account of theirs.
    pub currency: Currency,
    /// How much; zero releases.
    pub amount: i64,
}

/// A transfer, and the decision it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// Whose decision; `None` for deposits and withdrawals.
    pub entity: Option<EntityId>,
    /// When.
    pub at: Timestamp,
    /// What moves.
    pub transfer: Transfer,
}

/// The stored name and number of an account's owner.
#[must_use]
pub fn owner_columns(owner: AccountOwner) -> (&'static str, i64) {
    match owner {
        AccountOwner::User(user) => ("user", user.get()),
        AccountOwner::Pending(user) => ("pending", user.get()),
        AccountOwner::House => ("house", 0),
        AccountOwner::Tax => ("tax", 0),
        AccountOwner::World => ("world", 0),
    }
}

/// Everything that becomes durable in one commit, or not at all.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// The shards whose ownership is checked, with our epochs.
    pub fences: Vec<(u8, i64)>,
    /// Decisions, in order.
    pub rows: Vec<&'a JournalRow>,
    /// Snapshots that are due.
    pub snapshots: Vec<&'a SnapshotRow>,
    /// The last word on each entity's deadline; one for each entity at most.
    pub timers: Vec<TimerRow>,
    /// What must be told.
    pub notices: Vec<&'a OutboxRow>,
    /// What was refused.
    pub refusals: Vec<&'a RefusalRow>,
    /// The last word on each hold; one for each entity and account at most.
    pub holds: Vec<HoldRow>,
    /// Whether each of these holds is known to have a row, perhaps of nothing.
    pub holds_stand: bool,
    /// Entities whose rows that hold nothing go.
    pub swept: Vec<EntityId>,
    /// What moves from one account to another.
    pub payments: Vec<(&'a TransferRow, Payment)>,
    /// What moves otherwise.
    pub transfers: Vec<&'a TransferRow>,
}

impl Batch<'_> {
    /// The accounts whose balances or holds change, some more than once.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountOwner, Currency)> {
        let of_holds = self.holds.iter().map(|hold| (AccountOwner::User(hold.user), hold.currency));
        let of_payments =
            self.payments.iter().flat_map(|(_, paid)| [paid.from, paid.to].map(|owner| (owner, paid.amount.currency)));
        let of_entries = self.transfers.iter().flat_map(|row| &row.transfer.entries);
        of_holds.chain(of_payments).chain(of_entries.map(|entry| (entry.account, entry.amount.currency)))
    }

    /// Whether nothing is written: only ownership is checked, so that reads may be answered.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.rows.is_empty() && self.snapshots.is_empty() && self.timers.is_empty() && self.refusals.is_empty()
    }
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Durable.
    Committed,
    /// Nothing was written: these shards have another epoch now.
    FenceLost(Vec<u8>),
    /// Nothing was written: somebody else wrote this entity's sequence number, or its command id is known already.
    Conflict(EntityId),
    /// Nothing was written: the database refused, by the constraint or error of this name.
    Rejected(String),
    /// Nothing was written: the database cannot write at all now (disk full, out of memory), for this reason.
    Unable(String),
    /// Nothing was written, and the same may well succeed now: a deadlock's victim, a serialization failure.
    Again,
    /// Nobody knows. The connection must be closed and new epochs taken before anything is read.
    Unknown,
}
