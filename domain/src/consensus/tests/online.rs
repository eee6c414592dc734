//! The incremental model: what it takes out is what it put in, and it learns what the batch model finds.

use proptest::prelude::*;

use crate::consensus::dawid_skene::online::{MOST_CLASSES, MOST_VOTES, OnlineDawidSkene};
use crate::ids::UserId;

fn worker(number: i64) -> UserId {
    UserId::new(number)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 2e-6
}

#[test]
fn a_stranger_is_right_seven_times_of_ten() {
    for options in [None, Some(2), Some(4), Some(MOST_CLASSES), Some(200)] {
        assert!(close(OnlineDawidSkene::new(options).accuracy(worker(1)), 0.7), "{options:?}");
    }
}

#[test]
fn gold_moves_the_accuracy_and_the_accuracy_moves_beliefs() {
    for options in [None, Some(3), Some(40)] {
        let mut online = OnlineDawidSkene::new(options);
        for n in 0..30 {
            online.gold(worker(1), n % 3, n % 3);
            online.gold(worker(2), n % 3, (n + 1) % 3);
        }
        let (good, bad) = (online.accuracy(worker(1)), online.accuracy(worker(2)));
        assert!(good > 0.9 && bad < 0.21, "{options:?}: {good} {bad}");
        assert!(online.answer(7, worker(1), 0) && online.answer(7, worker(2), 1));
        let belief = online.belief(7);
        assert!(belief[0] > 0.8 && belief[1] < 0.15, "{options:?}: {belief:?}");
    }
}

#[test]
fn open_answers_leave_room_for_what_nobody_said() {
    let mut online = OnlineDawidSkene::new(None);
    online.answer(1, worker(1), 0);
    let alone = online.belief(1);
    assert!(close(alone[0], 0.7), "{alone:?}: the other 0.3 are for something else");
    online.answer(1, worker(2), 0);
    assert!(online.belief(1)[0] > alone[0]);
}

#[test]
fn nobody_votes_twice_and_nonsense_is_not_taken() {
    let mut online = OnlineDawidSkene::new(Some(3));
    assert!(online.answer(1, worker(1), 2));
    assert!(!online.answer(1, worker(1), 2) && !online.answer(1, worker(2), 3));
    assert!(online.belief(9).is_empty());
    for n in 2..=i64::try_from(MOST_VOTES).unwrap() {
        assert!(online.answer(1, worker(n), 0));
    }
    assert!(!online.answer(1, worker(1_000), 0), "a bounded number of votes");
}

#[test]
fn the_stored_form_is_what_it_was() {
    let mut online = OnlineDawidSkene::new(Some(2));
    online.answer(4, worker(1), 0);
    online.answer(4, worker(2), 0);
    online.gold(worker(2), 0, 1);
    let stored = r#"{"options":2,"classes":[844828,155172],"workers":{"1":{"rows":[[844828,0],[155172,0]]},"2":{"rows":[[844828,1000000],[155172,0]]}},"items":{"4":{"votes":[[1,0],[2,0]],"belief":[844828,155172]}}}"#;
    assert_eq!(serde_json::to_string(&online).unwrap(), stored);
    assert_eq!(serde_json::from_str::<OnlineDawidSkene>(stored).unwrap(), online);
}

#[derive(Debug, Clone)]
enum Act {
    Answer(u32, i64, u16),
    Settle(u32, Option<u16>),
    Gold(i64, u16, u16),
    Forget(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0u32..5, 0i64..6, 0u16..3).prop_map(|(item, worker, label)| Act::Answer(item, worker, label)),
        1 => (0u32..5, prop::option::of(0u16..3)).prop_map(|(item, truth)| Act::Settle(item, truth)),
        1 => (0i64..6, 0u16..3, 0u16..3).prop_map(|(worker, truth, label)| Act::Gold(worker, truth, label)),
        1 => (0i64..6).prop_map(Act::Forget),
    ];
    prop::collection::vec(act, 0..80)
}

fn play(online: &mut OnlineDawidSkene, acts: &[Act]) {
    for act in acts {
        match act {
            Act::Answer(item, who, label) => {
                online.answer(*item, worker(*who), *label);
            }
            Act::Settle(item, truth) => online.settle(*item, *truth),
            Act::Gold(who, truth, label) => online.gold(worker(*who), *truth, *label),
            Act::Forget(who) => online.forget(worker(*who)),
        }
    }
}

proptest! {
    /// However long it ran: when all open items are dropped without a truth, exactly what gold and settled items taught is left.
    #[test]
    fn nothing_is_left_of_what_was_taken_out(options in prop_oneof![Just(None), Just(Some(3)), Just(Some(30))], acts in acts()) {
        let mut online = OnlineDawidSkene::new(options);
        play(&mut online, &acts);
        (0..5).for_each(|item| online.settle(item, None));
        prop_assert_eq!(online.open_items(), 0);
        // The same again without the items that taught nothing for certain.
        let mut certain = OnlineDawidSkene::new(options);
        let mut votes: Vec<(u32, i64, u16)> = Vec::new();
        for act in &acts {
            match act {
                Act::Answer(item, who, label) => {
                    if !votes.iter().any(|(known, voter, _)| known == item && voter == who) {
                        votes.push((*item, *who, *label));
                    }
                }
                Act::Settle(item, truth) => {
                    for (_, who, label) in votes.extract_if(.., |(known, _, _)| known == item) {
                        if let Some(truth) = truth {
                            certain.gold(worker(who), *truth, label);
                        }
                    }
                }
                Act::Gold(who, truth, label) => certain.gold(worker(*who), *truth, *label),
                Act::Forget(who) => {
                    votes.retain(|(_, voter, _)| voter != who);
                    certain.forget(worker(*who));
                }
            }
        }
        // Without tables the accuracies say all; with them they also depend on how often each class was true.
        if options != Some(3) {
            for who in 0..6 {
                prop_assert!(close(online.accuracy(worker(who)), certain.accuracy(worker(who))));
            }
        }
        let stored = serde_json::to_string(&online).unwrap();
        prop_assert_eq!(serde_json::from_str::<OnlineDawidSkene>(&stored).unwrap(), online);
    }

    #[test]
    fn beliefs_and_accuracies_are_probabilities(options in prop_oneof![Just(None), Just(Some(3)), Just(Some(30))], acts in acts()) {
        let mut online = OnlineDawidSkene::new(options);
        play(&mut online, &acts);
        for who in 0..6 {
            let accuracy = online.accuracy(worker(who));
            prop_assert!(accuracy > 0.0 && accuracy < 1.0, "{accuracy}");
        }
        for item in 0..5 {
            let belief = online.belief(item);
            let sum: f64 = belief.iter().sum();
            prop_assert!(belief.is_empty() || sum < 1.0 + 1e-4 && (options.is_none() || sum > 1.0 - 1e-4), "{belief:?}");
        }
    }
}
