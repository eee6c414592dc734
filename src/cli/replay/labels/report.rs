//! The figures of a replay of labels.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::audit::Audit;
use super::sleeper::Night;
use crate::cli::figures::{per_second, percentile_ms};

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Receipts.
    pub images: usize,
    /// Simulated people.
    pub workers: usize,
    /// Of those, the spammers.
    pub spammers: usize,
    /// People who were taken off for bad work.
    pub excluded: usize,
    /// Answers that were given.
    pub answers: usize,
    /// Answers that were taken.
    pub accepted: usize,
    /// The others, by code.
    pub refused: BTreeMap<String, usize>,
    /// Answers that had to be asked for more than once.
    pub asked_again: usize,
    /// What the tasks say.
    #[serde(flatten)]
    pub audit: Audit,
    /// Points that people have.
    pub paid: i64,
    /// Answers a second, all together.
    pub answers_per_second: f64,
    /// The median time of an answer, in milliseconds.
    pub answer_p50_ms: f64,
    /// The time that 99 of 100 answers stay below, in milliseconds.
    pub answer_p99_ms: f64,
    /// The same for taking a task.
    pub claim_p50_ms: f64,
    /// The same for taking a task.
    pub claim_p99_ms: f64,
}

/// Who took part.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    /// Receipts.
    pub images: usize,
    /// People.
    pub workers: usize,
    /// Of those, spammers.
    pub spammers: usize,
}

impl Report {
    /// Sums up.
    #[must_use]
    pub fn of(cast: Cast, nights: &[Night], audit: Audit, paid: i64, took: Duration) -> Self {
        let given: Vec<_> = nights.iter().flat_map(|night| &night.given).collect();
        let mut refused = BTreeMap::new();
        for code in given.iter().filter_map(|given| given.refused.clone()) {
            let count = refused.entry(code).or_insert(0_usize);
            *count = count.saturating_add(1);
        }
        let sorted = |mut times: Vec<Duration>| {
            times.sort_unstable();
            times
        };
        let answers = sorted(given.iter().map(|given| given.took).collect());
        let claims = sorted(nights.iter().flat_map(|night| night.claims.iter().copied()).collect());
        Self {
            images: cast.images,
            workers: cast.workers,
            spammers: cast.spammers,
            excluded: nights.iter().filter(|night| night.excluded).count(),
            answers: given.len(),
            accepted: given.iter().filter(|given| given.refused.is_none()).count(),
            refused,
            asked_again: given.iter().filter(|given| given.tries > 1).count(),
            audit,
            paid,
            answers_per_second: per_second(given.len(), took),
            answer_p50_ms: percentile_ms(&answers, 50),
            answer_p99_ms: percentile_ms(&answers, 99),
            claim_p50_ms: percentile_ms(&claims, 50),
            claim_p99_ms: percentile_ms(&claims, 99),
        }
    }

    /// What is not as it must be, in words.
    #[must_use]
    pub fn shortfalls(&self, accuracy: f64) -> Vec<String> {
        let mut found = Vec::new();
        let audit = &self.audit;
        for (what, count) in
            [("overlap overshoots", audit.overshoots), ("lost answers", audit.lost), ("open tasks", audit.open)]
        {
            if count > 0 {
                found.push(format!("{what}: expected 0, got {count}"));
            }
        }
        if self.paid != audit.due {
            found.push(format!("points: {} are due, {} were paid", audit.due, self.paid));
        }
        if audit.accuracy < accuracy {
            found.push(format!("accuracy: expected {accuracy}, got {:.4}", audit.accuracy));
        }
        found
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused: Vec<String> = self.refused.iter().map(|(code, count)| format!("{count} {code}")).collect();
        let refused = if refused.is_empty() { String::new() } else { format!(" (refused: {})", refused.join(", ")) };
        let audit = &self.audit;
        writeln!(
            f,
            "receipts            {} with {} boxes, {} of them tests",
            self.images,
            audit.tasks.saturating_add(audit.tests),
            audit.tests
        )?;
        writeln!(f, "sleepers            {}, {} of them spammers, {} taken off", self.workers, self.spammers, self.excluded)?;
        writeln!(f, "answers             {} accepted of {}{refused}", self.accepted, self.answers)?;
        writeln!(f, "answers asked again {}", self.asked_again)?;
        writeln!(f, "answers lost        {}", audit.lost)?;
        writeln!(f, "overlap overshoots  {}", audit.overshoots)?;
        writeln!(f, "boxes decided       {}, {} in review, {} open", audit.decided, audit.review, audit.open)?;
        writeln!(f, "decided rightly     {} ({:.4}), character error rate {:.5}", audit.right, audit.accuracy, audit.cer)?;
        writeln!(f, "points              {} paid, {} due", self.paid, audit.due)?;
        writeln!(f, "answers per second  {:.0}", self.answers_per_second)?;
        writeln!(f, "answer p50 / p99    {:.1} / {:.1} ms", self.answer_p50_ms, self.answer_p99_ms)?;
        write!(f, "claim p50 / p99     {:.1} / {:.1} ms", self.claim_p50_ms, self.claim_p99_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sleeper::Given;
    use super::*;

    fn report(due: i64, paid: i64, overshoots: usize) -> Report {
        let given = |ms, refused: Option<&str>| Given {
            task: 1,
            text: "x".to_owned(),
            refused: refused.map(str::to_owned),
            took: Duration::from_millis(ms),
            tries: 1,
        };
        let night = Night { given: vec![given(2, None), given(6, Some("label.stale"))], ..Night::default() };
        let audit = Audit { tasks: 2, decided: 2, right: 2, accuracy: 1.0, due, overshoots, ..Audit::default() };
        let cast = Cast { images: 1, workers: 1, spammers: 0 };
        Report::of(cast, &[night], audit, paid, Duration::from_secs(2))
    }

    #[test]
    fn the_figures_are_summed() {
        let report = report(15, 15, 0);
        assert_eq!((report.answers, report.accepted, report.answers_per_second), (2, 1, 1.0));
        assert!(report.shortfalls(0.99).is_empty());
        assert!(report.to_string().contains("1 accepted of 2 (refused: 1 label.stale)"));
    }

    #[test]
    fn what_is_broken_is_named() {
        assert_eq!(report(15, 30, 0).shortfalls(0.99), ["points: 15 are due, 30 were paid"]);
        assert_eq!(report(0, 0, 3).shortfalls(0.99), ["overlap overshoots: expected 0, got 3"]);
        assert_eq!(report(0, 0, 0).shortfalls(1.5), ["accuracy: expected 1.5, got 1.0000"]);
    }
}
