//! `madang labels aggregate`: what many people's answers add up to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::{Args, ValueEnum};
use madang_domain::consensus::crowd::Crowd;
use madang_domain::consensus::dawid_skene::batch::{Settings, Smoothing, estimate};
use madang_domain::consensus::majority::{majority, shares, weighted, weights_by_majority};
use madang_domain::consensus::text::TextRules;
use serde::Serialize;

use super::answers::{self, BadFile};
use super::report::Report;
use crate::cli::say::{complain, say};

/// A file has not the expected form.
const EXIT_DATA: u8 = 65;
/// A file cannot be opened.
const EXIT_NO_INPUT: u8 = 66;

/// How answers become one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// What most people say; a tie goes to those who agree with the majority more often elsewhere
    Majority,
    /// Each counted by how often they agree with the majority
    Weighted,
    /// Truths and each worker's confusions explain each other (Dawid and Skene 1979)
    DawidSkene,
}

/// Settings of `madang labels aggregate`.
#[derive(Debug, Args)]
pub struct Aggregate {
    /// The file of answers.
    pub answers: PathBuf,
    /// How answers become one answer.
    #[arg(long, value_enum, default_value = "dawid-skene")]
    pub method: Method,
    /// The file of true answers, to say how many are right.
    #[arg(long)]
    pub truth: Option<PathBuf>,
    /// Upper and lower case are the same.
    #[arg(long)]
    pub fold_case: bool,
    /// Full and half width are the same.
    #[arg(long)]
    pub fold_width: bool,
    /// Punctuation does not count.
    #[arg(long)]
    pub ignore_punctuation: bool,
    /// Dawid and Skene: imagined answers in every cell of a worker's table.
    #[arg(long, default_value_t = 0.01, value_parser = smoothing)]
    pub smoothing: f64,
    /// Write each question with its answer, the share of votes for it and its probability into this CSV file.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How many workers to print, those with most answers first; --json has all.
    #[arg(long, default_value_t = 20)]
    pub workers: usize,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
}

fn smoothing(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1_000.0).contains(&value) { Ok(value) } else { Err("must be between 0 and 1000".to_owned()) }
}

/// What was chosen for each question.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The chosen class of each question.
    pub chosen: Vec<usize>,
    /// The probability of the chosen class; without a model the share of votes for it.
    pub confidence: Vec<f64>,
    /// What each worker is worth by the method; 1 for all under a plain majority.
    pub quality: Vec<f64>,
    /// How many rounds it took.
    pub rounds: Option<u32>,
}

/// Applies the method.
///
/// # Errors
/// When there are too many different answers for Dawid and Skene's tables.
pub fn outcome(crowd: &Crowd, method: Method, smoothing: f64) -> anyhow::Result<Outcome> {
    let counted = |chosen: Vec<usize>, quality| {
        let confidence = shares(crowd, &chosen);
        Outcome { chosen, confidence, quality, rounds: None }
    };
    Ok(match method {
        Method::Majority => counted(majority(crowd), vec![1.0; crowd.workers().len()]),
        Method::Weighted => {
            let weights = weights_by_majority(crowd);
            counted(weighted(crowd, &weights), weights)
        }
        Method::DawidSkene => {
            let settings = Settings { smoothing: Smoothing::Add(smoothing), ..Settings::default() };
            let found = estimate(crowd, &settings).context("use majority or weighted")?;
            let chosen = found.chosen();
            let chosen_of = found.beliefs().zip(&chosen);
            let confidence = chosen_of.map(|(belief, class)| belief.get(*class).copied().unwrap_or_default()).collect();
            Outcome { chosen, confidence, quality: found.accuracies().collect(), rounds: Some(found.rounds) }
        }
    })
}

impl Aggregate {
    /// Aggregates and prints the figures.
    ///
    /// # Errors
    /// Too many different answers for the method, or the file of `--out` cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let begun = Instant::now();
        let (crowd, truths) = match self.read() {
            Ok(read) => read,
            Err(bad) => {
                complain!("madang labels aggregate: {bad}");
                let code = if matches!(bad, BadFile::Closed { .. }) { EXIT_NO_INPUT } else { EXIT_DATA };
                return Ok(ExitCode::from(code));
            }
        };
        let read = begun.elapsed();
        let outcome = outcome(&crowd, self.method, self.smoothing)?;
        let mut report = Report::of(self.method, &crowd, &outcome, truths.as_ref());
        (report.read_s, report.aggregated_s) = (read.as_secs_f64(), begun.elapsed().saturating_sub(read).as_secs_f64());
        if let Some(path) = &self.out {
            write(path, &crowd, &outcome).with_context(|| path.display().to_string())?;
        }
        if self.json {
            say!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            say!("{}", report.text(self.workers).trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self) -> Result<(Crowd, Option<HashMap<String, String>>), BadFile> {
        let (fold_case, fold_width) = (self.fold_case, self.fold_width);
        let rules = TextRules { fold_case, fold_width, ignore_punctuation: self.ignore_punctuation };
        let crowd = answers::crowd(&self.answers, rules)?;
        let truths = self.truth.as_deref().map(|path| answers::truths(path, rules)).transpose()?;
        Ok((crowd, truths))
    }
}

fn write(path: &Path, crowd: &Crowd, outcome: &Outcome) -> csv::Result<()> {
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(["question", "answer", "share", "confidence"])?;
    let shares = shares(crowd, &outcome.chosen);
    let chosen = outcome.chosen.iter().zip(&outcome.confidence).zip(shares);
    for (question, ((class, confidence), share)) in crowd.questions().iter().zip(chosen) {
        let answer = crowd.classes().get(*class).map(String::as_str).unwrap_or_default();
        file.write_record([question.as_str(), answer, &share.to_string(), &confidence.to_string()])?;
    }
    file.flush()?;
    Ok(())
}
