//! What a simulated sleeper types: the truth, sometimes with a slip of the finger; or, from a spammer, nothing of use.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};

/// What kind of person it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Reads and types.
    Honest,
    /// Types the same always, as all spammers of this kind do: they agree with each other.
    Same,
    /// Types anything.
    Random,
}

impl Habit {
    /// The habit of the `n`th of `workers` people of whom this share are spammers, half of them of each kind. Spread evenly, so
    /// that the number is exact.
    #[must_use]
    pub fn of(n: usize, workers: usize, spammers: f64) -> Self {
        let count = |n: usize| (crate::cli::figures::float(n) * spammers).floor();
        let before = count(n);
        if n >= workers || count(n.saturating_add(1)) <= before {
            Self::Honest
        } else if before % 2.0 < 1.0 {
            Self::Same
        } else {
            Self::Random
        }
    }
}

/// What the `worker`th person of this run types for a task. The same whenever it is asked, so that a replay that was stopped
/// can go on.
#[must_use]
pub fn typed(run: &str, worker: usize, task: u32, truth: &str, habit: Habit, error_rate: f64) -> String {
    let digest = Sha256::digest(format!("madang replay labels/{run}/{worker}/{task}"));
    let mut dice = StdRng::from_seed(digest.into());
    match habit {
        Habit::Honest if dice.random_bool(error_rate.clamp(0.0, 1.0)) => slip(truth, &mut dice),
        Habit::Honest => truth.to_owned(),
        Habit::Same => "asdf".to_owned(),
        Habit::Random => (0..dice.random_range(1..8)).map(|_| dice.random_range('a'..='z')).collect(),
    }
}

/// One slip: a character left out, doubled, replaced, or swapped with the next. Never the truth itself, never empty.
fn slip(truth: &str, dice: &mut StdRng) -> String {
    let chars: Vec<char> = truth.chars().collect();
    for _ in 0..16 {
        let mut slipped = chars.clone();
        let place = dice.random_range(0..chars.len().max(1));
        match dice.random_range(0..4) {
            0 if slipped.len() > 1 => {
                slipped.remove(place);
            }
            1 => slipped.extend(chars.get(place)),
            2 if place.saturating_add(1) < slipped.len() => slipped.swap(place, place.saturating_add(1)),
            _ => {
                if let Some(c) = slipped.get_mut(place) {
                    *c = dice.random_range('a'..='z');
                }
            }
        }
        let slipped: String = slipped.into_iter().collect();
        // A swap of two alike, or a blank at the end, is no slip.
        if slipped.split_whitespace().ne(truth.split_whitespace()) && !slipped.trim().is_empty() {
            return slipped;
        }
    }
    format!("{truth}q")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_spammers_is_exact_and_half_of_each_kind() {
        let habits: Vec<_> = (0..50).map(|n| Habit::of(n, 50, 0.1)).collect();
        let count = |habit| habits.iter().filter(|known| **known == habit).count();
        assert_eq!((count(Habit::Honest), count(Habit::Same), count(Habit::Random)), (45, 3, 2));
        assert!((0..50).all(|n| Habit::of(n, 50, 0.0) == Habit::Honest));
    }

    #[test]
    fn one_of_twelve_answers_has_a_slip_and_is_the_same_when_asked_again() {
        let typed = |task| typed("run", 3, task, "TOTAL 9.00", Habit::Honest, 0.08);
        let wrong = (0..10_000).filter(|task| typed(*task) != "TOTAL 9.00").count();
        assert!((700..900).contains(&wrong), "{wrong}");
        assert!((0..100).all(|task| typed(task) == typed(task)));
    }

    #[test]
    fn a_slip_is_never_the_truth_and_never_nothing() {
        for truth in ["a", "aaaa", "  ", "한", "RM 9.00", "1"] {
            for task in 0..200 {
                let slipped = typed("run", 1, task, truth, Habit::Honest, 1.0);
                assert!(!slipped.trim().is_empty() && slipped.trim() != truth.trim(), "{truth:?}: {slipped:?}");
            }
        }
    }
}
