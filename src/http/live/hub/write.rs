//! Writing, what follows from how far it got, and the last frame of a connection.

use bytes::Bytes;

use super::super::codes::Disconnect;
use super::super::{protocol, ws};
use super::Hub;
use super::conn::{Conn, Deadlines, Flushed, Seat, Stage};
use super::conns::ConnKey;
use super::session::ticks;
use super::wheel::NEVER;
use super::wire::{self, Framing, Wire};

impl Hub {
    /// Ends a connection with a last frame that says why.
    pub(super) fn disconnect(&mut self, conn: &mut Conn, why: Disconnect) {
        if matches!(conn.stage, Stage::Closing | Stage::Gone) {
            return;
        }
        metrics::counter!("live_disconnect_total", "code" => why.code.to_string()).increment(1);
        self.unseat_all(conn);
        let last = match conn.framing {
            Framing::WebSocket => ws::close(why),
            Framing::Sse | Framing::Lines | Framing::UniSse => {
                let mut line = Vec::new();
                let body = |object: &mut protocol::Object<'_>| {
                    object.number("code", u64::from(why.code)).text("reason", why.reason);
                };
                let mut object = protocol::Object::new(&mut line);
                if conn.framing == Framing::UniSse {
                    object.object("disconnect", body);
                } else {
                    object.object("push", |push| {
                        push.object("disconnect", body);
                    });
                }
                object.end();
                let mut lines = Vec::new();
                wire::add_line(conn.framing, &mut lines, &line);
                Bytes::from(lines)
            }
        };
        conn.end_with(last);
        let close = self.now.saturating_add(ticks(self.shared.settings.linger));
        conn.deadlines = Deadlines { close, alarm: conn.deadlines.alarm, ..Deadlines::NONE };
    }

    pub(super) fn writable(&mut self, key: ConnKey) {
        self.with(key, |hub, conn| {
            let Some(out) = conn.out.as_mut().filter(|out| out.full) else { return };
            out.full = false;
            let flushed = conn.flush();
            conn.deadlines.stall = NEVER;
            hub.after_write(conn, flushed);
            if flushed == Flushed::Empty {
                let astray: Vec<u32> = conn.subs.iter().filter(|sub| sub.seat == Seat::Astray).map(|sub| sub.room).collect();
                for room in astray {
                    hub.catch_up(conn, room);
                }
            }
        });
    }

    pub(super) fn write_dirty(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for key in dirty.drain(..) {
            self.with(key, |hub, conn| {
                conn.dirty = false;
                let flushed = conn.flush();
                hub.after_write(conn, flushed);
            });
        }
        // What was said while writing (a disconnect) is written in the next turn.
        dirty.append(&mut self.dirty);
        if !dirty.is_empty() {
            self.unread_turn();
        }
        self.dirty = dirty;
    }

    /// Makes the next turn come at once.
    fn unread_turn(&mut self) {
        self.unread.push(ConnKey::NOBODY);
    }

    /// Draws the consequences of a write.
    pub(super) fn after_write(&mut self, conn: &mut Conn, flushed: Flushed) {
        match flushed {
            Flushed::Gone => conn.stage = Stage::Gone,
            Flushed::Empty if conn.stage == Stage::Closing => {
                conn.wire.finish();
                if matches!(conn.wire, Wire::Stream(_)) {
                    conn.stage = Stage::Gone;
                }
            }
            Flushed::Empty => {}
            Flushed::Full if conn.stage == Stage::Closing => {}
            Flushed::Full if conn.unasked() > self.shared.settings.queue => self.cut_slow(conn),
            Flushed::Full if conn.deadlines.stall == NEVER => {
                conn.deadlines.stall = self.now.saturating_add(ticks(self.shared.settings.stall));
            }
            Flushed::Full => {}
        }
    }
}
