//! Who sits where in the rooms.

use super::Hub;
use super::conn::{Conn, Seat, Stage};
use super::conns::ConnKey;
use uuid::Uuid;

use super::super::codes::Disconnect;
use super::super::house::Presence;

impl Hub {
    /// Ends a subscription, if there is one.
    pub(super) fn unseat(&mut self, conn: &mut Conn, number: u32) {
        let Some(at) = conn.subs.iter().position(|sub| sub.room == number) else { return };
        let sub = conn.subs.swap_remove(at);
        let Some(room) = self.rooms.get(number) else { return };
        room.listeners = room.listeners.saturating_sub(u32::from(sub.join_leave));
        match sub.seat {
            Seat::Waiting => room.waiting = room.waiting.saturating_sub(1),
            Seat::Astray => room.astray.retain(|astray| astray.key != conn.key),
            Seat::Member(slot) => self.vacate(number, slot),
        }
        let Some(room) = self.rooms.get(number) else { return };
        if room.rules.presence >= Presence::Counted && sub.seat != Seat::Waiting {
            room.channel.leave(conn.client, room.rules.join_leave);
        }
        if room.is_empty() {
            self.emptied.push(number);
        }
    }

    pub(super) fn unseat_all(&mut self, conn: &mut Conn) {
        while let Some(room) = conn.subs.last().map(|sub| sub.room) {
            self.unseat(conn, room);
        }
        conn.subs = Vec::new();
    }

    /// Takes a member that stays in its place out of the room's list.
    pub(super) fn leave_seat(&mut self, number: u32, key: ConnKey) {
        let sub = self.conns.get(key).and_then(|conn| conn.subs.iter().find(|sub| sub.room == number).copied());
        if let Some(Seat::Member(slot)) = sub.map(|sub| sub.seat) {
            self.vacate(number, slot);
        }
    }

    /// Removes a member from the list; the last one takes its slot and is told.
    fn vacate(&mut self, number: u32, slot: u32) {
        let Some(room) = self.rooms.get(number) else { return };
        let at = usize::try_from(slot).unwrap_or(usize::MAX);
        if at >= room.members.len() {
            return;
        }
        room.members.swap_remove(at);
        if let Some(&moved) = room.members.get(at)
            && let Some(conn) = self.conns.at(moved)
            && let Some(sub) = conn.subs.iter_mut().find(|sub| sub.room == number)
        {
            sub.seat = Seat::Member(slot);
        }
    }

    /// Stops watching the channels that nobody here watches any more.
    pub(super) fn leave_empty_rooms(&mut self) {
        for number in std::mem::take(&mut self.emptied) {
            if self.rooms.get(number).is_some_and(|room| room.is_empty())
                && let Some(room) = self.rooms.remove(number)
            {
                room.channel.unwatch(crate::actors::broker::Watcher::number(&*self.inbox));
                self.due.retain(|&due| due != number);
            }
        }
    }

    /// Cuts every connection of a session.
    pub(super) fn cut_session(&mut self, session: Uuid, why: Disconnect) {
        let of_session =
            |conn: &&Conn| conn.who.as_ref().is_some_and(|who| who.session == session) && conn.stage == Stage::Open;
        let keys: Vec<_> = self.conns.iter().filter(of_session).map(|conn| conn.key).collect();
        for key in keys {
            self.with(key, |hub, conn| hub.disconnect(conn, why));
        }
    }
}
