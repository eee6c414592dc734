//! What an aggregation says: how many are right, how much people agree, how good each of them is.

use std::collections::HashMap;
use std::fmt::Write as _;

use madang_domain::consensus::agreement::{fleiss, krippendorff, with_chosen};
use madang_domain::consensus::crowd::Crowd;
use madang_domain::consensus::majority::agreement_with;
use madang_domain::consensus::skill::Gold;
use serde::Serialize;

use super::aggregate::{Method, Outcome};
use crate::cli::figures::share;

/// The probability with which a worker's true accuracy lies in the printed interval.
const LEVEL: f64 = 0.95;

/// The figures.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The method.
    pub method: Method,
    /// How many questions, workers, answers and different answers there are.
    pub questions: usize,
    /// See `questions`.
    pub people: usize,
    /// See `questions`.
    pub answers: usize,
    /// See `questions`.
    pub classes: usize,
    /// How many questions have a known truth, and how many of those were answered right.
    pub truth: Option<Truth>,
    /// Fleiss' kappa; none where it is not defined.
    pub fleiss: Option<f64>,
    /// Krippendorff's alpha; none where it is not defined.
    pub krippendorff: Option<f64>,
    /// How many rounds the model took.
    pub rounds: Option<u32>,
    /// Seconds to read the files.
    pub read_s: f64,
    /// Seconds to put the answers together and to measure agreement and workers.
    pub aggregated_s: f64,
    /// Every worker, those with most answers first.
    pub workers: Vec<Worker>,
}

/// How many are right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Questions with a known truth that somebody answered.
    pub known: usize,
    /// How many of them were chosen rightly.
    pub right: usize,
    /// `right / known`; none when nothing is known.
    pub accuracy: Option<f64>,
    /// Truths of questions that nobody answered.
    pub unanswered: usize,
}

/// One worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worker {
    /// The name.
    pub worker: String,
    /// How many answers they gave.
    pub answers: u32,
    /// What they are worth by the method.
    pub quality: f64,
    /// The share of their answers that were chosen.
    pub agreement: f64,
    /// Cohen's kappa with what was chosen; none where it is not defined.
    pub kappa: Option<f64>,
    /// Against the known truths.
    pub truth: Option<Measured>,
}

/// A worker's accuracy against known truths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// How many of their answers can be checked.
    pub known: u32,
    /// How many of those are right.
    pub right: u32,
    /// `right / known`.
    pub accuracy: f64,
    /// Between these two the true accuracy lies with a probability of 0.95.
    pub interval: Option<(f64, f64)>,
}

impl Report {
    /// The figures of an outcome.
    #[must_use]
    pub fn of(method: Method, crowd: &Crowd, outcome: &Outcome, truths: Option<&HashMap<String, String>>) -> Self {
        let numbers: HashMap<&str, usize> = crowd.classes().iter().map(String::as_str).zip(0..).collect();
        // A truth that nobody gave is a class of its own: nobody is right about it.
        let number = |truth: &String| numbers.get(truth.as_str()).copied().unwrap_or(usize::MAX);
        let known: Option<Vec<Option<usize>>> =
            truths.map(|truths| crowd.questions().iter().map(|question| truths.get(question).map(number)).collect());
        Self {
            method,
            questions: crowd.questions().len(),
            people: crowd.workers().len(),
            answers: crowd.ballots().len(),
            classes: crowd.classes().len(),
            truth: known.as_ref().zip(truths).map(|(known, truths)| truth(known, &outcome.chosen, truths.len())),
            fleiss: fleiss(crowd),
            krippendorff: krippendorff(crowd),
            rounds: outcome.rounds,
            read_s: 0.0,
            aggregated_s: 0.0,
            workers: workers(crowd, outcome, known.as_deref()),
        }
    }

