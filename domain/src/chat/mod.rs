//! One conversation of a person with an assistant: questions, and the answers that are written to them piece by piece.
//!
//! Start with [`turn`] (a question and its answer), then [`command`] and [`event`] (all that can happen). `owner` decides
//! what the person asks for, `runner` what the one who writes an answer reports; [`talk`] applies. What others see is in
//! `view` and `wire`.
//!
//! ```text
//! queued -> retrieving -> streaming -> done | stopped | failed | interrupted
//!    ^                                            |          |         |
//!    '----------------- continue -----------------'----------'---------'
//! ```
//!
//! - One answer at a time is written, the first that is not over; the questions behind it wait, as many as the setting allows.
//! - Whoever writes an answer is a *run*: it takes the answer with a fresh id and keeps it by writing. A run that says nothing
//!   for [`LEASE_S`] seconds has died: the deadline marks the answer interrupted. What a run that lost its answer still says
//!   is refused.
//! - Positions in a text are counted in characters (Unicode scalar values). A run says where its piece begins, so no piece
//!   is lost or taken twice.
//! - A conversation belongs to its owner alone; to everybody else, admins included, there is none. The owner can show it
//!   by a link, to be read only.

mod check;
pub mod command;
pub mod event;
mod owner;
pub mod refusal;
mod runner;
pub mod talk;
pub mod turn;
mod view;
mod wire;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::command::Command;
pub use self::event::Event;
pub use self::refusal::Refusal;
pub use self::talk::Talk;
pub use self::turn::{Answer, Badge, End, Mark, Rating, Source, Stage, Turn, Usage, Verdict};

use crate::entity::{Actor, Effect, Entity, Given, Viewer};
use crate::ids::{EntityId, Kind};
use crate::money::Currency;
use crate::time::Timestamp;

/// The most questions of one conversation: with their answers, 200 messages.
pub const MAX_TURNS: usize = 100;
/// The longest question, in characters.
pub const MAX_QUESTION: usize = 4_000;
/// The longest answer, in characters.
pub const MAX_ANSWER: u32 = 20_000;
/// The longest conversation, in characters of questions and answers: what one actor keeps in memory is bounded.
pub const MAX_TEXT: u64 = 400_000;
/// The longest title, in characters.
pub const MAX_TITLE: usize = 120;
/// The most questions that can wait behind the one that is being answered.
pub const MAX_WAITING: u32 = 5;
/// The most sources of one answer.
pub const MAX_SOURCES: usize = 8;
/// The longest text of a source that is kept with the answer, in characters.
pub const MAX_SOURCE_TEXT: usize = 1_500;
/// The longest comment to an answer, in characters.
pub const MAX_COMMENT: usize = 500;
/// A run that says nothing for so many seconds has died. Up to ten more may pass: the deadline is kept in whole tens of
/// seconds, so that it changes seldom, however often a run writes.
pub const LEASE_S: i64 = 20;
/// A run that was told to stop has so many seconds for its last words.
pub const LAST_WORDS_S: i64 = 3;
/// An answer that nobody takes is offered so often before it fails.
pub const MAX_OFFERS: u32 = 5;

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    id: EntityId,
    talk: Option<Box<Talk>>,
    /// Whether it was deleted: nothing is left, and nothing can happen any more.
    #[serde(default)]
    deleted: bool,
}

impl Chat {
    /// What there is of it; `None` before it was opened and after it was deleted.
    #[must_use]
    pub fn talk(&self) -> Option<&Talk> {
        self.talk.as_deref()
    }

    /// Whether it was deleted.
    #[must_use]
    pub const fn is_deleted(&self) -> bool {
        self.deleted
    }

    fn existing(&self) -> Result<&Talk, Refusal> {
        self.talk().ok_or(Refusal::Unknown)
    }

    /// The conversation, for its owner; for others there is none.
    fn own(&self, actor: &Actor) -> Result<&Talk, Refusal> {
        let talk = self.existing()?;
        if actor.user() == Some(talk.owner) { Ok(talk) } else { Err(Refusal::Unknown) }
    }

    /// The conversation, for the house.
    fn house(&self, actor: &Actor) -> Result<&Talk, Refusal> {
        if *actor == Actor::System { self.existing() } else { Err(Refusal::Unknown) }
    }

