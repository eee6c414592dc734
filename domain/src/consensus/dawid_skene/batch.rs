//! Truths and workers' tables from all answers at once, by expectation maximisation.

use super::super::crowd::{Crowd, real};

/// A round is the last one when no belief changed by more than this.
pub const TOLERANCE: f64 = 1e-5;
/// There is no further round after so many.
pub const ROUNDS: u32 = 100;
/// Tables larger than this many cells (workers x answers x answers) are refused: half a gigabyte.
pub const MOST_CELLS: usize = 64 << 20;

/// How cells of a worker's table that no answer supports are kept from being impossible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Smoothing {
    /// This many imagined answers in every cell (Laplace).
    Add(f64),
    /// Cells of answers that the worker gave at all are at least this before a column is scaled to one, as Crowd-Kit does
    /// with 1e-10.
    Floor(f64),
}

/// When to stop and how to smooth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How empty cells are treated.
    pub smoothing: Smoothing,
    /// The last round is the one in which no belief changes by more; a negative one never ends early.
    pub tolerance: f64,
    /// The most rounds.
    pub rounds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { smoothing: Smoothing::Add(0.01), tolerance: TOLERANCE, rounds: ROUNDS }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    classes: usize,
    /// Question after question, the probability of each class.
    beliefs: Vec<f64>,
    /// The share of each class.
    priors: Vec<f64>,
    /// Worker after worker, answer after answer: how probable this answer is by true class.
    tables: Vec<f64>,
    /// How many rounds it took.
    pub rounds: u32,
}

/// There are more workers and answers than the tables may have cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are too many different answers for a table of each worker's confusions")]
pub struct TooManyClasses;

/// Runs the rounds. Starts from each question's shares of votes.
///
/// # Errors
/// [`TooManyClasses`] when workers x classes x classes exceeds [`MOST_CELLS`].
pub fn estimate(crowd: &Crowd, settings: &Settings) -> Result<Estimate, TooManyClasses> {
    let classes = crowd.classes().len();
    let cells = crowd.workers().len().checked_mul(classes).and_then(|rows| rows.checked_mul(classes));
    let cells = cells.filter(|cells| *cells <= MOST_CELLS).ok_or(TooManyClasses)?;
    let mut found =
        Estimate { classes, beliefs: shares(crowd), priors: vec![0.0; classes], tables: vec![0.0; cells], rounds: 0 };
    if classes == 0 {
        return Ok(found);
    }
    maximise(crowd, settings.smoothing, &mut found);
    while found.rounds < settings.rounds {
        found.rounds = found.rounds.saturating_add(1);
        let change = expect(crowd, &mut found);
        maximise(crowd, settings.smoothing, &mut found);
        if change <= settings.tolerance {
            break;
        }
    }
    Ok(found)
}

impl Estimate {
    /// The probability of each class, for each question.
    pub fn beliefs(&self) -> impl Iterator<Item = &[f64]> {
        self.beliefs.chunks_exact(self.classes.max(1))
    }

    /// The share of each class over all questions.
    #[must_use]
    pub fn priors(&self) -> &[f64] {
        &self.priors
    }

    /// The most probable class of each question, of equals the one that is true more often, of those the first by its text.
    #[must_use]
    pub fn chosen(&self) -> Vec<usize> {
        self.beliefs().map(|beliefs| most_probable(beliefs, &self.priors)).collect()
    }

    /// How probable each worker is to be right about a question of average difficulty: the diagonal of the table, weighted by
    /// the shares of the classes.
    pub fn accuracies(&self) -> impl Iterator<Item = f64> {
        let tables = self.tables.chunks_exact(self.classes.saturating_mul(self.classes).max(1));
        tables.map(|table| {
            let rows = table.chunks_exact(self.classes.max(1)).zip(&self.priors).enumerate();
            rows.map(|(class, (row, prior))| row.get(class).copied().unwrap_or_default() * prior).sum()
        })
    }
}

fn most_probable(beliefs: &[f64], priors: &[f64]) -> usize {
    let classes = beliefs.iter().zip(priors).enumerate();
    let best = classes.reduce(|best, next| {
        let order = next.1.0.total_cmp(best.1.0).then(next.1.1.total_cmp(best.1.1));
        if order.is_gt() { next } else { best }
    });
    best.map_or(0, |(class, _)| class)
}

