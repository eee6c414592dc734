//! The stop rules against golden vectors and against counting by hand.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::consensus::stop::{Decision, StopRule, Verdict, Vote, judge, tally, wanted};
use crate::ids::UserId;

const QUORUM: StopRule = StopRule::Quorum { min_votes: 5, agreement_bp: 8_000, max_votes: 15 };
const TOLOKA: StopRule = StopRule::Confidence { target_bp: 8_000, min_votes: 2, max_votes: 5 };
const RECAPTCHA: StopRule = StopRule::Points { accept_halves: 5, max_votes: 6 };

fn said(answers: &[(&'static str, f64)]) -> Vec<Vote<'static>> {
    (1..).zip(answers).map(|(n, (answer, q))| Vote { worker: UserId::new(n), answer, q: *q, machine: false }).collect()
}

fn people(answers: &'static str) -> Vec<Vote<'static>> {
    let letters: Vec<_> = (0..answers.len()).map(|n| (&answers[n..=n], 0.8)).collect();
    said(&letters)
}

fn machine(answer: &'static str) -> Vote<'static> {
    Vote { worker: UserId::new(0), answer, q: 0.6, machine: true }
}

fn decided(verdict: Verdict) -> Decision {
    match verdict {
        Verdict::Decided(decision) => decision,
        Verdict::Open | Verdict::Review(_) => panic!("{verdict:?}"),
    }
}

#[test]
fn toloka_s_three_examples_come_out_as_printed() {
    let examples = [
        (said(&[("ok", 0.7), ("ok", 0.9)]), "ok", 0.9767),
        (said(&[("ok", 0.7), ("bad", 0.9)]), "bad", 0.7606),
        (said(&[("ok", 0.7), ("bad", 0.9), ("bad", 0.8)]), "bad", 0.9621),
    ];
    for (votes, best, confidence) in &examples {
        let found = tally(Some(3), votes).into_iter().max_by(|a, b| a.confidence.total_cmp(&b.confidence)).unwrap();
        assert_eq!(found.answer, *best);
        assert!((found.confidence - confidence).abs() < 5e-5, "{found:?}");
    }
    assert_eq!(judge(&TOLOKA, Some(3), &examples[1].0), Verdict::Open, "76 % is not enough: ask one more");
    assert_eq!(wanted(&TOLOKA, Some(3), &examples[1].0), 3);
    assert_eq!(decided(judge(&TOLOKA, Some(3), &examples[2].0)).answer, "bad");
}

#[test]
fn four_of_five_decide_and_three_of_five_do_not() {
    let four = decided(judge(&QUORUM, None, &people("aabaa")));
    assert_eq!((four.answer.as_str(), four.votes, four.of, four.agreement), ("a", 4, 5, 0.8));
    assert_eq!(judge(&QUORUM, None, &people("aaaa")), Verdict::Open, "four alike are still too few");
    assert_eq!(judge(&QUORUM, None, &people("aabab")), Verdict::Open);
    assert_eq!(wanted(&QUORUM, None, &people("aabab")), 10, "8 of 10 would do");
}

#[test]
fn quorum_counts_up_like_replicated_jobs() {
    // Five replicas at 70 % need ceil(3.5) = 4 alike.
    let rule = StopRule::Quorum { min_votes: 5, agreement_bp: 7_000, max_votes: 5 };
    assert!(matches!(judge(&rule, None, &people("aaaab")), Verdict::Decided(_)));
    assert!(matches!(judge(&rule, None, &people("aaabb")), Verdict::Review(Some(_))));
}

#[test]
fn the_fifteenth_vote_ends_it_in_review_with_the_best_guess() {
    assert_eq!(judge(&QUORUM, None, &people("aaaaaaaabbbbbb")), Verdict::Open);
    let Verdict::Review(Some(guess)) = judge(&QUORUM, None, &people("aaaaaaaabbbbbbb")) else { panic!() };
    assert_eq!((guess.answer.as_str(), guess.votes, guess.of), ("a", 8, 15));
    assert_eq!(wanted(&QUORUM, None, &people("aaaaaaaabbbbbbb")), 15);
}

#[test]
fn a_machine_s_reading_counts_half_a_point_and_only_where_points_count() {
    let mut votes = vec![machine("a")];
    votes.extend(people("aa"));
    assert_eq!(decided(judge(&RECAPTCHA, None, &votes)).votes, 2, "0.5 + 1 + 1 = 2.5");
    assert_eq!(judge(&RECAPTCHA, None, &people("aa")), Verdict::Open);
    let mut against = vec![machine("b")];
    against.extend(people("aaa"));
    assert!(matches!(judge(&RECAPTCHA, None, &against), Verdict::Decided(_)), "three people against the machine settle it");
    let mut five = vec![machine("a"); 5];
    five.extend(people("aaaa"));
    assert_eq!(judge(&QUORUM, None, &five), Verdict::Open, "machines are no quorum");
    assert_eq!(wanted(&RECAPTCHA, None, &[machine("a")]), 2);
    assert_eq!(wanted(&RECAPTCHA, None, &[]), 3);
}

#[test]
fn nobody_is_paid_for_a_tie() {
    let half = StopRule::Quorum { min_votes: 2, agreement_bp: 5_000, max_votes: 4 };
    assert_eq!(judge(&half, None, &people("ab")), Verdict::Open);
    assert!(matches!(judge(&half, None, &people("abba")), Verdict::Review(Some(_))));
    assert_eq!(decided(judge(&half, None, &people("aba"))).answer, "a");
}

#[test]
fn two_perfect_people_may_disagree() {
    let found = tally(Some(2), &said(&[("a", 1.0), ("b", 1.0)]));
    assert!((found[0].confidence - 0.5).abs() < 1e-9 && (found[1].confidence - 0.5).abs() < 1e-9);
    let nobody = judge(&TOLOKA, Some(2), &[]);
    assert_eq!((nobody, wanted(&TOLOKA, Some(2), &[])), (Verdict::Open, 2));
}

#[test]
fn senseless_rules_are_known_as_such() {
    assert!([StopRule::default(), QUORUM, TOLOKA, RECAPTCHA].iter().all(StopRule::is_sound));
    assert_eq!(StopRule::default(), QUORUM);
    let bad = [
        StopRule::Quorum { min_votes: 0, agreement_bp: 8_000, max_votes: 15 },
        StopRule::Quorum { min_votes: 5, agreement_bp: 8_000, max_votes: 4 },
        StopRule::Quorum { min_votes: 5, agreement_bp: 10_001, max_votes: 15 },
        StopRule::Quorum { min_votes: 5, agreement_bp: 0, max_votes: 15 },
        StopRule::Quorum { min_votes: 5, agreement_bp: 8_000, max_votes: 101 },
        StopRule::Confidence { target_bp: 0, min_votes: 1, max_votes: 3 },
        StopRule::Points { accept_halves: 0, max_votes: 3 },
        StopRule::Points { accept_halves: 7, max_votes: 3 },
    ];
    assert!(!bad.iter().any(StopRule::is_sound));
}

#[test]
fn the_stored_form_of_rules_and_verdicts_is_what_it_was() {
    let stored = [
        (QUORUM, r#"{"quorum":{"min_votes":5,"agreement_bp":8000,"max_votes":15}}"#),
        (TOLOKA, r#"{"confidence":{"target_bp":8000,"min_votes":2,"max_votes":5}}"#),
        (RECAPTCHA, r#"{"points":{"accept_halves":5,"max_votes":6}}"#),
    ];
    for (rule, text) in stored {
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
        assert_eq!(serde_json::from_str::<StopRule>(text).unwrap(), rule);
    }
    let text = r#"{"review":{"answer":"a","votes":1,"of":2,"agreement":0.5,"confidence":0.25}}"#;
    let review = Verdict::Review(Some(Decision { answer: "a".to_owned(), votes: 1, of: 2, agreement: 0.5, confidence: 0.25 }));
    assert_eq!(serde_json::from_str::<Verdict>(text).unwrap(), review);
}

const ANSWERS: [&str; 4] = ["a", "b", "c", "d"];

fn rules() -> impl Strategy<Value = StopRule> {
    prop_oneof![
        (1u16..8, 1u16..=10_000, 0u16..10).prop_map(|(min, bp, more)| StopRule::Quorum {
            min_votes: min,
            agreement_bp: bp,
            max_votes: min + more
        }),
        (1u16..8, 1u16..=10_000, 0u16..10).prop_map(|(min, bp, more)| StopRule::Confidence {
            target_bp: bp,
            min_votes: min,
            max_votes: min + more
        }),
        (1u16..9, 5u16..12).prop_map(|(halves, max)| StopRule::Points { accept_halves: halves, max_votes: max }),
    ]
}

fn votes() -> impl Strategy<Value = Vec<Vote<'static>>> {
    prop::collection::vec((0usize..4, 0.0f64..=1.0, prop::bool::weighted(0.15)), 0..14).prop_map(|votes| {
        let numbered = (1..).zip(votes);
        numbered.map(|(n, (answer, q, machine))| Vote { worker: UserId::new(n), answer: ANSWERS[answer], q, machine }).collect()
    })
}

/// The posterior by its definition: one product for each possible answer.
fn slow_confidence(answer: &str, options: Option<usize>, votes: &[Vote<'_>]) -> f64 {
    let given: BTreeSet<&str> = votes.iter().map(|vote| vote.answer).collect();
    let possible = options.unwrap_or(given.len() + 1).max(given.len());
    let mut names: Vec<String> = given.iter().map(|&answer| answer.to_owned()).collect();
    names.extend((names.len()..possible).map(|n| format!("unsaid {n}")));
    let ways = f64::from(u32::try_from(possible.saturating_sub(1).max(1)).unwrap());
    let likelihood = |truth: &str| -> f64 {
        let each = votes.iter().map(|vote| {
            let q = vote.q.clamp(0.001, 0.999);
            if vote.answer == truth { q } else { (1.0 - q) / ways }
        });
        each.product()
    };
    likelihood(answer) / names.iter().map(|name| likelihood(name)).sum::<f64>()
}

proptest! {
    #[test]
    fn confidence_is_bayes_theorem(votes in votes(), options in prop::option::of(4usize..7)) {
        for support in tally(options, &votes) {
            let slow = slow_confidence(support.answer, options, &votes);
            prop_assert!((support.confidence - slow).abs() < 1e-9, "{support:?} instead of {slow}");
        }
    }

    #[test]
    fn the_order_of_votes_makes_no_difference(rule in rules(), votes in votes(), turn in 0usize..14) {
        let mut turned = votes.clone();
        turned.rotate_left(turn.min(votes.len()));
        turned.reverse();
        prop_assert_eq!(judge(&rule, None, &turned), judge(&rule, None, &votes));
        prop_assert_eq!(wanted(&rule, None, &turned), wanted(&rule, None, &votes));
    }

    #[test]
    fn a_verdict_keeps_its_promises(rule in rules(), votes in votes()) {
        let people = u16::try_from(votes.iter().filter(|vote| !vote.machine).count()).unwrap();
        match judge(&rule, None, &votes) {
            Verdict::Open => prop_assert!(people < rule.max_votes()),
            Verdict::Review(_) => prop_assert!(people >= rule.max_votes()),
            Verdict::Decided(decision) => {
                let stored = serde_json::to_string(&decision).unwrap();
                prop_assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision.clone());
                let with = votes.iter().filter(|vote| !vote.machine && vote.answer == decision.answer).count();
                prop_assert_eq!(usize::from(decision.votes), with);
                prop_assert_eq!(decision.of, people);
                if let StopRule::Quorum { min_votes, agreement_bp, .. } = rule {
                    prop_assert!(people >= min_votes);
                    prop_assert!(f64::from(decision.votes) / f64::from(people) >= f64::from(agreement_bp) / 10_000.0 - 1e-12);
                    for rival in ANSWERS {
                        let votes = votes.iter().filter(|vote| !vote.machine && vote.answer == rival).count();
                        prop_assert!(rival == decision.answer || votes < with);
                    }
                }
            }
        }
    }

    /// Whatever the missing people say, the question is not decided before as many have answered as were wanted.
    #[test]
    fn nobody_is_asked_for_nothing(rule in rules(), mut votes in votes(), next in prop::collection::vec(0usize..4, 16)) {
        let max = usize::from(rule.max_votes());
        while votes.iter().filter(|vote| !vote.machine).count() > max {
            let last = votes.iter().rposition(|vote| !vote.machine).unwrap();
            votes.remove(last);
        }
        let people = votes.iter().filter(|vote| !vote.machine).count();
        let wanted = usize::from(wanted(&rule, None, &votes));
        prop_assert!(wanted <= max && wanted >= people);
        let open = judge(&rule, None, &votes) == Verdict::Open;
        prop_assert_eq!(wanted > people, open);
        for (n, answer) in (1_000..).zip(next.into_iter().take(wanted - people)) {
            prop_assert_eq!(judge(&rule, None, &votes), Verdict::Open);
            votes.push(Vote { worker: UserId::new(n), answer: ANSWERS[answer], q: 0.9, machine: false });
        }
    }
}
