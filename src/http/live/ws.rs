//! WebSocket frames (RFC 6455), as far as a server needs them: no extensions.

use bytes::{BufMut, Bytes, BytesMut};

use super::codes::Disconnect;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continue,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// One frame at the head of a buffer; its payload is unmasked in place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    /// Where the payload begins.
    pub(super) start: usize,
    /// Where the frame ends.
    pub(super) end: usize,
}

/// The most a frame's header takes.
pub(super) const HEADER: usize = 14;

/// Looks for one frame at the head of `buf`. `None` when it is not complete yet.
pub(super) fn parse(buf: &mut [u8], limit: usize) -> Result<Option<Frame>, Disconnect> {
    let &[first, second, ref rest @ ..] = &*buf else { return Ok(None) };
    let fin = first & 0x80 != 0;
    let opcode = match first & 0x0f {
        0 => Opcode::Continue,
        1 => Opcode::Text,
        2 => Opcode::Binary,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        _ => return Err(Disconnect::PROTOCOL),
    };
    let control = matches!(opcode, Opcode::Close | Opcode::Ping | Opcode::Pong);
    let masked = second & 0x80 != 0;
    let short = second & 0x7f;
    if first & 0x70 != 0 || !masked || (control && (!fin || short > 125)) {
        return Err(Disconnect::PROTOCOL);
    }
    let (length, start) = match (short, rest) {
        (126, &[a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 4),
        (127, &[a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 10),
        (126 | 127, _) => return Ok(None),
        (short, _) => (u64::from(short), 2),
    };
    let length = usize::try_from(length).ok().filter(|&length| length <= limit).ok_or(Disconnect::TOO_LARGE)?;
    let (start, end) = (start + 4, start + 4 + length);
    let Some((head, payload)) = buf.get_mut(..end).and_then(|frame| frame.split_at_mut_checked(start)) else {
        return Ok(None);
    };
    if let Some(&mask) = head.last_chunk::<4>() {
        unmask(payload, mask);
    }
    Ok(Some(Frame { fin, opcode, start, end }))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// The header of an unmasked frame that is whole, right-aligned in the array; the second value is where it begins.
pub(super) fn header(opcode: Opcode, length: usize) -> ([u8; 10], usize) {
    let first = 0x80
        | match opcode {
            Opcode::Continue => 0,
            Opcode::Text => 1,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
        };
    match (u8::try_from(length), u16::try_from(length), u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes()) {
        (Ok(short @ 0..=125), _, _) => ([0, 0, 0, 0, 0, 0, 0, 0, first, short], 8),
        (_, Ok(medium), _) => {
            let [a, b] = medium.to_be_bytes();
            ([0, 0, 0, 0, 0, 0, first, 126, a, b], 6)
        }
        (_, _, [a, b, c, d, e, f, g, h]) => ([first, 127, a, b, c, d, e, f, g, h], 0),
    }
}

/// A whole unmasked frame.
pub(super) fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let (header, from) = header(opcode, payload.len());
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_slice(header.get(from..).unwrap_or_default());
    frame.put_slice(payload);
    frame.freeze()
}

/// A close frame.
pub(super) fn close(why: Disconnect) -> Bytes {
    let mut payload = why.code.to_be_bytes().to_vec();
    payload.extend_from_slice(why.reason.as_bytes());
    frame(Opcode::Close, &payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [7, 1, 200, 3];
        let mut out = vec![first];
        match payload.len() {
            n @ 0..=125 => out.push(0x80 | u8::try_from(n).unwrap()),
            n @ 126..=65_535 => {
                out.push(0xfe);
                out.extend(u16::try_from(n).unwrap().to_be_bytes());
            }
            n => {
                out.push(0xff);
                out.extend(u64::try_from(n).unwrap().to_be_bytes());
            }
        }
        out.extend(mask);
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        out
    }

    #[test]
    fn frames_of_every_length_are_read_back() {
        for length in [0, 1, 7, 8, 125, 126, 127, 65_535, 65_536] {
            let payload: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let mut bytes = masked(0x81, &payload);
            let whole = bytes.len();
            for cut in [0, 1, 2, 5, whole - 1] {
                assert_eq!(parse(&mut bytes.clone()[..cut.min(whole - 1)], 65_536), Ok(None), "{length} cut at {cut}");
            }
            let frame = parse(&mut bytes, 65_536).unwrap().unwrap();
            assert_eq!((frame.fin, frame.opcode, frame.end), (true, Opcode::Text, whole));
            assert_eq!(&bytes[frame.start..frame.end], payload);
            let ours = super::frame(Opcode::Text, &payload);
            assert_eq!(ours.len() + 4, whole, "ours has no mask");
        }
    }

    #[test]
    fn what_no_client_may_send_is_named() {
        assert_eq!(parse(&mut [0x81, 0x01, b'x'], 64), Err(Disconnect::PROTOCOL), "not masked");
        assert_eq!(parse(&mut masked(0xc1, b"x"), 64), Err(Disconnect::PROTOCOL), "reserved bit");
        assert_eq!(parse(&mut masked(0x83, b"x"), 64), Err(Disconnect::PROTOCOL), "unknown opcode");
        assert_eq!(parse(&mut masked(0x09, b"x"), 64), Err(Disconnect::PROTOCOL), "a ping in pieces");
        assert_eq!(parse(&mut masked(0x81, &[0; 65]), 64), Err(Disconnect::TOO_LARGE));
        assert_eq!(parse(&mut [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 64), Err(Disconnect::TOO_LARGE));
    }
}
