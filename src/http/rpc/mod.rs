//! The commands and queries of the live protocol, by method. What HTTP has as paths is here by name; the answers are the
//! same.
//!
//! `auction.bid` is the hot path: parsed straight from the frame, handed to the auction's actor, and its reply built on the
//! thread on which the commit is known: no task, no copy of the frame, no value tree of the request. Everything else may
//! wait and runs as a task.

mod alarm;
mod bid;
mod chat;
mod label;
mod raffle;
mod wallet;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::SecondsFormat;
use futures_util::future::BoxFuture;
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Viewer};
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::alarms::Alarms;
use super::auctions::{Auctions, Verb};
use super::live::house::{Identity, RpcCall, RpcError, RpcReply, RpcResult};
use super::raffles::Raffles;
use crate::actors::ask::Denied;
use crate::actors::campaign::pool::Pool;
use crate::actors::chat::Chats;
use crate::actors::kernel::clock::Clock;

/// The longest `ref` that is echoed, in characters.
const MAX_REF: usize = 64;

/// The table of methods. Cheap to clone.
#[derive(Clone)]
pub struct Rpc {
    auctions: Auctions,
    alarms: Option<Alarms>,
    labels: Option<Pool>,
    raffles: Option<Raffles>,
    chats: Option<Chats>,
    clock: Arc<dyn Clock>,
    tasks: Handle,
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc").finish_non_exhaustive()
    }
}

impl Rpc {
    /// The table over these parts; what must wait runs on `tasks`.
    #[must_use]
    pub fn new(auctions: Auctions, clock: Arc<dyn Clock>, tasks: Handle) -> Self {
        Self { auctions, alarms: None, labels: None, raffles: None, chats: None, clock, tasks }
    }

    /// With the methods of alarms.
    #[must_use]
    pub fn with_alarms(mut self, alarms: Alarms) -> Self {
        self.alarms = Some(alarms);
        self
    }

    /// With the methods of labels.
    #[must_use]
    pub fn with_labels(mut self, pool: Pool) -> Self {
        self.labels = Some(pool);
        self
    }

    /// With the methods of raffles.
    #[must_use]
    pub fn with_raffles(mut self, raffles: Raffles) -> Self {
        self.raffles = Some(raffles);
        self
    }

    /// With the methods of conversations.
    #[must_use]
    pub fn with_chats(mut self, chats: Chats) -> Self {
        self.chats = Some(chats);
        self
    }

    /// Runs a call and gives the reply when it is durable. Never blocks.
    pub fn call(&self, call: RpcCall, reply: RpcReply) {
        match call.method.as_str() {
            "auction.bid" => bid::place(self.auctions.engine(), &call, reply),
            "time.sync" => reply(self.sync(&call.data)),
            "time.now" => reply(raw(&json!({ "t": self.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true) }))),
            "auction.view" | "wallet.view" | "wallet.deposit" | "raffle.enter" | "raffle.view" => self.spawn(call, reply),
            method if verb_of(method).is_some() || is_of_area(method) => self.spawn(call, reply),
            _ => reply(Err(Code::UnknownMethod.into())),
        }
    }

    fn spawn(&self, call: RpcCall, reply: RpcReply) {
        let table = self.clone();
        let answered: BoxFuture<'static, RpcResult> = Box::pin(async move {
            match call.method.as_str() {
                "auction.view" => table.view(&call).await,
                "wallet.view" => wallet::view(&table, &call).await,
                "wallet.deposit" => wallet::deposit(&table, &call).await,
                "raffle.enter" => raffle::enter(&table, &call).await,
                "raffle.view" => raffle::view(&table, &call).await,
                method => match method.split_once('.') {
                    Some(("alarm", method)) => alarm::call(&table, method, &call).await,
                    Some(("chat", method)) => chat::call(&table, method, &call).await,
                    Some(("label", method)) => label::call(&table, method, &call).await,
                    Some(_) | None => match verb_of(method) {
                        Some(verb) => table.run(verb, &call).await,
                        None => Err(Code::UnknownMethod.into()),
                    },
                },
            }
        });
        self.tasks.spawn(async move { reply(answered.await) });
    }

    async fn view(&self, call: &RpcCall) -> RpcResult {
        let asked: ViewCall = parse(&call.data)?;
        let viewer = call.who.as_ref().map_or(Viewer::Public, Identity::viewer);
        raw(&self.look(asked.auction, viewer).await?)
    }

    async fn look(&self, auction: i64, viewer: Viewer) -> Result<Value, RpcError> {
        let id = Auctions::id(auction).map_err(failed)?;
        self.auctions.view(id, viewer).await.map_err(failed)
    }

    async fn run(&self, verb: Verb, call: &RpcCall) -> RpcResult {
        let who = signed_in(call)?;
        let asked: RunCall<'_> = parse(&call.data)?;
        let reference = reference(asked.reference.as_deref())?;
        let id = Auctions::id(asked.auction).map_err(failed)?;
        let command = verb.command(asked.reason.map(Cow::into_owned), asked.bidder)?;
        let command_id = asked.command_id.unwrap_or_else(Uuid::new_v4);
        match self.auctions.ask(id, command_id, actor(who), command).await {
            Ok(_) => {}
            Err(denied) => return refused(denied, reference),
        }
        let mut view = self.look(asked.auction, who.viewer()).await?;
        if let (Value::Object(fields), Some(reference)) = (&mut view, reference) {
            fields.insert("ref".to_owned(), Value::from(reference));
        }
        raw(&view)
    }

    /// The two middle stamps of the four from which a client knows the server's clock: when we heard, when we answer, in
    /// milliseconds since 1970.
    fn sync(&self, data: &RawValue) -> RpcResult {
        let t1 = self.stamp()?;
        let asked: SyncCall<'_> = parse(data)?;
        raw(&Stamps { t0: asked.t0, t1, t2: self.stamp()? })
    }

    fn stamp(&self) -> Result<Box<RawValue>, RpcError> {
        RawValue::from_string(in_ms(self.clock.now())).map_err(|_| Code::Internal.into())
    }
}

