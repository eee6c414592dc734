//! Publications on their way from the broker to the sockets of a hub.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use madang_domain::code::Code;
use serde::Deserialize;

use super::super::codes::{Disconnect, Unsubscribe};
use super::super::house::{Backlog, History};
use super::super::protocol;
use super::Hub;
use super::conn::{Conn, Flushed, Seat};
use super::conns::ConnKey;
use super::join::{Ask, What};
use super::rooms::Astray;
use super::wire::{Encoded, encode};
use crate::actors::broker::{Channel, Entry, Heard, Present, Stretch};

impl Hub {
    /// Takes what the broker tells.
    pub(super) fn on_heard(&mut self, heard: Heard) {
        match heard {
            Heard::Published { channel, epoch, entries } => self.on_published(&channel, &epoch, &entries),
            Heard::Passed { channel, entry } => self.on_passed(&channel, entry),
            Heard::Joined { channel, who } => self.tell_listeners(&channel, "join", who),
            Heard::Left { channel, who } => self.tell_listeners(&channel, "leave", who),
        }
    }

    fn on_published(&mut self, channel: &Arc<Channel>, epoch: &Arc<str>, entries: &[Entry]) {
        let Some(number) = self.rooms.find(channel.name()) else { return };
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
        if self.rooms.get(number).is_some_and(|room| room.epoch.as_ref().is_some_and(|own| own != epoch)) {
            self.deliver(number);
            self.push_all_out(number);
            if let Some(room) = self.rooms.get(number) {
                room.held = None;
                room.delivered = Some(first.offset.saturating_sub(1));
            }
        }
        let most = self.shared.settings.recover;
        let Some(room) = self.rooms.get(number) else { return };
        room.epoch = Some(Arc::clone(epoch));
        if let Some(held) = &mut room.held {
            held.extend_from_slice(entries);
            if held.len() > most {
                room.held = None;
                room.delivered = Some(last.offset);
                self.push_all_out(number);
            }
            return;
        }
        let expected = room.expected();
        match expected {
            Some(position) if first.offset > position.saturating_add(1) && !room.is_empty() => {
                room.held = Some(entries.to_vec());
                self.meters.gaps.increment(1);
                let ask = Ask { key: ConnKey::NOBODY, id: 0, channel: Arc::clone(channel.name()), what: What::Fill(position) };
                self.ask_journal(ask, position, most);
            }
            Some(position) => {
                if room.due.is_empty() {
                    self.due.push(number);
                }
                room.due.extend(entries.iter().filter(|entry| entry.offset > position).cloned());
            }
            None => {
                room.delivered = Some(first.offset.saturating_sub(1));
                self.due.push(number);
                room.due.extend_from_slice(entries);
            }
        }
    }

    /// Gives the members something in passing, behind what is due. Who cannot take more misses it.
    fn on_passed(&mut self, channel: &Arc<Channel>, entry: Entry) {
        let Some(number) = self.rooms.find(channel.name()) else { return };
        self.alone = false;
        self.deliver(number);
        let Some(room) = self.rooms.get(number).filter(|room| room.held.is_none()) else { return };
        let members = std::mem::take(&mut room.members);
        let entries = [entry];
        let mut encoded = Encoded::new(&entries, "");
        let mut troubled = Vec::new();
        for &index in &members {
            if self.conns.at(index).is_some_and(|conn| conn.is_full()) {
                continue;
            }
            if let Given::Trouble(key, flushed) = self.give(index, &mut encoded, Backlog::Cut) {
                troubled.push((key, flushed));
            }
        }
        self.delivered += members.len();
        if let Some(room) = self.rooms.get(number) {
            room.members = members;
        }
        for (key, flushed) in troubled {
            self.with(key, |hub, conn| hub.after_write(conn, flushed));
        }
    }

    /// The answer to [`Hub::ask_journal`] for a gap: the held publications follow what was missing.
    pub(super) fn on_fill_history(&mut self, ask: &Ask, result: Result<History, Code>) {
        let What::Fill(position) = ask.what else { return };
        let Some(number) = self.rooms.find(&ask.channel) else { return };
        let Some(room) = self.rooms.get(number) else { return };
        let Some(held) = room.held.take() else { return };
        let Some(last) = held.last().map(|entry| entry.offset) else { return };
        let mut missing = Vec::new();
        if let Ok(history) = &result
            && room.epoch.as_deref() == Some(history.epoch.as_str())
        {
            missing.extend(history.publications.iter().map(|publication| room.channel.encode(publication)));
        }
        missing.extend(held);
        let mut expected = room.expected().unwrap_or(position);
        for entry in missing {
            if entry.offset == expected.saturating_add(1) {
                expected = entry.offset;
                if room.due.is_empty() {
                    self.due.push(number);
                }
                room.due.push(entry);
            }
        }
        if expected != last {
            room.due.clear();
            room.delivered = Some(last);
            self.push_all_out(number);
        }
    }