    /// As people read it, with the first `most` workers.
    #[must_use]
    pub fn text(&self, most: usize) -> String {
        let mut text = String::new();
        let figure = |value: Option<f64>| value.map_or_else(|| "not defined".to_owned(), |value| format!("{value:.4}"));
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{} answers of {} workers to {} questions, {} different ones",
            self.answers, self.people, self.questions, self.classes
        );
        if let Some(truth) = &self.truth {
            let _ = writeln!(text, "accuracy          {} ({} of {})", figure(truth.accuracy), truth.right, truth.known);
            if truth.unanswered > 0 {
                let _ = writeln!(text, "                  {} more truths of questions that nobody answered", truth.unanswered);
            }
        }
        let _ = writeln!(text, "Fleiss' kappa     {}", figure(self.fleiss));
        let _ = writeln!(text, "Krippendorff      {}", figure(self.krippendorff));
        if let Some(rounds) = self.rounds {
            let _ = writeln!(text, "rounds            {rounds}");
        }
        let _ = writeln!(text, "took              {:.2} s to read, {:.2} s to aggregate", self.read_s, self.aggregated_s);
        if most > 0 {
            let _ = writeln!(
                text,
                "\n{:<24} {:>8} {:>8} {:>9} {:>11} {:>8}  95 %",
                "worker", "answers", "quality", "agreement", "kappa", "right"
            );
        }
        for worker in self.workers.iter().take(most) {
            let measured = worker.truth.as_ref().map_or_else(String::new, Measured::text);
            let _ = writeln!(
                text,
                "{:<24} {:>8} {:>8.4} {:>9.4} {:>11}{measured}",
                worker.worker,
                worker.answers,
                worker.quality,
                worker.agreement,
                figure(worker.kappa),
            );
        }
        if most > 0 && self.workers.len() > most {
            let _ = writeln!(text, "... and {} more", self.workers.len().saturating_sub(most));
        }
        text
    }
}

impl Measured {
    fn text(&self) -> String {
        let interval = self.interval.map_or_else(String::new, |(low, high)| format!("  {low:.3} to {high:.3}"));
        format!(" {:>8.4}{interval}", self.accuracy)
    }
}

fn truth(known: &[Option<usize>], chosen: &[usize], truths: usize) -> Truth {
    let pairs = known.iter().zip(chosen).filter_map(|(known, chosen)| known.map(|known| (known, *chosen)));
    let (all, right) = pairs.fold((0_usize, 0_usize), |(all, right), (known, chosen)| {
        (all.saturating_add(1), right.saturating_add(usize::from(known == chosen)))
    });
    let accuracy = (all > 0).then(|| share(right, all));
    Truth { known: all, right, accuracy, unanswered: truths.saturating_sub(all) }
}

fn workers(crowd: &Crowd, outcome: &Outcome, known: Option<&[Option<usize>]>) -> Vec<Worker> {
    let agreed = agreement_with(crowd, outcome.chosen.iter().copied().map(Some));
    let kappas = with_chosen(crowd, &outcome.chosen);
    let measured: Vec<Option<Gold>> = match known {
        Some(known) => agreement_with(crowd, known.iter().copied()).into_iter().map(Some).collect(),
        None => vec![None; crowd.workers().len()],
    };
    let figures = agreed.into_iter().zip(kappas).zip(measured).zip(&outcome.quality);
    let each = crowd.workers().iter().zip(figures).map(|(worker, (((agreed, kappa), measured), quality))| Worker {
        worker: worker.clone(),
        answers: agreed.total,
        quality: *quality,
        agreement: f64::from(agreed.correct) / f64::from(agreed.total.max(1)),
        kappa,
        truth: measured.filter(|gold| gold.total > 0).map(|gold| Measured {
            known: gold.total,
            right: gold.correct,
            accuracy: f64::from(gold.correct) / f64::from(gold.total),
            interval: gold.interval(LEVEL),
        }),
    });
    let mut workers: Vec<Worker> = each.collect();
    workers.sort_by(|a, b| b.answers.cmp(&a.answers).then_with(|| a.worker.cmp(&b.worker)));
    workers
}
