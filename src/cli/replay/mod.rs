//! `madang replay`: what really happened once, sent through a running server over its public doors.

pub mod bids;
pub mod labels;

use std::fmt::Display;
use std::process::ExitCode;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::cli::say::{complain, say};

/// What can be replayed.
#[derive(Debug, Subcommand)]
pub enum Replay {
    /// Send the bids of a file again, each by its own bidder over its own socket, and compare the final prices.
    ///
    /// The file has the columns auction_id, item, duration_days, opening_bid, final_price, bid_time_days, bidder and
    /// max_bid; amounts are dollars. Exit code 1 when a publication was missed or doubled or --expect is not met.
    Bids(bids::ReplayBids),
    /// Have the receipts of a folder labeled by simulated sleepers, and compare what they agree on with the truth.
    ///
    /// Each NNN.jpg has an NNN.csv with the columns left, top, right, bottom and text. Exit code 1 when a task got an answer
    /// too many, an accepted answer is lost, points paid are not the points due, a box is left open, or fewer boxes than
    /// --accuracy are decided rightly.
    Labels(labels::ReplayLabels),
}

/// The clerk of the demo content: e-mail address and password.
pub const DEMO_CLERK: (&str, &str) = ("clerk@madang.example", "madang-demo");
/// The company of the demo content.
pub const DEMO_COMPANY: (&str, &str) = ("company@madang.example", "madang-demo");
/// The admin of the demo content.
pub const DEMO_ADMIN: (&str, &str) = ("admin@madang.example", "madang-demo");

impl Replay {
    /// Replays and prints the figures.
    ///
    /// # Errors
    /// When the input cannot be read, somebody cannot sign in, or the server stays away longer than the patience.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Bids(bids) => bids.run().await,
            Self::Labels(labels) => Box::pin(labels.run()).await,
        }
    }
}

/// The command id of one step of a named run: the same step has the same id when it is asked again, even by a replay
/// that was itself killed and started again.
#[must_use]
pub fn command_id(run: &str, step: &str) -> Uuid {
    let digest = Sha256::digest(format!("madang replay/{run}/{step}"));
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Prints the figures, and what is not as it must be; gives the exit code.
fn print(report: &(impl Serialize + Display), json: bool, shortfalls: &[String]) -> anyhow::Result<ExitCode> {
    if json {
        say!("{}", serde_json::to_string_pretty(report)?);
    } else {
        say!("{report}");
    }
    for shortfall in shortfalls {
        complain!("madang replay: {shortfall}");
    }
    Ok(if shortfalls.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn bar(what: &'static str, length: usize, hidden: bool) -> ProgressBar {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{msg:20} {wide_bar} {pos}/{len} {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length), target).with_style(style).with_message(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_a_run_has_one_id() {
        assert_eq!(command_id("r", "bid/2"), command_id("r", "bid/2"));
        assert_ne!(command_id("r", "bid/2"), command_id("s", "bid/2"));
        assert_eq!(command_id("r", "bid/2").get_version_num(), 4);
    }
}