    fn open(&self, assistant: &str, title: Option<&str>, given: &Given) -> Result<Event, Refusal> {
        if self.talk.is_some() || self.deleted {
            return Err(Refusal::Exists);
        }
        let Actor::User { id: owner, .. } = &given.actor else { return Err(Refusal::NotSignedIn) };
        owner::open(*owner, assistant, title)
    }
}

impl Entity for Chat {
    const KIND: Kind = Kind::Chat;
    const VERSION: i16 = 1;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(id: EntityId) -> Self {
        Self { id, talk: None, deleted: false }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        let actor = &given.actor;
        match command {
            Command::Open { assistant, title } => self.open(assistant, title.as_deref(), given).map(|event| vec![event]),
            Command::Ask { text, waiting, reserved } => {
                self.own(actor)?.ask(text, *waiting, *reserved).map(|event| vec![event])
            }
            Command::Continue { message, reserved } => self.own(actor)?.go_on(*message, *reserved).map(|event| vec![event]),
            Command::Stop { message } => self.own(actor)?.stop(*message).map(|event| event.into_iter().collect()),
            Command::Rename { title } => self.own(actor)?.rename(title).map(|event| vec![event]),
            Command::Share => self.own(actor).map(Talk::share),
            Command::Unshare => self.own(actor).map(Talk::unshare),
            Command::Rate { message, rating } => self.own(actor)?.rate(*message, rating).map(|event| vec![event]),
            Command::Delete => self.own(actor).map(|_| vec![Event::Deleted]),
            Command::Begin { message, run } => self.house(actor)?.begin(*message, *run).map(|event| vec![event]),
            Command::Found { message, run, sources } => self.house(actor)?.found(*message, *run, sources),
            Command::Write { message, run, piece } => self.house(actor)?.write(*message, *run, piece),
            Command::Hold { message, run } => self.house(actor)?.hold(*message, *run),
            Command::Finish(finish) => self.house(actor)?.finish(finish),
            Command::Interrupt { message, run } => Ok(self.house(actor)?.interrupt(*message, *run).into_iter().collect()),
            Command::Wake => Ok(self.house(actor)?.wake(given.now).into_iter().collect()),
        }
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Opened(opened) => self.talk = Some(Box::new(Talk::new(opened, at))),
            Event::Deleted => {
                self.talk = None;
                self.deleted = true;
            }
            Event::Asked(_)
            | Event::Continued { .. }
            | Event::StopAsked { .. }
            | Event::Renamed { .. }
            | Event::Shared { .. }
            | Event::Unshared
            | Event::Rated { .. }
            | Event::Offered { .. }
            | Event::Begun { .. }
            | Event::Found { .. }
            | Event::Written { .. }
            | Event::Held { .. }
            | Event::Finished(_) => {
                if let Some(talk) = self.talk.as_deref_mut() {
                    talk.apply(event, at);
                }
            }
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        self.talk()?.due_at().map(|at| (at, Command::Wake))
    }

    fn funds(&self, _: &Command) -> Option<Currency> {
        None
    }

    fn answer(events: &[Event]) -> Value {
        wire::answer(events)
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        wire::publication(event, at)
    }

    fn effects(&self, _: &[Event]) -> Vec<Effect> {
        Vec::new()
    }

    fn view(&self, viewer: &Viewer) -> Value {
        match (self.talk(), viewer) {
            (Some(talk), Viewer::User { id, .. }) if *id == talk.owner => talk.view(self.id),
            (Some(_) | None, Viewer::User { .. } | Viewer::Public) => Value::Null,
        }
    }

    fn check(&self) -> Result<(), String> {
        self.talk().map_or(Ok(()), Talk::check)
    }

    fn is_erasable(&self) -> bool {
        self.deleted
    }

    fn summary(&self) -> String {
        let Some(talk) = self.talk() else {
            return if self.deleted { "deleted" } else { "vacant" }.to_owned();
        };
        let now = talk.current().map_or("quiet", |turn| turn.answer.stage.name());
        format!("{} questions, {} characters, {now}", talk.turns.len(), talk.chars())
    }
}
