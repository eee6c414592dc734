//! Golden vectors (made by an independent program from the module's words alone) and what must hold of every draw.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

const SEED: [u8; 32] = [7; 32];

fn announced(prizes: u32, one_per_holder: bool) -> Announced {
    Announced {
        name: "raffle:5".to_owned(),
        rule: Rule { prizes, one_per_holder },
        commitment: Seed::new(SEED).commitment(),
        beacon: None,
    }
}

fn plain(tickets: u32) -> Vec<Ticket> {
    (1..=tickets).map(|number| Ticket::new(number, number, format!("n{number}"))).collect()
}

fn winners(list: &FrozenList) -> Vec<u32> {
    list.draw(&Seed::new(SEED), None).unwrap().iter().map(|winner| winner.ticket).collect()
}

fn with_seed(mut announced: Announced, seed: Seed, tickets: Vec<Ticket>) -> Vec<Winner> {
    announced.commitment = seed.commitment();
    FrozenList::freeze(announced, tickets).unwrap().draw(&seed, None).unwrap()
}

fn seed(number: u64) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Seed::new(bytes)
}

#[test]
fn golden_vectors_hold() {
    for line in include_str!("golden.v1.jsonl").lines() {
        let proof: Proof = serde_json::from_str(line).unwrap();
        assert_eq!(verify(&proof), Ok(()), "{line}");
        assert_eq!(serde_json::to_string(&proof).unwrap(), line, "a proof is written as it is read");
    }
}

#[test]
fn whatever_is_changed_in_a_proof_is_found() {
    let good: Proof = serde_json::from_str(include_str!("golden.v1.jsonl").lines().next().unwrap()).unwrap();
    let broken = |change: fn(&mut Proof)| {
        let mut proof = good.clone();
        change(&mut proof);
        verify(&proof).unwrap_err()
    };
    assert_eq!(broken(|proof| proof.version = 2), Flaw::Version(2));
    assert_eq!(broken(|proof| proof.seed = Seed::new([8; 32])), Flaw::Seed);
    assert_eq!(broken(|proof| proof.tickets[0].nonce = "other".to_owned()), Flaw::List);
    assert_eq!(broken(|proof| proof.tickets[0].holder = 99), Flaw::List);
    assert_eq!(broken(|proof| proof.tickets.swap(0, 1)), Flaw::Order);
    assert_eq!(broken(|proof| proof.tickets[1].number = 1), Flaw::Doubled(1));
    assert_eq!(broken(|proof| drop(proof.tickets.pop())), Flaw::List);
    assert_eq!(broken(|proof| proof.announced.rule.prizes += 1), Flaw::List);
    assert_eq!(broken(|proof| proof.announced.rule.one_per_holder = false), Flaw::List);
    assert_eq!(broken(|proof| proof.announced.name = "raffle:6".to_owned()), Flaw::List);
    assert_eq!(broken(|proof| proof.beacon_value = Some("00".to_owned())), Flaw::Beacon);
    assert_eq!(broken(|proof| proof.winners.swap(0, 1)), Flaw::Winners);
    assert_eq!(broken(|proof| proof.winners.truncate(1)), Flaw::Winners);
    assert_eq!(broken(|proof| proof.drawn_at = Timestamp::UNIX_EPOCH), Flaw::Times);
}

#[test]
fn lists_that_could_be_read_in_two_ways_are_refused() {
    let freeze = |tickets| FrozenList::freeze(announced(1, true), tickets).err();
    assert_eq!(freeze(vec![Ticket::new(1, 1, "a b".to_owned())]), Some(Flaw::Ticket(1)));
    assert_eq!(freeze(vec![Ticket::new(1, 1, "a\n2 2 1 b".to_owned())]), Some(Flaw::Ticket(1)));
    assert_eq!(freeze(vec![Ticket::new(1, 1, "가".to_owned())]), Some(Flaw::Ticket(1)));
    assert_eq!(freeze(vec![Ticket { weight: 0, ..Ticket::new(3, 1, String::new()) }]), Some(Flaw::Ticket(3)));
    assert_eq!(freeze(vec![Ticket::new(1, 1, String::new()), Ticket::new(1, 2, String::new())]), Some(Flaw::Doubled(1)));
    let name = Announced { name: "raffle:5\nprizes 9".to_owned(), ..announced(1, true) };
    assert_eq!(FrozenList::freeze(name, Vec::new()).err(), Some(Flaw::Name));
}

#[test]
fn a_named_beacon_decides_with_the_seed_and_cannot_be_left_out() {
    let beacon = Some(Beacon { source: "drand-quicknet".to_owned(), round: 77 });
    let list = FrozenList::freeze(Announced { beacon, ..announced(3, true) }, plain(40)).unwrap();
    let by = |value: &str| list.draw(&Seed::new(SEED), Some(value)).unwrap();
    assert_ne!(by("00ff"), by("00fe"));
    assert_eq!(list.draw(&Seed::new(SEED), None), Err(Flaw::Beacon));
    assert_eq!(list.draw(&Seed::new(SEED), Some("0g")), Err(Flaw::Beacon));
}

