//! What a client says, line by line, and what it is answered.

use std::sync::Arc;

use madang_domain::code::Code;
use serde_json::value::RawValue;

use super::super::codes::Disconnect;
use super::super::house::{Identity, Presence, RpcCall, RpcResult};
use super::super::protocol::{self, Command, Connect, Malformed, Object, OfChannel, Publish, Refresh, Rpc};
use super::conn::{Conn, Stage};
use super::conns::ConnKey;
use super::inbox::{Inbox, Order};
use super::wheel::{NEVER, TICK, Tick};
use super::{Hub, Shared};
use crate::actors::broker::Present;

/// One command, in thousandths: allowances are kept so finely that they grow with every tick.
const COMMAND: u32 = 1000;

/// Refused commands in a row after which a flooding connection is cut.
const PATIENCE_WITH_FLOOD: u16 = 1000;

/// How many queues full of replies one turn may make for a client that reads.
const REPLIES: usize = 16;

/// The most clients a presence reply lists.
const PRESENCE: usize = 10_000;

impl Hub {
    /// Takes lines, separated by line breaks.
    pub(super) fn lines(&mut self, conn: &mut Conn, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else { return self.disconnect(conn, Disconnect::NOT_UTF8) };
        for line in text.split('\n').map(str::trim).filter(|line| !line.is_empty()) {
            if matches!(conn.stage, Stage::Closing | Stage::Gone) {
                return;
            }
            let queue = self.shared.settings.queue;
            if conn.waiting() > if conn.is_full() { queue } else { queue.saturating_mul(REPLIES) } {
                return self.cut_slow(conn); // It asks and asks, and does not read the answers.
            }
            self.line(conn, line);
        }
    }

    fn line(&mut self, conn: &mut Conn, line: &str) {
        if line == "{}" {
            return; // A pong: that it came is what counts.
        }
        let read = protocol::read(line);
        if !self.allowed(conn) {
            return match read {
                Ok(Command { id, .. }) | Err(Malformed::Shape(id)) if id > 0 => self.refuse(conn, id, Code::RateLimited),
                Ok(_) | Err(_) => {}
            };
        }
        match read {
            Ok(command) => self.command(conn, command),
            Err(Malformed::Shape(id)) => self.refuse(conn, id, Code::BadRequest),
            Err(Malformed::Hopeless) => self.disconnect(conn, Disconnect::BAD_REQUEST),
        }
    }

    /// Spends one command of the connection's allowance, if it has one. A connection that goes on without is cut.
    pub(super) fn allowed(&mut self, conn: &mut Conn) -> bool {
        let settings = &self.shared.settings;
        let rate = settings.commands_per_s.saturating_mul(COMMAND / 10);
        let earned = self.now.saturating_sub(conn.allowance_at).saturating_mul(rate);
        conn.allowance_at = self.now;
        conn.allowance = conn.allowance.saturating_add(earned).min(settings.commands_burst.saturating_mul(COMMAND));
        let Some(left) = conn.allowance.checked_sub(COMMAND) else {
            conn.refused = conn.refused.saturating_add(1);
            if conn.refused > PATIENCE_WITH_FLOOD {
                self.disconnect(conn, Disconnect::FLOOD);
            }
            return false;
        };
        conn.allowance = left;
        conn.refused = 0;
        true
    }