    /// Ends every subscription of a room; the clients subscribe again and recover.
    fn push_all_out(&mut self, number: u32) {
        let Some(room) = self.rooms.get(number) else { return };
        let members = room.members.clone();
        let astray: Vec<_> = room.astray.iter().map(|astray| astray.key).collect();
        let keys: Vec<_> = members.into_iter().filter_map(|index| self.conns.key_at(index)).chain(astray).collect();
        for key in keys {
            self.with(key, |hub, conn| hub.push_out(conn, number, Unsubscribe::INSUFFICIENT));
        }
    }

    /// Gives every room's members what is due.
    pub(super) fn deliver_due(&mut self) {
        if self.due.is_empty() {
            return;
        }
        let begun = Instant::now();
        let due = std::mem::take(&mut self.due);
        self.alone = due.len() == 1;
        for &number in &due {
            self.deliver(number);
        }
        self.keep_due(due);
        self.pace.passed(begun, Instant::now());
    }

    fn deliver(&mut self, number: u32) {
        let Some(room) = self.rooms.get(number) else { return };
        let due = std::mem::take(&mut room.due);
        let (Some(first), Some(last)) = (due.first(), due.last()) else { return };
        let before = first.offset.saturating_sub(1);
        let backlog = room.rules.backlog;
        room.delivered = Some(last.offset);
        room.forget_replayed();
        let epoch = room.epoch.clone().unwrap_or_default();
        let members = std::mem::take(&mut room.members);
        let astray = std::mem::take(&mut room.astray);
        let mut encoded = Encoded::new(&due, &epoch);
        let mut behind = Vec::new();
        let mut troubled = Vec::new();
        for &index in &members {
            match self.give(index, &mut encoded, backlog) {
                Given::Fine => {}
                Given::Trouble(key, flushed) => troubled.push((key, flushed)),
                Given::Behind => behind.push(index),
            }
        }
        self.delivered += members.len() * due.len();
        if let Some(room) = self.rooms.get(number) {
            room.members = members;
        }
        for index in behind {
            self.fall_behind(number, index, before);
        }
        for Astray { key, position } in astray {
            self.give_astray(number, key, position, &due, &epoch);
        }
        for (key, flushed) in troubled {
            self.with(key, |hub, conn| hub.after_write(conn, flushed));
        }
    }

    /// Gives one member what is due: at once where nothing else waits for it.
    fn give(&mut self, index: u32, encoded: &mut Encoded<'_>, backlog: Backlog) -> Given {
        let Some(conn) = self.conns.at(index) else { return Given::Fine };
        let chunks = encoded.chunks(conn.framing);
        if conn.out.is_none() && (self.alone || conn.subs.len() == 1) {
            return match conn.send(chunks) {
                Flushed::Empty => Given::Fine,
                flushed @ (Flushed::Full | Flushed::Gone) => Given::Trouble(conn.key, flushed),
            };
        }
        let size: usize = chunks.iter().map(bytes::Bytes::len).sum();
        let full = conn.is_full();
        if full && backlog == Backlog::Conflate && conn.waiting() + size > self.shared.settings.conflate_above {
            return Given::Behind;
        }
        for chunk in chunks {
            conn.enqueue(chunk.clone());
        }
        if full {
            return Given::Trouble(conn.key, Flushed::Full);
        }
        if !conn.dirty {
            conn.dirty = true;
            self.dirty.push(conn.key);
        }
        Given::Fine
    }

    /// Makes a member that cannot take more stray at the position it has.
    fn fall_behind(&mut self, number: u32, index: u32, position: u64) {
        let Some(key) = self.conns.key_at(index) else { return };
        self.leave_seat(number, key);
        if let Some(conn) = self.conns.get(key)
            && let Some(sub) = conn.subs.iter_mut().find(|sub| sub.room == number)
            && let Some(room) = self.rooms.get(number)
        {
            sub.seat = Seat::Astray;
            room.astray.push(Astray { key, position });
        }
    }

