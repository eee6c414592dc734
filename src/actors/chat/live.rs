//! An answer while it is written: the text so far, for those who read along on this node.
//!
//! What is here may be ahead of the journal by a moment. Readers know their position in characters, so whoever comes from the
//! journal, from another connection or from before a restart goes on exactly there.

use std::sync::atomic::{AtomicUsize, Ordering};

use madang_domain::chat::turn::{Piece, chars};
use madang_domain::chat::{Mark, Source};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A place in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// In characters.
    pub chars: u32,
    /// The same in bytes.
    bytes: usize,
    /// So many checked claims came before.
    marks: usize,
}

impl Place {
    /// How many bytes lie between an earlier place and this one.
    #[must_use]
    pub const fn bytes_since(self, earlier: Self) -> usize {
        self.bytes.saturating_sub(earlier.bytes)
    }

    /// How many claims were checked before.
    #[must_use]
    pub const fn marks(self) -> usize {
        self.marks
    }
}

#[derive(Debug, Default)]
struct Script {
    text: String,
    chars: u32,
    marks: Vec<Mark>,
    sources: Vec<Source>,
}

/// An answer that is being written.
#[derive(Debug)]
pub struct Live {
    /// Which.
    pub message: u32,
    script: Mutex<Script>,
    /// Counts what readers are told of; closed at the end.
    turns: watch::Sender<u64>,
    /// Ends the work upstream.
    pub stop: CancellationToken,
    readers: AtomicUsize,
}

/// Counts a reader as long as it lives.
#[derive(Debug)]
pub struct Reading(std::sync::Arc<Live>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Live {
    /// One that goes on from a text.
    #[must_use]
    pub fn new(message: u32, text: String, marks: Vec<Mark>, stop: CancellationToken) -> Self {
        let chars = chars(&text);
        let script = Mutex::new(Script { text, chars, marks, sources: Vec::new() });
        Self { message, script, turns: watch::Sender::new(0), stop, readers: AtomicUsize::new(0) }
    }

    /// Where the text ends now.
    #[must_use]
    pub fn end(&self) -> Place {
        let script = self.script.lock();
        Place { chars: script.chars, bytes: script.text.len(), marks: script.marks.len() }
    }

    /// The place of so many characters, or the end where there are fewer. Claims that end there or before are known.
    #[must_use]
    pub fn place(&self, position: u32) -> Place {
        let script = self.script.lock();
        let wanted = usize::try_from(position.min(script.chars)).unwrap_or(usize::MAX);
        let bytes = script.text.char_indices().nth(wanted).map_or(script.text.len(), |(at, _)| at);
        let position = position.min(script.chars);
        let marks = script.marks.iter().take_while(|mark| mark.to <= position).count();
        Place { chars: position, bytes, marks }
    }

    /// The text and the claims between a place and the end.
    #[must_use]
    pub fn since(&self, place: Place) -> (Piece, Place) {
        let script = self.script.lock();
        let text = script.text.get(place.bytes..).unwrap_or_default().to_owned();
        let marks = script.marks.get(place.marks..).unwrap_or_default().to_vec();
        let end = Place { chars: script.chars, bytes: script.text.len(), marks: script.marks.len() };
        (Piece { from: place.chars, text, marks }, end)
    }

    /// Adds to the text.
    pub fn add(&self, text: &str, marks: impl IntoIterator<Item = Mark>) {
        let mut script = self.script.lock();
        script.text.push_str(text);
        script.chars = script.chars.saturating_add(chars(text));
        script.marks.extend(marks);
    }

    /// What the answer is written from.
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        self.script.lock().sources.clone()
    }

    /// Notes what the answer is written from.
    pub fn found(&self, sources: &[Source]) {
        self.script.lock().sources = sources.to_vec();
    }

    /// Tells readers that there is something new.
    pub fn tell(&self) {
        self.turns.send_modify(|turn| *turn = turn.wrapping_add(1));
    }

    /// Hears of something new; see [`watch::Receiver::changed`].
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Counts a reader in.
    #[must_use]
    pub fn read(self: &std::sync::Arc<Self>) -> Reading {
        self.readers.fetch_add(1, Ordering::Relaxed);
        Reading(std::sync::Arc::clone(self))
    }

    /// How many read along over HTTP.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_at_any_character() {
        let live = Live::new(1, "가나".to_owned(), Vec::new(), CancellationToken::new());
        live.add("다😀", []);
        for position in 0..=4u32 {
            let (piece, end) = live.since(live.place(position));
            let rest: String = "가나다😀".chars().skip(usize::try_from(position).unwrap()).collect();
            assert_eq!((piece.from, piece.text, end.chars), (position, rest, 4));
        }
        assert_eq!(live.place(99), live.end());
        let place = live.end();
        live.add("", [Mark { from: 0, to: 2, sources: vec![1], badge: madang_domain::chat::Badge::Grounded }]);
        assert_eq!(live.since(place).0.marks.len(), 1, "a claim that is checked later is told later");
    }
}
