//! Where things last: every table has one home. Postgres, and Redis for what may be lost.
//!
//! A table's SQL appears in one file only, whose first lines name its tables. First file to read: this one, which opens
//! the database; then `journal`.

pub mod accounts;
pub mod alarms;
pub mod api_keys;
pub mod artworks;
pub mod assistants;
pub mod attempts;
pub mod auctions;
pub mod audit;
pub mod cache;
pub mod campaigns;
pub mod chats;
pub mod cluster;
pub mod devices;
pub mod email_codes;
pub mod favourites;
pub mod jobs;
pub mod journal;
pub mod knowledge;
pub mod ledger;
pub mod outbox;
pub mod prompts;
pub mod quotas;
pub mod raffles;
pub mod search;
pub mod sessions;
pub mod shards;
pub mod timers;
pub mod uploads;

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use self::cluster::{Cluster, ClusterError, ClusterSettings, Durability};
use crate::config::DatabaseSettings;

/// The oldest server version whose SQL we use.
const OLDEST_SERVER: i32 = 150_000;
/// Connections of the private cluster beyond the pool: the engine's own, operators, a joining command, and a second server
/// that shares the cluster.
const SPARE_CONNECTIONS: u32 = 88;

/// The database: a pool of connections to a server that keeps what it commits. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
}

/// Why the database cannot be used. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The private cluster does not run.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// `database.url` is no Postgres address.
    #[error("database.url is not a Postgres address: {0}")]
    Address(#[source] sqlx::Error),
    /// It cannot be reached.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// It would lose or refuse what we commit.
    #[error("the database is not safe to serve from: {0}")]
    Unsafe(Unsafe),
    /// A migration failed.
    #[error("the database could not be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Why a database server must not be served from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// A setting without which an answered command could be lost.
    #[error("{setting} is off, so a crash could lose what was answered: set {setting} = on")]
    SettingOff {
        /// Its name.
        setting: &'static str,
    },
    /// A standby.
    #[error("it is in recovery (a standby): point database.url at the primary")]
    InRecovery,
    /// Its version.
    #[error("version {version} is too old: PostgreSQL 15 or newer is needed")]
    TooOld {
        /// As the server prints it.
        version: String,
    },
}

impl Db {
    /// Opens the database that the settings name: the one at `database.url`, else the private cluster, which is started
    /// (or joined, where another command of ours runs it already and `share` allows it). Migrates it and checks that it
    /// keeps what it commits. The cluster must outlive the pool.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(settings: &DatabaseSettings, share: Share) -> Result<(Self, Option<Cluster>), OpenError> {
        let (options, cluster) = if settings.url.is_empty() {
            let cluster = start_cluster(settings, share).await?;
            create_database(&cluster).await?;
            (cluster.connect_options(), Some(cluster))
        } else {
            (settings.url.parse::<PgConnectOptions>().map_err(OpenError::Address)?, None)
        };
        // A server's connections are opened here and now: they belong to the runtime that lives as long as the server, not to
        // the one of a request's thread. A short command opens the few that it needs.
        let at_once = match share {
            Share::Allowed => 0,
            Share::Refused => settings.pool,
        };
        let db = Self::connect_with(options, pool_options(settings).min_connections(at_once)).await?;
        db.check_safe().await?;
        db.migrate().await?;
        Ok((db, cluster))
    }

    /// Connects without migrating or checking anything.
    ///
    /// # Errors
    /// [`OpenError::Unreachable`].
    pub async fn connect(options: PgConnectOptions, settings: &DatabaseSettings) -> Result<Self, OpenError> {
        Self::connect_with(options, pool_options(settings)).await
    }

    async fn connect_with(options: PgConnectOptions, pool: PgPoolOptions) -> Result<Self, OpenError> {
        let pool = pool.connect_with(options.application_name("madang")).await.map_err(OpenError::Unreachable)?;
        Ok(Self { pool })
    }

    /// Brings the tables to this version of the program.
    ///
    /// # Errors
    /// [`OpenError::Migrate`].
    pub async fn migrate(&self) -> Result<(), OpenError> {
        sqlx::migrate!("./migrations").run(&self.pool).await?;
        Ok(())
    }

    /// The pool, for the files of this folder.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How to open another connection to the same database, for those that need one of their own.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        self.pool.connect_options().as_ref().clone()
    }

    /// Whether the database answers, for readiness.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("select 1").execute(&self.pool).await.map(drop)
    }

    /// Refuses a server that could lose an answered command.
    ///
    /// # Errors
    /// [`OpenError::Unsafe`] with the reason, or [`OpenError::Unreachable`].
    pub async fn check_safe(&self) -> Result<(), OpenError> {
        let (version, number, recovering): (String, i32, bool) = sqlx::query_as(
            "select current_setting('server_version'), current_setting('server_version_num')::int, pg_is_in_recovery()",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(OpenError::Unreachable)?;
        if number < OLDEST_SERVER {
            return Err(OpenError::Unsafe(Unsafe::TooOld { version }));
        }
        if recovering {
            return Err(OpenError::Unsafe(Unsafe::InRecovery));
        }
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let value: String = sqlx::query_scalar("select current_setting($1)")
                .bind(setting)
                .fetch_one(&self.pool)
                .await
                .map_err(OpenError::Unreachable)?;
            if value == "off" {
                return Err(OpenError::Unsafe(Unsafe::SettingOff { setting }));
            }
        }
        Ok(())
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn pool_options(settings: &DatabaseSettings) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(settings.pool).acquire_timeout(Duration::from_millis(settings.acquire_timeout_ms))
}

/// Whether a private cluster that another process of ours runs may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Yes: a short command beside a running server.
    Allowed,
    /// No: a server owns its database.
    Refused,
}

async fn start_cluster(settings: &DatabaseSettings, share: Share) -> Result<Cluster, OpenError> {
    let settings = ClusterSettings {
        data_dir: settings.data_dir.clone(),
        bin_dir: Some(settings.bin_dir.clone()).filter(|dir| !dir.as_os_str().is_empty()),
        shared_buffers: settings.shared_buffers.clone(),
        max_connections: settings.pool.saturating_add(SPARE_CONNECTIONS),
        durability: Durability::Full,
    };
    let start = move || match share {
        Share::Allowed => Cluster::start_or_join(&settings),
        Share::Refused => Cluster::start(&settings),
    };
    let started = tokio::task::spawn_blocking(start).await;
    let source =
        |error| ClusterError::Io { what: "the database was not started".to_owned(), source: std::io::Error::other(error) };
    Ok(started.map_err(source)??)
}

/// Our database in a fresh cluster. Already there is fine; so is somebody else creating it at this moment.
async fn create_database(cluster: &Cluster) -> Result<(), OpenError> {
    use sqlx::{ConnectOptions, Connection};
    let mut connection = cluster.maintenance_options().connect().await.map_err(OpenError::Unreachable)?;
    match sqlx::query("create database madang").execute(&mut connection).await {
        Ok(_) => {}
        Err(error) if already_exists(&error) => {}
        Err(error) => return Err(OpenError::Unreachable(error)),
    }
    connection.close().await.map_err(OpenError::Unreachable)
}

fn already_exists(error: &sqlx::Error) -> bool {
    const DUPLICATE_DATABASE: &str = "42P04";
    const UNIQUE_VIOLATION: &str = "23505";
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == DUPLICATE_DATABASE || code == UNIQUE_VIOLATION)
}