    /// A subscription that was ahead of its room gets the part that is new to it, and becomes a member when they meet.
    fn give_astray(&mut self, number: u32, key: ConnKey, position: u64, due: &[Entry], epoch: &str) {
        let (Some(first), Some(last)) = (due.first(), due.last()) else { return };
        let joins = position.saturating_add(1) >= first.offset && position <= last.offset;
        if !joins {
            if let Some(room) = self.rooms.get(number) {
                room.astray.push(Astray { key, position });
            }
            return;
        }
        let fresh: Vec<_> = due.iter().filter(|entry| entry.offset > position).cloned().collect();
        self.with(key, |hub, conn| {
            for chunk in encode(conn.framing, &fresh, epoch) {
                conn.enqueue(chunk);
            }
            hub.take_seat(conn, number);
        });
    }

    /// Brings a subscription that is behind to its room's position, from the ring; what the ring no longer has, the client
    /// recovers by subscribing again.
    pub(super) fn catch_up(&mut self, conn: &mut Conn, number: u32) {
        if conn.is_full() {
            return;
        }
        let above = self.shared.settings.conflate_above;
        let Some(room) = self.rooms.get(number) else { return };
        let Some(place) = room.astray.iter().position(|astray| astray.key == conn.key) else { return };
        let (Some(astray), Some(delivered)) = (room.astray.get(place).copied(), room.delivered) else { return };
        if astray.position >= delivered {
            return;
        }
        let Stretch::Whole(mut entries) = room.channel.after(astray.position, delivered) else {
            return self.push_out(conn, number, Unsubscribe::INSUFFICIENT);
        };
        room.astray.swap_remove(place);
        let size: usize = entries.iter().map(|entry| entry.line().len()).sum();
        if room.rules.backlog == Backlog::Conflate && size > above {
            let missed = entries.len();
            entries = newest_of_each_type(entries);
            self.meters.conflated.increment(u64::try_from(missed - entries.len()).unwrap_or(0));
        }
        let epoch = room.epoch.clone().unwrap_or_default();
        for chunk in encode(conn.framing, &entries, &epoch) {
            conn.enqueue(chunk);
        }
        self.take_seat(conn, number);
    }

    fn take_seat(&mut self, conn: &mut Conn, number: u32) {
        let Some(room) = self.rooms.get(number) else { return };
        if let Some(sub) = conn.subs.iter_mut().find(|sub| sub.room == number) {
            sub.seat = Seat::Member(u32::try_from(room.members.len()).unwrap_or(u32::MAX));
            room.members.push(conn.key.index);
        }
    }

    fn tell_listeners(&mut self, channel: &Arc<Channel>, what: &str, who: Present) {
        let Some(number) = self.rooms.find(channel.name()) else { return };
        let Some(room) = self.rooms.get(number).filter(|room| room.listeners > 0) else { return };
        let members = room.members.clone();
        let mut line = Vec::with_capacity(160);
        protocol::push(&mut line, channel.name(), what, |push| {
            push.object("info", |info| protocol::client_info(info, who));
        });
        for key in members.into_iter().filter_map(|index| self.conns.key_at(index)).collect::<Vec<_>>() {
            self.with(key, |hub, conn| {
                if conn.subs.iter().any(|sub| sub.room == number && sub.join_leave) {
                    conn.say(&line);
                    if conn.waiting() > hub.shared.settings.queue {
                        hub.cut_slow(conn);
                    }
                }
            });
        }
    }

    /// Cuts a connection that does not read.
    pub(super) fn cut_slow(&mut self, conn: &mut Conn) {
        self.meters.slow_cut.increment(1);
        self.disconnect(conn, Disconnect::SLOW);
    }
}

enum Given {
    Fine,
    Trouble(ConnKey, Flushed),
    Behind,
}

/// Of every type of publication the newest, in order: what a watcher that missed many needs to show the present state.
fn newest_of_each_type(entries: Vec<Entry>) -> Vec<Entry> {
    #[derive(Deserialize)]
    struct Publication {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        #[serde(rename = "type", default)]
        kind: String,
    }
    let mut newest: HashMap<String, Entry> = HashMap::new();
    for entry in entries {
        let kind = serde_json::from_slice::<Publication>(entry.publication()).map(|publication| publication.data.kind);
        newest.insert(kind.unwrap_or_default(), entry);
    }
    let mut entries: Vec<_> = newest.into_values().collect();
    entries.sort_by_key(|entry| entry.offset);
    entries
}
