//! The fault test: the real binary on a real Postgres, under load, killed again and again; then every answer, every
//! decision and every watcher's stream is checked against the journal.
//!
//! ```text
//! cargo test --test faults                                            two minutes
//! MADANG_FAULTS=labels cargo test --test faults                       of that, the part with labelers alone
//! MADANG_FAULTS=chats cargo test --test faults                        the part with conversations
//! MADANG_FAULTS=full cargo test --release --test faults -- --write    the figures of docs/RELIABILITY.md
//! MADANG_FAULTS=planted cargo test --features planted --test faults   four planted bugs, each of which must be caught
//! ```
//!
//! A fault that did not fire fails the run, and so does a run with too few acknowledged commands.
#![expect(clippy::print_stdout, reason = "the figures are what the test is for")]

mod chats;
mod check;
mod history;
mod journal;
mod labels;
mod load;
mod nemesis;
mod report;
mod scenario;
mod watchers;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;

use self::nemesis::Fault;
use self::scenario::{Outcome, Size};

/// The binary under test: the one cargo has built, or the one that `MADANG_BINARY` names.
fn binary() -> PathBuf {
    std::env::var_os("MADANG_BINARY").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_madang")), PathBuf::from)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Asked for its list of tests, or for tests of another name: as the usual harness would answer.
    let filtered = arguments.iter().any(|argument| !argument.starts_with('-') && !"faults".contains(argument.as_str()));
    if filtered || arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let write = arguments.iter().any(|argument| argument == "--write");
    let mode = std::env::var_os("MADANG_FAULTS").unwrap_or_default();
    let done = runtime.block_on(async {
        match mode.to_str() {
            Some("" | "short") => short().await,
            Some("full") => full(write).await,
            Some("labels") => short_labels().await,
            Some("chats") => short_chats().await,
            Some("planted") => {
                let only = arguments.iter().find_map(|argument| argument.strip_prefix("--only="));
                planted(write, only).await
            }
            _ => bail!("MADANG_FAULTS is one of: short, labels, chats, full, planted"),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    println!("faults: FAILED: {error:#}");
    ExitCode::FAILURE
}

/// So many of each, mixed.
fn faults(kills: usize, postgres: usize, stops: usize, freezes: usize) -> Vec<Fault> {
    let mut faults = vec![Fault::KillServer; kills];
    faults.extend(vec![Fault::KillPostgres; postgres]);
    faults.extend(vec![Fault::Stop; stops]);
    faults.extend(vec![Fault::Freeze; freezes]);
    for last in (1..faults.len()).rev() {
        faults.swap(last, rand::random_range(0..=last));
    }
    faults
}

async fn short() -> anyhow::Result<()> {
    let size = Size { bidders: 16, watchers: 6, faults: faults(6, 2, 1, 1), acknowledged_at_least: 300 };
    let outcome = scenario::play(&binary(), &size, None).await?;
    judge("one server", &size, &outcome)?;
    short_labels().await?;
    short_chats().await
}

async fn short_chats() -> anyhow::Result<()> {
    talk(&chats::Size { askers: 6, faults: faults(2, 1, 0, 1), answers_at_least: 20 }).await.map(drop)
}

/// Plays a run with conversations, prints it and gives its table.
async fn talk(size: &chats::Size) -> anyhow::Result<String> {
    let table = report::markdown("conversations", &chats::play(&binary(), size).await?.rows());
    println!("{table}");
    Ok(table)
}

async fn short_labels() -> anyhow::Result<()> {
    let size = labels::Size { labelers: 12, tasks: 3_000, faults: faults(3, 1, 0, 1), answers_at_least: 150 };
    label(&size).await.map(drop)
}

/// Plays a run with labelers, prints it and gives its table.
async fn label(size: &labels::Size) -> anyhow::Result<String> {
    let table = report::markdown("labelers", &labels::play(&binary(), size).await?.rows());
    println!("{table}");
    Ok(table)
}

async fn full(write: bool) -> anyhow::Result<()> {
    let size = Size { bidders: 32, watchers: 12, faults: faults(24, 10, 4, 4), acknowledged_at_least: 20_000 };
    let one = scenario::play(&binary(), &size, None).await?;
    judge("one server", &size, &one)?;
    let pair = Size { bidders: 16, watchers: 0, faults: vec![Fault::TakeOver], acknowledged_at_least: 500 };
    let two = scenario::play_two(&binary(), &pair, None, false).await?;
    judge("two servers, the owner frozen until the other has taken over", &pair, &two)?;
    let size = labels::Size { labelers: 32, tasks: 15_000, faults: faults(10, 4, 2, 2), answers_at_least: 4_000 };
    let labeled = label(&size).await?;
    let size = chats::Size { askers: 24, faults: faults(10, 4, 2, 2), answers_at_least: 500 };
    let talked = talk(&size).await?;
    if write {
        let tables = format!(
            "{}\n{}\n{labeled}\n{talked}",
            report::markdown("one server", &report::rows(&one)),
            report::markdown(
                "two servers on one database: the owner frozen until the other has taken over",
                &report::rows(&two)
            ),
        );
        report::write(report::FIGURES, &tables)?;
    }
    Ok(())
}

/// Prints a run and fails it when something is wrong with it.
fn judge(name: &str, size: &Size, outcome: &Outcome) -> anyhow::Result<()> {
    println!("{}", report::markdown(name, &report::rows(outcome)));
    for (why, count) in outcome.failed.iter().take(8) {
        println!("  {count} calls failed: {why}");
    }
    outcome.findings.judge((outcome.fired, &size.faults), (outcome.accepted, size.acknowledged_at_least))
}

/// So many runs may miss a planted bug before it has escaped.
const TRIES: usize = 3;

async fn planted(write: bool, only: Option<&str>) -> anyhow::Result<()> {
    if !cfg!(feature = "planted") {
        bail!("build with `--features planted`");
    }
    let binary = &binary();
    let size = Size { bidders: 24, watchers: 6, faults: faults(8, 4, 0, 0), acknowledged_at_least: 0 };
    let (mut escaped, mut rows) = (Vec::new(), Vec::new());
    let bugs = ["ack_before_commit", "no_barrier", "resume_off_by_one", "no_fence"];
    for bug in bugs.into_iter().filter(|bug| only.is_none_or(|only| only == *bug)) {
        // What breaks depends on what was under way at each fault: a run may be lucky, not three.
        let mut outcome = Outcome::default();
        for _ in 0..TRIES {
            outcome = match bug {
                "no_fence" => scenario::play_two(binary, &size, Some(bug), true).await?,
                _ => scenario::play(binary, &size, Some(bug)).await?,
            };
            if outcome.findings.violations() > 0 {
                break;
            }
        }
        let caught = outcome.findings.violations();
        println!("planted {bug}: {caught} broken promises: {:?}", outcome.findings.counts);
        for words in outcome.findings.words.iter().take(3) {
            println!("  {words}");
        }
        let words = outcome.findings.counts.iter().map(|(promise, count)| format!("{promise} ({count})"));
        rows.push((format!("`{bug}`"), format!("caught: {caught}; broken: {}", words.collect::<Vec<_>>().join(", "))));
        if caught == 0 {
            escaped.push(bug);
        }
    }
    if !escaped.is_empty() {
        bail!("not caught: {}", escaped.join(", "));
    }
    if write {
        report::write(report::PLANTED, &report::markdown("planted", &rows))?;
    }
    Ok(())
}