    fn command(&mut self, conn: &mut Conn, command: Command<'_>) {
        let id = command.id;
        if let Some(connect) = command.connect {
            return self.connect(conn, id, &connect);
        }
        if conn.stage == Stage::Fresh {
            return self.disconnect(conn, Disconnect::BAD_REQUEST);
        }
        if let Some(refresh) = command.refresh {
            return self.refresh(conn, id, &refresh);
        }
        if command.send.is_some() {
            return; // Nothing in the house listens to messages without an answer.
        }
        if id == 0 {
            return self.disconnect(conn, Disconnect::BAD_REQUEST);
        }
        if conn.who.as_ref().is_some_and(|who| who.expires_at <= self.shared.settings.clock.now()) {
            return self.refuse(conn, id, Code::TokenExpired);
        }
        if conn.in_flight >= self.shared.settings.in_flight {
            return self.refuse(conn, id, Code::LimitExceeded);
        }
        match command {
            Command { rpc: Some(rpc), .. } => self.rpc(conn, id, &rpc),
            Command { subscribe: Some(subscribe), .. } => self.subscribe(conn, id, &subscribe),
            Command { unsubscribe: Some(of), .. } => self.unsubscribe(conn, id, &of),
            Command { publish: Some(publish), .. } => self.publish(conn, id, &publish),
            Command { presence: Some(of), .. } => self.presence(conn, id, &of),
            Command { presence_stats: Some(of), .. } => self.presence_stats(conn, id, &of),
            Command { history: Some(request), .. } => self.history(conn, id, request),
            Command { sub_refresh: Some(of), .. } => self.sub_refresh(conn, id, &of),
            Command { ping: Some(_), .. } => self.answer(conn, id, "ping", |_| ()),
            _ => self.refuse(conn, id, Code::UnknownMethod),
        }
    }

    fn connect(&mut self, conn: &mut Conn, id: u32, request: &Connect<'_>) {
        if conn.stage != Stage::Fresh || id == 0 {
            return self.disconnect(conn, Disconnect::BAD_REQUEST);
        }
        let who = match request.token.as_ref() {
            "" => None,
            token => match self.shared.house.identify(token) {
                Ok(who) => Some(who),
                Err(code) => return self.refuse(conn, id, code),
            },
        };
        if self.welcome(conn, who) {
            let shared = Arc::clone(&self.shared);
            let connection = &*conn;
            let mut line = std::mem::take(&mut self.scratch);
            protocol::reply(&mut line, id, "connect", |reply| shared.describe_connection(reply, connection, true));
            conn.say(&line);
            self.keep_scratch(line);
        }
    }

    /// Lets a connection in as this person. Whether there was room.
    pub(super) fn welcome(&mut self, conn: &mut Conn, who: Option<Identity>) -> bool {
        if let Some(who) = &who
            && !conn.admission.enter_person(who.user, self.shared.settings.sockets_per_user)
        {
            self.disconnect(conn, Disconnect::CONNECTION_LIMIT);
            return false;
        }
        conn.who = who.map(Box::new);
        conn.stage = Stage::Open;
        conn.deadlines.connect = NEVER;
        let ping = ticks(self.shared.settings.ping);
        if ping > 0 {
            // Connections that came together are pinged apart.
            let early = conn.key.index % (ping / 4).max(1);
            conn.deadlines.ping = self.now.saturating_add(ping - early);
        }
        self.expect_expiry(conn);
        true
    }

    fn expect_expiry(&self, conn: &mut Conn) {
        conn.deadlines.expiry = conn.who.as_ref().map_or(NEVER, |who| {
            let left = (who.expires_at - self.shared.settings.clock.now()).to_std().unwrap_or_default();
            self.now.saturating_add(ticks(left.saturating_add(self.shared.settings.expiry_grace))).saturating_add(1)
        });
    }

    fn refresh(&mut self, conn: &mut Conn, id: u32, request: &Refresh<'_>) {
        let fresh = self.shared.house.identify(&request.token);
        match (fresh, conn.who.as_mut()) {
            (Ok(fresh), Some(who)) if fresh.user == who.user => **who = fresh,
            (Ok(_), _) => return self.refuse(conn, id, Code::TokenInvalid),
            (Err(code), _) => return self.refuse(conn, id, code),
        }
        self.expect_expiry(conn);
        let shared = Arc::clone(&self.shared);
        let mut line = std::mem::take(&mut self.scratch);
        protocol::reply(&mut line, id, "refresh", |reply| shared.describe_expiry(reply, conn));
        conn.say(&line);
        self.keep_scratch(line);
    }

