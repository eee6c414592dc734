//! From offered to open, and the ways to stop: create, revise, open, pause, resume, cancel.

use chrono::TimeDelta;

use crate::auction::event::{Event, Opened};
use crate::auction::listing::{Listing, Stage, Stopped};
use crate::auction::refusal::Refusal;
use crate::auction::soft_close::Clock;
use crate::auction::terms::Terms;
use crate::entity::{Actor, Given, Role};
use crate::ids::UserId;
use crate::time::Timestamp;

/// Decides whether somebody may offer something on these terms.
pub(super) fn create(terms: &Terms, given: &Given) -> Result<Event, Refusal> {
    check_offers_for(terms.seller, &given.actor)?;
    terms.check(given.now).map_err(Refusal::Invalid)?;
    Ok(Event::Created(Box::new(terms.clone())))
}

fn check_offers_for(seller: UserId, actor: &Actor) -> Result<(), Refusal> {
    let own = actor.user() == Some(seller) && actor.has(Role::Seller);
    if own || actor.has(Role::Clerk) { Ok(()) } else { Err(Refusal::NotAllowed("its seller or a clerk")) }
}

fn check_clerk(actor: &Actor) -> Result<(), Refusal> {
    if actor.has(Role::Clerk) { Ok(()) } else { Err(Refusal::NotAllowed("a clerk")) }
}

fn time_after(now: Timestamp, ms: Option<i64>) -> Option<Timestamp> {
    now.checked_add_signed(TimeDelta::milliseconds(ms?))
}

impl Listing {
    fn wrong_state(&self) -> Refusal {
        Refusal::WrongState { state: self.stage.name() }
    }

    /// Decides new terms for an auction that has not opened.
    pub(super) fn revise(&self, terms: &Terms, given: &Given) -> Result<Event, Refusal> {
        check_offers_for(self.terms.seller, &given.actor)?;
        if self.stage != Stage::Scheduled {
            return Err(self.wrong_state());
        }
        if terms.seller != self.terms.seller {
            return Err(Refusal::Invalid("the seller cannot change".to_owned()));
        }
        terms.check(given.now).map_err(Refusal::Invalid)?;
        Ok(Event::Revised(Box::new(terms.clone())))
    }

    /// Decides the opening.
    pub(super) fn open(&self, given: &Given) -> Result<Event, Refusal> {
        check_offers_for(self.terms.seller, &given.actor)?;
        if self.stage != Stage::Scheduled {
            return Err(self.wrong_state());
        }
        let clock = self.terms.clock(given.now);
        if clock.is_over(given.now) {
            return Err(Refusal::Invalid("the planned end has passed".to_owned()));
        }
        Ok(Event::Opened(Opened { next_bid: self.next_bid(), ends_at: clock.ends_at, absolute_end_at: clock.absolute_end_at }))
    }

    /// Whether it should be open by now although its deadline has not been handled yet.
    pub(super) fn is_due_to_open(&self, now: Timestamp) -> bool {
        let over = self.terms.ends_at.is_some_and(|end| now >= end);
        self.stage == Stage::Scheduled && self.terms.starts_at.is_some_and(|start| now >= start) && !over
    }

    /// Decides the stop of the clock.
    pub(super) fn pause(&self, given: &Given) -> Result<Event, Refusal> {
        check_clerk(&given.actor)?;
        let Stage::Live(clock) = &self.stage else { return Err(self.wrong_state()) };
        if clock.is_over(given.now) {
            return Err(Refusal::Closed);
        }
        let left = |time: Option<Timestamp>| time.map(|time| (time - given.now).num_milliseconds());
        Ok(Event::Paused { remaining_ms: left(clock.ends_at), absolute_remaining_ms: left(clock.absolute_end_at) })
    }

    /// Decides that the clock goes on with what was left.
    pub(super) fn resume(&self, given: &Given) -> Result<Event, Refusal> {
        check_clerk(&given.actor)?;
        let Stage::Paused(stopped) = &self.stage else { return Err(self.wrong_state()) };
        Ok(Event::Resumed {
            ends_at: time_after(given.now, stopped.remaining_ms),
            absolute_end_at: time_after(given.now, stopped.absolute_remaining_ms),
        })
    }

    /// Decides to call it off.
    pub(super) fn cancel(&self, reason: &str, given: &Given) -> Result<Event, Refusal> {
        check_offers_for(self.terms.seller, &given.actor)?;
        match &self.stage {
            Stage::Scheduled | Stage::Live(_) | Stage::Paused(_) | Stage::Closing { .. } => {}
            Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => return Err(self.wrong_state()),
        }
        if self.book.bids > 0 {
            check_clerk(&given.actor)?;
        }
        if reason.chars().count() > super::MAX_REASON {
            return Err(Refusal::ReasonNeeded);
        }
        Ok(Event::Cancelled { reason: reason.trim().to_owned() })
    }

    /// Takes an opening into the state.
    pub(super) fn apply_opened(&mut self, opened: &Opened) {
        self.stage = Stage::Live(Clock { ends_at: opened.ends_at, absolute_end_at: opened.absolute_end_at, extensions: 0 });
    }

    /// Takes a stop of the clock into the state.
    pub(super) fn apply_paused(&mut self, remaining_ms: Option<i64>, absolute_remaining_ms: Option<i64>) {
        if let Stage::Live(clock) = &self.stage {
            let extensions = clock.extensions;
            self.stage = Stage::Paused(Stopped { remaining_ms, absolute_remaining_ms, extensions });
        }
    }

    /// Takes the clock's going on into the state.
    pub(super) fn apply_resumed(&mut self, ends_at: Option<Timestamp>, absolute_end_at: Option<Timestamp>) {
        if let Stage::Paused(stopped) = &self.stage {
            let extensions = stopped.extensions;
            self.stage = Stage::Live(Clock { ends_at, absolute_end_at, extensions });
        }
    }
}
