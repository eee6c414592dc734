//! The server a benchmark runs against, with a clerk, some bidders and the means to measure it.

use std::net::SocketAddrV4;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use uuid::Uuid;

use super::campaign;
use super::process::{self, Usage};
use super::row_lock::{self, RowLock};
use super::{Server, Workload};
use crate::cli::client::account::Account;
use crate::cli::client::api::{Api, Ask};
use crate::cli::own_server::{OwnServer, Recipe};
use crate::config::DatabaseSettings;
use crate::storage::cluster::{Cluster, ClusterSettings, Durability};

/// How long the server may be away before a benchmark gives up.
const LIMIT: Duration = Duration::from_secs(60);
/// What each bidder gets, in cents: enough for every bid of a run.
const FUNDS: i64 = 100_000_000_000_000;
/// Database connections of the cluster on which the row lock runs alone.
const ROW_LOCK_CONNECTIONS: u32 = 100;
/// The currency of benchmark auctions.
pub const CURRENCY: &str = "USD";
/// Where bidding starts, in cents: beyond the last row of the step table, so that each step is the same.
pub const OPENING_BID: i64 = 1_000_000;
/// The step there, in cents.
pub const STEP: i64 = 10_000;

/// The server and what we know of it.
#[derive(Debug)]
pub struct House {
    /// Its HTTP side.
    pub api: Api,
    /// Its address.
    pub address: SocketAddrV4,
    /// Its process, where it runs on this machine and we know it.
    pub pid: Option<u32>,
    /// Its database, where it was named.
    pub database: Option<String>,
    /// Its resident memory before anything was asked of it, in bytes.
    pub resident_at_start: u64,
    clerk: Account,
    bidders: Vec<Arc<Account>>,
    own: Option<(OwnServer, tempdir::Dir)>,
}

impl House {
    /// The server named on the command line, or one of our own with its limits out of the way.
    ///
    /// # Errors
    /// When it cannot be started or reached, or the clerk cannot sign in.
    pub async fn open(server: &Server, workload: &Workload) -> anyhow::Result<Self> {
        match &server.server {
            Some(url) => Self::join(server, url).await,
            None => Self::start(workload).await,
        }
    }

    async fn join(server: &Server, url: &str) -> anyhow::Result<Self> {
        let api = Api::new(url)?;
        let address = url.trim_start_matches("http://").trim_end_matches('/').replace("localhost", "127.0.0.1");
        let address = address.parse().with_context(|| format!("{url} is not of the form http://127.0.0.1:8080"))?;
        let clerk = Account::sign_in(&api, &server.email, &server.password, LIMIT).await.context("the clerk cannot sign in")?;
        let (pid, database) = (server.pid, server.database.clone());
        let resident_at_start = pid.and_then(process::resident).unwrap_or(0);
        Ok(Self { api, address, pid, database, resident_at_start, clerk, bidders: Vec::new(), own: None })
    }

    async fn start(workload: &Workload) -> anyhow::Result<Self> {
        let dir = tempdir::Dir::new("madang-bench")?;
        let binary = std::env::current_exe().context("cannot find our own binary")?;
        let recipe = unlimited(Recipe::new(&binary, dir.path())?, workload);
        let own = OwnServer::start(recipe.clone()).await.context("cannot start a server")?;
        let api = Api::new(&recipe.url())?;
        let pid = Some(own.pid());
        let resident_at_start = process::resident(own.pid()).unwrap_or(0);
        let clerk = make_clerk(&recipe, &api).await?;
        let (address, own) = (recipe.address, Some((own, dir)));
        Ok(Self { api, address, pid, database: None, resident_at_start, clerk, bidders: Vec::new(), own })
    }

