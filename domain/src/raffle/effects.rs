//! What others must do: move stamps, tell people.

use serde_json::{Value, json};

use crate::entity::{AccountOwner, Effect, LedgerEntry, Notice, Transfer};
use crate::ids::{EntityId, UserId};
use crate::money::{Currency, Money};
use crate::raffle::board::{Board, Stage};
use crate::raffle::event::{Entered, Event, Win};

/// One leg in stamps.
fn leg(account: AccountOwner, stamps: i64) -> LedgerEntry {
    LedgerEntry { account, amount: Money::new(stamps, Currency::STAMPS) }
}

impl Board {
    /// The effects of one event, `self` being the state after it.
    pub(super) fn effects_of(&self, id: EntityId, event: &Event) -> Vec<Effect> {
        match event {
            Event::Entered(entered) => vec![self.pay(id, entered)],
            Event::Drawn { winners, .. } => winners.iter().map(|win| self.tell_winner(id, win)).collect(),
            Event::Refunded { from, through } => self.refund(id, *from, *through),
            Event::Created(_) | Event::PrizesAdded { .. } | Event::Frozen { .. } | Event::DrawDue | Event::Cancelled { .. } => {
                Vec::new()
            }
        }
    }

    fn pay(&self, id: EntityId, entered: &Entered) -> Effect {
        let stamps = self.terms.entry_stamps;
        Effect::Transfer(Transfer {
            key: format!("{id}/entry/{}", entered.entry),
            purpose: "raffle.entry".to_owned(),
            entries: vec![leg(AccountOwner::User(entered.user), stamps.saturating_neg()), leg(AccountOwner::House, stamps)],
        })
    }

    fn tell(&self, id: EntityId, user: UserId, kind: &str, fields: &Value, mail: bool) -> Effect {
        let mut all = json!({ "raffle": id.number(), "title": self.terms.title });
        if let (Value::Object(all), Value::Object(fields)) = (&mut all, fields) {
            all.extend(fields.clone());
        }
        let notice = Notice { kind: kind.to_owned(), about: id.to_string(), fields: all, mail, push: mail };
        Effect::Notify { user, notice }
    }

    /// The code itself is nowhere in a notice: mails are forwarded and phones lie around. The page shows it to its winner.
    fn tell_winner(&self, id: EntityId, win: &Win) -> Effect {
        let index = usize::try_from(win.prize.saturating_sub(1)).unwrap_or(usize::MAX);
        let title = self.terms.prizes.get(index).map(|prize| prize.title.as_str());
        let fields = json!({ "prize": win.prize, "prize_title": title, "ticket": win.ticket });
        self.tell(id, win.user, "raffle.won", &fields, true)
    }

    fn refund(&self, id: EntityId, from: u32, through: u32) -> Vec<Effect> {
        let Stage::Cancelled { reason, .. } = &self.stage else { return Vec::new() };
        let mut counts = std::collections::BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| (from..=through).contains(&entry.participant)) {
            *counts.entry(entry.participant).or_insert(0i64) += 1;
        }
        let mut legs = Vec::with_capacity(counts.len().saturating_add(1));
        let mut notices = Vec::with_capacity(counts.len());
        let mut sum = 0i64;
        for (participant, entries) in counts {
            let Some(user) = self.people.user(participant) else { continue };
            let stamps = self.terms.entry_stamps.saturating_mul(entries);
            sum = sum.saturating_add(stamps);
            legs.push(leg(AccountOwner::User(user), stamps));
            let fields = json!({ "reason": reason, "entries": entries, "stamps": stamps });
            notices.push(self.tell(id, user, "raffle.cancelled", &fields, false));
        }
        legs.push(leg(AccountOwner::House, sum.saturating_neg()));
        let transfer = Transfer { key: format!("{id}/refund/{from}"), purpose: "raffle.refund".to_owned(), entries: legs };
        std::iter::once(Effect::Transfer(transfer)).chain(notices).collect()
    }
}
