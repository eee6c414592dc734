//! `madang labels`: what can be measured about labeling without a server.

pub mod aggregate;
pub mod answers;
pub mod detect;
pub mod report;

use std::process::ExitCode;

use clap::Subcommand;

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Labels {
    /// Put many people's answers together, and say how good each of them is.
    ///
    /// ANSWERS.csv has the columns question, worker and answer (or task, worker and label); the file of --truth has question
    /// and truth. Ties are settled the same way on every run. Exit codes: 65 a file has not this form (the message names the
    /// line), 66 a file cannot be opened.
    Aggregate(aggregate::Aggregate),
    /// Find the text on images of a folder and compare with the boxes beside them.
    ///
    /// Each NNN.jpg (png, webp) has a NNN.csv with the columns left, top, right, bottom. Exit code 1 when the recall is
    /// below --at-least, 66 when the folder holds no such pair.
    Detect(detect::Detect),
}

impl Labels {
    /// Does it.
    ///
    /// # Errors
    /// What could not be read or written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Aggregate(aggregate) => aggregate.run(),
            Self::Detect(detect) => detect.run(),
        }
    }
}
