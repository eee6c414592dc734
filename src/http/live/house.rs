//! What the live protocol asks of the rest of the house. `app` joins it to the engine; tests of the protocol have their own.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use madang_domain::code::Code;
use madang_domain::entity::{Role, Viewer};
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::actors::publish::Publication;

/// A person as their access token tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub roles: Vec<Role>,
    /// The session (device) the token belongs to: signing it out cuts its sockets.
    pub session: Uuid,
    /// When the token ends.
    pub expires_at: Timestamp,
}

impl Identity {
    /// As a viewer of entities.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer::User { id: self.user, roles: self.roles.clone() }
    }
}

/// What to do with a watcher that cannot keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    /// The newest state is all that matters (prices): skip what was missed.
    Conflate,
    /// Every publication matters (text): cut the socket, which comes back and recovers.
    Cut,
}

/// What may be known of a channel's watchers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Nothing; they are not even counted.
    Hidden,
    /// How many there are.
    Counted,
    /// Who they are.
    Listed,
}

/// What a channel offers to one person. Whether watchers are counted at all is the same for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelRules {
    /// Whether it belongs to an entity: positions survive restarts, subscribing without recovery gets a snapshot.
    pub durable: bool,
    /// Whether clients may publish into it (open channels of a development server only).
    pub client_publish: bool,
    /// What may be known of its watchers.
    pub presence: Presence,
    /// Whether joins and leaves are pushed.
    pub join_leave: bool,
    /// For those who cannot keep up.
    pub backlog: Backlog,
    /// Whether name and identity do not tell: [`House::admit`] must be asked before this person is let in.
    pub ask: bool,
}

impl ChannelRules {
    /// A plain in-memory channel of a development server: everybody may do everything.
    pub const OPEN: Self = Self {
        durable: false,
        client_publish: true,
        presence: Presence::Listed,
        join_leave: true,
        backlog: Backlog::Cut,
        ask: false,
    };
}

/// A durable channel's state for a fresh watcher, and the position it stands for.
#[derive(Debug, Clone)]
pub struct ChannelSnapshot {
    /// The channel's epoch.
    pub epoch: String,
    /// The offset of the last publication contained in `data`.
    pub offset: u64,
    /// What this viewer may see.
    pub data: Box<RawValue>,
}

/// One rpc call of a client.
#[derive(Debug, Clone)]
pub struct RpcCall {
    /// Who calls; `None` when not signed in.
    pub who: Option<Identity>,
    /// Such as `auction.bid`.
    pub method: String,
    /// The call's `data`, not yet parsed.
    pub data: Box<RawValue>,
}

/// What an rpc call gives: JSON for the reply's `data`, or an error.
pub type RpcResult = Result<Box<RawValue>, RpcError>;

/// An error reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    /// The code; its number and whether it is temporary follow from [`crate::error::Surface`].
    pub code: Code,
    /// One sentence for the person.
    pub message: String,
}

impl From<Code> for RpcError {
    fn from(code: Code) -> Self {
        Self { code, message: code.sentence().to_owned() }
    }
}

/// Takes the reply of an rpc call, from whatever thread it is known on.
pub type RpcReply = Box<dyn FnOnce(RpcResult) + Send + 'static>;

/// The rest of the house, as the live protocol sees it. Shared by all hubs.
pub trait House: Send + Sync + 'static {
    /// Who holds this access token. In memory: never waits.
    ///
    /// # Errors
    /// `TokenInvalid`, `TokenExpired` or `TokenRevoked`.
    fn identify(&self, token: &str) -> Result<Identity, Code>;

    /// What a channel offers to this person. Decided by name and identity: never waits.
    ///
    /// # Errors
    /// `UnknownChannel` or `Forbidden` (`Unauthenticated` when signing in could help).
    fn channel(&self, channel: &str, who: Option<&Identity>) -> Result<ChannelRules, Code>;

    /// Whether this person may watch a channel whose rules say that the house must be asked.
    ///
    /// # Errors
    /// `UnknownChannel`, or what keeps the house from telling.
    fn admit(self: Arc<Self>, _channel: String, _who: Option<Identity>) -> BoxFuture<'static, Result<(), Code>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The present state of a durable channel, no older than this call.
    fn snapshot(self: Arc<Self>, channel: String, who: Option<Identity>) -> BoxFuture<'static, Result<ChannelSnapshot, Code>>;

    /// Publications of a durable channel after an offset, oldest first, at most `limit`, from the journal, with the
    /// channel's epoch and its head offset.
    fn history(self: Arc<Self>, channel: String, after: u64, limit: usize) -> BoxFuture<'static, Result<History, Code>>;

    /// Runs an rpc call and gives the reply when it is durable. Must not block: it is called on a hub's thread.
    fn rpc(self: Arc<Self>, call: RpcCall, reply: RpcReply);
}

/// A stretch of a channel's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The channel's epoch.
    pub epoch: String,
    /// The newest offset of the channel.
    pub head: u64,
    /// The publications, oldest first.
    pub publications: Vec<Publication>,
}
