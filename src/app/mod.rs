//! The assembled server: build, run until told to stop, drain.
//!
//! [`App::build`] takes the outside facts as arguments (settings, listener, clock, database), so that tests own them.
//! `parts` makes everything there is; `server` listens; `chores` tidy up. The end is in [`App::run_until`], in order.

mod chats;
mod chores;
mod engine;
pub mod knowledge;
mod llm;
mod notices;
mod objects;
mod parts;
mod push;
mod reach;
mod secret;
mod server;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::parts::Parts;
use crate::actors::chat::Chats;
use crate::actors::kernel::clock::Clock;
use crate::actors::kernel::{Engine, StartError};
use crate::actors::knowledge::Knowledge;
use crate::actors::knowledge::intake::import::Importer;
use crate::config::Settings;
use crate::http::accounts::Accounts;
use crate::http::alarms::Alarms;
use crate::http::auctions::Auctions;
use crate::http::campaigns::Campaigns;
use crate::http::uploads::Uploads;
use crate::storage::Db;
use crate::storage::cluster::Cluster;

/// Open sockets are spread over this long when they are told to come back, so that the next server is not stormed.
const COME_BACK_WITHIN: Duration = Duration::from_millis(1500);

/// How long the writers of read rows may take for what they have noted.
const FINISH_TASKS_WITHIN: Duration = Duration::from_secs(1);

/// Why a server could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The engine did not start.
    #[error("the engine did not start: {0}")]
    Engine(#[from] StartError),
    /// The database failed on the way.
    #[error("the database failed while starting: {0}")]
    Database(#[from] sqlx::Error),
    /// A file or socket.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A setting that only its user can check.
    #[error("{0}")]
    Setting(String),
}

/// People and their sessions without a server, for commands of the operator.
///
/// # Errors
/// See [`BuildError`].
pub async fn accounts_alone(settings: &Settings, clock: Arc<dyn Clock>, db: Db) -> Result<Accounts, BuildError> {
    parts::Identity::build(settings, &clock, &db).await.map(|identity| identity.accounts)
}

/// A server, ready to run.
pub struct App {
    address: SocketAddr,
    server: actix_server::Server,
    parts: Parts,
    /// What runs beside the requests.
    tasks: JoinSet<()>,
    stop_tasks: CancellationToken,
    cluster: Option<Cluster>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("address", &self.address).finish_non_exhaustive()
    }
}

impl App {
    /// Builds a server over an open database. The private cluster, where there is one, is stopped with the server. Must be
    /// called on a multi-threaded runtime that lives as long as the server.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub async fn build(
        settings: &Settings,
        listener: TcpListener,
        clock: Arc<dyn Clock>,
        (db, cluster): (Db, Option<Cluster>),
    ) -> Result<Self, BuildError> {
        raise_open_files();
        let address = listener.local_addr()?;
        let parts = Parts::build(settings, clock, db).await?;
        let (mut tasks, stop_tasks) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(parts.cards.clone().run(stop_tasks.clone()));
        tasks.spawn(parts.raffles.follower().run(stop_tasks.clone()));
        tasks.spawn(parts.campaigns.pool().cards().clone().run(stop_tasks.clone()));
        tasks.spawn(parts.chats.chats.clone().run(stop_tasks.clone()));
        tasks.spawn(parts.chores().run(stop_tasks.clone()));
        let imports = Importer::new(parts.library.knowledge.clone());
        tasks.spawn(parts.intakes.workers(vec![Arc::new(imports)]).run(stop_tasks.clone()));
        tasks.spawn(parts.library.knowledge.clone().follow(stop_tasks.clone()));
        tasks.spawn(parts.library.knowledge.clone().embed(stop_tasks.clone()));
        let server = server::start(listener, &settings.http, Arc::clone(&parts.live), parts.routes())?;
        Ok(Self { address, server, parts, tasks, stop_tasks, cluster })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// People and their sessions.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.parts.accounts
    }

    /// The auctions.
    #[must_use]
    pub fn auctions(&self) -> &Auctions {
        &self.parts.auctions
    }

    /// The alarm clocks.
    #[must_use]
    pub fn alarms(&self) -> &Alarms {
        &self.parts.alarms
    }

    /// What answers are taken from.
    #[must_use]
    pub fn knowledge(&self) -> &Knowledge {
        &self.parts.library.knowledge
    }

    /// What companies send.
    #[must_use]
    pub fn uploads(&self) -> &Uploads {
        &self.parts.intakes.uploads
    }

    /// The campaigns.
    #[must_use]
    pub fn campaigns(&self) -> &Campaigns {
        &self.parts.campaigns
    }

    /// The conversations.
    #[must_use]
    pub fn chats(&self) -> &Chats {
        &self.parts.chats.chats
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.parts.engine
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.parts.db
    }

    /// Serves until `shutdown` ends, then stops gracefully within 10 s: nobody new is let in, requests are answered, sockets
    /// are told to come back, commands are finished, the journal is flushed, states are saved, the database is stopped.
    ///
    /// # Errors
    /// When the HTTP server ends by itself.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self { server, parts, tasks, stop_tasks, cluster, .. } = self;
        let handle = server.handle();
        let mut serving = tokio::spawn(server);
        let ended = tokio::select! {
            () = shutdown => None,
            ended = &mut serving => Some(ended),
        };
        let began = Instant::now();
        parts.operations.stop();
        tokio::join!(handle.stop(true), parts.live.drain(COME_BACK_WITHIN));
        tracing::info!(after_ms = ms_since(began), "sockets and requests are gone");
        stop_tasks.cancel();
        // What is not written then is made good at the next start.
        if tokio::time::timeout(FINISH_TASKS_WITHIN, tasks.join_all()).await.is_err() {
            tracing::warn!("what runs beside the requests is cut short");
        }
        parts.engine.stop().await;
        parts.db.close().await;
        tracing::info!(after_ms = ms_since(began), "the engine is at rest");
        if let Some(cluster) = cluster
            && let Err(error) = tokio::task::spawn_blocking(move || cluster.stop()).await
        {
            tracing::error!(%error, "the database was not stopped");
        }
        tracing::info!(after_ms = ms_since(began), "stopped");
        match ended {
            None => Ok(()),
            Some(Ok(outcome)) => outcome.and(Err(io::Error::other("the HTTP server ended by itself"))),
            Some(Err(panic)) => Err(io::Error::other(panic)),
        }
    }
}

fn ms_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// As many open files as the system allows: each watcher is one.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(limit = ?limit.maximum, "the limit of open files is raised"),
        Err(error) => tracing::warn!(%error, limit = ?limit.current, "the limit of open files could not be raised"),
    }
}
