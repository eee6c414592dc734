//! The answer most people gave, each counted alike or by how good they are.

use super::crowd::{Crowd, real};
use super::skill::Gold;

/// The class with the most votes for each question.
///
/// A tie goes to those who elsewhere agree with the majority more often (the sum of their accuracies by
/// [`weights_by_majority`]), then to the first class by its text: the same way on every run, in whatever order answers came.
#[must_use]
pub fn majority(crowd: &Crowd) -> Vec<usize> {
    let skills = weights_by_majority(crowd);
    tallies(crowd, &skills).map(|tally| winner(&tally, |sum| (f64::from(sum.votes), sum.weight))).collect()
}

/// The class with the most weight for each question. `weights` are by worker. A tie goes to the first class by its text.
#[must_use]
pub fn weighted(crowd: &Crowd, weights: &[f64]) -> Vec<usize> {
    tallies(crowd, weights).map(|tally| winner(&tally, |sum| (sum.weight, 0.0))).collect()
}

/// How good each worker is when no truth is known: the smoothed share of their answers that agree with the majority, of the
/// questions that have one without a tie.
#[must_use]
pub fn weights_by_majority(crowd: &Crowd) -> Vec<f64> {
    let clear = tallies(crowd, &[]).map(|tally| clear_winner(&tally));
    agreement_with(crowd, clear).into_iter().map(Gold::accuracy).collect()
}

/// The share of each question's votes that the chosen class got.
#[must_use]
pub fn shares(crowd: &Crowd, chosen: &[usize]) -> Vec<f64> {
    let each = crowd.by_question().zip(chosen).map(|(ballots, class)| {
        let with = ballots.iter().filter(|ballot| ballot.class == *class).count();
        real(with) / real(ballots.len().max(1))
    });
    each.collect()
}

/// How often each worker's answer was the chosen one, over the questions where something was chosen.
#[must_use]
pub fn agreement_with(crowd: &Crowd, chosen: impl IntoIterator<Item = Option<usize>>) -> Vec<Gold> {
    let mut records = vec![Gold::default(); crowd.workers().len()];
    for (ballots, class) in crowd.by_question().zip(chosen) {
        let Some(class) = class else { continue };
        for ballot in ballots {
            if let Some(record) = records.get_mut(ballot.worker) {
                *record = record.and(ballot.class == class);
            }
        }
    }
    records
}

/// One class as one question's ballots have it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sum {
    class: usize,
    votes: u32,
    weight: f64,
}

/// The classes of each question that anybody named, in their order. Only those: there may be as many classes as answers.
fn tallies(crowd: &Crowd, weights: &[f64]) -> impl Iterator<Item = Vec<Sum>> {
    crowd.by_question().map(move |ballots| {
        let mut tally: Vec<Sum> = Vec::new();
        for ballot in ballots {
            let weight = weights.get(ballot.worker).copied().unwrap_or_default();
            match tally.binary_search_by_key(&ballot.class, |sum| sum.class) {
                Ok(place) => {
                    if let Some(sum) = tally.get_mut(place) {
                        (sum.votes, sum.weight) = (sum.votes.saturating_add(1), sum.weight + weight);
                    }
                }
                Err(place) => tally.insert(place, Sum { class: ballot.class, votes: 1, weight }),
            }
        }
        tally
    })
}

/// The class with the largest value, of equals the one with the larger second value, of those the first.
fn winner(tally: &[Sum], value: impl Fn(&Sum) -> (f64, f64)) -> usize {
    let best = tally.iter().reduce(|best, next| {
        let ((a, b), (c, d)) = (value(next), value(best));
        if a.total_cmp(&c).then(b.total_cmp(&d)).is_gt() { next } else { best }
    });
    best.map_or(0, |sum| sum.class)
}

fn clear_winner(tally: &[Sum]) -> Option<usize> {
    let most = tally.iter().map(|sum| sum.votes).max()?;
    let mut leaders = tally.iter().filter(|sum| sum.votes == most);
    let first = leaders.next()?;
    leaders.next().is_none().then_some(first.class)
}
