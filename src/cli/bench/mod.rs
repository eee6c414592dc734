//! `madang bench`: what the server does, measured over real sockets from outside.
//!
//! `crowd` is the client (`wire` its frames), `house` the server under test, `process` what it costs; each benchmark has its
//! file; `table` compares with what must be reached. Ratios are taken in one run, on one machine, next to each other.

pub mod alarms;
pub mod campaign;
pub mod chats;
pub mod consensus;
pub mod crowd;
pub mod fanout;
pub mod hot_lot;
pub mod house;
pub mod labels;
pub mod process;
pub mod resume;
pub mod row_lock;
pub mod stuck_reader;
pub mod table;
pub mod upstream;
pub mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};

use self::chats::{Chatter, Sizes};
use self::fanout::Audience;
use self::house::House;
use self::resume::Watched;
use self::table::Figures;
use crate::cli::replay::DEMO_CLERK;
use crate::cli::say::say;

/// Settings of `madang bench`.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    workload: Workload,
    /// Write the figures to this file as JSON.
    #[arg(long, global = true)]
    out: Option<PathBuf>,
}

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum What {
    /// Everything below, and the table of what must be reached.
    All,
    /// Durable answered bids on one hot lot, and the same as a row lock on the same database.
    HotLot,
    /// Durable claims and answers of people who label.
    Labels,
    /// A million answers aggregated by `madang labels aggregate`.
    Consensus,
    /// One publication to many watchers, one at a time and in bursts.
    Fanout,
    /// Memory of an idle, signed-in, subscribed, resumable connection.
    Memory,
    /// Everybody is cut off for two seconds and comes back.
    Resume,
    /// Watchers that never read.
    StuckReader,
    /// Many answers of a stand-in for a language model at once, each watched twice, stopped, gone on with, and come back to
    /// after a crash; on a server of our own. `all` has less of it.
    Chats,
    /// Many alarms due at the same moment, on a server of our own that is killed in the middle. Not part of `all`.
    Alarms,
}

/// Which server. Without an address, one of our own is started on a throw-away directory, with its limits raised.
#[derive(Debug, Args)]
pub struct Server {
    /// A running server, such as http://127.0.0.1:8080. Raise its limits, or they are what you measure.
    #[arg(long, global = true)]
    server: Option<String>,
    /// The running server's process id, to measure processor time and memory.
    #[arg(long, global = true, requires = "server")]
    pid: Option<u32>,
    /// The running server's database, for the row lock.
    #[arg(long, global = true, requires = "server")]
    database: Option<String>,
    /// E-mail address of the clerk who makes the auctions.
    #[arg(long, global = true, default_value = DEMO_CLERK.0)]
    email: String,
    /// The clerk's password.
    #[arg(long, global = true, env = "MADANG_CLERK_PASSWORD", default_value = DEMO_CLERK.1, hide_env_values = true)]
    password: String,
}

/// How much.
#[derive(Debug, Clone, Copy, Args)]
pub struct Workload {
    /// Watchers of the fan-out, memory and resume benchmarks. Mind `ulimit -n`.
    #[arg(long, global = true, default_value_t = 10_000)]
    connections: usize,
    /// Bidders of the hot lot.
    #[arg(long, global = true, default_value_t = 64)]
    bidders: usize,
    /// People who label at once.
    #[arg(long, global = true, default_value_t = 64)]
    labelers: usize,
    /// Alarms that are due at the same moment.
    #[arg(long, global = true, default_value_t = 100_000)]
    alarms: usize,
    /// Answers at the same time that must be in time; two and a half times as many must be whole, and five times as many
    /// readers come back at once. Of `chats` alone.
    #[arg(long, global = true, default_value_t = 2_000)]
    streams: usize,
    /// Seconds that each phase lasts.
    #[arg(long, global = true, default_value_t = 10)]
    seconds: u64,
}

impl Bench {
    /// Measures and prints the table. The exit code is 1 when something that must be reached was not.
    ///
    /// # Errors
    /// When the server cannot be started or reached, or a benchmark cannot be carried out.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.what == What::Alarms {
            let minute = alarms::run(&std::env::current_exe()?, self.workload.alarms).await?;
            return self.print(&Figures { alarms: Some(minute), ..Figures::default() });
        }
        let wants_consensus = matches!(self.what, What::All | What::Consensus);
        let consensus = wants_consensus.then(|| consensus::run(&std::env::current_exe()?).context("consensus")).transpose()?;
        if self.what == What::Consensus {
            return self.print(&Figures { consensus, ..Figures::default() });
        }
        let lasting = Duration::from_secs(self.workload.seconds);
        if self.what == What::Chats {
            return self.print(&Figures {
                chats: Some(talk(Sizes::whole(self.workload.streams, lasting)).await?),
                ..Figures::default()
            });
        }
        let mut house = House::open(&self.server, &self.workload).await?;
        let measured = self.measure(&mut house).await;
        house.close().await?;
        let mut figures = Figures { consensus, ..measured? };
        if figures.hot_lot.is_some() {
            figures.row_lock = house.row_lock(lasting / 2).await.context("row lock")?;
        }
        if self.what == What::All {
            figures.chats = Some(talk(Sizes::short(lasting)).await?);
        }
        self.print(&figures)
    }

    async fn measure(&self, house: &mut House) -> anyhow::Result<Figures> {
        let wanted = |what| self.what == What::All || self.what == what;
        let lasting = Duration::from_secs(self.workload.seconds);
        let connections = self.workload.connections;
        let mut figures = Figures::default();
        if wanted(What::Memory) || wanted(What::Resume) {
            let mut watched = Watched::new(house, connections).await.context("memory")?;
            figures.memory = Some(tokio::task::block_in_place(|| watched.arrive(house)).context("memory")?);
            if wanted(What::Resume) {
                figures.resume = Some(tokio::task::block_in_place(|| watched.cut_and_return()).context("resume")?);
            }
        }
        if wanted(What::StuckReader) {
            figures.stuck_reader = Some(stuck_reader::run(house).await.context("stuck reader")?);
        }
        if wanted(What::Fanout) {
            let mut audience = Audience::seat(house, connections).await.context("fan-out")?;
            figures.fanout = tokio::task::block_in_place(|| {
                [1, 16].into_iter().map(|window| audience.run(house, window, lasting)).collect::<anyhow::Result<_>>()
            })
            .context("fan-out")?;
        }
        if wanted(What::HotLot) {
            figures.hot_lot = Some(hot_lot::run(house, self.workload.bidders, lasting).await.context("hot lot")?);
        }
        if wanted(What::Labels) {
            figures.labels = Some(labels::run(house, self.workload.labelers, lasting).await.context("labels")?);
        }
        Ok(figures)
    }

    fn print(&self, figures: &Figures) -> anyhow::Result<ExitCode> {
        if let Some(path) = &self.out {
            let text = serde_json::to_string_pretty(figures)?;
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let rows = figures.rows();
        say!("{}", table::markdown(&rows));
        Ok(if rows.iter().all(|row| row.reached) { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

async fn talk(sizes: Sizes) -> anyhow::Result<Chatter> {
    Box::pin(chats::run(&std::env::current_exe()?, sizes)).await.context("chats")
}
