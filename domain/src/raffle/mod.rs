//! One raffle: prizes, and entries that are bought with stamps until a date; then one draw, for ever.
//!
//! Start with [`terms`], then [`command`] and [`event`] (all that can happen); `board` decides and applies. What others see
//! and must do is in `view`, `wire` and `effects`. The draw itself is [`draw`](crate::draw).
//!
//! ```text
//! open --closes_at--> frozen --draw_at--> drawn
//!   '--> cancelled: everybody gets their stamps back, some hundred people at a time
//! ```
//!
//! - The commitment to the seed is out when the raffle opens; the list's hash when it is frozen; the seed with the draw. Until
//!   then the seed is not in the journal either: at its date the raffle asks for it, and the house, which alone can make
//!   it, gives it. Another seed is refused.
//! - An entry's price goes from the participant to the house in the very transaction of the entry.
//! - There may be fewer people than prizes: everybody wins then, and the prizes that are left stay the house's. A raffle that
//!   nobody entered is drawn without winners. (To demand as many entries as prizes would leave people waiting for ever.)
//! - Once the list is frozen nobody can call a raffle off: whoever knows the seed knows the winners.
//! - Codes of prizes are not here: the state has references to where they lie encrypted.

mod board;
mod check;
pub mod command;
mod effects;
pub mod event;
mod people;
pub mod refusal;
pub mod terms;
mod view;
mod wire;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::board::{Board, Stage};
pub use self::command::Command;
pub use self::event::Event;
pub use self::refusal::Refusal;
pub use self::terms::{Created, Prize, Terms};

use crate::draw::Proof;
use crate::entity::{Actor, Effect, Entity, Given, Role, Viewer};
use crate::ids::{EntityId, Kind};
use crate::money::Currency;
use crate::time::Timestamp;

/// The longest reason that can be given, in characters.
pub const MAX_REASON: usize = 500;

/// One raffle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raffle {
    id: EntityId,
    board: Option<Box<Board>>,
}

impl Raffle {
    /// What there is of it; `None` before it was created.
    #[must_use]
    pub fn board(&self) -> Option<&Board> {
        self.board.as_deref()
    }

    /// The proof of its draw; `None` before it.
    #[must_use]
    pub fn proof(&self) -> Option<Proof> {
        self.board()?.proof(self.id)
    }

    fn existing(&self) -> Result<&Board, Refusal> {
        self.board().ok_or(Refusal::Unknown)
    }

    fn create(&self, terms: &Terms, given: &Given) -> Result<Event, Refusal> {
        if self.board.is_some() {
            return Err(Refusal::Exists);
        }
        if !given.actor.has(Role::Admin) {
            return Err(Refusal::NotAllowed("an admin"));
        }
        terms.check(given.now)?;
        Ok(Event::Created(Box::new(Created { terms: terms.clone(), by: given.actor.user() })))
    }

    fn wake(&self, given: &Given) -> Result<Option<Event>, Refusal> {
        if given.actor != Actor::System {
            return Err(Refusal::NotAllowed("the house"));
        }
        Ok(self.existing()?.wake(self.id, given.now))
    }
}

impl Entity for Raffle {
    const KIND: Kind = Kind::Raffle;
    const VERSION: i16 = 1;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(id: EntityId) -> Self {
        Self { id, board: None }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Create(terms) => self.create(terms, given).map(|event| vec![event]),
            Command::AddPrizes { prizes } => self.existing()?.add_prizes(prizes, given).map(|event| vec![event]),
            Command::Enter { nonce } => self.existing()?.enter(nonce.as_deref(), given).map(|event| vec![event]),
            Command::Cancel { reason } => self.existing()?.cancel(reason, given).map(|event| vec![event]),
            Command::Draw { seed } => self.existing()?.draw(self.id, seed, given).map(|event| event.into_iter().collect()),
            Command::Wake => self.wake(given).map(|event| event.into_iter().collect()),
        }
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        if let Event::Created(created) = event {
            self.board = Some(Box::new(Board::new(created.terms.clone(), created.by)));
        } else if let Some(board) = self.board.as_deref_mut() {
            board.apply(event, at);
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        self.board()?.due_at().map(|at| (at, Command::Wake))
    }

    fn funds(&self, command: &Command) -> Option<Currency> {
        match command {
            Command::Enter { .. } => Some(Currency::STAMPS),
            Command::Create(_) | Command::AddPrizes { .. } | Command::Cancel { .. } | Command::Draw { .. } | Command::Wake => {
                None
            }
        }
    }

    fn answer(events: &[Event]) -> Value {
        wire::answer(events)
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        wire::publication(event, at)
    }

    fn effects(&self, events: &[Event]) -> Vec<Effect> {
        let Some(board) = self.board() else { return Vec::new() };
        events.iter().flat_map(|event| board.effects_of(self.id, event)).collect()
    }

    fn view(&self, viewer: &Viewer) -> Value {
        self.board().map_or(Value::Null, |board| board.view(self.id, viewer))
    }

    fn check(&self) -> Result<(), String> {
        self.board().map_or(Ok(()), |board| board.check(self.id))
    }

    fn summary(&self) -> String {
        let Some(board) = self.board() else { return "vacant".to_owned() };
        format!(
            "{}, {} prizes, {} entries by {} people",
            board.stage.name(),
            board.prizes(),
            board.entries(),
            board.participants()
        )
    }
}
