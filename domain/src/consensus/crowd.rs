//! All answers of many people to many questions with a common set of answers, as the batch methods read them.
//!
//! Questions are numbered in the order in which they first appear, workers and the different answers ("classes") in the order
//! of their names. Every method below returns its results in this order.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Collects answers, one at a time, and then is a [`Crowd`].
#[derive(Debug, Default)]
pub struct Collector {
    questions: Names,
    workers: Names,
    classes: Names,
    /// Question, worker and class.
    rows: Vec<(u32, u32, u32)>,
    /// Who has answered what, to find a second answer.
    seen: HashMap<(u32, u32), ()>,
}

/// The worker has answered this question before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the worker has answered this question before")]
pub struct AnsweredBefore;

/// One person's answer to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ballot {
    /// The number of the worker.
    pub worker: usize,
    /// The number of the answer.
    pub class: usize,
}

/// Everybody's answers, grouped by question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crowd {
    questions: Vec<String>,
    workers: Vec<String>,
    classes: Vec<String>,
    /// All ballots, question after question, each question's by worker.
    ballots: Vec<Ballot>,
    /// Where each question's ballots end.
    ends: Vec<usize>,
}

/// Texts and the numbers they were given.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    /// The number of a name, a new one when it was never seen.
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    /// The names in their order, and the place there of each number.
    fn sorted(self) -> (Vec<String>, Vec<usize>) {
        let mut order: Vec<(String, usize)> = self.names.into_iter().zip(0..).collect();
        order.sort_unstable();
        let mut places = vec![0; order.len()];
        for (place, (_, number)) in order.iter().enumerate() {
            if let Some(slot) = places.get_mut(*number) {
                *slot = place;
            }
        }
        (order.into_iter().map(|(name, _)| name).collect(), places)
    }
}

impl Collector {
    /// Adds an answer. The texts are compared as they are: normalise them before where that matters.
    ///
    /// # Errors
    /// [`AnsweredBefore`]; nothing is added then.
    pub fn add(&mut self, question: &str, worker: &str, answer: &str) -> Result<(), AnsweredBefore> {
        let (question, worker) = (self.questions.number(question), self.workers.number(worker));
        match self.seen.entry((question, worker)) {
            Entry::Occupied(_) => Err(AnsweredBefore),
            Entry::Vacant(first) => {
                first.insert(());
                self.rows.push((question, worker, self.classes.number(answer)));
                Ok(())
            }
        }
    }

    /// Everything collected so far.
    #[must_use]
    pub fn finish(self) -> Crowd {
        let Self { questions, workers, classes, mut rows, seen: _ } = self;
        let (workers, worker_places) = workers.sorted();
        let (classes, class_places) = classes.sorted();
        let place = |places: &[usize], number: u32| places.get(index(number)).copied().unwrap_or_default();
        rows.sort_unstable();
        let mut ballots = Vec::with_capacity(rows.len());
        let mut ends = vec![0; questions.names.len()];
        for (question, worker, class) in rows {
            ballots.push(Ballot { worker: place(&worker_places, worker), class: place(&class_places, class) });
            if let Some(end) = ends.get_mut(index(question)) {
                *end = ballots.len();
            }
        }
        let mut crowd = Crowd { questions: questions.names, workers, classes, ballots, ends };
        crowd.sort_ballots();
        crowd
    }
}

impl Crowd {
    /// The questions.
    #[must_use]
    pub fn questions(&self) -> &[String] {
        &self.questions
    }

    /// The workers.
    #[must_use]
    pub fn workers(&self) -> &[String] {
        &self.workers
    }

    /// The different answers, in the order of their texts.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// All ballots, question after question.
    #[must_use]
    pub fn ballots(&self) -> &[Ballot] {
        &self.ballots
    }

    /// The ballots of each question, in the order of the questions; never empty.
    pub fn by_question(&self) -> impl Iterator<Item = &[Ballot]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.ballots.get(start..*end).unwrap_or_default())
    }

    /// Each question's ballots by worker, so that sums of fractions come out the same whatever order the answers came in.
    fn sort_ballots(&mut self) {
        let mut start = 0;
        for end in &self.ends {
            if let Some(ballots) = self.ballots.get_mut(start..*end) {
                ballots.sort_unstable();
            }
            start = *end;
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A number of things as a real number; exact below four thousand million.
pub(super) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_grouped_by_question_whatever_the_order_they_came_in() {
        let mut collector = Collector::default();
        for (question, worker, answer) in [("q1", "w1", "no"), ("q2", "w1", "yes"), ("q1", "w2", "maybe"), ("q2", "w0", "no")] {
            collector.add(question, worker, answer).unwrap();
        }
        assert_eq!(collector.add("q1", "w2", "no"), Err(AnsweredBefore));
        let crowd = collector.finish();
        assert_eq!(crowd.questions(), ["q1", "q2"]);
        assert_eq!(crowd.workers(), ["w0", "w1", "w2"]);
        assert_eq!(crowd.classes(), ["maybe", "no", "yes"]);
        let groups: Vec<Vec<(usize, usize)>> =
            crowd.by_question().map(|ballots| ballots.iter().map(|ballot| (ballot.worker, ballot.class)).collect()).collect();
        assert_eq!(groups, [vec![(1, 1), (2, 0)], vec![(0, 1), (1, 2)]]);
        assert_eq!(Collector::default().finish().by_question().count(), 0);
    }
}
