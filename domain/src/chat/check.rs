//! What must always be true of a conversation.

use crate::chat::runner::MAX_MARKS;
use crate::chat::talk::Talk;
use crate::chat::turn::{Answer, Stage, chars};
use crate::chat::{MAX_ANSWER, MAX_SOURCES, MAX_TURNS};

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl Talk {
    /// Checks the invariants.
    pub(super) fn check(&self) -> Result<(), String> {
        ensure(self.turns.len() <= MAX_TURNS, "more questions than allowed")?;
        ensure(self.link.is_none_or(|link| link <= self.links), "a link that was never made")?;
        let runs = self.turns.iter().filter(|turn| turn.answer.run.is_some()).count();
        ensure(runs <= 1, "two answers are written at once")?;
        let first = self.current_number();
        let order = self.numbered().all(|(number, turn)| turn.answer.run.is_none() || first == Some(number));
        ensure(order, "an answer is written before its turn")?;
        self.turns.iter().try_for_each(|turn| turn.answer.check())
    }
}

impl Answer {
    fn check(&self) -> Result<(), String> {
        ensure(self.length == chars(&self.text), "the length is not the text's")?;
        ensure(self.length <= MAX_ANSWER, "an answer is too long")?;
        ensure(self.sources.len() <= MAX_SOURCES, "an answer has too many sources")?;
        ensure(self.marks.len() <= MAX_MARKS, "an answer has too many citations")?;
        ensure(self.marks.iter().all(|mark| mark.from <= mark.to && mark.to <= self.length), "a citation outside the text")?;
        let writing = matches!(self.stage, Stage::Retrieving | Stage::Streaming);
        ensure(writing == self.run.is_some(), "an answer is written by nobody, or by somebody while it waits")?;
        ensure((self.stage == Stage::Queued) == self.offer.is_some(), "an answer waits and is offered to nobody")?;
        ensure(self.stage.is_over() == self.ended_at.is_some(), "an answer is over without an end")?;
        ensure(!self.stopping || self.run.is_some(), "an answer stops that nobody writes")
    }
}
