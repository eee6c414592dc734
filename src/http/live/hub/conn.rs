//! One connection: who it is, what it watches, and what waits to be written.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;
use uuid::Uuid;

use super::super::house::Identity;
use super::super::limits::Admission;
use super::conns::ConnKey;
use super::wheel::{NEVER, Tick};
use super::wire::{Framing, Wire, Wrote, add_line, seal};

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not sent `connect`.
    Fresh,
    /// At work.
    Open,
    /// Its last frame is on the way; nothing it says matters any more.
    Closing,
    /// To be forgotten at the end of the step.
    Gone,
}

/// Where a subscription stands in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// Its position is being asked for.
    Waiting,
    /// It has everything the room has delivered; its place in the room's list.
    Member(u32),
    /// It has another position than the room.
    Astray,
}

/// One subscription.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sub {
    pub(super) room: u32,
    pub(super) ticket: u32,
    pub(super) seat: Seat,
    /// Whether joins and leaves are pushed.
    pub(super) join_leave: bool,
}

/// The moments at which something must happen to a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    pub(super) connect: Tick,
    pub(super) ping: Tick,
    pub(super) pong: Tick,
    pub(super) expiry: Tick,
    pub(super) stall: Tick,
    pub(super) leave: Tick,
    pub(super) close: Tick,
    /// When the wheel rings next for it.
    pub(super) alarm: Tick,
}

impl Deadlines {
    pub(super) const NONE: Self = Self {
        connect: NEVER,
        ping: NEVER,
        pong: NEVER,
        expiry: NEVER,
        stall: NEVER,
        leave: NEVER,
        close: NEVER,
        alarm: NEVER,
    };

    pub(super) fn next(&self) -> Tick {
        let all = [self.connect, self.ping, self.pong, self.expiry, self.stall, self.leave, self.close];
        all.into_iter().min().unwrap_or(NEVER)
    }
}

/// What waits to be written. Exists only while something does.
#[derive(Default)]
pub(super) struct Out {
    /// Lines of this turn, not sealed yet.
    lines: Vec<u8>,
    /// Whole frames.
    queue: VecDeque<Bytes>,
    /// How much of the first one is written.
    written: usize,
    /// How much waits in all.
    bytes: usize,
    /// How much of what was ever in here the client had asked for: a large reply makes no slow reader.
    asked: usize,
    /// Whether the wire refused more.
    pub(super) full: bool,
}

/// What has been read and makes no whole message yet.
#[derive(Default)]
pub(super) struct Partial {
    pub(super) bytes: Vec<u8>,
    pub(super) message: Vec<u8>,
    pub(super) fragmented: bool,
}

/// The one-way stream's only subscription.
#[derive(Debug, Clone)]
pub struct UniPlan {
    /// The channel.
    pub channel: String,
    /// From where it resumes: epoch and offset.
    pub resume: Option<(String, u64)>,
}

/// One connection.
pub(super) struct Conn {
    pub(super) key: ConnKey,
    pub(super) wire: Wire,
    pub(super) framing: Framing,
    pub(super) stage: Stage,
    /// Pings are WebSocket ping frames instead of the protocol's.
    pub(super) frame_pings: bool,
    /// Whether it stands in the hub's list of those to flush.
    pub(super) dirty: bool,
    /// Its public id.
    pub(super) client: Uuid,
    /// The secret id of its stream, by which commands are posted to it.
    pub(super) session: Option<Uuid>,
    /// Counts it, for as long as it lives.
    pub(super) admission: Admission,
    pub(super) who: Option<Box<Identity>>,
    pub(super) subs: Vec<Sub>,
    pub(super) tickets: u32,
    pub(super) in_flight: u16,
    /// Commands it may still send, in thousandths, and when that was true.
    pub(super) allowance: u32,
    pub(super) allowance_at: Tick,
    pub(super) refused: u16,
    pub(super) deadlines: Deadlines,
    pub(super) partial: Option<Box<Partial>>,
    pub(super) out: Option<Box<Out>>,
}

