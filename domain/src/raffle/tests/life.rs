//! The life of a raffle: who may do what, when, and for how much.

use super::*;
use crate::draw;
use crate::entity::{AccountOwner, LedgerEntry, Transfer};

fn stamps(account: AccountOwner, amount: i64) -> LedgerEntry {
    LedgerEntry { account, amount: Money::new(amount, Currency::STAMPS) }
}

#[test]
fn an_entry_costs_its_stamps_in_the_same_transaction() {
    let mut run = Run::new(terms(1));
    let events = run.enter(10).unwrap();
    let answer = Raffle::answer(&events);
    assert_eq!(answer["entry"], 1);
    assert_eq!(answer["odds"], 1.0);
    let paid = Transfer {
        key: "raffle:5/entry/1".to_owned(),
        purpose: "raffle.entry".to_owned(),
        entries: vec![stamps(AccountOwner::User(UserId::new(10)), -8), stamps(AccountOwner::House, 8)],
    };
    assert_eq!(run.effects, [Effect::Transfer(paid)]);
    let few = run.give_with(&person(11), &Command::Enter { nonce: None }, 10, 7);
    assert_eq!(few, Err(Refusal::NoFunds { needed: 8, available: 7 }));
}

#[test]
fn only_admins_create_add_and_call_off() {
    let mut vacant = Run { raffle: Raffle::vacant(id()), events: Vec::new(), effects: Vec::new() };
    assert_eq!(vacant.enter(10), Err(Refusal::Unknown));
    let create = Command::Create(Box::new(terms(1)));
    assert_eq!(vacant.give(&person(10), &create, 0), Err(Refusal::NotAllowed("an admin")));
    let mut run = Run::new(terms(1));
    assert_eq!(run.give(&admin(), &create, 0), Err(Refusal::Exists));
    for command in [Command::AddPrizes { prizes: prizes(1) }, Command::Cancel { reason: "x".to_owned() }] {
        assert_eq!(run.give(&person(10), &command, 1), Err(Refusal::NotAllowed("an admin")));
    }
    assert_eq!(run.enter(1), Err(Refusal::Own), "who opens it does not take part");
    assert_eq!(run.give(&Actor::System, &Command::Enter { nonce: None }, 1), Err(Refusal::NotSignedIn));
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    let refused = |terms: Terms| {
        let given = Given { now: at(50), actor: admin(), available: None, random: 0 };
        let decided = Raffle::vacant(id()).decide(&Command::Create(Box::new(terms)), &given);
        matches!(decided, Err(Refusal::Invalid(_)))
    };
    assert!(!refused(terms(1)));
    assert!(refused(terms(0)));
    assert!(refused(terms(101)));
    assert!(refused(Terms { title: " ".to_owned(), ..terms(1) }));
    assert!(refused(Terms { title: "x".repeat(201), ..terms(1) }));
    assert!(refused(Terms { closes_at: at(50), ..terms(1) }), "in the past");
    assert!(refused(Terms { draw_at: at(CLOSE), ..terms(1) }), "no time to publish the list's hash");
    assert!(refused(Terms { draw_at: at(400 * 86_400), ..terms(1) }));
    assert!(refused(Terms { entry_stamps: 0, ..terms(1) }));
    assert!(refused(Terms { max_per_person: Some(0), ..terms(1) }));
    assert!(refused(Terms { prizes: [prizes(1), prizes(1)].concat(), ..terms(1) }), "the same code twice");
}

#[test]
fn nonces_are_taken_made_up_or_refused() {
    let mut run = Run::new(terms(1));
    let enter = |nonce: &str| Command::Enter { nonce: Some(nonce.to_owned()) };
    run.give(&person(10), &enter("sun-rise_7"), 1).unwrap();
    run.enter(11).unwrap();
    for wrong in ["", "a b", "가", "a\n", &"x".repeat(65)] {
        assert_eq!(run.give(&person(12), &enter(wrong), 1), Err(Refusal::Nonce), "{wrong}");
    }
    run.draw();
    let nonces: Vec<_> = run.raffle.proof().unwrap().tickets.into_iter().map(|ticket| ticket.nonce).collect();
    assert_eq!(nonces, ["sun-rise_7", "000000000000002a"]);
}