    fn rpc(&mut self, conn: &mut Conn, id: u32, request: &Rpc<'_>) {
        let data = request.data.map_or_else(|| RawValue::NULL.to_owned(), ToOwned::to_owned);
        let who = conn.who.as_deref().cloned();
        let call = RpcCall { who, method: request.method.clone().into_owned(), data };
        conn.in_flight = conn.in_flight.saturating_add(1);
        let answer = Answerer { inbox: Arc::clone(&self.inbox), key: conn.key, id, answered: false };
        Arc::clone(&self.shared.house).rpc(call, Box::new(move |result| answer.give(result)));
    }

    /// The answer to [`Hub::rpc`].
    pub(super) fn on_rpc(&mut self, key: ConnKey, id: u32, result: &RpcResult) {
        self.with(key, |hub, conn| {
            conn.in_flight = conn.in_flight.saturating_sub(1);
            match result {
                Ok(data) => hub.answer(conn, id, "rpc", |reply| {
                    reply.raw("data", data.get().as_bytes());
                }),
                Err(error) => {
                    let mut line = std::mem::take(&mut hub.scratch);
                    protocol::error(&mut line, id, error.code, &error.message);
                    conn.say(&line);
                    hub.keep_scratch(line);
                }
            }
        });
    }

    fn unsubscribe(&mut self, conn: &mut Conn, id: u32, of: &OfChannel<'_>) {
        if let Some(room) = self.rooms.find(&of.channel) {
            self.unseat(conn, room);
        }
        self.answer(conn, id, "unsubscribe", |_| ());
    }

    fn publish(&mut self, conn: &mut Conn, id: u32, request: &Publish<'_>) {
        match self.rules(conn, &request.channel) {
            Ok((rules, true)) if rules.client_publish => {}
            Ok(_) => return self.refuse(conn, id, Code::Forbidden),
            Err(code) => return self.refuse(conn, id, code),
        }
        let mut info = Vec::with_capacity(96);
        let mut object = Object::new(&mut info);
        protocol::client_info(&mut object, present(conn));
        object.end();
        let info = String::from_utf8(info).ok();
        match self.shared.broker.publish_open(&request.channel, request.data.get(), info.as_deref()) {
            Some(_) => self.answer(conn, id, "publish", |_| ()),
            None => self.refuse(conn, id, Code::LimitExceeded),
        }
    }

    fn presence(&mut self, conn: &mut Conn, id: u32, of: &OfChannel<'_>) {
        match self.rules(conn, &of.channel) {
            Ok((rules, _)) if rules.presence == Presence::Listed => {}
            Ok((rules, _)) if rules.presence == Presence::Counted => return self.refuse(conn, id, Code::Forbidden),
            Ok(_) => return self.refuse(conn, id, Code::NotAvailable),
            Err(code) => return self.refuse(conn, id, code),
        }
        let list = self.shared.broker.find(&of.channel).map_or_else(Vec::new, |channel| channel.presence(PRESENCE));
        self.answer(conn, id, "presence", |reply| {
            reply.object("presence", |clients| {
                for who in list {
                    let mut buffer = uuid::Uuid::encode_buffer();
                    let client = who.client.hyphenated().encode_lower(&mut buffer);
                    clients.object(client, |info| protocol::client_info(info, who));
                }
            });
        });
    }

    fn presence_stats(&mut self, conn: &mut Conn, id: u32, of: &OfChannel<'_>) {
        match self.rules(conn, &of.channel) {
            Ok((rules, _)) if rules.presence >= Presence::Counted && !rules.ask => {}
            Ok(_) => return self.refuse(conn, id, Code::NotAvailable),
            Err(code) => return self.refuse(conn, id, code),
        }
        let stats = self.shared.broker.find(&of.channel).map(|channel| channel.presence_stats());
        self.answer(conn, id, "presence_stats", |reply| {
            let (clients, users) = stats.map_or((0, 0), |stats| (stats.clients, stats.users));
            reply.number("num_clients", u64::try_from(clients).unwrap_or(u64::MAX));
            reply.number("num_users", u64::try_from(users).unwrap_or(u64::MAX));
        });
    }

