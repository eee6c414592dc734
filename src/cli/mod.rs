//! The command line: one file per command. Nothing imports it but `main`.

pub mod admin;
pub mod bench;
pub mod client;
pub mod demo;
pub mod exit;
pub mod figures;
pub mod import;
pub mod labels;
pub mod own_server;
pub mod replay;
pub mod say;
pub mod search;
pub mod serve;
pub mod settings;
pub mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a newcomer may want to do first.
const EXAMPLES: &str = "\
Examples:
  madang serve --demo                       start a server with something to look at
  madang serve --config my.toml             start with settings of your own (madang config show lists them all)
  madang admin create --email a@b.example   make the first administrator
  madang import artworks artworks.csv       fill the catalogue
  madang import articles articles.jsonl     fill what answers are taken from
  madang search eval articles.jsonl         measure how well articles are found
  madang replay bids bids.csv               send real bids through a running server and compare the prices
  madang labels aggregate answers.csv       put many people's answers together
  madang replay labels receipts/            have receipts labeled by simulated sleepers
  madang bench                              measure the server on this machine";

/// A real-time server for things that happen live.
///
/// Without any setting it runs a private PostgreSQL in ./data and listens on http://127.0.0.1:8080.
#[derive(Debug, Parser)]
#[command(name = "madang", version, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::LIST))]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until it is told to stop (Ctrl-C; a second one stops it at once)
    Serve(serve::Serve),
    /// Bring records in from files
    #[command(subcommand)]
    Import(import::Import),
    /// Send recorded commands through a running server
    #[command(subcommand)]
    Replay(replay::Replay),
    /// Measure the server
    Bench(bench::Bench),
    /// Measure what labeling rests on
    #[command(subcommand)]
    Labels(labels::Labels),
    /// Measure how well articles are found
    #[command(subcommand)]
    Search(search::Search),
    /// Build everything again from the journal of a database and compare
    Verify(verify::Verify),
    /// Check settings, or show those that are used
    #[command(subcommand)]
    Config(settings::Config),
    /// What only the operator of a server may do
    #[command(subcommand)]
    Admin(admin::Admin),
}

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody can be told when even this fails.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::explain(&error.into()),
    };
    let outcome = runtime.block_on(Box::pin(run(cli.command)));
    // What is still running has nothing more to say.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| exit::explain(&error))
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Import(import) => Ok(import.run().await),
        Command::Replay(replay) => Box::pin(replay.run()).await,
        Command::Bench(bench) => Box::pin(bench.run()).await,
        Command::Labels(labels) => labels.run(),
        Command::Search(search) => Box::pin(search.run()).await,
        Command::Verify(verify) => verify.run().await,
        Command::Config(config) => config.run(),
        Command::Admin(admin) => admin.run().await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