/// What became of an attempt to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Nothing waits any more.
    Empty,
    /// The wire is full.
    Full,
    /// The other side is gone.
    Gone,
}

impl Conn {
    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.out.as_ref().map_or(0, |out| out.bytes)
    }

    /// Bytes that wait beyond those that the client asked for.
    pub(super) fn unasked(&self) -> usize {
        self.out.as_ref().map_or(0, |out| out.bytes.saturating_sub(out.asked))
    }

    pub(super) fn is_full(&self) -> bool {
        self.out.as_ref().is_some_and(|out| out.full)
    }

    /// Whether its last frame is said: nothing may follow it, wherever it comes from.
    const fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Closing | Stage::Gone)
    }

    /// Adds a line to what is written at the end of the turn.
    pub(super) fn say(&mut self, line: &[u8]) {
        if self.has_ended() {
            return;
        }
        let out = self.out.get_or_insert_default();
        let before = out.lines.len();
        add_line(self.framing, &mut out.lines, line);
        out.bytes += out.lines.len() - before;
        out.asked += line.len();
    }

    /// The raw text of this turn's lines, for framings with more than lines.
    pub(super) fn say_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.has_ended() {
            return;
        }
        let out = self.out.get_or_insert_default();
        let before = out.lines.len();
        write(&mut out.lines);
        out.bytes += out.lines.len() - before;
        out.asked += out.lines.len() - before;
    }

    /// Adds a ready chunk after everything said so far.
    pub(super) fn enqueue(&mut self, chunk: Bytes) {
        if self.has_ended() {
            return;
        }
        let framing = self.framing;
        let out = self.out.get_or_insert_default();
        out.seal(framing);
        out.bytes += chunk.len();
        out.queue.push_back(chunk);
    }

    /// Writes shared chunks at once where nothing waits, else queues them.
    pub(super) fn send(&mut self, chunks: &[Bytes]) -> Flushed {
        if self.out.is_none()
            && !self.has_ended()
            && let [only] = chunks
        {
            match self.wire.write(only, 0) {
                Wrote::Bytes(bytes) if bytes == only.len() => return Flushed::Empty,
                Wrote::Bytes(written) => {
                    // Whole, with what is written of it: `end_with` must know that this frame can't be forgotten any more.
                    self.enqueue(only.clone());
                    if let Some(out) = self.out.as_mut() {
                        out.consume(written);
                    }
                    return self.flush();
                }
                Wrote::Full => {
                    self.enqueue(only.clone());
                    return self.mark_full();
                }
                Wrote::Gone => return Flushed::Gone,
            }
        }
        for chunk in chunks {
            self.enqueue(chunk.clone());
        }
        if self.is_full() { Flushed::Full } else { self.flush() }
    }

    /// Writes what waits with as few calls as possible.
    pub(super) fn flush(&mut self) -> Flushed {
        let Some(out) = self.out.as_mut() else { return Flushed::Empty };
        out.seal(self.framing);
        while let Some(first) = out.queue.front() {
            let wrote = match &self.wire {
                Wire::Socket(_) if out.queue.len() > 1 => {
                    let mut skip = out.written;
                    let mut slices = [IoSlice::new(&[]); 32];
                    for (slice, chunk) in slices.iter_mut().zip(&out.queue) {
                        *slice = IoSlice::new(chunk.get(std::mem::take(&mut skip)..).unwrap_or_default());
                    }
                    self.wire.write_all(slices.get(..out.queue.len().min(32)).unwrap_or_default())
                }
                Wire::Socket(_) | Wire::Stream(_) => self.wire.write(first, out.written),
            };
            match wrote {
                Wrote::Bytes(bytes) => out.consume(bytes),
                Wrote::Full => return self.mark_full(),
                Wrote::Gone => return Flushed::Gone,
            }
        }
        self.out = None;
        Flushed::Empty
    }

    /// Forgets everything that waits but the rest of a frame that is half written, and ends with `last`: what is said after it
    /// is not written.
    pub(super) fn end_with(&mut self, last: Bytes) {
        let framing = self.framing;
        self.stage = Stage::Closing;
        if let Some(out) = self.out.as_mut()
            && out.full
        {
            out.lines.clear();
            out.queue.truncate(usize::from(out.written > 0));
            out.bytes = out.queue.iter().map(Bytes::len).sum::<usize>().saturating_sub(out.written);
        }
        let out = self.out.get_or_insert_default();
        out.seal(framing);
        out.bytes += last.len();
        out.queue.push_back(last);
    }

    fn mark_full(&mut self) -> Flushed {
        if let Some(out) = self.out.as_mut() {
            out.full = true;
        }
        Flushed::Full
    }
}

