//! `madang replay bids`: real bids, sent again over real sockets through the public API.
//!
//! `plan` reads the file, `people` signs the bidders up, `drive` plays one auction, `watch` counts what watchers get,
//! `report` says how it went. Kill the server in the middle and start it again: the replay waits, asks again by id, and
//! ends with the same figures.

pub mod drive;
pub mod people;
pub mod plan;
pub mod report;
pub mod watch;

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};

use self::drive::{AuctionOutcome, Stage};
use self::plan::Plan;
use self::report::{Expected, Report};
use self::watch::Watchers;
use crate::cli::client::account::Account;
use crate::cli::client::api::Api;
use crate::cli::replay::{DEMO_CLERK, bar, print};

/// Settings of `madang replay bids`.
#[derive(Debug, Args)]
pub struct ReplayBids {
    /// The file of bids.
    pub file: PathBuf,
    /// The server's address.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// How many watchers watch all auctions and count what they get.
    #[arg(long, default_value_t = 2)]
    pub watchers: usize,
    /// E-mail address of the clerk who creates, opens and closes the auctions.
    #[arg(long, default_value = DEMO_CLERK.0)]
    pub email: String,
    /// The clerk's password.
    #[arg(long, env = "MADANG_CLERK_PASSWORD", default_value = DEMO_CLERK.1, hide_env_values = true)]
    pub password: String,
    /// How many auctions run at the same time.
    #[arg(long, default_value_t = 16)]
    pub concurrency: usize,
    /// A name for this run. The same name continues where a replay of that name was stopped; the default is a new one.
    #[arg(long)]
    pub run: Option<String>,
    /// Replay the first N auctions only.
    #[arg(long)]
    pub auctions: Option<usize>,
    /// Milliseconds to wait after each bid of an auction, to have time to look (or to kill the server).
    #[arg(long, default_value_t = 0)]
    pub pause_ms: u64,
    /// Seconds to go on asking while the server is away.
    #[arg(long, default_value_t = 120)]
    pub patience_s: u64,
    /// Figures that must be reached exactly, such as accepted=3623,exact=237.
    #[arg(long)]
    pub expect: Option<Expected>,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
}

impl ReplayBids {
    /// Replays and prints the figures.
    ///
    /// # Errors
    /// As [`ReplayBids::replay`].
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let report = self.replay().await?;
        let shortfalls = report.shortfalls(&self.expect.unwrap_or_default());
        print(&report, self.json, &shortfalls)
    }

    /// Replays the file.
    ///
    /// # Errors
    /// When the file cannot be read, the clerk cannot sign in, or the server stays away longer than the patience.
    pub async fn replay(&self) -> anyhow::Result<Report> {
        let file = File::open(&self.file).with_context(|| format!("cannot open {}", self.file.display()))?;
        let plan = plan::read(file).with_context(|| format!("cannot replay {}", self.file.display()))?;
        let plan = match self.auctions {
            Some(count) => plan.first(count),
            None => plan,
        };
        let stage = self.prepare(&plan).await?;
        let ids = self.create(&stage, &plan).await?;
        let channels: Vec<String> = ids.iter().map(|id| format!("auction:{id}")).collect();
        let watchers = Watchers::start(&stage.api, self.watchers, &channels, stage.patience).await;
        let begun = Instant::now();
        let outcomes = self.play(&stage, &plan, &ids).await?;
        let took = begun.elapsed();
        let heads: HashMap<String, u64> =
            outcomes.iter().map(|outcome| (format!("auction:{}", outcome.id), outcome.offset)).collect();
        let watched = watchers.finish(heads).await;
        Ok(Report::of(&outcomes, plan.bidders.len(), took, self.watchers, watched))
    }

    async fn prepare(&self, plan: &Plan) -> anyhow::Result<Stage> {
        let patience = Duration::from_secs(self.patience_s);
        let api = Api::new(&self.server)?;
        let clerk = Account::sign_in(&api, &self.email, &self.password, patience)
            .await
            .context("the clerk cannot sign in (see --email and --password)")?;
        let run = self.run.clone().unwrap_or_else(|| format!("{:08x}", rand::random::<u32>()));
        let bar = bar("signing bidders up", plan.bidders.len(), self.json);
        let bidders = people::assemble(&api, plan, &run, patience, &bar).await.context("a bidder cannot sign up")?;
        bar.finish_and_clear();
        Ok(Stage { api, clerk: Arc::new(clerk), bidders, run, patience, pause: Duration::from_millis(self.pause_ms) })
    }

    async fn create(&self, stage: &Stage, plan: &Plan) -> anyhow::Result<Vec<i64>> {
        let bar = bar("creating auctions", plan.auctions.len(), self.json);
        let created = stream::iter(plan.auctions.iter().map(|auction| {
            let bar = &bar;
            async move {
                let id = stage.create(auction).await;
                bar.inc(1);
                id
            }
        }));
        let ids = created.buffered(self.concurrency.max(1)).try_collect().await.context("an auction cannot be created")?;
        bar.finish_and_clear();
        Ok(ids)
    }

    async fn play(&self, stage: &Stage, plan: &Plan, ids: &[i64]) -> anyhow::Result<Vec<AuctionOutcome>> {
        let bar = bar("bidding", plan.bids(), self.json);
        let played = stream::iter(plan.auctions.iter().zip(ids).map(|(auction, id)| {
            let bar = &bar;
            async move {
                let outcome = stage.play(*id, auction, |_| bar.inc(1)).await;
                outcome.with_context(|| format!("auction {} of the file (auction:{id})", auction.name))
            }
        }));
        let outcomes = played.buffer_unordered(self.concurrency.max(1)).try_collect().await?;
        bar.finish_and_clear();
        Ok(outcomes)
    }
}
