//! One auction: an artwork on sale from the moment it is offered until it is paid for.
//!
//! Start with [`terms`] (what is offered), [`rules`] (how it is run, as data), and [`command`] and [`event`] (all that can
//! happen). Each verb has its file: `lifecycle`, [`bidding`] (with [`proxy`], [`soft_close`] and [`outbid`]), `retraction`,
//! `closing`, `settlement`. What others see and must do is in `view`, `wire` and `effects`.
//!
//! ```text
//! scheduled -> live <-> paused
//!                |        |
//!                v        v
//!              closing  (review over)  ->  sold -> settled
//!                                      |     '---> defaulted
//!                                      '-> unsold
//! cancelled: from scheduled, live, paused and closing
//! ```

pub mod bidding;
pub mod book;
mod check;
mod closing;
pub mod command;
pub mod daily;
mod effects;
pub mod event;
mod lifecycle;
pub mod listing;
pub mod outbid;
pub mod premium;
pub mod proxy;
pub mod refusal;
mod retraction;
pub mod rules;
mod settlement;
pub mod soft_close;
pub mod steps;
pub mod terms;
mod view;
mod wire;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::command::Command;
pub use self::event::Event;
pub use self::refusal::Refusal;
pub use self::rules::{Preset, Rules};
pub use self::terms::{Subject, Terms};

use self::book::Book;
use self::listing::{Listing, Stage};
use crate::entity::{Actor, Effect, Entity, Given, Viewer};
use crate::ids::{EntityId, Kind};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// The longest reason that can be given, in characters.
pub const MAX_REASON: usize = 500;

/// One auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auction {
    id: EntityId,
    listing: Option<Box<Listing>>,
}

impl Auction {
    /// What there is of it; `None` before it was created.
    #[must_use]
    pub fn listing(&self) -> Option<&Listing> {
        self.listing.as_deref()
    }

    fn existing(&self) -> Result<&Listing, Refusal> {
        self.listing().ok_or(Refusal::Unknown)
    }

    /// A bid at a moment at which it should be open: opens it in the same decision, so that the start is exact however
    /// late the deadline is handled.
    fn place_bid(&self, max: Money, confirm: bool, given: &Given) -> Result<Vec<Event>, Refusal> {
        let listing = self.existing()?;
        if !listing.is_due_to_open(given.now) {
            return Ok(vec![listing.place_bid(max, confirm, given)?]);
        }
        let opened = listing.open(&Given { actor: Actor::System, ..given.clone() })?;
        let mut open = self.clone();
        open.apply(&opened, given.now);
        let bid = open.existing()?.place_bid(max, confirm, given)?;
        Ok(vec![opened, bid])
    }

    /// Does what is due at this moment.
    fn wake(&self, given: &Given) -> Result<Vec<Event>, Refusal> {
        if given.actor != Actor::System {
            return Err(Refusal::NotAllowed("the house"));
        }
        let listing = self.existing()?;
        let now = given.now;
        Ok(match &listing.stage {
            Stage::Scheduled if listing.terms.ends_at.is_some_and(|end| now >= end) => listing.end_bidding(now),
            Stage::Scheduled if listing.is_due_to_open(now) => vec![listing.open(given)?],
            Stage::Live(clock) if clock.is_over(now) => listing.end_bidding(now),
            Stage::Live(_) | Stage::Paused(_) => listing.tell_owed(now).into_iter().collect(),
            Stage::Closing { hammer_at, .. } if now >= *hammer_at => vec![listing.hammer(now)],
            Stage::Sold(award) if now >= award.due_at => vec![listing.due(award)],
            Stage::Scheduled
            | Stage::Closing { .. }
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => Vec::new(),
        })
    }
}

