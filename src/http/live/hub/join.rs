//! Subscribing: from which position a client goes on, and how it is joined to the live stream without gap or double.
//!
//! A room has one position, the last offset its members were given. A subscription begins at its own: that of its snapshot,
//! or the end of what was replayed. When the two are equal it becomes a member; when it is ahead it waits until the room
//! has come as far; when it is behind, the ring gives it the difference.

use std::sync::Arc;

use bytes::Bytes;
use madang_domain::code::Code;
use serde_json::value::RawValue;

use super::super::codes::Unsubscribe;
use super::super::house::{ChannelRules, ChannelSnapshot, History, Identity, Presence};
use super::super::protocol::{self, Object, REJECT_UNRECOVERED, Subscribe};
use super::Hub;
use super::conn::{Conn, Seat, Sub};
use super::conns::ConnKey;
use super::inbox::Order;
use super::rooms::{Astray, Replay, items};
use super::show::Show;
use super::wire::{Framing, uni_event};
use crate::actors::broker::Present;

/// Something asked of the house, on its way back to a connection.
pub(in super::super) struct Ask {
    pub(super) key: ConnKey,
    /// The command's id.
    pub(super) id: u32,
    pub(super) channel: Arc<str>,
    pub(super) what: What,
}

/// What the answer is for.
pub(super) enum What {
    Join(Join),
    Show(Show),
    /// A gap in a room: the publications after this offset.
    Fill(u64),
}

/// A subscription in the making.
pub(super) struct Join {
    pub(super) room: u32,
    pub(super) ticket: u32,
    /// The position it comes back with.
    pub(super) recover: Option<(u64, String)>,
    /// Whether a failed recovery is an error.
    pub(super) reject: bool,
}

/// From where a subscription goes on.
struct Found {
    epoch: Arc<str>,
    position: u64,
    recovered: Option<Bytes>,
    data: Option<Box<RawValue>>,
}

impl Hub {
    pub(super) fn subscribe(&mut self, conn: &mut Conn, id: u32, request: &Subscribe<'_>) {
        if conn.subs.len() >= self.shared.settings.subscriptions {
            return self.refuse(conn, id, Code::LimitExceeded);
        }
        let (rules, open) = match self.rules(conn, &request.channel) {
            Ok(found) => found,
            Err(code) => return self.refuse(conn, id, code),
        };
        let Some(number) = self.room(&request.channel, rules, open) else {
            return self.refuse(conn, id, Code::LimitExceeded);
        };
        if conn.subs.iter().any(|sub| sub.room == number) {
            return self.refuse(conn, id, Code::AlreadySubscribed);
        }
        self.pace.note_arrival();
        conn.tickets = conn.tickets.wrapping_add(1);
        let ticket = conn.tickets;
        let join_leave = request.join_leave && rules.join_leave;
        conn.subs.push(Sub { room: number, ticket, seat: Seat::Waiting, join_leave });
        let Some(room) = self.rooms.get(number) else { return };
        room.waiting += 1;
        room.listeners += u32::from(join_leave);
        let channel = Arc::clone(room.channel.name());
        let recover = request.recover.then(|| (request.offset, request.epoch.clone().into_owned()));
        let join = Join { room: number, ticket, recover, reject: request.flag & REJECT_UNRECOVERED != 0 };
        let ask = Ask { key: conn.key, id, channel, what: What::Join(join) };
        if rules.ask {
            return self.ask_admission(ask, conn.who.as_deref().cloned());
        }
        self.join(conn, ask);
    }

    fn ask_admission(&self, ask: Ask, who: Option<Identity>) {
        let (house, inbox) = (Arc::clone(&self.shared.house), Arc::clone(&self.inbox));
        self.shared.runtime.spawn(async move {
            let asked = house.admit(ask.channel.to_string(), who);
            let result = tokio::time::timeout(super::PATIENCE, asked).await.unwrap_or(Err(Code::Busy));
            inbox.push(Order::Admitted(Box::new(ask), result));
        });
    }

    /// The answer to [`Hub::ask_admission`].
    pub(super) fn on_admitted(&mut self, ask: Ask, result: Result<(), Code>) {
        self.with(ask.key, |hub, conn| match (result, &ask.what) {
            (Err(code), _) => hub.fail_join(conn, &ask, code),
            (Ok(()), What::Join(join)) if conn.subs.iter().any(|sub| (sub.room, sub.ticket) == (join.room, join.ticket)) => {
                hub.join(conn, ask);
            }
            (Ok(()), What::Join(_) | What::Show(_) | What::Fill(_)) => {}
        });
    }