impl Out {
    fn seal(&mut self, framing: Framing) {
        if !self.lines.is_empty() {
            let before = self.lines.len();
            let chunk = seal(framing, std::mem::take(&mut self.lines));
            self.bytes = self.bytes.saturating_sub(before) + chunk.len();
            self.queue.push_back(chunk);
        }
    }

    fn consume(&mut self, mut bytes: usize) {
        self.full = false;
        self.bytes = self.bytes.saturating_sub(bytes);
        while let Some(first) = self.queue.front() {
            let left = first.len().saturating_sub(self.written);
            if bytes < left {
                self.written += bytes;
                return;
            }
            bytes -= left;
            self.written = 0;
            self.queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
    use std::sync::Arc;

    use super::super::super::limits::Gate;
    use super::super::super::ws::{self, Opcode};
    use super::*;

    /// A connection over a real socket, and its other end.
    fn connected() -> (Conn, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        let gate = Arc::new(Gate::default());
        let conn = Conn {
            key: ConnKey::NOBODY,
            wire: Wire::Socket(mio::net::TcpStream::from_std(socket)),
            framing: Framing::WebSocket,
            stage: Stage::Open,
            frame_pings: false,
            dirty: false,
            client: Uuid::nil(),
            session: None,
            admission: gate.enter(IpAddr::V4(Ipv4Addr::LOCALHOST), 1, "websocket").unwrap(),
            who: None,
            subs: Vec::new(),
            tickets: 0,
            in_flight: 0,
            allowance: 0,
            allowance_at: 0,
            refused: 0,
            deadlines: Deadlines::NONE,
            partial: None,
            out: None,
        };
        (conn, client)
    }

    #[test]
    fn a_frame_that_is_half_written_is_finished_before_the_last_one() {
        let (mut conn, mut client) = connected();
        let large = Bytes::from(vec![b'x'; 32 << 20]);
        assert_eq!(conn.send(std::slice::from_ref(&large)), Flushed::Full);
        conn.end_with(Bytes::from_static(b"the last"));
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            client.read_to_end(&mut all).map(|_| all)
        });
        while conn.flush() == Flushed::Full {
            std::thread::yield_now();
        }
        drop(conn);
        let all = reader.join().unwrap().unwrap();
        assert_eq!(all.len(), large.len() + 8);
        assert!(all.ends_with(b"xthe last"));
    }

    #[test]
    fn nothing_follows_the_last_frame() {
        let (mut conn, mut client) = connected();
        conn.say(b"{}");
        conn.end_with(ws::frame(Opcode::Close, b""));
        conn.say(b"{\"late\":1}");
        conn.say_with(|lines| lines.extend_from_slice(b"late"));
        conn.enqueue(Bytes::from_static(b"late"));
        assert_eq!(conn.send(&[Bytes::from_static(b"late")]), Flushed::Empty);
        assert_eq!(conn.send(&[Bytes::from_static(b"later")]), Flushed::Empty);
        drop(conn);
        let mut all = Vec::new();
        client.read_to_end(&mut all).unwrap();
        assert_eq!(all, [&ws::frame(Opcode::Text, b"{}")[..], &ws::frame(Opcode::Close, b"")[..]].concat());
    }
}
