//! How much people agree beyond what chance would give: 1 is perfect, 0 is chance, below 0 is worse than chance.
//!
//! Each is `None` where it is not defined: nothing to compare, or only one class ever occurs, so that chance alone would
//! explain everything.

use super::crowd::{Crowd, real};

/// Cohen's kappa of two people who judged the same things: `(po - pe) / (1 - pe)`, with `pe` from each one's own shares
/// (Cohen 1960). One pair for each thing; classes are any numbers.
#[must_use]
pub fn cohen(pairs: &[(usize, usize)]) -> Option<f64> {
    let classes = pairs.iter().map(|(a, b)| a.max(b).saturating_add(1)).max()?;
    let all = real(pairs.len());
    let observed = real(pairs.iter().filter(|(a, b)| a == b).count()) / all;
    let (mut firsts, mut seconds) = (vec![0.0; classes], vec![0.0; classes]);
    for (a, b) in pairs {
        bump(&mut firsts, *a, 1.0);
        bump(&mut seconds, *b, 1.0);
    }
    let by_chance = firsts.iter().zip(&seconds).map(|(a, b)| a * b).sum::<f64>() / (all * all);
    beyond_chance(observed, by_chance)
}

/// Fleiss' kappa (Fleiss 1971): the mean over things of `P_i = (sum n_ij^2 - n_i) / (n_i (n_i - 1))` against the sum of the
/// squared shares of the classes. Things that fewer than two people judged are left out; the others may have been judged by
/// different numbers of people, each thing counting alike.
#[must_use]
pub fn fleiss(crowd: &Crowd) -> Option<f64> {
    let mut sums = Sums::of(crowd)?;
    let things = sums.agreements.len();
    let observed = sums.agreements.drain(..).sum::<f64>() / real(things);
    let by_chance = sums.classes.iter().map(|count| (count / sums.ballots).powi(2)).sum();
    beyond_chance(observed, by_chance)
}

/// Krippendorff's alpha for names without an order: `1 - Do / De` over all pairs of judgements of one thing (Krippendorff 2011).
/// Missing answers are allowed; a thing that fewer than two people judged has no pairs.
#[must_use]
pub fn krippendorff(crowd: &Crowd) -> Option<f64> {
    let sums = Sums::of(crowd)?;
    let pairs_alike = sums.classes.iter().map(|count| count * (count - 1.0)).sum::<f64>();
    let expected = 1.0 - pairs_alike / (sums.ballots * (sums.ballots - 1.0));
    (expected > 0.0).then(|| 1.0 - (sums.disagreement / sums.ballots) / expected)
}

/// Cohen's kappa of each worker against the chosen class of each of their questions; 1 for who always says what was chosen.
#[must_use]
pub fn with_chosen(crowd: &Crowd, chosen: &[usize]) -> Vec<Option<f64>> {
    let mut pairs: Vec<Vec<(usize, usize)>> = vec![Vec::new(); crowd.workers().len()];
    for (ballots, class) in crowd.by_question().zip(chosen) {
        for ballot in ballots {
            if let Some(pairs) = pairs.get_mut(ballot.worker) {
                pairs.push((ballot.class, *class));
            }
        }
    }
    pairs.iter().map(|pairs| cohen(pairs)).collect()
}

/// What the methods for many people need of the things that at least two of them judged.
struct Sums {
    /// How many judgements there are.
    ballots: f64,
    /// How often each class was named.
    classes: Vec<f64>,
    /// For each thing the share of its pairs of judgements that are alike.
    agreements: Vec<f64>,
    /// The sum over things of their share of unlike pairs, each times its number of judgements.
    disagreement: f64,
}

impl Sums {
    fn of(crowd: &Crowd) -> Option<Self> {
        let mut sums =
            Self { ballots: 0.0, classes: vec![0.0; crowd.classes().len()], agreements: Vec::new(), disagreement: 0.0 };
        let mut named: Vec<usize> = Vec::new();
        for ballots in crowd.by_question().filter(|ballots| ballots.len() >= 2) {
            named.clear();
            named.extend(ballots.iter().map(|ballot| ballot.class));
            named.sort_unstable();
            named.iter().for_each(|class| bump(&mut sums.classes, *class, 1.0));
            let all = real(named.len());
            let alike: f64 = named.chunk_by(|a, b| a == b).map(|run| real(run.len()) * (real(run.len()) - 1.0)).sum();
            let agreement = alike / (all * (all - 1.0));
            sums.ballots += all;
            sums.agreements.push(agreement);
            sums.disagreement += all * (1.0 - agreement);
        }
        let several_classes = sums.classes.iter().filter(|count| **count > 0.0).count() > 1;
        several_classes.then_some(sums)
    }
}

fn beyond_chance(observed: f64, by_chance: f64) -> Option<f64> {
    (by_chance < 1.0).then(|| (observed - by_chance) / (1.0 - by_chance))
}

fn bump(counts: &mut [f64], place: usize, by: f64) {
    if let Some(count) = counts.get_mut(place) {
        *count += by;
    }
}
