//! Whatever comes, in whatever order: the stamps add up, and a replay from the journal is the same raffle.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::draw;
use crate::entity::{AccountOwner, LedgerEntry, Transfer};
use crate::ledger::Ledger;

#[derive(Debug, Clone)]
enum Act {
    Enter(i64),
    AddPrize(u8),
    Cancel,
    Wake,
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => (10i64..16).prop_map(Act::Enter),
        2 => any::<u8>().prop_map(Act::AddPrize),
        1 => Just(Act::Cancel),
        4 => Just(Act::Wake),
        6 => (1i64..40).prop_map(Act::Wait),
    ]
}

/// Everybody begins with some stamps.
fn funded() -> Ledger {
    let mut ledger = Ledger::default();
    for (user, stamps) in (10i64..16).zip([0i64, 8, 15, 24, 80, 1_000]).filter(|(_, stamps)| *stamps > 0) {
        let leg = |account, amount| LedgerEntry { account, amount: Money::new(amount, Currency::STAMPS) };
        let entries = vec![leg(AccountOwner::User(UserId::new(user)), stamps), leg(AccountOwner::World, -stamps)];
        ledger.post(&Transfer { key: format!("start/{user}"), purpose: "test".to_owned(), entries }).unwrap();
    }
    ledger
}

proptest! {
    #[test]
    fn stamps_add_up_and_a_replay_is_the_same(acts in prop::collection::vec(act(), 0..80), prizes in 1usize..5, one in any::<bool>(), most in prop::option::of(1u32..4)) {
        let mut run = Run::new(Terms { one_per_person: one, max_per_person: most, ..terms(prizes) });
        let (mut ledger, mut now, start) = (funded(), 1, funded());
        for act in acts {
            let (actor, command) = match act {
                Act::Enter(who) => (person(who), Command::Enter { nonce: None }),
                Act::AddPrize(number) => {
                    let reference = format!("{:032x}", 1_000 + u32::from(number));
                    let prize = Prize { title: "more".to_owned(), reference, expires_on: None };
                    (admin(), Command::AddPrizes { prizes: vec![prize] })
                }
                Act::Cancel => (admin(), Command::Cancel { reason: "no".to_owned() }),
                Act::Wake => (Actor::System, Command::Wake),
                Act::Wait(seconds) => {
                    now += seconds;
                    continue;
                }
            };
            let available = actor.user().map_or(0, |user| ledger.available(user, Currency::STAMPS).amount);
            let (before, effects) = (run.raffle.clone(), run.effects.len());
            match run.give_with(&actor, &command, now, available) {
                Ok(_) => prop_assert_eq!(ledger.take(id(), &run.effects[effects..]), Ok(())),
                Err(_) => prop_assert_eq!(&run.raffle, &before),
            }
        }
        // Whatever happened, it comes to an end by its deadlines alone.
        for _ in 0..5 {
            let Some((due, _)) = run.raffle.wake_at() else { break };
            now = now.max(due.timestamp());
            let effects = run.effects.len();
            run.wake(now);
            prop_assert_eq!(ledger.take(id(), &run.effects[effects..]), Ok(()));
        }
        prop_assert_eq!(run.raffle.wake_at(), None);
        let draw = run.give(&Actor::System, &Command::Draw { seed: seed() }, now);
        prop_assert!(draw.is_ok() || run.raffle.board().unwrap().stage.name() == "cancelled");
        prop_assert_eq!(ledger.check(), Ok(()));
        let board = run.raffle.board().unwrap();
        let mut entered: BTreeMap<i64, i64> = BTreeMap::new();
        for (event, _) in &run.events {
            if let Event::Entered(entry) = event {
                *entered.entry(entry.user.get()).or_default() += 8;
            }
        }
        let cancelled = board.stage.name() == "cancelled";
        for user in 10i64..16 {
            let owner = AccountOwner::User(UserId::new(user));
            let spent = if cancelled { 0 } else { entered.get(&user).copied().unwrap_or(0) };
            prop_assert_eq!(ledger.balance(owner, Currency::STAMPS), start.balance(owner, Currency::STAMPS) - spent);
        }
        let kept = if cancelled { 0 } else { entered.values().sum() };
        prop_assert_eq!(ledger.balance(AccountOwner::House, Currency::STAMPS), kept);
        match run.raffle.proof() {
            Some(proof) => prop_assert_eq!(draw::verify(&proof), Ok(())),
            None => prop_assert!(cancelled),
        }
        // The journal and the stored state give the same raffle, and every effect of a replay is one that was done.
        let mut again = Raffle::vacant(id());
        for (event, when) in &run.events {
            again.apply(event, *when);
            let stored = serde_json::to_string(event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event>(&stored).unwrap(), event);
        }
        prop_assert_eq!(&again, &run.raffle);
        let stored = serde_json::to_string(&run.raffle).unwrap();
        prop_assert_eq!(serde_json::from_str::<Raffle>(&stored).unwrap(), again);
        let after = ledger.clone();
        for effect in &run.effects {
            if let Effect::Transfer(transfer) = effect {
                prop_assert_eq!(ledger.post(transfer), Ok(crate::ledger::Posted::Before));
            }
        }
        prop_assert_eq!(ledger, after);
    }
}
