//! `madang search`: how well articles are found.

pub mod eval;
mod made_up;
mod questions;

use std::process::ExitCode;

use clap::Subcommand;

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Search {
    /// Ask questions whose right articles are known, and say how often they are found, and how fast.
    ///
    /// QUESTIONS.jsonl has an object in each line: question, and articles (a list of names of articles, or of objects with
    /// source and name). Lines that are articles themselves are questions, too: each section's heading is one, and its
    /// article the right answer. Without --articles the database of the settings is asked; with it a database of its own,
    /// thrown away afterwards, with these articles alone.
    ///
    /// Exit codes: 0, 1 when --at-least or --within is not reached, 65 a file has not this form, 66 no such file, 69 the
    /// database cannot be used.
    Eval(eval::Eval),
}

impl Search {
    /// Measures.
    ///
    /// # Errors
    /// What could not be read or asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Eval(eval) = self;
        eval.run().await
    }
}
