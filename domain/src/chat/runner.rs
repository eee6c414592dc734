//! What the one who writes an answer reports, and what the deadlines do.

use uuid::Uuid;

use crate::chat::command::Finish;
use crate::chat::event::{Event, Finished};
use crate::chat::refusal::Refusal;
use crate::chat::talk::Talk;
use crate::chat::turn::{Answer, End, Piece, Source, Stage, Usage, chars};
use crate::chat::{MAX_ANSWER, MAX_OFFERS, MAX_SOURCE_TEXT, MAX_SOURCES};
use crate::time::Timestamp;

/// The most citations of one answer.
pub(super) const MAX_MARKS: usize = 400;
/// The longest reason and name of a model, in characters.
const MAX_NAME: usize = 120;
/// Why an answer fails that nobody takes.
const NOBODY: &str = "chat.no_runner";

impl Talk {
    /// The answer, if this run has it.
    fn of_run(&self, message: u32, run: Uuid) -> Result<&Answer, Refusal> {
        let answer = &self.turn(message).ok_or(Refusal::NoMessage)?.answer;
        if answer.run.is_some_and(|own| own.id == run) { Ok(answer) } else { Err(Refusal::Lost) }
    }

    pub(super) fn begin(&self, message: u32, run: Uuid) -> Result<Event, Refusal> {
        let answer = &self.turn(message).ok_or(Refusal::NoMessage)?.answer;
        let is_next = self.current_number() == Some(message);
        if !is_next || answer.stage != Stage::Queued || answer.run.is_some() {
            return Err(Refusal::Lost);
        }
        Ok(Event::Begun { message, run })
    }

    pub(super) fn found(&self, message: u32, run: Uuid, sources: &[Source]) -> Result<Vec<Event>, Refusal> {
        let answer = self.of_run(message, run)?;
        if answer.stage != Stage::Retrieving {
            return Ok(Vec::new());
        }
        if sources.len() > MAX_SOURCES || sources.iter().any(|source| source.text.chars().count() > MAX_SOURCE_TEXT) {
            return Err(Refusal::Invalid("an answer has at most 8 sources of 1,500 characters"));
        }
        Ok(vec![Event::Found { message, sources: sources.to_vec() }])
    }

    pub(super) fn write(&self, message: u32, run: Uuid, piece: &Piece) -> Result<Vec<Event>, Refusal> {
        let answer = self.of_run(message, run)?;
        if piece.from != answer.length {
            return Err(Refusal::Gap { length: answer.length });
        }
        if piece.text.is_empty() && piece.marks.is_empty() {
            return Ok(Vec::new());
        }
        let length = answer.length.saturating_add(chars(&piece.text));
        if length > MAX_ANSWER || answer.marks.len().saturating_add(piece.marks.len()) > MAX_MARKS {
            return Err(Refusal::Full);
        }
        if piece.marks.iter().any(|mark| mark.from > mark.to || mark.to > length) {
            return Err(Refusal::Invalid("a citation lies outside the text"));
        }
        Ok(vec![Event::Written { message, piece: piece.clone() }])
    }

    pub(super) fn hold(&self, message: u32, run: Uuid) -> Result<Vec<Event>, Refusal> {
        self.of_run(message, run)?;
        Ok(vec![Event::Held { message }])
    }

    pub(super) fn finish(&self, finish: &Finish) -> Result<Vec<Event>, Refusal> {
        let Finish { message, run, piece, end, reason, model, usage } = finish;
        let mut events = self.write(*message, *run, piece)?;
        if [reason.as_deref().unwrap_or_default(), model].into_iter().any(|name| name.chars().count() > MAX_NAME) {
            return Err(Refusal::Invalid("a reason or model has at most 120 characters"));
        }
        events.push(Event::Finished(Finished {
            message: *message,
            end: *end,
            length: piece.from.saturating_add(chars(&piece.text)),
            reason: reason.clone(),
            model: model.clone(),
            usage: *usage,
        }));
        Ok(events)
    }

    pub(super) fn interrupt(&self, message: u32, run: Uuid) -> Option<Event> {
        self.of_run(message, run).ok().map(|answer| bereave(message, answer))
    }

    /// What is due at that moment.
    pub(super) fn wake(&self, now: Timestamp) -> Option<Event> {
        let message = self.current_number()?;
        let answer = &self.turn(message)?.answer;
        if let Some(run) = answer.run {
            return (now >= run.until).then(|| bereave(message, answer));
        }
        let (at, offers) = answer.offer?;
        if now < at {
            return None;
        }
        if offers < MAX_OFFERS {
            return Some(Event::Offered { message });
        }
        Some(ended(message, answer, End::Failed, Some(NOBODY)))
    }
}

/// The end of an answer whose run died.
fn bereave(message: u32, answer: &Answer) -> Event {
    ended(message, answer, if answer.stopping { End::Stopped } else { End::Interrupted }, None)
}

fn ended(message: u32, answer: &Answer, end: End, reason: Option<&str>) -> Event {
    Event::Finished(Finished {
        message,
        end,
        length: answer.length,
        reason: reason.map(str::to_owned),
        model: String::new(),
        usage: Usage::default(),
    })
}
