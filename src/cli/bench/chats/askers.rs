//! Who asks in many conversations at once and reads the answers as server-sent events: all of them on one thread and with as
//! little client as possible, so that what is measured is the server.

use std::io::{ErrorKind, Read};
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use anyhow::bail;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use serde_json::json;
use uuid::Uuid;

use super::listen::Heard;
use super::{LIMIT, QUESTION};
use crate::cli::bench::crowd::{connect, flush};

const BUFFER_BYTES: usize = 64 * 1024;

/// One question and the stream that answers it.
struct Asking {
    stream: TcpStream,
    unsent: Vec<u8>,
    /// What came and is not a whole chunk yet.
    rest: Vec<u8>,
    /// What came in chunks and is not a whole event yet.
    events: Vec<u8>,
    /// Whether the head of the response is behind us.
    in_body: bool,
    heard: Heard,
}

/// Whether there is more to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoesOn,
    Over,
}

/// Asks in these conversations, each by its owner's token, so many a second; what each of them heard. Tokens are timed from
/// `epoch`; nobody listens for longer than `lasting` and what the benchmark waits for anything.
///
/// # Errors
/// When the machine gives no socket, or the answers do not end.
pub(super) fn run(
    server: SocketAddrV4,
    chats: &[(i64, String)],
    per_second: u32,
    (epoch, lasting): (Instant, Duration),
) -> anyhow::Result<Vec<Heard>> {
    let (mut poll, mut ready, mut buffer) = (Poll::new()?, Events::with_capacity(4096), vec![0; BUFFER_BYTES]);
    let mut asking: Vec<Option<Asking>> = Vec::with_capacity(chats.len());
    let mut heard = Vec::with_capacity(chats.len());
    let (gap, mut due) = (Duration::from_secs(1) / per_second, Instant::now());
    while heard.len() < chats.len() {
        let mut now = Instant::now();
        while let Some((chat, token)) = chats.get(asking.len()).filter(|_| due <= now) {
            let mut asker = Asking::new(server, asking.len(), *chat, token)?;
            poll.registry().register(&mut asker.stream, Token(asking.len()), Interest::READABLE | Interest::WRITABLE)?;
            asking.push(Some(asker));
            (due, now) = (due + gap, Instant::now());
        }
        if now > due + lasting + LIMIT {
            bail!("answers do not end");
        }
        let limit = due.saturating_duration_since(now).clamp(Duration::from_millis(1), Duration::from_millis(20));
        match poll.poll(&mut ready, Some(limit)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        for event in &ready {
            let Some(slot) = asking.get_mut(event.token().0) else { continue };
            let Some(asker) = slot else { continue };
            if event.is_writable() {
                flush(&mut asker.stream, &mut asker.unsent);
            }
            let comes = event.is_readable() || event.is_read_closed() || event.is_error();
            if comes && asker.read(&mut buffer, epoch) == Flow::Over {
                heard.extend(slot.take().map(|asker| asker.heard));
            }
        }
    }
    Ok(heard)
}

impl Asking {
    fn new(server: SocketAddrV4, who: usize, chat: i64, token: &str) -> std::io::Result<Self> {
        let body = json!({ "text": QUESTION }).to_string();
        let (key, length) = (Uuid::new_v4(), body.len());
        let request = format!(
            "POST /api/v1/chats/{chat}/messages HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\nAccept: \
             text/event-stream\r\nIdempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let stream = connect(server, who, false)?;
        let (rest, events) = (Vec::new(), Vec::new());
        Ok(Self { stream, unsent: request.into_bytes(), rest, events, in_body: false, heard: Heard::default() })
    }

    fn read(&mut self, buffer: &mut [u8], epoch: Instant) -> Flow {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Flow::Over,
                Ok(count) => {
                    self.rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    if self.take(epoch) == Flow::Over {
                        return Flow::Over;
                    }
                    if count < buffer.len() {
                        return Flow::GoesOn;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Flow::GoesOn,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Flow::Over,
            }
        }
    }

    /// Takes what came: the head, then chunks as HTTP/1.1 has them, then the events in them.
    fn take(&mut self, epoch: Instant) -> Flow {
        if !self.in_body {
            let Some(end) = memchr::memmem::find(&self.rest, b"\r\n\r\n") else { return Flow::GoesOn };
            if !self.rest.starts_with(b"HTTP/1.1 200") {
                return Flow::Over;
            }
            self.rest.drain(..end + 4);
            self.in_body = true;
        }
        let (mut used, mut flow) = (0, Flow::GoesOn);
        while let Some((chunk, length)) = self.rest.get(used..).and_then(first_chunk) {
            self.events.extend_from_slice(chunk);
            used += length;
            if chunk.is_empty() {
                flow = Flow::Over;
                break;
            }
        }
        self.rest.drain(..used);
        let taken = self.heard.take_events(&self.events, epoch);
        self.events.drain(..taken);
        flow
    }
}

/// The first chunk and the length of all that it takes; the empty one is the last. `None`: it is not whole yet.
fn first_chunk(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let line = memchr::memmem::find(bytes, b"\r\n")?;
    let size = usize::from_str_radix(std::str::from_utf8(bytes.get(..line)?).ok()?, 16).ok()?;
    let begin = line + 2;
    let end = begin.checked_add(size)?;
    bytes.get(end..end.checked_add(2)?)?;
    Some((bytes.get(begin..end)?, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_taken_when_they_are_whole() {
        let stream = b"5\r\nhello\r\nb\r\n 12:34\r\n ok\r\n0\r\n\r\n";
        let (mut at, mut text) = (0, Vec::new());
        while let Some((chunk, length)) = first_chunk(&stream[at..]) {
            text.push(String::from_utf8(chunk.to_vec()).unwrap());
            at += length;
        }
        assert_eq!((text, at), (vec!["hello".to_owned(), " 12:34\r\n ok".to_owned(), String::new()], stream.len()));
        for whole in 0..10 {
            assert_eq!(first_chunk(&stream[..whole]), None, "{whole} bytes");
        }
    }
}