    /// What the channel offers, and whether it is an open one.
    pub(super) fn rules(&self, conn: &Conn, channel: &str) -> Result<(ChannelRules, bool), Code> {
        match self.shared.house.channel(channel, conn.who.as_deref()) {
            Ok(rules) => Ok((rules, !rules.durable)),
            Err(Code::UnknownChannel) if self.shared.settings.open_channels && !channel.is_empty() && channel.len() <= 255 => {
                Ok((ChannelRules::OPEN, true))
            }
            Err(code) => Err(code),
        }
    }

    fn room(&mut self, name: &str, rules: ChannelRules, open: bool) -> Option<u32> {
        if let Some(number) = self.rooms.find(name) {
            return Some(number);
        }
        let (channel, standing) = if open {
            self.shared.broker.watch_open(name, &self.watcher)?
        } else {
            self.shared.broker.watch(name, &self.watcher)
        };
        Some(self.rooms.insert(channel, standing, rules, open))
    }

    fn join(&mut self, conn: &mut Conn, ask: Ask) {
        let What::Join(join) = &ask.what else { return };
        let Some((offset, epoch)) = &join.recover else { return self.start_afresh(conn, ask) };
        let (most, most_bytes) = (self.shared.settings.recover, self.shared.settings.recover_bytes);
        let Some(room) = self.rooms.get(join.room) else { return };
        match room.replay(*offset, epoch, most, most_bytes) {
            Replay::Whole(text, position) => {
                let Some(epoch) = room.epoch.clone() else { return };
                self.meters.resumed_from_ring.increment(1);
                self.seat(conn, &ask, Found { epoch, position, recovered: Some(text), data: None });
            }
            Replay::Lost => self.start_afresh(conn, ask),
            Replay::Ask => {
                let after = *offset;
                self.ask_journal(ask, after, most.saturating_add(1));
            }
        }
    }

    /// Goes on without recovery: from a snapshot where the channel has one.
    fn start_afresh(&mut self, conn: &mut Conn, ask: Ask) {
        let What::Join(join) = &ask.what else { return };
        if join.recover.is_some() && join.reject {
            return self.fail_join(conn, &ask, Code::UnrecoverablePosition);
        }
        if join.recover.is_some() {
            self.meters.resumed_from_snapshot.increment(1);
        }
        let Some(room) = self.rooms.get(join.room) else { return };
        if room.open {
            let (Some(epoch), Some(position)) = (room.epoch.clone(), room.delivered) else { return };
            return self.seat(conn, &ask, Found { epoch, position, recovered: None, data: None });
        }
        self.ask_snapshot(ask, conn.who.as_deref().cloned());
    }

    /// The answer to [`Hub::ask_snapshot`].
    pub(super) fn on_snapshot(&mut self, ask: &Ask, result: Result<ChannelSnapshot, Code>) {
        self.with(ask.key, |hub, conn| match result {
            Ok(ChannelSnapshot { epoch, offset, data }) => {
                hub.seat(conn, ask, Found { epoch: Arc::from(epoch), position: offset, recovered: None, data: Some(data) });
            }
            Err(code) => hub.fail_join(conn, ask, code),
        });
    }

    /// The answer to [`Hub::ask_journal`] for a subscription.
    pub(super) fn on_join_history(&mut self, ask: Ask, result: Result<History, Code>) {
        let key = ask.key;
        self.with(key, move |hub, conn| {
            let What::Join(Join { recover: Some((offset, epoch)), room, .. }) = &ask.what else { return };
            let history = match result {
                Ok(history) => history,
                Err(code) => return hub.fail_join(conn, &ask, code),
            };
            let Some(room) = hub.rooms.get(*room) else { return };
            let text = whole_after(&history, *offset, epoch).map(|()| {
                let entries: Vec<_> = history.publications.iter().map(|publication| room.channel.encode(publication)).collect();
                items(entries.iter().map(crate::actors::broker::Entry::publication))
            });
            let settings = &hub.shared.settings;
            match text.filter(|text| text.len() <= settings.recover_bytes && history.publications.len() <= settings.recover) {
                Some(text) => {
                    hub.meters.resumed_from_journal.increment(1);
                    let position = history.publications.last().map_or(*offset, |last| last.offset);
                    let epoch = Arc::from(history.epoch);
                    hub.seat(conn, &ask, Found { epoch, position, recovered: Some(Bytes::from(text)), data: None });
                }
                None => hub.start_afresh(conn, ask),
            }
        });
    }

    fn fail_join(&mut self, conn: &mut Conn, ask: &Ask, code: Code) {
        let What::Join(join) = &ask.what else { return };
        let still = conn.subs.iter().any(|sub| sub.room == join.room && sub.ticket == join.ticket);
        if still {
            self.unseat(conn, join.room);
            self.refuse(conn, ask.id, code);
        }
    }

