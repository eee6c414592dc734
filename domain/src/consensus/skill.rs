//! How good a worker is, by the answers to questions whose truth is known.

use puruspe::invbetai;
use serde::{Deserialize, Serialize};

/// The smoothing constant K of [`Gold::accuracy`], as Toloka's guide to dynamic overlap starts with. It is also the Jeffreys
/// prior, so that [`Gold::interval`] is the Jeffreys interval.
pub const SMOOTHING: f64 = 0.5;

/// Answers to gold questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gold {
    /// Right ones; never more than `total`.
    pub correct: u32,
    /// All.
    pub total: u32,
}

impl Gold {
    /// Counts one more answer.
    #[must_use]
    pub const fn and(self, correct: bool) -> Self {
        let right = if correct { self.correct.saturating_add(1) } else { self.correct };
        Self { correct: right, total: self.total.saturating_add(1) }
    }

    /// The accuracy `q = (K + correct) / (2K + total)`, above 0 and below 1: one half for a stranger.
    #[must_use]
    pub fn accuracy(self) -> f64 {
        (SMOOTHING + self.right()) / (2.0 * SMOOTHING + f64::from(self.total))
    }

    /// Where the true accuracy lies with this probability (0.95, say): the equal-tailed interval of the beta distribution
    /// `Beta(K + correct, K + wrong)`. `None` when `level` is not strictly between 0 and 1.
    #[must_use]
    pub fn interval(self, level: f64) -> Option<(f64, f64)> {
        if !(level > 0.0 && level < 1.0) {
            return None;
        }
        let wrong = f64::from(self.total) - self.right();
        let (a, b) = (SMOOTHING + self.right(), SMOOTHING + wrong);
        let tail = (1.0 - level) / 2.0;
        Some((invbetai(tail, a, b), invbetai(1.0 - tail, a, b)))
    }

    fn right(self) -> f64 {
        f64::from(self.correct.min(self.total))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gold(correct: u32, total: u32) -> Gold {
        Gold { correct, total }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn the_accuracy_is_smoothed_towards_one_half() {
        for ((correct, total), q) in [((0, 0), 0.5), ((1, 1), 0.75), ((0, 1), 0.25), ((9, 10), 9.5 / 11.0), ((0, 9), 0.05)] {
            assert!(close(gold(correct, total).accuracy(), q), "{correct} of {total}");
        }
    }

    #[test]
    fn half_of_ten_is_between_a_quarter_and_three_quarters_or_so() {
        let (low, high) = gold(5, 10).interval(0.95).unwrap();
        assert!((low - 0.224).abs() < 5e-4 && (high - 0.776).abs() < 5e-4, "{low} to {high}");
        assert_eq!(gold(1, 2).interval(1.0), None);
        assert_eq!(gold(1, 2).interval(f64::NAN), None);
    }

    /// The share of `Beta(1/2 + correct, 1/2 + wrong)` below `x`, by Simpson's rule over the angle whose squared sine is `x`:
    /// there the density is the smooth `sin^(2 correct) cos^(2 wrong)`.
    fn below(x: f64, correct: i32, wrong: i32) -> f64 {
        let area = |end: f64| -> f64 {
            let steps = 20_000;
            let step = end / f64::from(steps);
            let density = |n: i32| (f64::from(n) * step).sin().powi(2 * correct) * (f64::from(n) * step).cos().powi(2 * wrong);
            (0..steps / 2).map(|n| density(2 * n) + 4.0 * density(2 * n + 1) + density(2 * n + 2)).sum::<f64>() * step / 3.0
        };
        area(x.sqrt().asin()) / area(std::f64::consts::FRAC_PI_2)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_interval_leaves_out_as_much_on_both_sides(correct in 0i32..60, wrong in 0i32..60, level in 0.5f64..0.99) {
            let total = (correct + wrong).unsigned_abs();
            let (low, high) = gold(correct.unsigned_abs(), total).interval(level).unwrap();
            let tail = (1.0 - level) / 2.0;
            prop_assert!((below(low, correct, wrong) - tail).abs() < 1e-6, "{low}");
            prop_assert!((below(high, correct, wrong) - (1.0 - tail)).abs() < 1e-6, "{high}");
        }

        #[test]
        fn more_right_answers_never_look_worse(total in 0u32..2_000, share in 0u32..=100) {
            let some = gold(total * share / 100, total);
            prop_assert!(some.and(true).accuracy() > some.accuracy());
            prop_assert!(some.and(false).accuracy() < some.accuracy());
            let (low, high) = some.interval(0.95).unwrap();
            prop_assert!(0.0 <= low && low < some.accuracy() && some.accuracy() < high && high <= 1.0);
        }
    }
}
