//! Telling people that they were outbid: at once, but not again and again while a contest is hot.

use chrono::TimeDelta;

use crate::auction::event::Event;
use crate::auction::listing::Listing;
use crate::time::Timestamp;

/// Nobody is told more often than this that they were outbid in one auction. Who is outbid again before, is told when the
/// time has passed, unless they lead by then.
pub const OUTBID_NOTICE_EVERY: TimeDelta = TimeDelta::seconds(30);

impl Listing {
    /// From when on somebody may be told; `None`: at once.
    fn may_be_told_from(&self, paddle: u32) -> Option<Timestamp> {
        self.book.bidders.get(paddle)?.told_at?.checked_add_signed(OUTBID_NOTICE_EVERY)
    }

    /// Whether somebody who is outbid at `now` is told at once.
    pub(super) fn may_tell(&self, paddle: u32, now: Timestamp) -> bool {
        self.may_be_told_from(paddle).is_none_or(|from| now >= from)
    }

    /// When the first of those who are owed a notice may be told.
    pub(super) fn next_told_at(&self) -> Option<Timestamp> {
        self.book.owed.first().map(|(from, _)| *from)
    }

    /// Tells those who are owed a notice and still do not lead; `None` when nobody's time has come.
    pub(super) fn tell_owed(&self, now: Timestamp) -> Option<Event> {
        if self.next_told_at().is_none_or(|from| now < from) {
            return None;
        }
        let due = self.book.owed.iter().take_while(|(from, _)| *from <= now).map(|(_, paddle)| *paddle);
        let leader = self.book.lead.map(|lead| lead.paddle);
        let stands = |paddle: &u32| self.book.bidders.get(*paddle).is_some_and(|bidder| bidder.max.is_some());
        let paddles = due.filter(|paddle| Some(*paddle) != leader).filter(stands).collect();
        Some(Event::OutbidTold { paddles, through: now })
    }

    /// Takes into the state that somebody was outbid, and told or not.
    pub(super) fn apply_outbid(&mut self, paddle: u32, told: bool, at: Timestamp) {
        if told {
            self.apply_told(paddle, at);
        } else if let Some(from) = self.may_be_told_from(paddle) {
            self.book.owed.insert((from, paddle));
        }
    }

    /// Takes late notices into the state.
    pub(super) fn apply_outbid_told(&mut self, paddles: &[u32], through: Timestamp, at: Timestamp) {
        self.book.owed.retain(|(from, _)| *from > through);
        for paddle in paddles {
            self.apply_told(*paddle, at);
        }
    }

    fn apply_told(&mut self, paddle: u32, at: Timestamp) {
        if let Some(bidder) = self.book.bidders.get_mut(paddle) {
            bidder.told_at = Some(at);
        }
    }
}