impl Entity for Auction {
    const KIND: Kind = Kind::Auction;
    const VERSION: i16 = 1;
    const KEEPS_REFUSALS: bool = true;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(id: EntityId) -> Self {
        Self { id, listing: None }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::PlaceBid { max, confirm } => self.place_bid(*max, *confirm, given),
            Command::Wake => self.wake(given),
            Command::Create(_) if self.listing.is_some() => Err(Refusal::Exists),
            Command::Create(terms) => lifecycle::create(terms, given).map(|event| vec![event]),
            Command::Close => self.existing()?.close(given),
            Command::Revise(terms) => self.existing()?.revise(terms, given).map(|event| vec![event]),
            Command::Open => self.existing()?.open(given).map(|event| vec![event]),
            Command::Pause => self.existing()?.pause(given).map(|event| vec![event]),
            Command::Resume => self.existing()?.resume(given).map(|event| vec![event]),
            Command::Retract { bidder, reason } => self.existing()?.retract(*bidder, reason, given).map(|event| vec![event]),
            Command::Cancel { reason } => self.existing()?.cancel(reason, given).map(|event| vec![event]),
            Command::Pay => self.existing()?.pay(given).map(|event| vec![event]),
        }
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        if let Event::Created(terms) = event {
            let listing = Listing { terms: (**terms).clone(), book: Book::default(), stage: Stage::Scheduled, ended_at: None };
            self.listing = Some(Box::new(listing));
            return;
        }
        let Some(listing) = self.listing.as_deref_mut() else { return };
        match event {
            Event::Created(_) => {}
            Event::Revised(terms) => listing.terms = (**terms).clone(),
            Event::Opened(opened) => listing.apply_opened(opened),
            Event::BidPlaced(bid) => listing.apply_bid(bid, at),
            Event::MaximumRaised(raise) => listing.apply_raise(raise),
            Event::Paused { remaining_ms, absolute_remaining_ms } => {
                listing.apply_paused(*remaining_ms, *absolute_remaining_ms);
            }
            Event::Resumed { ends_at, absolute_end_at } => listing.apply_resumed(*ends_at, *absolute_end_at),
            Event::Retracted(undo) => listing.apply_retracted(undo),
            Event::OutbidTold { paddles, through } => listing.apply_outbid_told(paddles, *through, at),
            Event::Closing { hammer_at } => {
                listing.stage = Stage::Closing { hammer_at: *hammer_at };
                listing.ended_at = Some(at);
            }
            Event::Sold(award) => listing.stage = Stage::Sold(*award),
            Event::Unsold { reason } => listing.stage = Stage::Unsold { reason: *reason, at },
            Event::Settled { .. } => listing.apply_settled(at),
            Event::Defaulted { .. } => listing.apply_defaulted(at),
            Event::Cancelled { reason } => {
                listing.stage = Stage::Cancelled { reason: reason.clone(), at };
                listing.ended_at = listing.ended_at.or(Some(at));
            }
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        let listing = self.listing()?;
        let at = match &listing.stage {
            Stage::Scheduled => listing.terms.starts_at.or(listing.terms.ends_at),
            Stage::Live(clock) => [clock.ends_at, listing.next_told_at()].into_iter().flatten().min(),
            Stage::Paused(_) => listing.next_told_at(),
            Stage::Closing { hammer_at, .. } => Some(*hammer_at),
            Stage::Sold(award) => Some(award.due_at),
            Stage::Unsold { .. } | Stage::Settled { .. } | Stage::Defaulted { .. } | Stage::Cancelled { .. } => None,
        };
        at.map(|at| (at, Command::Wake))
    }

    fn funds(&self, command: &Command) -> Option<Currency> {
        match command {
            Command::PlaceBid { .. } => self.listing().map(|listing| listing.terms.currency),
            Command::Create(_)
            | Command::Revise(_)
            | Command::Open
            | Command::Pause
            | Command::Resume
            | Command::Retract { .. }
            | Command::Close
            | Command::Cancel { .. }
            | Command::Pay
            | Command::Wake => None,
        }
    }

    fn answer(events: &[Event]) -> Value {
        wire::answer(events)
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        wire::publication(event, at)
    }

    fn effects(&self, events: &[Event]) -> Vec<Effect> {
        let Some(listing) = self.listing() else { return Vec::new() };
        events.iter().flat_map(|event| listing.effects_of(self.id, event)).collect()
    }

    fn view(&self, viewer: &Viewer) -> Value {
        self.listing().map_or(Value::Null, |listing| listing.view(self.id, viewer))
    }

    fn check(&self) -> Result<(), String> {
        self.listing().map_or(Ok(()), Listing::check)
    }

    fn summary(&self) -> String {
        let Some(listing) = self.listing() else { return "vacant".to_owned() };
        let price = listing.book.price().map_or_else(|| "no bid".to_owned(), |price| listing.terms.money(price).to_string());
        format!("{}, {price}, {} bids by {} bidders", listing.stage.name(), listing.book.bids, listing.book.bidders.count())
    }
}
