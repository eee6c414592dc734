//! Between the line and the reader of events: broken UTF-8 becomes the replacement character, and an event that does not end
//! is an error before it fills the memory.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::{BoxStream, Stream, StreamExt};

/// The longest event, in bytes. A chunk of an answer has some hundred.
const LONGEST_EVENT: usize = 1 << 20;

/// Why the line cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unbounded {
    /// It broke.
    Transport(String),
    /// An event did not end.
    TooLong,
}

/// See the module.
pub(super) struct Guarded {
    line: BoxStream<'static, Result<bytes::Bytes, String>>,
    /// The beginning of a character whose rest has not come: at most three bytes.
    broken: Vec<u8>,
    /// Bytes since the last empty line.
    length: usize,
    /// Whether the last line ended and nothing came since.
    fresh: bool,
}

impl Guarded {
    pub(super) fn new(line: impl Stream<Item = reqwest::Result<bytes::Bytes>> + Send + 'static) -> Self {
        let line = line.map(|part| part.map_err(|error| error.without_url().to_string())).boxed();
        Self { line, broken: Vec::new(), length: 0, fresh: true }
    }

    /// Whole characters of what came, with a replacement for what is none.
    fn decode(&mut self, part: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.broken);
        bytes.extend_from_slice(part);
        let mut text = String::with_capacity(bytes.len());
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            // What may still become a character is kept; `from_utf8` tells that its end is what is missing.
            let unfinished = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if chunks.peek().is_none() && unfinished {
                self.broken = invalid.to_vec();
            } else {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text
    }

    fn measure(&mut self, text: &str) -> Result<(), Unbounded> {
        for byte in text.bytes() {
            match byte {
                b'\n' if self.fresh => self.length = 0,
                b'\n' => self.fresh = true,
                b'\r' => {}
                _ => self.fresh = false,
            }
            self.length += 1;
        }
        if self.length > LONGEST_EVENT { Err(Unbounded::TooLong) } else { Ok(()) }
    }
}

impl Stream for Guarded {
    type Item = Result<String, Unbounded>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let part = match ready!(self.line.poll_next_unpin(context)) {
                Some(Ok(part)) => part,
                Some(Err(why)) => return Poll::Ready(Some(Err(Unbounded::Transport(why)))),
                None => return Poll::Ready(None),
            };
            let text = self.decode(&part);
            if let Err(error) = self.measure(&text) {
                return Poll::Ready(Some(Err(error)));
            }
            if !text.is_empty() {
                return Poll::Ready(Some(Ok(text)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    fn guarded() -> Guarded {
        Guarded::new(stream::empty())
    }

    #[test]
    fn an_event_without_an_end_is_refused_and_many_with_one_are_not() {
        let mut guard = guarded();
        for _ in 0..2_000 {
            assert_eq!(guard.measure(&format!("data: {}\r\n\r\n", "x".repeat(1_000))), Ok(()));
        }
        let lines = "data: x\n".repeat(1_000);
        let refused = (0..200).find_map(|_| guard.measure(&lines).err());
        assert_eq!(refused, Some(Unbounded::TooLong));
    }

    proptest! {
        #[test]
        fn wherever_the_parts_break_the_text_is_the_same(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xed), Just(0x9c), Just(0x84), b'a'..b'c'], 0..40),
            size in 1_usize..7,
        ) {
            let mut guard = guarded();
            let mut text: String = bytes.chunks(size).map(|part| guard.decode(part)).collect();
            prop_assert!(guard.broken.len() <= 3);
            if !guard.broken.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
