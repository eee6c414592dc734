//! The batch methods against slow models that say what they mean.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::consensus::crowd::{Collector, Crowd, real};
use crate::consensus::dawid_skene::batch::{Settings, Smoothing, TooManyClasses, estimate};
use crate::consensus::majority::{agreement_with, majority, shares, weighted, weights_by_majority};
use crate::consensus::skill::Gold;

/// Question, worker, answer.
type Row = (u8, u8, u8);

fn crowd(rows: &[Row]) -> Crowd {
    let mut collector = Collector::default();
    for (question, worker, answer) in rows {
        let added = collector.add(&format!("q{question}"), &format!("w{worker}"), &format!("c{answer}"));
        assert!(added.is_ok());
    }
    collector.finish()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let answers = prop::collection::btree_map((0u8..8, 0u8..6), 0u8..4, 1..40);
    answers.prop_map(|answers| answers.into_iter().map(|((question, worker), answer)| (question, worker, answer)).collect())
}

fn named(crowd: &Crowd, chosen: &[usize]) -> BTreeMap<String, String> {
    let pairs = crowd.questions().iter().zip(chosen);
    pairs.map(|(question, class)| (question.clone(), crowd.classes()[*class].clone())).collect()
}

#[test]
fn a_tie_goes_to_those_who_agree_more_often_elsewhere_and_then_to_the_first() {
    // w1 and w2 agree on q1 and q2, w3 does not; on q3 it is w1 against w3.
    let rows = [(1, 1, 0), (1, 2, 0), (1, 3, 1), (2, 1, 2), (2, 2, 2), (2, 3, 1), (3, 1, 3), (3, 3, 0)];
    assert_eq!(named(&crowd(&rows), &majority(&crowd(&rows)))["q3"], "c3");
    let strangers = crowd(&[(1, 1, 2), (1, 2, 1)]);
    assert_eq!(named(&strangers, &majority(&strangers))["q1"], "c1");
    assert_eq!(shares(&strangers, &majority(&strangers)), [0.5]);
}

#[test]
fn weight_beats_number() {
    let crowd = crowd(&[(1, 1, 0), (1, 2, 1), (1, 3, 1)]);
    assert_eq!(weighted(&crowd, &[1.0, 0.4, 0.5]), [0]);
    assert_eq!(weighted(&crowd, &[1.0, 0.6, 0.5]), [1]);
}

#[test]
fn the_model_sees_through_a_worker_who_swaps_two_classes() {
    // Three workers on twenty questions; w2 always says the opposite, w3 guesses.
    let rows: Vec<Row> = (0..20).flat_map(|q| [(q, 0, q % 2), (q, 1, q % 2), (q, 2, 1 - q % 2), (q, 3, (q / 3) % 2)]).collect();
    let crowd = crowd(&rows);
    let found = estimate(&crowd, &Settings::default()).unwrap();
    let wrong = found.chosen().iter().zip(0u8..).filter(|(class, question)| **class != usize::from(question % 2)).count();
    assert_eq!(wrong, 0);
    let accuracies: Vec<f64> = found.accuracies().collect();
    assert!(accuracies[0] > 0.99 && accuracies[2] < 0.01 && (0.3..0.7).contains(&accuracies[3]), "{accuracies:?}");
}

#[test]
fn nothing_is_found_in_nothing_and_too_much_is_refused() {
    let nothing = estimate(&Collector::default().finish(), &Settings::default()).unwrap();
    assert_eq!((nothing.chosen(), nothing.beliefs().count(), nothing.rounds), (Vec::new(), 0, 0));
    let mut many = Collector::default();
    for n in 0..9_000 {
        many.add(&n.to_string(), "w", &n.to_string()).unwrap();
    }
    assert_eq!(estimate(&many.finish(), &Settings::default()), Err(TooManyClasses));
}

/// The model by its formulas: maps by name, plain products.
struct Slow {
    beliefs: Vec<Vec<f64>>,
    priors: Vec<f64>,
    tables: BTreeMap<(usize, usize, usize), f64>,
}

fn slow_maximise(crowd: &Crowd, beliefs: &[Vec<f64>], add: f64) -> Slow {
    let classes = crowd.classes().len();
    let priors = (0..classes).map(|j| beliefs.iter().map(|belief| belief[j]).sum::<f64>() / real(beliefs.len())).collect();
    let mut tables = BTreeMap::new();
    for worker in 0..crowd.workers().len() {
        for j in 0..classes {
            let said = |l: Option<usize>| -> f64 {
                let theirs = crowd.by_question().zip(beliefs).filter_map(|(ballots, belief)| {
                    let ballot = ballots.iter().find(|ballot| ballot.worker == worker)?;
                    l.is_none_or(|l| ballot.class == l).then_some(belief[j])
                });
                theirs.sum()
            };
            for l in 0..classes {
                tables.insert((worker, j, l), (said(Some(l)) + add) / (said(None) + add * real(classes)));
            }
        }
    }
    Slow { beliefs: beliefs.to_vec(), priors, tables }
}