/// Milliseconds since 1970 as a JSON number, to the microsecond.
fn in_ms(at: Timestamp) -> String {
    format!("{}.{:03}", at.timestamp_millis(), at.timestamp_subsec_micros() % 1_000)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewCall {
    auction: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunCall<'a> {
    auction: i64,
    command_id: Option<Uuid>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
    bidder: Option<UserId>,
    #[serde(borrow, rename = "ref")]
    reference: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct SyncCall<'a> {
    #[serde(borrow)]
    t0: &'a RawValue,
}

#[derive(Debug, Serialize)]
struct Stamps<'a> {
    t0: &'a RawValue,
    t1: Box<RawValue>,
    t2: Box<RawValue>,
}

/// The verb of a method such as `auction.open`.
fn verb_of(method: &str) -> Option<Verb> {
    Verb::from_name(method.strip_prefix("auction.")?)
}

/// Whether a method is of an area that has a file of its own here.
fn is_of_area(method: &str) -> bool {
    ["alarm.", "chat.", "label."].iter().any(|area| method.starts_with(area))
}

/// A call's data in the shape of its method.
fn parse<'a, T: Deserialize<'a>>(data: &'a RawValue) -> Result<T, RpcError> {
    serde_json::from_str(data.get()).map_err(|error| RpcError {
        code: Code::BadRequest,
        message: format!("The call's data could not be understood: {error}."),
    })
}

/// The client's own word for a call, echoed in its reply.
fn reference(given: Option<&str>) -> Result<Option<&str>, RpcError> {
    match given {
        Some(text) if text.chars().count() > MAX_REF => {
            Err(RpcError { code: Code::BadRequest, message: format!("`ref` may have at most {MAX_REF} characters.") })
        }
        given => Ok(given),
    }
}

fn signed_in(call: &RpcCall) -> Result<&Identity, RpcError> {
    call.who.as_ref().ok_or_else(|| Code::Unauthenticated.into())
}

fn actor(who: &Identity) -> Actor {
    Actor::User { id: who.user, roles: who.roles.clone() }
}

/// A reply from anything that can be JSON.
fn raw<T: Serialize + ?Sized>(value: &T) -> RpcResult {
    to_raw_value(value).map_err(|_| Code::Internal.into())
}

fn failed(denied: Denied) -> RpcError {
    match denied {
        Denied::Refused { code, message, .. } => RpcError { code, message },
        Denied::Failed(code) => code.into(),
    }
}

/// What the rules refused is data; what the engine could not do is an error.
fn refused(denied: Denied, reference: Option<&str>) -> RpcResult {
    match denied {
        Denied::Refused { code, message, detail, seq } => {
            raw(&Refused { result: "refused", code: code.name(), message, detail, seq, reference })
        }
        Denied::Failed(code) => Err(code.into()),
    }
}

/// A refused command.
#[derive(Debug, Serialize)]
struct Refused<'a> {
    result: &'static str,
    code: &'static str,
    message: String,
    detail: Value,
    seq: u64,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_auctions_are_the_verbs() {
        assert_eq!(verb_of("auction.open"), Some(Verb::Open));
        assert_eq!(verb_of("auction.bid"), None);
        assert_eq!(verb_of("open"), None);
    }

    #[test]
    fn a_reference_has_a_limit() {
        assert_eq!(reference(Some(&"가".repeat(64))).map(|given| given.map(|text| text.chars().count())), Ok(Some(64)));
        assert_eq!(reference(Some(&"x".repeat(65))).map_err(|error| error.code), Err(Code::BadRequest));
    }

    #[test]
    fn a_refusal_is_data_and_a_failure_an_error() {
        let detail = json!({ "next_bid": 12_000 });
        let denied = Denied::Refused { code: Code::BidTooLow, message: "Too low.".to_owned(), detail, seq: 41 };
        let told = refused(denied, Some("r1")).unwrap();
        let wanted = json!({ "result": "refused", "code": "auction.bid_too_low", "message": "Too low.",
            "detail": { "next_bid": 12_000 }, "seq": 41, "ref": "r1" });
        assert_eq!(serde_json::from_str::<Value>(told.get()).unwrap(), wanted);
        assert_eq!(refused(Denied::Failed(Code::Busy), None).map_err(|error| error.code).err(), Some(Code::Busy));
    }

    #[test]
    fn stamps_are_milliseconds_to_the_microsecond() {
        let at = |text: &str| in_ms(text.parse().unwrap());
        assert_eq!(at("2026-11-21T04:00:00.123045Z"), "1795233600123.045");
        assert_eq!(at("1970-01-01T00:00:01Z"), "1000.000");
    }
}
