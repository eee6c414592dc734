//! What must always be true of a raffle.

use crate::draw::verify;
use crate::ids::EntityId;
use crate::raffle::board::{Board, Stage};

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl Board {
    /// Checks the invariants.
    pub(super) fn check(&self, id: EntityId) -> Result<(), String> {
        let known = self.entries.iter().all(|entry| self.people.user(entry.participant).is_some());
        ensure(known, "an entry of nobody")?;
        ensure(self.participants() <= self.entries(), "more participants than entries")?;
        match &self.stage {
            Stage::Open => Ok(()),
            Stage::Frozen { list_hash, at, .. } => {
                let list = self.list(id).map_err(|flaw| flaw.to_string())?;
                ensure(list.hash() == *list_hash, "the list is not the one that was frozen")?;
                ensure(*at >= self.terms.closes_at, "frozen before entries closed")
            }
            Stage::Drawn { winners, at, .. } => {
                ensure(*at >= self.terms.draw_at, "drawn before its date")?;
                let right = winners.iter().all(|win| self.people.number(win.user) == Some(win.participant));
                ensure(right, "a winner who is not the ticket's holder")?;
                let proof = self.proof(id).ok_or("there is no proof of the draw")?;
                verify(&proof).map_err(|flaw| format!("the proof does not hold: {flaw}"))
            }
            Stage::Cancelled { refunded, .. } => {
                ensure(*refunded <= self.participants(), "more people have their stamps back than paid")
            }
        }
    }
}