    /// Answers the subscribe and joins it to the room.
    fn seat(&mut self, conn: &mut Conn, ask: &Ask, found: Found) {
        let What::Join(join) = &ask.what else { return };
        let Some(sub) = conn.subs.iter_mut().find(|sub| sub.room == join.room && sub.ticket == join.ticket) else { return };
        let Some(room) = self.rooms.get(join.room) else { return };
        if room.epoch.get_or_insert_with(|| Arc::clone(&found.epoch)) != &found.epoch {
            return self.fail_join(conn, ask, Code::Busy);
        }
        room.waiting = room.waiting.saturating_sub(1);
        let delivered = *room.delivered.get_or_insert(found.position);
        if found.position == delivered {
            sub.seat = Seat::Member(u32::try_from(room.members.len()).unwrap_or(u32::MAX));
            room.members.push(conn.key.index);
        } else {
            sub.seat = Seat::Astray;
            room.astray.push(Astray { key: conn.key, position: found.position });
        }
        let (channel, rules) = (Arc::clone(&room.channel), room.rules);
        if conn.is_full() && conn.waiting() > self.shared.settings.queue {
            return self.cut_slow(conn);
        }
        if conn.framing == Framing::UniSse {
            self.greet(conn, join, &ask.channel, &found);
        } else {
            let mut line = std::mem::take(&mut self.scratch);
            protocol::reply(&mut line, ask.id, "subscribe", |reply| describe(reply, join, &found));
            conn.say(&line);
            self.keep_scratch(line);
        }
        if found.position < delivered {
            self.catch_up(conn, join.room);
        }
        if rules.presence >= Presence::Counted {
            let user = conn.who.as_ref().map(|who| who.user);
            channel.join(Present { client: conn.client, user }, rules.join_leave);
        }
    }

    /// The first event of a one-way stream: the connect push with its one subscription.
    fn greet(&mut self, conn: &mut Conn, join: &Join, channel: &str, found: &Found) {
        let mut line = std::mem::take(&mut self.scratch);
        let shared = &self.shared;
        let mut object = Object::new(&mut line);
        object.object("connect", |connect| {
            shared.describe_connection(connect, conn, false);
            connect.object("subs", |subs| {
                subs.object(channel, |sub| describe(sub, join, found));
            });
        });
        object.end();
        // The id stands for what the event brings the watcher to.
        conn.say_with(|to| uni_event(to, Some((&found.epoch, found.position)), &line));
        self.keep_scratch(line);
    }

    /// Ends a subscription from our side; the client subscribes again.
    pub(super) fn push_out(&mut self, conn: &mut Conn, room: u32, why: Unsubscribe) {
        let Some(name) = self.rooms.get(room).map(|room| Arc::clone(room.channel.name())) else { return };
        self.unseat(conn, room);
        let mut line = std::mem::take(&mut self.scratch);
        protocol::push(&mut line, &name, "unsubscribe", |push| {
            push.number("code", u64::from(why.code)).text("reason", why.reason);
        });
        conn.say(&line);
        self.keep_scratch(line);
        if conn.framing == Framing::UniSse {
            // It has nothing else to live for: the client comes back with its Last-Event-ID.
            self.disconnect(conn, super::super::codes::Disconnect::INSUFFICIENT);
        }
    }

    pub(super) fn ask_journal(&self, ask: Ask, after: u64, limit: usize) {
        let (house, inbox) = (Arc::clone(&self.shared.house), Arc::clone(&self.inbox));
        self.shared.runtime.spawn(async move {
            let asked = house.history(ask.channel.to_string(), after, limit);
            let result = tokio::time::timeout(super::PATIENCE, asked).await.unwrap_or(Err(Code::Busy));
            inbox.push(Order::History(Box::new(ask), result));
        });
    }
}

/// Whether the journal gave everything after `offset` up to its head.
fn whole_after(history: &History, offset: u64, epoch: &str) -> Option<()> {
    let same = epoch.is_empty() || epoch == history.epoch;
    let mut expected = offset;
    for publication in &history.publications {
        expected = expected.checked_add(1).filter(|&expected| expected == publication.offset)?;
    }
    (same && expected == history.head).then_some(())
}

/// The members of a subscribe reply.
fn describe(reply: &mut Object<'_>, join: &Join, found: &Found) {
    reply.flag("recoverable", true).flag("positioned", true).text("epoch", &found.epoch);
    match (&found.recovered, &join.recover) {
        (Some(publications), Some((from, _))) => {
            reply.number("offset", *from).flag("recovered", true).flag("was_recovering", true);
            if !publications.is_empty() {
                reply.list("publications", publications);
            }
        }
        (_, recover) => {
            reply.number("offset", found.position).flag("was_recovering", recover.is_some());
        }
    }
    if let Some(data) = &found.data {
        reply.raw("data", data.get().as_bytes());
    }
}