#[test]
fn the_seed_does_not_show_itself() {
    assert_eq!(format!("{:?}", Seed::new(SEED)), "Seed(..)");
    assert!("0".repeat(63).parse::<Seed>().is_err() && "G".repeat(64).parse::<Digest>().is_err());
}

/// The seed's draw could never choose the last entry.
#[test]
fn every_ticket_can_win_the_last_one_too() {
    let mut won = BTreeSet::new();
    for number in 0..200 {
        won.extend(with_seed(announced(1, true), seed(number), plain(8)).iter().map(|winner| winner.ticket));
    }
    assert_eq!(won, (1..=8).collect());
}

/// 5,000 draws of one among ten: chi-square with 9 degrees of freedom stays below 27.88, its 0.999 quantile.
#[test]
fn each_ticket_wins_equally_often() {
    let mut counts = [0f64; 10];
    for number in 0..5_000 {
        for winner in with_seed(announced(1, true), seed(number), plain(10)) {
            counts[usize::try_from(winner.ticket).unwrap() - 1] += 1.0;
        }
    }
    let chi: f64 = counts.iter().map(|count| (count - 500.0).powi(2) / 500.0).sum();
    assert!(chi < 27.88, "{chi}: {counts:?}");
}

/// Weights 1, 2, 3, 4: wins in the ratio of the weights. Chi-square with 3 degrees of freedom, 0.999 quantile 16.27.
#[test]
fn weights_are_odds() {
    let tickets: Vec<_> =
        (1..=4).map(|number| Ticket { weight: number, ..Ticket::new(number, number, String::new()) }).collect();
    let mut counts = [0f64; 4];
    for number in 0..5_000 {
        let first = with_seed(announced(1, true), seed(number), tickets.clone())[0];
        counts[usize::try_from(first.ticket).unwrap() - 1] += 1.0;
    }
    let wanted = [500.0, 1_000.0, 1_500.0, 2_000.0];
    let chi: f64 = counts.iter().zip(wanted).map(|(count, wanted)| (count - wanted).powi(2) / wanted).sum();
    assert!(chi < 16.27, "{chi}: {counts:?}");
}

fn some_tickets() -> impl Strategy<Value = Vec<Ticket>> {
    prop::collection::btree_map(0u32..500, (1u32..20, 1u32..6, "[a-z0-9]{0,8}"), 0..60).prop_map(|all| {
        all.into_iter().map(|(number, (holder, weight, nonce))| Ticket { number, holder, weight, nonce }).collect()
    })
}

proptest! {
    #[test]
    fn the_order_in_which_tickets_come_changes_nothing(tickets in some_tickets(), mixed in any::<u64>()) {
        let mut shuffled = tickets.clone();
        shuffled.sort_by_key(|ticket| Digest::of(format!("{mixed} {}", ticket.number).as_bytes()).to_string());
        let lists = [tickets, shuffled].map(|tickets| FrozenList::freeze(announced(5, true), tickets).unwrap());
        prop_assert_eq!(lists[0].hash(), lists[1].hash());
        prop_assert_eq!(winners(&lists[0]), winners(&lists[1]));
    }

    #[test]
    fn as_many_win_as_can_and_nobody_twice(tickets in some_tickets(), prizes in 0u32..30, one in any::<bool>(), number in any::<u64>()) {
        let holders: BTreeSet<_> = tickets.iter().map(|ticket| ticket.holder).collect();
        let can = if one { holders.len() } else { tickets.len() };
        let won = with_seed(announced(prizes, one), seed(number), tickets.clone());
        prop_assert_eq!(won.len(), can.min(usize::try_from(prizes).unwrap()));
        let by_ticket: BTreeSet<_> = won.iter().map(|winner| winner.ticket).collect();
        prop_assert_eq!(by_ticket.len(), won.len(), "a ticket won twice");
        if one {
            let by_holder: BTreeSet<_> = won.iter().map(|winner| winner.holder).collect();
            prop_assert_eq!(by_holder.len(), won.len(), "somebody won twice");
        }
        prop_assert!(won.iter().zip(1..).all(|(winner, prize)| winner.prize == prize));
        prop_assert!(won.iter().all(|winner| tickets.iter().any(|ticket| (ticket.number, ticket.holder) == (winner.ticket, winner.holder))));
    }

    #[test]
    fn a_proof_of_any_draw_verifies_after_it_was_stored(tickets in some_tickets(), prizes in 0u32..9, number in any::<u64>()) {
        let seed = seed(number);
        let announced = Announced { commitment: seed.commitment(), ..announced(prizes, true) };
        let list = FrozenList::freeze(announced.clone(), tickets).unwrap();
        let proof = Proof {
            version: VERSION,
            announced,
            list_hash: list.hash(),
            frozen_at: Timestamp::UNIX_EPOCH,
            seed,
            beacon_value: None,
            drawn_at: Timestamp::UNIX_EPOCH,
            tickets: list.tickets().to_vec(),
            winners: list.draw(&seed, None).unwrap(),
        };
        let stored = serde_json::to_string(&proof).unwrap();
        let again: Proof = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&again, &proof);
        prop_assert_eq!(verify(&again), Ok(()));
    }
}
