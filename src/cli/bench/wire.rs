//! WebSocket frames and the upgrade, by hand: a client that spends nothing on what it does not need.

use std::net::SocketAddrV4;

/// Where the live protocol's socket is.
const PATH: &str = "/connection/websocket";

/// What became of the upgrade so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// More bytes are needed.
    Partial,
    /// The server said something else than 101.
    Refused,
    /// The socket is open; so many bytes were the response.
    Done(usize),
}

/// A frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Text.
    Text(&'a [u8]),
    /// Goodbye, with its code.
    Close(Option<u16>),
    /// Anything else; servers of this protocol send none.
    Other,
}

/// The upgrade request. The key is constant: nothing here depends on its freshness.
#[must_use]
pub fn upgrade_request(server: SocketAddrV4) -> String {
    format!(
        "GET {PATH} HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: bWFkYW5nLWJlbmNoLWtleQ==\r\n\r\n"
    )
}

/// Reads the response to the upgrade.
#[must_use]
pub fn upgrade_response(bytes: &[u8]) -> Upgrade {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Upgrade::Partial };
    if bytes.starts_with(b"HTTP/1.1 101") { Upgrade::Done(end.saturating_add(4)) } else { Upgrade::Refused }
}

/// Appends a text frame as a client sends it. The mask is zero, which the protocol allows and costs no pass over the text.
pub fn write_text(to: &mut Vec<u8>, text: &str) {
    to.push(0x81);
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(short), _) if short < 126 => to.push(0x80 | short),
        (_, Ok(middle)) => {
            to.push(0x80 | 126);
            to.extend_from_slice(&middle.to_be_bytes());
        }
        (_, Err(_)) => {
            to.push(0x80 | 127);
            to.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
    to.extend_from_slice(&[0; 4]);
    to.extend_from_slice(text.as_bytes());
}

/// The first whole frame and how many bytes it took; none when more are needed.
#[must_use]
pub fn read_frame(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    let (length, head, rest) = match second & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), 4usize, rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            (usize::try_from(u64::from_be_bytes(*length)).ok()?, 10, rest)
        }
        short => (usize::from(short), 2, rest),
    };
    let payload = rest.get(..length)?;
    let frame = match first & 0x0f {
        1 => Frame::Text(payload),
        8 => Frame::Close(payload.first_chunk::<2>().map(|code| u16::from_be_bytes(*code))),
        _ => Frame::Other,
    };
    Some((frame, head.checked_add(length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_lengths_are_read() {
        for length in [0usize, 5, 125, 126, 65_535, 65_536] {
            let text = "x".repeat(length);
            let mut sent = Vec::new();
            write_text(&mut sent, &text);
            // As a server sends it: the same without the mask.
            let mask_at = sent.len() - length - 4;
            sent.drain(mask_at..mask_at + 4);
            sent[1] &= 0x7f;
            assert_eq!(read_frame(&sent), Some((Frame::Text(text.as_bytes()), sent.len())));
            assert_eq!(read_frame(&sent[..sent.len() - 1]), None);
        }
    }

    #[test]
    fn a_close_names_its_code() {
        assert_eq!(read_frame(&[0x88, 2, 0x0b, 0xb8]), Some((Frame::Close(Some(3000)), 4)));
        assert_eq!(read_frame(&[0x88, 0]), Some((Frame::Close(None), 2)));
    }

    #[test]
    fn only_101_opens() {
        assert_eq!(upgrade_response(b"HTTP/1.1 101 Switching Protocols\r\n\r\nrest"), Upgrade::Done(36));
        assert_eq!(upgrade_response(b"HTTP/1.1 429 Too Many\r\n\r\n"), Upgrade::Refused);
        assert_eq!(upgrade_response(b"HTTP/1.1 101"), Upgrade::Partial);
    }
}
