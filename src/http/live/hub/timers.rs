//! Deadlines of connections: heartbeats, expiry, stuck readers, leaving.

use std::time::{Duration, Instant};

use super::super::codes::Disconnect;
use super::super::ws::{self, Opcode};
use super::Hub;
use super::conn::{Conn, Stage};
use super::session::ticks;
use super::wheel::{NEVER, Tick};
use super::wire::Framing;

/// How often idle channels are looked for, in ticks.
const SWEEP: Tick = 300;

impl Hub {
    /// Does what has become due.
    pub(super) fn ring(&mut self) {
        let mut ringing = std::mem::take(&mut self.ringing);
        self.wheel.ring(self.now, &mut ringing);
        for alarm in ringing.drain(..) {
            self.with(alarm.key, |hub, conn| {
                if conn.deadlines.alarm == alarm.at {
                    conn.deadlines.alarm = NEVER;
                    hub.check(conn);
                }
            });
        }
        self.ringing = ringing;
        if self.now.saturating_sub(self.swept) >= SWEEP {
            self.swept = self.now;
            self.shared.broker.sweep(Instant::now());
        }
    }

    fn check(&mut self, conn: &mut Conn) {
        let (now, deadlines) = (self.now, conn.deadlines);
        if deadlines.close <= now {
            conn.stage = Stage::Gone;
        } else if deadlines.connect <= now {
            self.disconnect(conn, Disconnect::STALE);
        } else if deadlines.stall <= now {
            self.cut_slow(conn);
        } else if deadlines.leave <= now {
            self.disconnect(conn, Disconnect::SHUTDOWN);
        } else if deadlines.expiry <= now {
            self.disconnect(conn, Disconnect::EXPIRED);
        } else if deadlines.pong <= now {
            self.disconnect(conn, Disconnect::NO_PONG);
        } else if deadlines.ping <= now {
            self.ping(conn);
        }
    }

    fn ping(&mut self, conn: &mut Conn) {
        let settings = &self.shared.settings;
        conn.deadlines.ping = self.now.saturating_add(ticks(settings.ping));
        if conn.framing != Framing::UniSse {
            // An unanswered ping before this one keeps its own deadline.
            conn.deadlines.pong = conn.deadlines.pong.min(self.now.saturating_add(ticks(settings.pong)));
        }
        if conn.frame_pings {
            conn.enqueue(ws::frame(Opcode::Ping, b""));
        } else {
            conn.say(b"{}");
        }
    }

    /// Tells every connection to come back, each at its own moment within `jitter`.
    pub(super) fn drain(&mut self, jitter: Duration) {
        let spread = u64::from(ticks(jitter)).saturating_add(1);
        for (number, key) in (0u64..).zip(self.conns.keys()) {
            let wait = Tick::try_from(number.wrapping_mul(7919) % spread).unwrap_or(0);
            let leave = self.now.saturating_add(wait);
            self.with(key, |hub, conn| {
                if conn.stage != Stage::Closing {
                    conn.deadlines.leave = leave;
                    hub.check(conn);
                }
            });
        }
    }
}