fn slow_model(crowd: &Crowd, add: f64, rounds: u32) -> Slow {
    let classes = crowd.classes().len();
    let start = crowd.by_question().map(|ballots| {
        let share = |j| real(ballots.iter().filter(|ballot| ballot.class == j).count()) / real(ballots.len());
        (0..classes).map(share).collect()
    });
    let mut now = slow_maximise(crowd, &start.collect::<Vec<_>>(), add);
    for _ in 0..rounds {
        let beliefs = crowd.by_question().map(|ballots| {
            let chance = |j: usize| -> f64 {
                ballots.iter().map(|ballot| now.tables[&(ballot.worker, j, ballot.class)]).product::<f64>() * now.priors[j]
            };
            let all: f64 = (0..classes).map(chance).sum();
            (0..classes).map(|j| chance(j) / all).collect::<Vec<f64>>()
        });
        now = slow_maximise(crowd, &beliefs.collect::<Vec<_>>(), add);
    }
    now
}

proptest! {
    #[test]
    fn majority_is_what_counting_by_hand_gives(rows in rows(), seed in any::<u64>()) {
        let crowd = crowd(&rows);
        let chosen = named(&crowd, &majority(&crowd));
        for (question, answer) in &chosen {
            let count = |answer: &str| rows.iter().filter(|(q, _, a)| format!("q{q}") == *question && format!("c{a}") == answer).count();
            prop_assert!(crowd.classes().iter().all(|other| count(other) <= count(answer)));
        }
        let mut mixed = rows.clone();
        mixed.sort_by_key(|(q, w, _)| seed.wrapping_mul(u64::from(*q) * 8 + u64::from(*w) + 1).rotate_left(17));
        let mixed = self::crowd(&mixed);
        prop_assert_eq!(named(&mixed, &majority(&mixed)), chosen);
        let alike = vec![1.0; crowd.workers().len()];
        let shares = shares(&crowd, &majority(&crowd));
        prop_assert_eq!(self::shares(&crowd, &weighted(&crowd, &alike)), shares);
    }

    #[test]
    fn agreement_counts_every_ballot_of_a_chosen_question(rows in rows()) {
        let crowd = crowd(&rows);
        let records = agreement_with(&crowd, majority(&crowd).into_iter().map(Some));
        let total: u32 = records.iter().map(|record| record.total).sum();
        prop_assert_eq!(usize::try_from(total).unwrap(), rows.len());
        prop_assert!(agreement_with(&crowd, crowd.questions().iter().map(|_| None)).iter().all(|record| *record == Gold::default()));
        prop_assert!(weights_by_majority(&crowd).iter().all(|weight| *weight > 0.0 && *weight < 1.0));
    }

    #[test]
    fn the_model_is_the_textbook_s(rows in rows(), rounds in 0u32..6) {
        let crowd = crowd(&rows);
        let settings = Settings { smoothing: Smoothing::Add(0.01), tolerance: -1.0, rounds };
        let fast = estimate(&crowd, &settings).unwrap();
        let slow = slow_model(&crowd, 0.01, rounds);
        prop_assert_eq!(fast.rounds, rounds);
        for (fast, slow) in fast.beliefs().zip(&slow.beliefs) {
            prop_assert!((fast.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(fast.iter().zip(slow).all(|(a, b)| (a - b).abs() < 1e-9), "{fast:?} {slow:?}");
        }
        prop_assert!(fast.priors().iter().zip(&slow.priors).all(|(a, b)| (a - b).abs() < 1e-9));
        for (worker, accuracy) in fast.accuracies().enumerate() {
            let slow: f64 = (0..slow.priors.len()).map(|j| slow.priors[j] * slow.tables[&(worker, j, j)]).sum();
            prop_assert!((accuracy - slow).abs() < 1e-9);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_smoothing_beliefs_are_numbers(rows in rows(), floor in any::<bool>(), some in prop_oneof![Just(0.0), Just(1e-10), 0.0f64..2.0]) {
        let crowd = crowd(&rows);
        let smoothing = if floor { Smoothing::Floor(some) } else { Smoothing::Add(some) };
        let found = estimate(&crowd, &Settings { smoothing, ..Settings::default() }).unwrap();
        for belief in found.beliefs() {
            prop_assert!((belief.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{belief:?}");
        }
    }
}
