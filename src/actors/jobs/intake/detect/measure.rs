//! How good a detector is, against boxes that people drew.

use super::super::boxes::Frame;

/// How many boxes were found of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Boxes that are there in truth.
    pub truth: usize,
    /// Boxes that the detector gave.
    pub given: usize,
    /// Pairs of a true and a given box, each box in one pair at most, of which the common area is at least half of the area
    /// of both together (an intersection over union of 0.5, as in the ICDAR contests).
    pub matched: usize,
    /// True boxes of which given boxes cover at least 70 % of the area.
    pub covered: usize,
}

impl Measured {
    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            truth: self.truth + other.truth,
            given: self.given + other.given,
            matched: self.matched + other.matched,
            covered: self.covered + other.covered,
        }
    }

    /// The share of true boxes that were matched.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.matched, self.truth)
    }

    /// The share of given boxes that were matched.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.matched, self.given)
    }

    /// The share of true boxes that are covered.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        share(self.covered, self.truth)
    }
}

/// Compares the boxes of one image.
#[must_use]
pub fn measure(truth: &[Frame], given: &[Frame]) -> Measured {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (t, true_box) in truth.iter().enumerate() {
        for (g, box_given) in given.iter().enumerate() {
            let common = common(true_box, box_given);
            let union = area(true_box) + area(box_given) - common;
            if common * 2.0 >= union && union > 0.0 {
                pairs.push((common / union, t, g));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let (mut true_taken, mut given_taken) = (vec![false; truth.len()], vec![false; given.len()]);
    let mut matched = 0;
    for (_, t, g) in pairs {
        let (Some(true_one), Some(given_one)) = (true_taken.get_mut(t), given_taken.get_mut(g)) else { continue };
        if !*true_one && !*given_one {
            (*true_one, *given_one) = (true, true);
            matched += 1;
        }
    }
    // Given boxes hardly overlap one another, so their common areas with a true one add up.
    let covered = truth.iter().filter(|true_box| {
        let seen: f64 = given.iter().map(|box_given| common(true_box, box_given)).sum();
        seen >= 0.7 * area(true_box)
    });
    Measured { truth: truth.len(), given: given.len(), matched, covered: covered.count() }
}

fn area(frame: &Frame) -> f64 {
    f64::from(frame.right.saturating_sub(frame.left)) * f64::from(frame.bottom.saturating_sub(frame.top))
}

fn common(a: &Frame, b: &Frame) -> f64 {
    let side = |low: u32, high: u32| f64::from(high.saturating_sub(low));
    side(a.left.max(b.left), a.right.min(b.right)) * side(a.top.max(b.top), a.bottom.min(b.bottom))
}

/// A share of a whole; of nothing, nothing.
fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}
