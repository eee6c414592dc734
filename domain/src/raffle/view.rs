//! What each viewer may see: everybody the counts, the dates and, after the draw, the winning numbers; participants their
//! own part; admins who won.

use serde_json::{Map, Value, json};

use crate::entity::{Role, Viewer};
use crate::ids::{EntityId, UserId};
use crate::raffle::board::{Board, Stage};
use crate::raffle::event::Win;
use crate::raffle::wire::{odds, win};

/// So many of a person's own ticket numbers are listed.
const MAX_TICKETS_LISTED: usize = 100;

impl Board {
    /// The view for one viewer.
    pub(super) fn view(&self, id: EntityId, viewer: &Viewer) -> Value {
        let mut view = self.public_view(id);
        if let (Value::Object(view), Viewer::User { id: user, roles }) = (&mut view, viewer) {
            view.insert("mine".to_owned(), self.mine(*user));
            if roles.contains(&Role::Admin) {
                view.insert("admin".to_owned(), self.admin_part());
            }
        }
        view
    }

    fn winners(&self) -> &[Win] {
        match &self.stage {
            Stage::Drawn { winners, .. } => winners,
            Stage::Open | Stage::Frozen { .. } | Stage::Cancelled { .. } => &[],
        }
    }

    fn public_view(&self, id: EntityId) -> Value {
        let (list_hash, frozen_at, seed, drawn_at, reason) = match &self.stage {
            Stage::Open => (None, None, None, None, None),
            Stage::Frozen { list_hash, at, .. } => (Some(list_hash), Some(at), None, None, None),
            Stage::Drawn { list_hash, frozen_at, seed, at, .. } => {
                (Some(list_hash), Some(frozen_at), Some(seed), Some(at), None)
            }
            Stage::Cancelled { reason, .. } => (None, None, None, None, Some(reason)),
        };
        let prizes: Vec<_> = (1u32..)
            .zip(&self.terms.prizes)
            .map(|(n, prize)| json!({ "prize": n, "title": prize.title, "expires_on": prize.expires_on }))
            .collect();
        let winners: Vec<_> = self.winners().iter().map(win).collect();
        json!({
            "id": id.number(),
            "state": self.stage.name(),
            "title": self.terms.title,
            "description": self.terms.description,
            "entry_stamps": self.terms.entry_stamps,
            "one_per_person": self.terms.one_per_person,
            "max_per_person": self.terms.max_per_person,
            "prizes": prizes,
            "entries": self.entries(),
            "participants": self.participants(),
            "odds": odds(self.prizes(), self.entries()),
            "closes_at": self.terms.closes_at,
            "draw_at": self.terms.draw_at,
            "commitment": self.terms.commitment,
            "list_hash": list_hash,
            "frozen_at": frozen_at,
            "seed": seed,
            "drawn_at": drawn_at,
            "winners": winners,
            "reason": reason,
            "mine": null,
        })
    }

    fn mine(&self, user: UserId) -> Value {
        let Some(participant) = self.people.number(user) else { return Value::Null };
        let tickets: Vec<_> = self.entries_of(participant).collect();
        let entries = tickets.len();
        let listed: Vec<_> = tickets.into_iter().take(MAX_TICKETS_LISTED).collect();
        let won: Vec<_> = self.winners().iter().filter(|win| win.user == user).map(|win| win.prize).collect();
        json!({ "participant": participant, "entries": entries, "tickets": listed, "won": won })
    }

    /// For admins: who has won, and how far the refunds are.
    fn admin_part(&self) -> Value {
        let winner = |found: &Win| {
            let mut shown = match win(found) {
                Value::Object(shown) => shown,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
            };
            shown.insert("user".to_owned(), json!(found.user));
            Value::Object(shown)
        };
        let winners: Vec<_> = self.winners().iter().map(winner).collect();
        let refunded = match &self.stage {
            Stage::Cancelled { refunded, .. } => Some(*refunded),
            Stage::Open | Stage::Frozen { .. } | Stage::Drawn { .. } => None,
        };
        let due = matches!(&self.stage, Stage::Frozen { due: true, .. });
        let references: Vec<_> = self.terms.prizes.iter().map(|prize| &prize.reference).collect();
        json!({ "winners": winners, "refunded_participants": refunded, "references": references, "draw_due": due })
    }
}
