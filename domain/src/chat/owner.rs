//! What the owner of a conversation asks of it.

use uuid::Uuid;

use crate::chat::event::{Asked, Event, Finished, Opened};
use crate::chat::refusal::Refusal;
use crate::chat::talk::Talk;
use crate::chat::turn::{End, Rating, Turn, Usage, chars};
use crate::chat::{MAX_COMMENT, MAX_QUESTION, MAX_TEXT, MAX_TITLE, MAX_TURNS, MAX_WAITING};
use crate::ids::UserId;

/// The longest name of an assistant, in characters.
const MAX_ASSISTANT: usize = 40;
/// So much of the first question becomes the title, in characters.
const TITLE_OF_QUESTION: usize = 60;

/// Text of several lines: no control characters but line breaks and tabs.
fn is_text(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
}

/// A title as it is kept.
fn title_of(title: &str) -> Result<String, Refusal> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE || title.chars().any(char::is_control) {
        return Err(Refusal::Invalid("a title has 1 to 120 characters in one line"));
    }
    Ok(title.to_owned())
}

/// The beginning of a question in one line.
fn title_from(question: &str) -> String {
    let words = question.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(TITLE_OF_QUESTION).collect();
    if short.len() == words.len() { short } else { format!("{}…", short.trim_end()) }
}

/// Opens a conversation.
pub(super) fn open(owner: UserId, assistant: &str, title: Option<&str>) -> Result<Event, Refusal> {
    let named = (1..=MAX_ASSISTANT).contains(&assistant.len())
        && assistant.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !named {
        return Err(Refusal::Invalid("an assistant's name has 1 to 40 small letters, digits or hyphens"));
    }
    let title = title.map(title_of).transpose()?.unwrap_or_default();
    Ok(Event::Opened(Opened { owner, assistant: assistant.to_owned(), title }))
}

impl Talk {
    fn existing(&self, message: u32) -> Result<&Turn, Refusal> {
        self.turn(message).ok_or(Refusal::NoMessage)
    }

    pub(super) fn ask(&self, text: &str, waiting: u32, reserved: Option<Uuid>) -> Result<Event, Refusal> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX_QUESTION || !is_text(text) {
            return Err(Refusal::Invalid("a question has 1 to 4,000 characters and no control characters"));
        }
        let open = self.open();
        if open > waiting.min(MAX_WAITING) {
            return Err(Refusal::Busy { open });
        }
        if self.turns.len() >= MAX_TURNS || self.chars().saturating_add(u64::from(chars(text))) > MAX_TEXT {
            return Err(Refusal::Full);
        }
        let title = if self.title.is_empty() { title_from(text) } else { self.title.clone() };
        let (message, text) = (self.count().saturating_add(1), text.to_owned());
        Ok(Event::Asked(Asked { message, text, title, ahead: open, reserved }))
    }

    pub(super) fn go_on(&self, message: u32, reserved: Option<Uuid>) -> Result<Event, Refusal> {
        let answer = &self.existing(message)?.answer;
        if !answer.stage.can_go_on() {
            return Err(Refusal::NotContinuable);
        }
        let open = self.open();
        if open > 0 {
            return Err(Refusal::Busy { open });
        }
        Ok(Event::Continued { message, length: answer.length, reserved })
    }

    pub(super) fn stop(&self, message: Option<u32>) -> Result<Option<Event>, Refusal> {
        let Some(message) = message.or_else(|| self.current_number()) else { return Ok(None) };
        let answer = &self.existing(message)?.answer;
        if answer.stage.is_over() || answer.stopping {
            return Ok(None);
        }
        if answer.run.is_some() {
            return Ok(Some(Event::StopAsked { message }));
        }
        let (end, length, model) = (End::Stopped, answer.length, String::new());
        Ok(Some(Event::Finished(Finished { message, end, length, reason: None, model, usage: Usage::default() })))
    }

    pub(super) fn rename(&self, title: &str) -> Result<Event, Refusal> {
        Ok(Event::Renamed { title: title_of(title)? })
    }

    pub(super) fn share(&self) -> Vec<Event> {
        let made = self.link.is_none().then(|| Event::Shared { link: self.links.saturating_add(1) });
        made.into_iter().collect()
    }

    pub(super) fn unshare(&self) -> Vec<Event> {
        self.link.map(|_| Event::Unshared).into_iter().collect()
    }

    pub(super) fn rate(&self, message: u32, rating: &Rating) -> Result<Event, Refusal> {
        if !self.existing(message)?.answer.stage.is_over() {
            return Err(Refusal::Busy { open: self.open() });
        }
        let comment = rating.comment.trim();
        if comment.chars().count() > MAX_COMMENT || !is_text(comment) {
            return Err(Refusal::Invalid("a comment has at most 500 characters"));
        }
        Ok(Event::Rated { message, rating: Rating { verdict: rating.verdict, comment: comment.to_owned() } })
    }
}
