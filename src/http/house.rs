//! Joins the live protocol to the engine: who may watch what, snapshots, the past, calls.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use madang_domain::code::Code;
use madang_domain::entity::{Role, Viewer};
use madang_domain::ids::{EntityId, Kind};
use serde_json::value::to_raw_value;

use super::auctions::Auctions;
use super::auth::Tokens;
use super::campaigns::Campaigns;
use super::live::house::{Backlog, ChannelRules, ChannelSnapshot, History, House, Identity, Presence, RpcCall, RpcReply};
use super::raffles;
use super::rpc::Rpc;
use crate::actors::ask::Denied;
use crate::actors::chat::Chats;
use crate::actors::kernel::Engine;

/// The house of this server.
pub struct MadangHouse {
    engine: Engine,
    auctions: Auctions,
    tokens: Tokens,
    rpc: Rpc,
    campaigns: Option<Campaigns>,
    chats: Option<Chats>,
}

impl fmt::Debug for MadangHouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadangHouse").finish_non_exhaustive()
    }
}

impl MadangHouse {
    /// From its parts.
    #[must_use]
    pub fn new(engine: Engine, auctions: Auctions, tokens: Tokens, rpc: Rpc) -> Self {
        Self { engine, auctions, tokens, rpc, campaigns: None, chats: None }
    }

    /// With the campaigns, whose owners the pool knows.
    #[must_use]
    pub fn with_campaigns(mut self, campaigns: Campaigns) -> Self {
        self.campaigns = Some(campaigns);
        self
    }

    /// With the conversations, which know their owners.
    #[must_use]
    pub fn with_chats(mut self, chats: Chats) -> Self {
        self.chats = Some(chats);
        self
    }

    fn may_watch(&self, id: EntityId, who: &Identity) -> bool {
        let owner = self.campaigns.as_ref().and_then(|campaigns| campaigns.pool().owner(id.number()));
        who.roles.contains(&Role::Admin) || owner == Some(who.user)
    }

    async fn look(&self, id: EntityId, viewer: Viewer) -> Result<ChannelSnapshot, Denied> {
        let epoch = self.engine.channel_epoch().to_string();
        let (offset, data) = match id.kind() {
            Kind::Auction => {
                let view = self.auctions.view(id, viewer).await?;
                let offset = view.get("offset").and_then(serde_json::Value::as_u64).unwrap_or(0);
                (offset, to_raw_value(&view))
            }
            Kind::Raffle => {
                let view = raffles::shown(self.engine.view(id, viewer).await?)?;
                let offset = view.get("offset").and_then(serde_json::Value::as_u64).unwrap_or(0);
                (offset, to_raw_value(&view))
            }
            Kind::User | Kind::Campaign | Kind::Alarm | Kind::Chat => {
                let viewed = self.engine.view(id, viewer).await?;
                if id.kind() == Kind::Chat && viewed.data.is_null() {
                    return Err(Denied::Failed(Code::ChatUnknown));
                }
                (viewed.offset, to_raw_value(&viewed.data))
            }
        };
        let data = data.map_err(|error| {
            tracing::error!(%error, entity = %id, "a view cannot be written as JSON");
            Denied::Failed(Code::Internal)
        })?;
        Ok(ChannelSnapshot { epoch, offset, data })
    }
}

/// The entity behind a channel's name.
fn entity(channel: &str) -> Result<EntityId, Code> {
    channel.parse().map_err(|_| Code::UnknownChannel)
}

impl House for MadangHouse {
    fn identify(&self, token: &str) -> Result<Identity, Code> {
        self.tokens.verify(token)
    }

    fn channel(&self, channel: &str, who: Option<&Identity>) -> Result<ChannelRules, Code> {
        let id = entity(channel)?;
        let durable = ChannelRules {
            durable: true,
            client_publish: false,
            presence: Presence::Counted,
            join_leave: false,
            backlog: Backlog::Conflate,
            ask: false,
        };
        match (id.kind(), who) {
            // Who watches is the clerk's to know; how many, everybody's.
            (Kind::Auction, Some(who)) if who.roles.iter().any(|role| matches!(role, Role::Clerk | Role::Admin)) => {
                Ok(ChannelRules { presence: Presence::Listed, ..durable })
            }
            (Kind::Auction | Kind::Raffle, _) => Ok(durable),
            (Kind::User, None) => Err(Code::Unauthenticated),
            // One's own inbox: every notice counts, and nobody else is there.
            (Kind::User, Some(who)) if who.user.get() == id.number() => {
                Ok(ChannelRules { presence: Presence::Hidden, backlog: Backlog::Cut, ..durable })
            }
            (Kind::User, Some(_)) => Err(Code::Forbidden),
            (Kind::Alarm, None) => Err(Code::Unauthenticated),
            // One's own clock: what rings must not be missed, and nobody else is there.
            (Kind::Alarm, Some(who)) if who.user.get() == id.number() => {
                Ok(ChannelRules { presence: Presence::Hidden, backlog: Backlog::Cut, ..durable })
            }
            (Kind::Alarm, Some(_)) => Err(Code::Forbidden),
            (Kind::Campaign, None) => Err(Code::Unauthenticated),
            // What a company's campaign comes to is for the company and for admins; for others there is none.
            (Kind::Campaign, Some(who)) if self.may_watch(id, who) => {
                Ok(ChannelRules { presence: Presence::Hidden, ..durable })
            }
            (Kind::Campaign, Some(_)) => Err(Code::UnknownChannel),
            (Kind::Chat, None) => Err(Code::Unauthenticated),
            // Words are for their owner alone, and none may be missed. How many devices watch decides whether anybody does.
            (Kind::Chat, Some(who)) => match self.chats.as_ref().and_then(|chats| chats.known_owner(id)) {
                Some(owner) if owner != who.user => Err(Code::UnknownChannel),
                known => Ok(ChannelRules { backlog: Backlog::Cut, ask: known.is_none(), ..durable }),
            },
        }
    }

    fn admit(self: Arc<Self>, channel: String, who: Option<Identity>) -> BoxFuture<'static, Result<(), Code>> {
        Box::pin(async move {
            let (id, Some(chats)) = (entity(&channel)?, self.chats.as_ref()) else { return Err(Code::UnknownChannel) };
            let owner = chats.owner(id).await.map_err(|denied| denied.code())?;
            if owner.is_some() && owner == who.map(|who| who.user) { Ok(()) } else { Err(Code::UnknownChannel) }
        })
    }

    fn snapshot(self: Arc<Self>, channel: String, who: Option<Identity>) -> BoxFuture<'static, Result<ChannelSnapshot, Code>> {
        Box::pin(async move {
            let viewer = who.as_ref().map_or(Viewer::Public, Identity::viewer);
            self.look(entity(&channel)?, viewer).await.map_err(|denied| {
                let code = denied.code();
                if matches!(code, Code::AuctionUnknown | Code::RaffleUnknown | Code::ChatUnknown) {
                    Code::UnknownChannel
                } else {
                    code
                }
            })
        })
    }

    fn history(self: Arc<Self>, channel: String, after: u64, limit: usize) -> BoxFuture<'static, Result<History, Code>> {
        Box::pin(async move {
            let stretch = self.engine.history(entity(&channel)?, after, limit).await;
            let (epoch, head, publications) = stretch.map_err(|denied| denied.code())?;
            Ok(History { epoch: epoch.to_string(), head, publications })
        })
    }

    fn rpc(self: Arc<Self>, call: RpcCall, reply: RpcReply) {
        self.rpc.call(call, reply);
    }
}