    /// What the server has used so far; nothing where its process is not known.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.pid.map(Usage::of).unwrap_or_default()
    }

    /// Signed-in people with money, `count` of them: the same ones each time.
    ///
    /// # Errors
    /// When one cannot sign up.
    pub async fn bidders(&mut self, count: usize) -> anyhow::Result<Vec<Arc<Account>>> {
        let run = rand::random::<u32>();
        while self.bidders.len() < count {
            let name = format!("bench-{run:08x}-{}", self.bidders.len());
            let email = format!("{name}@bench.example");
            let account = Account::sign_up(&self.api, &email, "bench-password", &name, LIMIT).await?;
            account.deposit(FUNDS, CURRENCY, Uuid::new_v4(), LIMIT).await?;
            self.bidders.push(Arc::new(account));
        }
        Ok(self.bidders.iter().take(count).cloned().collect())
    }

    /// Access tokens of so many people.
    ///
    /// # Errors
    /// As [`House::bidders`].
    pub async fn tokens(&mut self, count: usize) -> anyhow::Result<Vec<String>> {
        let mut tokens = Vec::with_capacity(count);
        for bidder in self.bidders(count).await? {
            tokens.push(bidder.token().await?);
        }
        Ok(tokens)
    }

    /// An auction that is open.
    ///
    /// # Errors
    /// When it cannot be created or opened.
    pub async fn auction(&self) -> anyhow::Result<i64> {
        let token = self.clerk.token().await?;
        let artwork = json!({ "title": "Hot lot", "artist": "madang bench" });
        let artwork: Value = self.api.persist(&Ask::post("/artworks", artwork).by(&token).once(Uuid::new_v4()), LIMIT).await?;
        let Some(artwork) = artwork.get("id").and_then(Value::as_i64) else { bail!("an artwork without an id") };
        let body = json!({
            "artwork_id": artwork, "currency": CURRENCY, "opening_bid": OPENING_BID, "preset": "ebay",
        });
        let auction: Value = self.api.persist(&Ask::post("/auctions", body).by(&token).once(Uuid::new_v4()), LIMIT).await?;
        let Some(auction) = auction.get("id").and_then(Value::as_i64) else { bail!("an auction without an id") };
        self.api.steer(auction, "open", &token, Uuid::new_v4(), LIMIT).await?;
        Ok(auction)
    }

    /// A campaign with so many boxes that is running under these rules.
    ///
    /// # Errors
    /// When it cannot be made: the clerk must be an admin, too.
    pub async fn campaign(&self, boxes: usize, rules: Value) -> anyhow::Result<i64> {
        campaign::make(&self.api, &self.clerk, boxes, rules).await
    }

    /// The value of a counter or gauge of the server, summed over its labels; none where it is not there.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let text = reqwest::get(format!("{}/metrics", self.api.base())).await.ok()?.text().await.ok()?;
        let values = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let value = if rest.starts_with('{') { rest.rsplit_once('}')?.1 } else { rest.strip_prefix(' ')? };
            value.trim().parse::<f64>().ok()
        });
        values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
    }

    /// Stops our own server, if it is ours.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn close(&mut self) -> anyhow::Result<()> {
        if let Some((server, _)) = &mut self.own {
            server.stop().await?;
        }
        Ok(())
    }

    /// Measures the row lock: on the running server's database where one is named, else on our own server's cluster, which
    /// it has to itself once the server is closed.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn row_lock(&self, lasting: Duration) -> anyhow::Result<Option<RowLock>> {
        if let Some(database) = &self.database {
            return Ok(Some(row_lock::run(&database.parse()?, lasting).await?));
        }
        let Some((_, dir)) = &self.own else { return Ok(None) };
        let defaults = DatabaseSettings::default();
        let settings = ClusterSettings {
            data_dir: dir.path().to_owned(),
            bin_dir: None,
            shared_buffers: defaults.shared_buffers,
            max_connections: ROW_LOCK_CONNECTIONS,
            durability: Durability::Full,
        };
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(&settings)).await??;
        let measured = row_lock::run(&cluster.connect_options(), lasting).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await?;
        Ok(Some(measured?))
    }
}

/// Limits protect a house from strangers; here the load is ours.
fn unlimited(recipe: Recipe, workload: &Workload) -> Recipe {
    let sockets = workload.connections.saturating_add(1000);
    recipe
        .set("limits.commands_per_second", 1_000_000)
        .set("limits.commands_burst", 1_000_000)
        .set("limits.requests_per_user", 1_000_000)
        .set("limits.sockets_per_user", sockets)
        .set("limits.sockets_per_address", sockets)
        .set("realtime.open_channels", true)
}

/// The first admin, made as an operator would.
///
/// # Errors
/// When the command fails or the admin cannot sign in.
pub async fn make_clerk(recipe: &Recipe, api: &Api) -> anyhow::Result<Account> {
    let (email, password) = ("clerk@bench.example", "bench-clerk-password");
    let mut command = Command::new(&recipe.binary);
    command.args(["admin", "create", "--email", email, "--password", password]).stdin(Stdio::null());
    recipe.environ(&mut command);
    let made = tokio::task::spawn_blocking(move || command.output()).await??;
    if !made.status.success() {
        bail!("madang admin create failed: {}", String::from_utf8_lossy(&made.stderr).trim());
    }
    Ok(Account::sign_in(api, email, password, LIMIT).await?)
}

/// Where the private cluster of a data directory listens.
#[must_use]
pub fn database_url(dir: &Path) -> String {
    format!("postgres://madang@localhost/madang?host={}", dir.join("socket").display())
}

/// A directory that goes away with its owner.
pub mod tempdir {
    use std::io;
    use std::path::{Path, PathBuf};

    /// The directory.
    #[derive(Debug)]
    pub struct Dir(PathBuf);

    impl Dir {
        /// A new one among the temporary files.
        ///
        /// # Errors
        /// When it cannot be made.
        pub fn new(name: &str) -> io::Result<Self> {
            let path = std::env::temp_dir().join(format!("{name}-{:08x}", rand::random::<u32>()));
            std::fs::create_dir_all(&path)?;
            Ok(Self(path))
        }

        /// Where it is.
        #[must_use]
        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            // What cannot be removed is left to the machine's own cleaning.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