#[test]
fn a_person_may_have_as_many_entries_as_the_terms_say() {
    let mut run = Run::new(Terms { max_per_person: Some(2), ..terms(1) });
    run.enter(10).unwrap();
    run.enter(10).unwrap();
    assert_eq!(run.enter(10), Err(Refusal::LimitReached { most: 2 }));
    run.enter(11).unwrap();
}

#[test]
fn prizes_can_be_added_while_it_is_open() {
    let mut run = Run::new(terms(1));
    let more = prizes(3).split_off(1);
    run.give(&admin(), &Command::AddPrizes { prizes: more.clone() }, 1).unwrap();
    assert_eq!(run.raffle.board().unwrap().prizes(), 3);
    let again = run.give(&admin(), &Command::AddPrizes { prizes: more.clone() }, 1);
    assert!(matches!(again, Err(Refusal::Invalid(_))), "the same codes");
    assert_eq!(run.give(&admin(), &Command::AddPrizes { prizes: more }, CLOSE), Err(Refusal::Closed));
}

#[test]
fn a_raffle_that_is_called_off_pays_everybody_back_once_in_bounded_steps() {
    let mut run = Run::new(terms(1));
    (0..450).for_each(|who| drop(run.enter(1_000 + who).unwrap()));
    run.enter(1_000).unwrap();
    run.give(&admin(), &Command::Cancel { reason: "  no coffee ".to_owned() }, 20).unwrap();
    let enter = run.give(&person(10), &Command::Enter { nonce: None }, 21);
    assert_eq!(enter, Err(Refusal::WrongState { state: "cancelled" }));
    run.effects.clear();
    run.wake(20);
    let refunds: Vec<_> = run
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Transfer(transfer) => Some((transfer.key.clone(), transfer.entries.len())),
            Effect::Hold { .. } | Effect::Notify { .. } => None,
        })
        .collect();
    let key = |from: u32| format!("raffle:5/refund/{from}");
    assert_eq!(refunds, [(key(1), 201), (key(201), 201), (key(401), 51)]);
    let first = run.effects.iter().find_map(|effect| match effect {
        Effect::Transfer(transfer) => transfer.entries.first().copied(),
        Effect::Hold { .. } | Effect::Notify { .. } => None,
    });
    assert_eq!(first, Some(stamps(AccountOwner::User(UserId::new(1_000)), 16)), "both entries");
    assert_eq!(run.notices("raffle.cancelled").len(), 450);
    assert_eq!(run.raffle.wake_at(), None);
    let again = run.give(&admin(), &Command::Cancel { reason: "again".to_owned() }, 30);
    assert_eq!(again, Err(Refusal::WrongState { state: "cancelled" }));
}

#[test]
fn once_the_list_is_frozen_nobody_calls_it_off() {
    let mut run = Run::new(terms(1));
    run.enter(10).unwrap();
    let cancel = Command::Cancel { reason: "I know who wins".to_owned() };
    assert_eq!(run.give(&admin(), &cancel, CLOSE), Err(Refusal::Closed));
    run.wake(CLOSE);
    assert_eq!(run.give(&admin(), &cancel, CLOSE + 1), Err(Refusal::Closed));
}

#[test]
fn a_server_that_was_away_at_both_dates_still_publishes_the_hash_before_the_seed() {
    let mut run = Run::new(terms(1));
    run.enter(10).unwrap();
    let late = DRAW + 1_000;
    run.give(&Actor::System, &Command::Wake, late).unwrap();
    assert_eq!(run.raffle.wake_at().map(|(due, _)| due), Some(at(late + DRAW - CLOSE)));
    assert_eq!(run.give(&Actor::System, &Command::Wake, late + 1), Ok(Vec::new()));
    let due = late + DRAW - CLOSE;
    let draw = Command::Draw { seed: seed() };
    assert_eq!(run.give(&Actor::System, &draw, due - 1), Err(Refusal::WrongState { state: "frozen" }));
    run.wake(due);
    run.give(&Actor::System, &draw, due).unwrap();
    let proof = run.raffle.proof().unwrap();
    assert_eq!(draw::verify(&proof), Ok(()));
    assert_eq!(proof.announced.name, "raffle:5");
}
