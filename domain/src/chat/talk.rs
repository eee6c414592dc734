//! A conversation that was opened, and how events change it.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::chat::LAST_WORDS_S;
use crate::chat::event::{Event, Finished, Opened};
use crate::chat::turn::{Answer, Piece, Run, Stage, Turn, chars, lease};
use crate::ids::UserId;
use crate::time::Timestamp;

/// A conversation that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// Whose it is.
    pub owner: UserId,
    /// The name of the assistant.
    pub assistant: String,
    /// What it is called; empty before the first question when nobody said.
    pub title: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Questions and answers, in order.
    pub turns: Vec<Turn>,
    /// The number of its link, while there is one.
    #[serde(default)]
    pub link: Option<u32>,
    /// How many links were ever made.
    #[serde(default)]
    pub links: u32,
}

/// The place of a message in the list of turns.
fn place(message: u32) -> Option<usize> {
    usize::try_from(message.checked_sub(1)?).ok()
}

impl Talk {
    /// A new one.
    pub(super) fn new(opened: &Opened, at: Timestamp) -> Self {
        Self {
            owner: opened.owner,
            assistant: opened.assistant.clone(),
            title: opened.title.clone(),
            opened_at: at,
            turns: Vec::new(),
            link: None,
            links: 0,
        }
    }

    /// The question and answer of that number.
    #[must_use]
    pub fn turn(&self, message: u32) -> Option<&Turn> {
        self.turns.get(place(message)?)
    }

    /// All of them with their numbers.
    pub fn numbered(&self) -> impl DoubleEndedIterator<Item = (u32, &Turn)> + ExactSizeIterator {
        self.turns.iter().enumerate().map(|(place, turn)| (u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1), turn))
    }

    /// How many questions there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.turns.len()).unwrap_or(u32::MAX)
    }

    /// The number of the answer that is next to be written, or is being written: the first that is not over.
    #[must_use]
    pub fn current_number(&self) -> Option<u32> {
        self.numbered().find(|(_, turn)| !turn.answer.stage.is_over()).map(|(number, _)| number)
    }

    /// The question and answer of [`Talk::current_number`].
    #[must_use]
    pub fn current(&self) -> Option<&Turn> {
        self.turns.iter().find(|turn| !turn.answer.stage.is_over())
    }

    /// How many answers are not over.
    #[must_use]
    pub fn open(&self) -> u32 {
        u32::try_from(self.turns.iter().filter(|turn| !turn.answer.stage.is_over()).count()).unwrap_or(u32::MAX)
    }

    /// The length of all questions and answers, in characters.
    #[must_use]
    pub fn chars(&self) -> u64 {
        self.turns.iter().map(|turn| u64::from(chars(&turn.question)).saturating_add(u64::from(turn.answer.length))).sum()
    }

    /// When something is due next: the run that writes is believed dead, or the answer that nobody took is offered again.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let answer = &self.current()?.answer;
        answer.run.map(|run| run.until).or(answer.offer.map(|(at, _)| at))
    }

    fn answer_mut(&mut self, message: u32) -> Option<&mut Answer> {
        Some(&mut self.turns.get_mut(place(message)?)?.answer)
    }

    /// Takes an event of a conversation that exists into the state.
    pub(super) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Opened(_) | Event::Deleted => {}
            Event::Asked(asked) => {
                self.title.clone_from(&asked.title);
                self.turns.push(Turn {
                    question: asked.text.clone(),
                    asked_at: at,
                    answer: Answer::waiting(at, asked.reserved),
                });
            }
            Event::Renamed { title } => self.title.clone_from(title),
            Event::Shared { link } => {
                self.link = Some(*link);
                self.links = *link;
            }
            Event::Unshared => self.link = None,
            Event::Continued { message, .. }
            | Event::StopAsked { message }
            | Event::Rated { message, .. }
            | Event::Offered { message }
            | Event::Begun { message, .. }
            | Event::Found { message, .. }
            | Event::Written { message, .. }
            | Event::Held { message } => {
                if let Some(answer) = self.answer_mut(*message) {
                    answer.apply(event, at);
                }
            }
            Event::Finished(finished) => {
                if let Some(answer) = self.answer_mut(finished.message) {
                    answer.finish(finished, at);
                }
                // The one behind it has not been offered for as long as it could not be taken.
                if let Some(next) = self.current_number().and_then(|next| self.answer_mut(next))
                    && next.run.is_none()
                {
                    next.offer = Some((lease(at), 0));
                }
            }
        }
    }
}

impl Answer {
    /// Takes an event of this answer into the state.
    fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Continued { reserved, .. } => {
                self.stage = Stage::Queued;
                self.reserved = *reserved;
                self.offer = Some((lease(at), 0));
                self.reason = None;
                self.ended_at = None;
            }
            Event::StopAsked { .. } => {
                self.stopping = true;
                if let Some(run) = &mut self.run {
                    run.until = run.until.min(at + Duration::seconds(LAST_WORDS_S));
                }
            }
            Event::Rated { rating, .. } => self.rating = rating.verdict.is_some().then(|| rating.clone()),
            Event::Offered { .. } => {
                let offers = self.offer.map_or(0, |(_, offers)| offers);
                self.offer = Some((lease(at), offers.saturating_add(1)));
            }
            Event::Begun { run, .. } => {
                self.stage = Stage::Retrieving;
                self.run = Some(Run { id: *run, until: lease(at) });
                self.offer = None;
            }
            Event::Found { sources, .. } => {
                self.stage = Stage::Streaming;
                self.sources.clone_from(sources);
                self.hold(at);
            }
            Event::Written { piece, .. } => {
                self.stage = Stage::Streaming;
                self.take(piece);
                self.hold(at);
            }
            Event::Held { .. } => self.hold(at),
            Event::Opened(_)
            | Event::Asked(_)
            | Event::Renamed { .. }
            | Event::Shared { .. }
            | Event::Unshared
            | Event::Deleted
            | Event::Finished(_) => {}
        }
    }

    fn take(&mut self, piece: &Piece) {
        self.text.push_str(&piece.text);
        self.length = self.length.saturating_add(chars(&piece.text));
        self.marks.extend_from_slice(&piece.marks);
    }

    /// Its run has spoken. One that was told to stop gets no more time for it.
    fn hold(&mut self, at: Timestamp) {
        if let Some(run) = self.run.as_mut().filter(|_| !self.stopping) {
            run.until = lease(at);
        }
    }

    fn finish(&mut self, finished: &Finished, at: Timestamp) {
        self.stage = finished.end.stage();
        self.run = None;
        self.offer = None;
        self.stopping = false;
        self.reason.clone_from(&finished.reason);
        self.ended_at = Some(at);
        if !finished.model.is_empty() {
            self.model.clone_from(&finished.model);
        }
        self.usage = self.usage.plus(finished.usage);
        self.spent = finished.usage.total();
    }
}
