//! The embedded database: a private Postgres of our own, run from the machine's binaries as a child process.
//!
//! It lives in the data directory, listens on one unix socket in a directory that only we may enter (which is what makes
//! `trust` acceptable), and never outlives us: it is told to stop by us, or by the kernel when we die. Whoever holds the
//! lock file owns it; other commands of the same machine may [`Cluster::join`] a running one.
//!
//! [`binaries`] finds Postgres, [`identity`] decides as whom it runs, [`layout`] knows the files, [`process`] keeps it alive.

mod binaries;
mod identity;
mod layout;
mod process;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;

use self::binaries::Binaries;
use self::identity::RunAs;
use self::layout::Layout;
use self::process::{Launch, Process};

/// The database superuser of the private cluster, and the name of our database in it.
const NAME: &str = "madang";

/// How much a crash of the machine may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed: every commit waits for the disk.
    Full,
    /// Everything. For the throw-away cluster of a test run only; a server refuses to serve on it.
    ThrowAway,
}

/// Where and how the private cluster runs.
#[derive(Debug, Clone)]
pub struct ClusterSettings {
    /// The server's data directory; the cluster is its folder `pg`. Made when missing.
    pub data_dir: PathBuf,
    /// The folder of the Postgres binaries, where they should not be searched for.
    pub bin_dir: Option<PathBuf>,
    /// Postgres' own page cache, such as `256MB`.
    pub shared_buffers: String,
    /// How many connections it allows.
    pub max_connections: u32,
    /// What a crash of the machine may cost.
    pub durability: Durability,
}

/// Why the private cluster cannot run. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No server binaries on this machine.
    #[error("PostgreSQL is not installed: run `{install}`, or set database.url to a server of your own")]
    NotInstalled {
        /// The command that installs them here.
        install: String,
    },
    /// The data was written by another major version.
    #[error(
        "{data} was written by PostgreSQL {found}, but {installed} is installed: install {found}, or upgrade with `{upgrade}`"
    )]
    OtherVersion {
        /// The cluster's folder.
        data: PathBuf,
        /// The version that wrote it.
        found: u32,
        /// The version that we would run.
        installed: u32,
        /// The upgrade command.
        upgrade: String,
    },
    /// Another process of ours owns the data directory.
    #[error("{data_dir} is in use by another madang: stop it, or choose another database.data_dir")]
    InUse {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// The cluster belongs to another user of the machine.
    #[error("{data} belongs to user {owner}: run as that user, or choose another database.data_dir")]
    OtherOwner {
        /// The cluster's folder.
        data: PathBuf,
        /// The owner's uid.
        owner: u32,
    },
    /// Nothing runs there that could be joined.
    #[error("no database runs in {data_dir}: start `madang serve` first")]
    NotRunning {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// `initdb` failed.
    #[error("the database could not be created: {reason}")]
    Init {
        /// What it said.
        reason: String,
    },
    /// The server did not become ready.
    #[error("the database did not start: {reason} (see {log})")]
    Start {
        /// What it said last.
        reason: String,
        /// Its log file.
        log: PathBuf,
    },
    /// The file system said no.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
}

impl ClusterError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// A running private cluster. Dropping the owner's value stops it.
#[derive(Debug)]
pub struct Cluster {
    socket_dir: PathBuf,
    owned: Option<Owned>,
}

#[derive(Debug)]
struct Owned {
    process: Process,
    /// Held for as long as the cluster is ours.
    _lock: File,
}

impl Cluster {
    /// Makes the cluster if there is none, starts it and waits until it takes connections: about 1 s the first time, 0.1 s
    /// later, up to 20 s while a predecessor is still dying. Blocks: not for a thread of the runtime.
    ///
    /// # Errors
    /// See [`ClusterError`].
    pub fn start(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let layout = Layout::prepare(&settings.data_dir)?;
        let lock = layout.lock()?;
        let found = layout.version()?;
        let binaries = Binaries::find(settings.bin_dir.as_deref(), found)?;
        if let Some(found) = found
            && found != binaries.major
        {
            return Err(other_version(&layout, found, &binaries));
        }
        let run_as = RunAs::choose(&layout)?;
        layout.prepare_socket_dir(&run_as)?;
        if found.is_none() {
            initialise(&layout, &binaries, &run_as, settings)?;
        }
        let launch = Launch { binaries, run_as, layout: layout.clone(), settings: settings.clone() };
        let process = Process::start(launch)?;
        tracing::info!(data = %layout.cluster().display(), pid = process.pid(), "the embedded database is ready");
        Ok(Self { socket_dir: layout.socket_dir(), owned: Some(Owned { process, _lock: lock }) })
    }

    /// Uses the cluster that another process of ours keeps running in this data directory.
    ///
    /// # Errors
    /// [`ClusterError::NotRunning`] when none does.
    pub fn join(data_dir: &Path) -> Result<Self, ClusterError> {
        let layout = Layout::prepare(data_dir)?;
        if !layout.is_ready(None) {
            return Err(ClusterError::NotRunning { data_dir: data_dir.to_owned() });
        }
        Ok(Self { socket_dir: layout.socket_dir(), owned: None })
    }

    /// Starts the cluster, or joins it where another process of ours already runs it.
    ///
    /// # Errors
    /// See [`ClusterError`].
    pub fn start_or_join(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        match Self::start(settings) {
            Err(ClusterError::InUse { .. }) => Self::join(&settings.data_dir),
            outcome => outcome,
        }
    }

    /// How to connect to our database in it.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        self.options_for(NAME)
    }

    /// How to connect to the database that every cluster has, to create ours.
    #[must_use]
    pub fn maintenance_options(&self) -> PgConnectOptions {
        self.options_for("postgres")
    }

    fn options_for(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.socket_dir).port(layout::PORT).username(NAME).database(database)
    }

    /// The server's process id while it runs; `None` for one that was joined, or between a crash and its restart.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.owned.as_ref().and_then(|owned| owned.process.pid())
    }

    /// Stops the server fast (connections are ended, everything is on disk), normally within 0.1 s. Blocks. Does nothing
    /// for a joined one.
    pub fn stop(mut self) {
        self.owned.take();
    }
}

fn other_version(layout: &Layout, found: u32, binaries: &Binaries) -> ClusterError {
    let data = layout.cluster();
    let upgrade = format!(
        "{}/pg_upgrade -b <folder of the {found} binaries> -B {} -d {} -D {}.upgraded",
        binaries.dir.display(),
        binaries.dir.display(),
        data.display(),
        data.display(),
    );
    ClusterError::OtherVersion { data, found, installed: binaries.major, upgrade }
}

/// Makes a cluster beside its final place and then renames it: an interrupted first start leaves nothing half done.
fn initialise(layout: &Layout, binaries: &Binaries, run_as: &RunAs, settings: &ClusterSettings) -> Result<(), ClusterError> {
    let fresh = layout.fresh_cluster(run_as)?;
    let mut command = run_as.command(binaries.program("initdb"));
    command.arg("-D").arg(&fresh).args(["-U", NAME, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]);
    if settings.durability == Durability::ThrowAway {
        command.arg("--no-sync");
    }
    command.current_dir(layout.data_dir()).env("LC_ALL", "C.UTF-8");
    let output = command.output().map_err(ClusterError::io("initdb could not be run"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = said.lines().map(str::trim).rfind(|line| line.contains("error:") || line.starts_with("initdb:"));
        let reason = reason.unwrap_or("initdb failed without a word");
        return Err(ClusterError::Init { reason: reason.to_owned() });
    }
    layout.adopt(&fresh)
}
