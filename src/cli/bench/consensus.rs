//! A million answers aggregated by `madang labels aggregate` itself, from a file to the last line of its report.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use super::house::tempdir::Dir;

/// How many questions are made up, how many answers each has, and of how many workers.
const QUESTIONS: u32 = 100_000;
const ANSWERS_EACH: u32 = 10;
const WORKERS: u32 = 2_000;
/// What can be answered.
const CLASSES: [&str; 4] = ["norfolk", "norwich", "australian", "lakeland"];
/// The worst and the best worker's share of right answers.
const SKILLS: (f64, f64) = (0.4, 0.95);
/// The same file each time.
const SEED: u64 = 20_261_121;
/// By the clock, the whole command.
const GOAL: Duration = Duration::from_secs(5);

/// What aggregating took.
#[derive(Debug, Clone, Serialize)]
pub struct Consensus {
    /// Answers in the file.
    pub answers: u32,
    /// Each method in turn.
    pub methods: Vec<Aggregated>,
}

/// What one method took.
#[derive(Debug, Clone, Serialize)]
pub struct Aggregated {
    /// Its name on the command line.
    pub method: &'static str,
    /// Seconds by the clock from the start of the command to its end.
    pub took_s: f64,
    /// The share of questions that were answered rightly.
    pub accuracy: f64,
    /// How many rounds it took, where it goes in rounds.
    pub rounds: Option<u32>,
}

impl Consensus {
    /// Whether every method was fast enough.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.methods.iter().all(|method| method.took_s < GOAL.as_secs_f64())
    }
}

/// The command's report, as far as we read it.
#[derive(Debug, Deserialize)]
struct Report {
    answers: u32,
    truth: Truth,
    rounds: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Truth {
    accuracy: f64,
}

/// Makes the files and runs the command of this binary on them.
///
/// # Errors
/// When the files cannot be written or the command fails.
pub fn run(binary: &Path) -> anyhow::Result<Consensus> {
    let dir = Dir::new("madang-bench-consensus")?;
    let (answers, truths) = (dir.path().join("answers.csv"), dir.path().join("truths.csv"));
    write(&answers, &truths).context("writing the answers")?;
    let methods = ["majority", "weighted", "dawid-skene"].map(|method| aggregate(binary, method, &answers, &truths));
    let methods = methods.into_iter().collect::<anyhow::Result<_>>()?;
    Ok(Consensus { answers: QUESTIONS.saturating_mul(ANSWERS_EACH), methods })
}

fn aggregate(binary: &Path, method: &'static str, answers: &Path, truths: &Path) -> anyhow::Result<Aggregated> {
    let mut command = Command::new(binary);
    command.args(["labels", "aggregate", "--json", "--method", method, "--truth"]).args([truths, answers]);
    let begun = Instant::now();
    let done = command.stdin(Stdio::null()).output()?;
    let took_s = begun.elapsed().as_secs_f64();
    if !done.status.success() {
        bail!("madang labels aggregate failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    let Report { answers, truth, rounds } = serde_json::from_slice(&done.stdout)?;
    if answers != QUESTIONS.saturating_mul(ANSWERS_EACH) {
        bail!("{answers} answers were read");
    }
    Ok(Aggregated { method, took_s, accuracy: truth.accuracy, rounds })
}

/// Made-up answers: each question is answered by workers that follow each other, each as skilled as their number says.
fn write(answers: &Path, truths: &Path) -> std::io::Result<()> {
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut answers, mut truths) = (BufWriter::new(File::create(answers)?), BufWriter::new(File::create(truths)?));
    writeln!(answers, "question,worker,answer")?;
    writeln!(truths, "question,truth")?;
    let any = |random: &mut StdRng| CLASSES.get(random.random_range(0..CLASSES.len())).copied().unwrap_or_default();
    for question in 0..QUESTIONS {
        let truth = any(&mut random);
        writeln!(truths, "q{question},{truth}")?;
        let first = random.random_range(0..WORKERS);
        for nth in 0..ANSWERS_EACH {
            let worker = first.wrapping_add(nth.wrapping_mul(97)) % WORKERS;
            let skill = SKILLS.0 + (SKILLS.1 - SKILLS.0) * f64::from(worker) / f64::from(WORKERS);
            let answer = if random.random::<f64>() < skill { truth } else { any(&mut random) };
            writeln!(answers, "q{question},w{worker},{answer}")?;
        }
    }
    answers.flush()?;
    truths.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_method_is_a_miss() {
        let of = |took_s| Aggregated { method: "majority", took_s, accuracy: 0.9, rounds: None };
        assert!(Consensus { answers: 1, methods: vec![of(4.9)] }.reached());
        assert!(!Consensus { answers: 1, methods: vec![of(1.0), of(5.1)] }.reached());
    }
}
