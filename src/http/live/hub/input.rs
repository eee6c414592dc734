//! Bytes from sockets: WebSocket frames to messages.

use std::io::{ErrorKind, Read};

use bytes::Bytes;

use super::super::codes::Disconnect;
use super::super::house::Identity;
use super::super::protocol::Subscribe;
use super::super::ws::{self, Opcode};
use super::Hub;
use super::conn::{Conn, Partial, Stage, UniPlan};
use super::conns::ConnKey;
use super::wheel::NEVER;
use super::wire::Wire;

/// Full buffers read from one socket before others have their turn.
const READS: usize = 4;

impl Hub {
    /// Reads what a socket has. A read that does not fill the buffer has emptied the socket, and what comes later is told of
    /// anew; only where the `end` may be behind it must it be asked again.
    pub(super) fn readable(&mut self, key: ConnKey, end: bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.with(key, |hub, conn| {
            for _ in 0..READS {
                let Wire::Socket(socket) = &conn.wire else { return };
                let mut from = socket;
                let mut emptied = false;
                match from.read(&mut buffer) {
                    Ok(0) => {
                        conn.stage = Stage::Gone;
                        return;
                    }
                    Ok(count) => {
                        emptied = !end && count < buffer.len();
                        hub.bytes(conn, buffer.get_mut(..count).unwrap_or_default());
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => {
                        conn.stage = Stage::Gone;
                        return;
                    }
                }
                if conn.stage == Stage::Gone || emptied {
                    return;
                }
            }
            hub.unread.push(key);
        });
        self.buffer = buffer;
    }

    /// It lives: a whole message came, not just a byte of one.
    pub(super) fn hear_from(&mut self, conn: &mut Conn) {
        conn.deadlines.pong = NEVER;
    }

    /// Takes bytes of a WebSocket; what makes no whole frame waits for more.
    pub(super) fn bytes(&mut self, conn: &mut Conn, bytes: &mut [u8]) {
        if conn.stage == Stage::Closing {
            return;
        }
        let carried = conn.partial.as_mut().map(|partial| std::mem::take(&mut partial.bytes)).filter(|bytes| !bytes.is_empty());
        let rest = match carried {
            Some(mut all) => {
                all.extend_from_slice(bytes);
                let used = self.frames(conn, &mut all);
                all.drain(..used);
                all
            }
            None => {
                let used = self.frames(conn, bytes);
                bytes.get(used..).unwrap_or_default().to_vec()
            }
        };
        if !rest.is_empty() && matches!(conn.stage, Stage::Fresh | Stage::Open) {
            conn.partial.get_or_insert_default().bytes = rest;
        } else if conn.partial.as_ref().is_some_and(|partial| !partial.fragmented) {
            conn.partial = None;
        }
    }

    /// Takes whole frames; how many bytes they were.
    fn frames(&mut self, conn: &mut Conn, bytes: &mut [u8]) -> usize {
        let mut used = 0;
        while let Some(rest) = bytes.get_mut(used..) {
            let frame = match ws::parse(rest, self.shared.settings.frame) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(why) => {
                    self.disconnect(conn, why);
                    break;
                }
            };
            used += frame.end;
            let payload = rest.get(frame.start..frame.end).unwrap_or_default();
            self.frame(conn, frame.fin, frame.opcode, payload);
            if !matches!(conn.stage, Stage::Fresh | Stage::Open) {
                break;
            }
        }
        used
    }

    fn frame(&mut self, conn: &mut Conn, fin: bool, opcode: Opcode, payload: &[u8]) {
        self.hear_from(conn);
        let fragmented = conn.partial.as_ref().is_some_and(|partial| partial.fragmented);
        match opcode {
            Opcode::Text if fin && !fragmented => self.lines(conn, payload),
            Opcode::Text if !fragmented => self.piece(conn, fin, payload),
            Opcode::Continue if fragmented => self.piece(conn, fin, payload),
            Opcode::Text | Opcode::Continue => self.disconnect(conn, Disconnect::PROTOCOL),
            Opcode::Binary => self.disconnect(conn, Disconnect::INAPPROPRIATE),
            Opcode::Close => {
                let polite = payload.is_empty() || payload.len() >= 2;
                self.disconnect(conn, if polite { Disconnect::NORMAL } else { Disconnect::PROTOCOL });
            }
            Opcode::Ping => {
                if self.allowed(conn) {
                    conn.enqueue(ws::frame(Opcode::Pong, payload));
                }
            }
            Opcode::Pong => {}
        }
    }

    fn piece(&mut self, conn: &mut Conn, fin: bool, payload: &[u8]) {
        let Partial { message, fragmented, .. } = &mut **conn.partial.get_or_insert_default();
        if message.len() + payload.len() > self.shared.settings.frame {
            return self.disconnect(conn, Disconnect::TOO_LARGE);
        }
        message.extend_from_slice(payload);
        *fragmented = !fin;
        if fin {
            let whole = Bytes::from(std::mem::take(message));
            self.lines(conn, &whole);
        }
    }

    /// Starts a one-way stream: as if it had sent connect and subscribe.
    pub(super) fn start_uni(&mut self, conn: &mut Conn, who: Option<Identity>, plan: &UniPlan) {
        if !self.welcome(conn, who) {
            return;
        }
        let (epoch, offset) = plan.resume.as_ref().map_or(("", 0), |(epoch, offset)| (epoch.as_str(), *offset));
        let request = Subscribe {
            channel: plan.channel.as_str().into(),
            recover: plan.resume.is_some(),
            offset,
            epoch: epoch.into(),
            join_leave: false,
            flag: 0,
        };
        self.subscribe(conn, 0, &request);
    }
}
