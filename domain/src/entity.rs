//! The contract of a live thing.
//!
//! A live thing is a value that changes only by events. A command is *decided* against the value, which gives events or a
//! refusal; the events are *applied*, made durable, and only then answered, published and acted upon. Everything a kind
//! wants from the world is returned as data ([`Effect`]), never done here.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::code::Code;
use crate::ids::{EntityId, Kind, UserId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// What an account may do. One account may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everybody with an account.
    User,
    /// May offer auctions of their own.
    Seller,
    /// Runs auctions: opens, pauses, closes any of them, sees bidders and refused attempts.
    Clerk,
    /// Brings images to be labeled.
    Company,
    /// May do everything.
    Admin,
}

/// Who gives a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// A signed-in person, by the token, never by the body.
    User {
        /// Who.
        id: UserId,
        /// The roles the token carries.
        roles: Vec<Role>,
    },
    /// A due deadline or another entity's effect.
    System,
}

impl Actor {
    /// The person, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::System => None,
        }
    }

    /// Whether the role (or admin) is held. The system holds every role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        match self {
            Self::User { roles, .. } => roles.contains(&role) || roles.contains(&Role::Admin),
            Self::System => true,
        }
    }
}

/// Who looks: the same person-or-nobody, for views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// Not signed in.
    Public,
    /// A signed-in person.
    User {
        /// Who.
        id: UserId,
        /// The roles the token carries.
        roles: Vec<Role>,
    },
}

/// What a decision may know besides the state and the command. All of it is an input, so a decision can be replayed.
#[derive(Debug, Clone)]
pub struct Given {
    /// The owner's clock, never before the entity's last event.
    pub now: Timestamp,
    /// Who commands.
    pub actor: Actor,
    /// What the commander could still hold or spend in the currency that [`Entity::funds`] named: balance minus all
    /// holds, the one on this entity included in the holds. `None` when the command needs no funds.
    pub available: Option<Money>,
    /// A random number, fresh for this command.
    pub random: u64,
}

/// What a kind wants done by others, as data. It is stored in the same transaction as the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// From now on this entity holds exactly `amount` of the user's money; zero releases it. Takes effect in the very
    /// transaction of the events.
    Hold {
        /// Whose money.
        user: UserId,
        /// How much in total, not the difference.
        amount: Money,
    },
    /// Moves money by double entry, in the very transaction of the events; at most once per `key`.
    Transfer(Transfer),
    /// Tells a person: durably on `user:{id}`, and by mail where the notice asks for it. Done after commit, at least once
    /// with a stable id; the user's inbox drops doubles.
    Notify {
        /// Who is told.
        user: UserId,
        /// What.
        notice: Notice,
    },
}

/// One double-entry transfer; its entries sum to zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The idempotency key, unique for ever, such as `auction:17/settle`.
    pub key: String,
    /// What it is for, such as `auction.settlement`.
    pub purpose: String,
    /// The legs. Each is one account's change; in each currency the sum is zero.
    pub entries: Vec<LedgerEntry>,
}

/// One leg of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Whose account.
    pub account: AccountOwner,
    /// Positive is credited, negative debited.
    pub amount: Money,
}

/// Who owns a ledger account. Together with the currency it names the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "owner", content = "id", rename_all = "snake_case")]
pub enum AccountOwner {
    /// A person's money: never negative, holds never above it.
    User(UserId),
    /// What a person has earned but is not proved yet; nobody can spend it.
    Pending(UserId),
    /// The house's income: premiums and commissions.
    House,
    /// Tax owed to the state.
    Tax,
    /// The world outside (the mock bank): what came in is negative here.
    World,
}

/// Something a person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its name on the wire, such as `auction.outbid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about; the channel name of the entity, such as `auction:17`.
    pub about: String,
    /// The fields the message is made from.
    pub fields: Value,
    /// Whether a mail goes out too.
    pub mail: bool,
    /// Whether it is pushed to the person's devices too.
    #[serde(default)]
    pub push: bool,
}

/// Why a command was refused.
pub trait Reason: fmt::Debug + fmt::Display + Clone + Send + Sync + 'static {
    /// The code.
    fn code(&self) -> Code;
    /// Facts that help the person to ask better, such as the next possible amount. An object, or null.
    fn detail(&self) -> Value {
        Value::Null
    }
}

/// One kind of live thing. See the module's words for the life of a command.
pub trait Entity: fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Which kind it is.
    const KIND: Kind;
    /// The version of the stored form of events and state; older ones must load for ever.
    const VERSION: i16;
    /// Whether refused commands are kept in the private log, so that every attempt can be shown with its reason.
    const KEEPS_REFUSALS: bool = false;

    /// What can be asked of it. Imperative: `PlaceBid`.
    type Command: fmt::Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What has happened to it. Past: `BidPlaced`.
    type Event: fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Why not.
    type Refusal: Reason;

    /// The state before the first event.
    fn vacant(id: EntityId) -> Self;

    /// Decides a command: what happens, or why not. Total: never panics. An `Ok` with no events is an answer that
    /// changes nothing.
    ///
    /// # Errors
    /// The refusal. Refused means unchanged.
    fn decide(&self, command: &Self::Command, given: &Given) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Applies one event: the only way state changes. Never refuses. `at` is when it happened.
    fn apply(&mut self, event: &Self::Event, at: Timestamp);

    /// The next moment it must be woken, with the command that it is then given (by [`Actor::System`]).
    fn wake_at(&self) -> Option<(Timestamp, Self::Command)>;

    /// The currency in which the commander's available funds must be known to decide this command.
    fn funds(&self, command: &Self::Command) -> Option<Currency>;

    /// The answer to the command that made these events. It depends on the events alone, so that the same command id gets
    /// the same answer from the journal.
    fn answer(events: &[Self::Event]) -> Value;

    /// What watchers are told of an event; `None` keeps it private. It depends on the event alone, so that a watcher can
    /// be served from the journal. The object has a `type` and the event's own fields.
    fn publication(event: &Self::Event, at: Timestamp) -> Option<Value>;

    /// What others must do because of these events, `self` being the state after them.
    fn effects(&self, events: &[Self::Event]) -> Vec<Effect>;

    /// What this viewer may see of it.
    fn view(&self, viewer: &Viewer) -> Value;

    /// Its invariants, checked by tests after every step and sampled by the server.
    ///
    /// # Errors
    /// Which invariant is broken.
    fn check(&self) -> Result<(), String>;

    /// Whether its past may be erased: nothing of it is left, and nothing can happen any more.
    fn is_erasable(&self) -> bool {
        false
    }

    /// The one-line summary for operators.
    fn summary(&self) -> String {
        String::new()
    }
}

/// A command on its way to an entity.
#[derive(Debug, Clone)]
pub struct Order<C> {
    /// To whom.
    pub to: EntityId,
    /// The client's id of this command: the same id with the same body gets the same answer. Ours where the client gave none.
    pub id: Uuid,
    /// Who gives it.
    pub actor: Actor,
    /// What.
    pub command: C,
}
