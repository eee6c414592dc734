//! Given events, when a command comes, then events or a refusal.

mod life;
mod properties;
mod reference;
mod stored;
mod views;

use uuid::Uuid;

use crate::chat::command::Finish;
use crate::chat::turn::Piece;
use crate::chat::{Chat, Command, End, Event, Mark, Refusal, Source, Stage, Usage};
use crate::entity::{Actor, Entity, Given, Role};
use crate::ids::{EntityId, Kind, UserId};
use crate::time::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(second, 0).unwrap()
}

fn id() -> EntityId {
    EntityId::new(Kind::Chat, 7).unwrap()
}

fn person(number: i64) -> Actor {
    Actor::User { id: UserId::new(number), roles: vec![Role::User] }
}

fn admin() -> Actor {
    Actor::User { id: UserId::new(1), roles: vec![Role::User, Role::Admin] }
}

/// The owner of every conversation here.
fn owner() -> Actor {
    person(10)
}

fn run_id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn piece(from: u32, text: &str) -> Piece {
    Piece { from, text: text.to_owned(), marks: Vec::new() }
}

fn source(number: i64) -> Source {
    Source {
        chunk: number,
        article: 100 + number,
        version: 1,
        title: format!("Breathing {number}"),
        url: Some("https://example.org/breathing".to_owned()),
        source: "library".to_owned(),
        heading: "What helps".to_owned(),
        text: "Warm up slowly.".to_owned(),
    }
}

fn ask(text: &str) -> Command {
    Command::Ask { text: text.to_owned(), waiting: 2, reserved: None }
}

fn finish(run: u128, from: u32, text: &str, end: End) -> Command {
    let usage = Usage { prompt: 10, completion: 5 };
    let (piece, model) = (piece(from, text), "test-model".to_owned());
    Command::Finish(Box::new(Finish { message: 1, run: run_id(run), piece, end, reason: None, model, usage }))
}

/// A conversation, and everything that happened to it.
#[derive(Debug, Clone)]
struct Run {
    chat: Chat,
    events: Vec<(Event, Timestamp)>,
}

impl Run {
    fn vacant() -> Self {
        Self { chat: Chat::vacant(id()), events: Vec::new() }
    }

    fn new() -> Self {
        let mut run = Self::vacant();
        run.give(&owner(), &Command::Open { assistant: "running-coach".to_owned(), title: None }, 0).unwrap();
        run
    }

    /// One whose first answer is being written by run 1.
    fn streaming() -> Self {
        let mut run = Self::new();
        run.give(&owner(), &ask("How do I breathe?"), 1).unwrap();
        run.house(&Command::Begin { message: 1, run: run_id(1) }, 1).unwrap();
        run.house(&Command::Found { message: 1, run: run_id(1), sources: vec![source(1), source(2)] }, 1).unwrap();
        run
    }

    fn give(&mut self, actor: &Actor, command: &Command, second: i64) -> Result<Vec<Event>, Refusal> {
        let given = Given { now: at(second), actor: actor.clone(), available: None, random: 42 };
        let events = self.chat.decide(command, &given)?;
        for event in &events {
            self.chat.apply(event, at(second));
            self.events.push((event.clone(), at(second)));
        }
        self.chat.check().unwrap();
        Ok(events)
    }

    fn own(&mut self, command: &Command, second: i64) -> Result<Vec<Event>, Refusal> {
        self.give(&owner(), command, second)
    }

    fn house(&mut self, command: &Command, second: i64) -> Result<Vec<Event>, Refusal> {
        self.give(&Actor::System, command, second)
    }

    fn write(&mut self, run: u128, from: u32, text: &str, second: i64) -> Result<Vec<Event>, Refusal> {
        self.house(&Command::Write { message: 1, run: run_id(run), piece: piece(from, text) }, second)
    }

    /// Gives the due commands as the engine would, until nothing is due at that second.
    fn wake(&mut self, second: i64) {
        for _ in 0..1_000 {
            let Some((due, command)) = self.chat.wake_at().filter(|(due, _)| *due <= at(second)) else { return };
            let events = self.house(&command, second.max(due.timestamp())).unwrap();
            assert!(!events.is_empty(), "woken for nothing");
        }
        panic!("it wakes for ever");
    }

    fn stage(&self, message: u32) -> Stage {
        self.chat.talk().unwrap().turn(message).unwrap().answer.stage
    }

    fn text(&self, message: u32) -> &str {
        &self.chat.talk().unwrap().turn(message).unwrap().answer.text
    }
}
