//! A house for the live protocol: channels with a journal in memory, tokens that say who holds them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use madang::actors::broker::Broker;
use madang::actors::publish::{Publication, Publisher};
use madang::http::live::Live;
use madang::http::live::codes::Disconnect;
use madang::http::live::house::{
    Backlog, ChannelRules, ChannelSnapshot, History, House, Identity, Presence, RpcCall, RpcError, RpcReply,
};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use parking_lot::Mutex;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

pub const EPOCH: &str = "ep0c";

pub struct FakeHouse {
    pub broker: Arc<Broker>,
    journal: Mutex<HashMap<String, Vec<Publication>>>,
    expiries: Mutex<HashMap<String, DateTime<Utc>>>,
    pub snapshots: AtomicUsize,
    pub histories: AtomicUsize,
    held: Mutex<Vec<RpcReply>>,
    pub live: OnceLock<Weak<Live>>,
}

impl FakeHouse {
    pub fn new(broker: Arc<Broker>) -> Arc<Self> {
        Arc::new(Self {
            broker,
            journal: Mutex::default(),
            expiries: Mutex::default(),
            snapshots: AtomicUsize::new(0),
            histories: AtomicUsize::new(0),
            held: Mutex::default(),
            live: OnceLock::new(),
        })
    }

    /// Commits one event and publishes it, as the engine does.
    pub fn say(&self, channel: &str, data: &serde_json::Value) -> u64 {
        let publication = self.commit(channel, data);
        self.broker.publish(channel, EPOCH, std::slice::from_ref(&publication));
        publication.offset
    }

    /// Commits one event without telling anybody: as when the engine was cut off after the commit.
    pub fn commit(&self, channel: &str, data: &serde_json::Value) -> Publication {
        let mut journal = self.journal.lock();
        let events = journal.entry(channel.to_owned()).or_default();
        let offset = u64::try_from(events.len()).unwrap() + 1;
        let publication = Publication { offset, data: Bytes::from(data.to_string()) };
        events.push(publication.clone());
        publication
    }

    /// Lets this token end at that moment.
    pub fn expire(&self, token: &str, at: DateTime<Utc>) {
        self.expiries.lock().insert(token.to_owned(), at);
    }

    fn cut(&self, who: Option<&Identity>, why: Disconnect) {
        let live = self.live.get().and_then(Weak::upgrade).unwrap();
        live.disconnect_session(who.unwrap().session, why);
    }

    /// Answers rpc calls that were held back.
    pub fn release_held(&self) {
        for reply in self.held.lock().drain(..) {
            reply(Ok(to_raw_value("late").unwrap()));
        }
    }
}

/// The session of a user's token.
pub fn session_of(user: i64) -> Uuid {
    Uuid::from_u64_pair(7, user.unsigned_abs())
}

impl House for FakeHouse {
    fn identify(&self, token: &str) -> Result<Identity, Code> {
        if token == "revoked" {
            return Err(Code::TokenRevoked);
        }
        let user: i64 = token.split('/').next().unwrap().parse().map_err(|_| Code::TokenInvalid)?;
        let expires_at = self.expiries.lock().get(token).copied().unwrap_or_else(|| Utc::now() + TimeDelta::minutes(15));
        if expires_at <= Utc::now() {
            return Err(Code::TokenExpired);
        }
        Ok(Identity { user: UserId::new(user), roles: vec![Role::User], session: session_of(user), expires_at })
    }

    fn channel(&self, channel: &str, who: Option<&Identity>) -> Result<ChannelRules, Code> {
        let durable = ChannelRules {
            durable: true,
            client_publish: false,
            presence: if who.is_some() { Presence::Listed } else { Presence::Counted },
            join_leave: false,
            backlog: Backlog::Conflate,
            ask: false,
        };
        match channel.split_once(':') {
            Some(("auction", _)) => Ok(durable),
            Some(("text", _)) => Ok(ChannelRules { presence: Presence::Hidden, backlog: Backlog::Cut, ..durable }),
            Some(("open", _)) => Ok(ChannelRules::OPEN),
            Some(("user", id)) => match who {
                Some(who) if who.user.to_string() == id => Ok(durable),
                Some(_) => Err(Code::Forbidden),
                None => Err(Code::Unauthenticated),
            },
            _ => Err(Code::UnknownChannel),
        }
    }

    fn snapshot(self: Arc<Self>, channel: String, who: Option<Identity>) -> BoxFuture<'static, Result<ChannelSnapshot, Code>> {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tokio::task::yield_now().await;
            if channel == "auction:404" {
                return Err(Code::AuctionUnknown);
            }
            let offset = self.journal.lock().get(&channel).map_or(0, |events| events.last().map_or(0, |last| last.offset));
            let data = json!({ "state": "live", "upto": offset, "mine": who.map(|who| who.user.get()) });
            Ok(ChannelSnapshot { epoch: EPOCH.to_owned(), offset, data: to_raw_value(&data).unwrap() })
        })
    }

    fn history(self: Arc<Self>, channel: String, after: u64, limit: usize) -> BoxFuture<'static, Result<History, Code>> {
        self.histories.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tokio::task::yield_now().await;
            let journal = self.journal.lock();
            let events = journal.get(&channel).map_or(&[][..], Vec::as_slice);
            let publications = events.iter().filter(|event| event.offset > after).take(limit).cloned().collect();
            Ok(History { epoch: EPOCH.to_owned(), head: events.last().map_or(0, |last| last.offset), publications })
        })
    }

    fn rpc(self: Arc<Self>, call: RpcCall, reply: RpcReply) {
        match call.method.as_str() {
            "echo" => reply(Ok(call.data)),
            "whoami" => reply(Ok(to_raw_value(&call.who.map(|who| who.user.get())).unwrap())),
            "pretty" => reply(Ok(RawValue::from_string("{\n \"a\":\r\n 1}".to_owned()).unwrap())),
            "hold" => self.held.lock().push(reply),
            "drop" => drop(reply),
            "busy" => reply(Err(RpcError::from(Code::Busy))),
            "cut" => {
                self.cut(call.who.as_ref(), Disconnect::RECONNECT);
                let data: serde_json::Value = serde_json::from_str(call.data.get()).unwrap();
                for n in data["from"].as_u64().unwrap()..=data["upto"].as_u64().unwrap() {
                    self.say(data["channel"].as_str().unwrap(), &json!({ "n": n }));
                }
            }
            "sign_out" => self.cut(call.who.as_ref(), Disconnect::FORCED),
            "say" => {
                let data: serde_json::Value = serde_json::from_str(call.data.get()).unwrap();
                let offset = self.say(data["channel"].as_str().unwrap(), &data["data"]);
                reply(Ok(to_raw_value(&json!({ "offset": offset })).unwrap()));
            }
            _ => reply(Err(RpcError::from(Code::UnknownMethod))),
        }
    }
}
