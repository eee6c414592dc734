//! How bytes leave: straight into a socket, or into a streamed response; and how lines look on each.

use std::io::{self, ErrorKind, IoSlice, Write};
use std::sync::Arc;

use bytes::Bytes;
use mio::net::TcpStream;

use super::super::outlet::Outlet;
use super::super::ws;
use crate::actors::broker::Entry;

/// How a connection is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// WebSocket text frames of newline-separated lines.
    WebSocket,
    /// One server-sent event per line.
    Sse,
    /// Lines.
    Lines,
    /// One-way server-sent events with ids.
    UniSse,
}

impl Framing {
    /// Its name in metrics.
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Sse => "sse",
            Self::Lines => "http_stream",
            Self::UniSse => "uni_sse",
        }
    }

    pub(super) const fn number(self) -> usize {
        match self {
            Self::WebSocket => 0,
            Self::Sse => 1,
            Self::Lines => 2,
            Self::UniSse => 3,
        }
    }
}

/// Where a connection's bytes go.
pub(in super::super) enum Wire {
    Socket(TcpStream),
    Stream(Arc<Outlet>),
}

/// How far a write got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    /// So many bytes, maybe all.
    Bytes(usize),
    /// Nothing: full.
    Full,
    /// The other side is gone.
    Gone,
}

impl Wire {
    /// Writes one chunk from `from` on.
    pub(super) fn write(&self, chunk: &Bytes, from: usize) -> Wrote {
        match self {
            Self::Socket(socket) => {
                let mut to = socket;
                let rest = chunk.get(from..).unwrap_or_default();
                wrote(&retry(|| to.write(rest)))
            }
            Self::Stream(outlet) if outlet.offer(&chunk.slice(from..)) => Wrote::Bytes(chunk.len().saturating_sub(from)),
            Self::Stream(_) => Wrote::Full,
        }
    }

    /// Writes many slices with one call; a socket only.
    pub(super) fn write_all(&self, slices: &[IoSlice<'_>]) -> Wrote {
        match self {
            Self::Socket(socket) => {
                let mut to = socket;
                wrote(&retry(|| to.write_vectored(slices)))
            }
            Self::Stream(_) => Wrote::Full,
        }
    }

    /// Tells the other side that nothing more comes.
    pub(super) fn finish(&self) {
        match self {
            Self::Socket(socket) => {
                let _gone_already = socket.shutdown(std::net::Shutdown::Write);
            }
            Self::Stream(outlet) => outlet.close(),
        }
    }
}

fn retry(mut write: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match write() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn wrote(result: &io::Result<usize>) -> Wrote {
    match result {
        Ok(bytes) => Wrote::Bytes(*bytes),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Wrote::Full,
        Err(_) => Wrote::Gone,
    }
}

/// The largest frame of publications; more go into several.
const FRAME: usize = 64 * 1024;

/// What is due on one channel in this turn, encoded at most once for each framing.
pub(super) struct Encoded<'a> {
    entries: &'a [Entry],
    epoch: &'a str,
    ready: [Option<Vec<Bytes>>; 4],
}

impl<'a> Encoded<'a> {
    pub(super) fn new(entries: &'a [Entry], epoch: &'a str) -> Self {
        Self { entries, epoch, ready: [const { None }; 4] }
    }

    /// The chunks for a framing: whole frames, so that a connection may be cut between them.
    pub(super) fn chunks(&mut self, framing: Framing) -> &[Bytes] {
        let (entries, epoch) = (self.entries, self.epoch);
        match self.ready.get_mut(framing.number()) {
            Some(ready) => ready.get_or_insert_with(|| encode(framing, entries, epoch)),
            None => &[],
        }
    }
}

/// Encodes publications for a framing.
pub(super) fn encode(framing: Framing, entries: &[Entry], epoch: &str) -> Vec<Bytes> {
    let mut chunks = Vec::with_capacity(1);
    let mut from = 0;
    while from < entries.len() {
        let mut size = 0;
        let rest = entries.get(from..).unwrap_or_default();
        let fits = rest.iter().take_while(|entry| {
            size += entry.line().len() + 1;
            size <= FRAME
        });
        let count = fits.count().max(1);
        let text = lines(framing, rest.get(..count).unwrap_or_default(), epoch);
        chunks.push(seal(framing, text));
        from += count;
    }
    chunks
}

fn lines(framing: Framing, entries: &[Entry], epoch: &str) -> Vec<u8> {
    let size: usize = entries.iter().map(|entry| entry.line().len() + 40).sum();
    let mut text = Vec::with_capacity(size + 16);
    for entry in entries {
        match framing {
            Framing::UniSse => uni_event(&mut text, (entry.offset > 0).then_some((epoch, entry.offset)), entry.push()),
            Framing::WebSocket | Framing::Sse | Framing::Lines => add_line(framing, &mut text, entry.line()),
        }
    }
    text
}

/// Room for a WebSocket header in front of lines that are not sealed yet.
const RESERVED: usize = 10;

/// Adds a line to lines that are not sealed yet.
pub(super) fn add_line(framing: Framing, to: &mut Vec<u8>, line: &[u8]) {
    match framing {
        Framing::WebSocket => {
            if to.is_empty() {
                to.extend_from_slice(&[0; RESERVED]);
            } else {
                to.push(b'\n');
            }
            to.extend_from_slice(line);
        }
        Framing::Sse | Framing::UniSse => {
            to.extend_from_slice(b"data: ");
            to.extend_from_slice(line);
            to.extend_from_slice(b"\n\n");
        }
        Framing::Lines => {
            to.extend_from_slice(line);
            to.push(b'\n');
        }
    }
}

/// Adds an event of a one-way stream, whose id is the position it stands for.
pub(super) fn uni_event(to: &mut Vec<u8>, position: Option<(&str, u64)>, data: &[u8]) {
    if let Some((epoch, offset)) = position {
        to.extend_from_slice(format!("id: {epoch}:{offset}\n").as_bytes());
    }
    add_line(Framing::UniSse, to, data);
}

/// Makes a chunk of lines.
pub(super) fn seal(framing: Framing, mut lines: Vec<u8>) -> Bytes {
    if framing != Framing::WebSocket {
        return Bytes::from(lines);
    }
    let (header, from) = ws::header(ws::Opcode::Text, lines.len().saturating_sub(RESERVED));
    if let Some(room) = lines.get_mut(..RESERVED) {
        room.copy_from_slice(&header);
    }
    Bytes::from(lines).slice(from..)
}
