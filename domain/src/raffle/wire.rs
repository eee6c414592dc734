//! What the asker is answered and what watchers are told: from the events alone, so that both can be served again from
//! the journal.

use serde_json::{Value, json};

use crate::raffle::event::{Event, Win};
use crate::time::Timestamp;

/// The odds as they are shown: `min(1, prizes / max(entries, 1))`, of one entry to win at all.
pub(super) fn odds(prizes: u32, entries: u32) -> f64 {
    (f64::from(prizes) / f64::from(entries.max(1))).min(1.0)
}

/// A win as everybody may see it: numbers of this raffle, nobody's name.
pub(super) fn win(win: &Win) -> Value {
    json!({ "prize": win.prize, "ticket": win.ticket, "participant": win.participant })
}

/// The answer to the command that made these events.
pub(super) fn answer(events: &[Event]) -> Value {
    let Some(last) = events.last() else { return Value::Null };
    match last {
        Event::Created(_) => json!({ "state": "open" }),
        Event::PrizesAdded { prizes, entries, .. } => json!({ "prizes": prizes, "odds": odds(*prizes, *entries) }),
        Event::Entered(entered) => json!({
            "entry": entered.entry,
            "participant": entered.participant,
            "nonce": entered.nonce,
            "my_entries": entered.mine,
            "entries": entered.entry,
            "participants": entered.participants,
            "odds": odds(entered.prizes, entered.entry),
        }),
        Event::Frozen { list_hash, .. } => json!({ "state": "frozen", "list_hash": list_hash }),
        Event::DrawDue => json!({ "state": "frozen" }),
        Event::Drawn { .. } => json!({ "state": "drawn" }),
        Event::Cancelled { .. } | Event::Refunded { .. } => json!({ "state": "cancelled" }),
    }
}

/// What watchers are told of an event. Persons never leave the house; nonces only with the proof.
pub(super) fn publication(event: &Event, at: Timestamp) -> Option<Value> {
    let told = match event {
        Event::Created(_) | Event::Refunded { .. } => return None,
        Event::PrizesAdded { prizes, entries, .. } => {
            json!({ "type": "prizes_added", "prizes": prizes, "odds": odds(*prizes, *entries), "at": at })
        }
        Event::Entered(entered) => json!({
            "type": "entered",
            "entries": entered.entry,
            "participants": entered.participants,
            "odds": odds(entered.prizes, entered.entry),
            "at": at,
        }),
        Event::Frozen { list_hash, entries } => {
            json!({ "type": "list_frozen", "list_hash": list_hash, "entries": entries, "at": at })
        }
        Event::DrawDue => json!({ "type": "draw_due", "at": at }),
        Event::Drawn { seed, winners } => {
            let winners: Vec<_> = winners.iter().map(win).collect();
            json!({ "type": "drawn", "seed": seed, "winners": winners, "at": at })
        }
        Event::Cancelled { reason } => json!({ "type": "raffle_cancelled", "reason": reason, "at": at }),
    };
    Some(told)
}