/// Where the rounds start: the shares of the votes.
fn shares(crowd: &Crowd) -> Vec<f64> {
    let classes = crowd.classes().len();
    let mut beliefs = vec![0.0; crowd.questions().len().saturating_mul(classes)];
    for (ballots, beliefs) in crowd.by_question().zip(beliefs.chunks_exact_mut(classes.max(1))) {
        let share = 1.0 / real(ballots.len().max(1));
        for ballot in ballots {
            if let Some(belief) = beliefs.get_mut(ballot.class) {
                *belief += share;
            }
        }
    }
    beliefs
}

/// Priors and tables from beliefs.
fn maximise(crowd: &Crowd, smoothing: Smoothing, found: &mut Estimate) {
    let classes = found.classes;
    found.priors.fill(0.0);
    found.tables.fill(0.0);
    for (ballots, beliefs) in crowd.by_question().zip(found.beliefs.chunks_exact(classes)) {
        add(&mut found.priors, beliefs);
        for ballot in ballots {
            if let Some(row) = found.tables.get_mut(row_of(ballot.worker, ballot.class, classes)) {
                add(row, beliefs);
            }
        }
    }
    let questions = real(crowd.questions().len().max(1));
    found.priors.iter_mut().for_each(|prior| *prior /= questions);
    for table in found.tables.chunks_exact_mut(classes.saturating_mul(classes)) {
        smooth(table, classes, smoothing);
    }
}

/// Scales a worker's table so that for each true class the probabilities of all answers sum to one.
fn smooth(table: &mut [f64], classes: usize, smoothing: Smoothing) {
    for row in table.chunks_exact_mut(classes) {
        match smoothing {
            Smoothing::Add(some) => row.iter_mut().for_each(|cell| *cell += some),
            Smoothing::Floor(least) if row.iter().any(|cell| *cell > 0.0) => {
                row.iter_mut().for_each(|cell| *cell = cell.max(least));
            }
            Smoothing::Floor(_) => {}
        }
    }
    let mut sums = vec![0.0; classes];
    table.chunks_exact(classes).for_each(|row| add(&mut sums, row));
    for row in table.chunks_exact_mut(classes) {
        for (cell, sum) in row.iter_mut().zip(&sums) {
            if *sum > 0.0 {
                *cell /= sum;
            }
        }
    }
}

/// Beliefs from priors and tables; tells the largest change.
fn expect(crowd: &Crowd, found: &mut Estimate) -> f64 {
    let classes = found.classes;
    // Products of hundreds of probabilities vanish: their logarithms do not. Each is taken once, not once for each answer.
    let tables: Vec<f64> = found.tables.iter().map(|cell| cell.max(f64::MIN_POSITIVE).ln()).collect();
    let priors: Vec<f64> = found.priors.iter().map(|prior| prior.max(LEAST_PRIOR).ln()).collect();
    let mut largest = 0.0_f64;
    let mut sums = vec![0.0; classes];
    for (ballots, beliefs) in crowd.by_question().zip(found.beliefs.chunks_exact_mut(classes)) {
        sums.copy_from_slice(&priors);
        for ballot in ballots {
            if let Some(row) = tables.get(row_of(ballot.worker, ballot.class, classes)) {
                add(&mut sums, row);
            }
        }
        let top = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        sums.iter_mut().for_each(|sum| *sum = (*sum - top).exp());
        let all: f64 = sums.iter().sum();
        for (belief, sum) in beliefs.iter_mut().zip(&sums) {
            let now = sum / all;
            largest = largest.max((*belief - now).abs());
            *belief = now;
        }
    }
    largest
}

/// A class that nobody believes in any more has this share, so that its logarithm is a number (Crowd-Kit's constant).
const LEAST_PRIOR: f64 = 1e-10;

fn row_of(worker: usize, class: usize, classes: usize) -> std::ops::Range<usize> {
    let start = worker.saturating_mul(classes).saturating_add(class).saturating_mul(classes);
    start..start.saturating_add(classes)
}

fn add(to: &mut [f64], some: &[f64]) {
    for (to, some) in to.iter_mut().zip(some) {
        *to += some;
    }
}