    /// Subscriptions have no tokens of their own here: what a person may watch follows from the connection's.
    fn sub_refresh(&mut self, conn: &mut Conn, id: u32, of: &OfChannel<'_>) {
        let subscribed = self.rooms.find(&of.channel).is_some_and(|room| conn.subs.iter().any(|sub| sub.room == room));
        if subscribed {
            self.answer(conn, id, "sub_refresh", |_| ());
        } else {
            self.refuse(conn, id, Code::BadRequest);
        }
    }

    /// Writes a reply.
    pub(super) fn answer(&mut self, conn: &mut Conn, id: u32, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let mut line = std::mem::take(&mut self.scratch);
        protocol::reply(&mut line, id, name, fill);
        conn.say(&line);
        self.keep_scratch(line);
    }

    /// Writes an error reply.
    pub(super) fn refuse(&mut self, conn: &mut Conn, id: u32, code: Code) {
        metrics::counter!("live_refused_total", "code" => code.name()).increment(1);
        if id == 0 {
            // A one-way stream has no replies: its end tells.
            return self.disconnect(conn, Disconnect::refused(code));
        }
        let mut line = std::mem::take(&mut self.scratch);
        protocol::error(&mut line, id, code, code.sentence());
        conn.say(&line);
        self.keep_scratch(line);
    }
}

impl Shared {
    /// The members of a connect reply.
    pub(super) fn describe_connection(&self, reply: &mut Object<'_>, conn: &Conn, two_way: bool) {
        let settings = &self.settings;
        let mut buffer = uuid::Uuid::encode_buffer();
        reply.text("client", conn.client.hyphenated().encode_lower(&mut buffer)).text("version", VERSION);
        self.expiry_members(reply, conn);
        if !conn.frame_pings && !settings.ping.is_zero() {
            reply.number("ping", settings.ping.as_secs().max(1)).flag("pong", two_way);
        }
        if let Some(session) = conn.session.filter(|_| two_way) {
            reply.text("session", session.simple().encode_lower(&mut buffer));
        }
        let now = u64::try_from(settings.clock.now().timestamp_millis()).unwrap_or(0);
        reply.text("node", &settings.node).number("time", now);
    }

    fn describe_expiry(&self, reply: &mut Object<'_>, conn: &Conn) {
        let mut buffer = uuid::Uuid::encode_buffer();
        reply.text("client", conn.client.hyphenated().encode_lower(&mut buffer)).text("version", VERSION);
        self.expiry_members(reply, conn);
    }

    fn expiry_members(&self, reply: &mut Object<'_>, conn: &Conn) {
        if let Some(who) = &conn.who {
            let left = (who.expires_at - self.settings.clock.now()).num_seconds();
            reply.flag("expires", true).number("ttl", u64::try_from(left).unwrap_or(0).max(1));
        }
    }
}

const VERSION: &str = concat!("madang ", env!("CARGO_PKG_VERSION"));

/// A duration in ticks, never zero for one that is not.
pub(super) fn ticks(duration: std::time::Duration) -> Tick {
    Tick::try_from(duration.as_millis().div_ceil(TICK.as_millis())).unwrap_or(NEVER - 1)
}

/// Who a connection is to others.
pub(super) fn present(conn: &Conn) -> Present {
    Present { client: conn.client, user: conn.who.as_ref().map(|who| who.user) }
}

/// Carries an rpc's answer to its hub. One that is dropped unused answers that something went wrong, so that no client waits in vain.
struct Answerer {
    inbox: Arc<Inbox>,
    key: ConnKey,
    id: u32,
    answered: bool,
}

impl Answerer {
    fn give(mut self, result: RpcResult) {
        self.answered = true;
        self.inbox.push(Order::Rpc(self.key, self.id, result));
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if !self.answered {
            self.inbox.push(Order::Rpc(self.key, self.id, Err(Code::Internal.into())));
        }
    }
}
