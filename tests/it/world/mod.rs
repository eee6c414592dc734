//! The world of the tests: a database cluster and a Redis of this test run's own, started on first use, gone with the
//! process (the kernel stops them when it ends, however it ends).
//!
//! [`database`] gives every test a fresh, migrated database (about 50 ms); [`redis_url`] a Redis shared by the tests of
//! this process, so choose a key prefix of your own ([`unique`]).

mod nanny;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use madang::config::DatabaseSettings;
use madang::storage::Db;
use madang::storage::cluster::{Cluster, ClusterSettings, Durability};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

pub use nanny::child;

/// Nothing in a test takes this long, however busy the machine is: a test waits for what happens, with this bound.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A fresh migrated database on the run's cluster, with a pool of the calling test's runtime.
pub async fn database() -> Db {
    connect(empty_copy("template_madang").await).await
}

/// The same database for the next server. Connections that the last one's threads opened ended with those threads.
pub async fn reconnect(db: Db) -> Db {
    let options = db.connect_options();
    db.close().await;
    connect(options).await
}

async fn connect(options: PgConnectOptions) -> Db {
    Db::connect(options, &DatabaseSettings { pool: 8, ..DatabaseSettings::default() }).await.unwrap()
}

/// The address of a fresh migrated database, for servers that are started as a process or open it themselves.
pub async fn database_options() -> PgConnectOptions {
    empty_copy("template_madang").await
}

/// A name that no other test of this machine uses now.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// An empty folder of this test run, which the next run removes. Other users of the machine can enter it, as the
/// database's user must when the tests run as root.
pub fn fresh_dir(prefix: &str) -> PathBuf {
    let dir = run_dir().join(unique(prefix));
    fs::create_dir(&dir).unwrap();
    dir
}

/// `redis+unix://...` of the run's Redis.
pub fn redis_url() -> String {
    static SOCKET: OnceLock<PathBuf> = OnceLock::new();
    let socket = SOCKET.get_or_init(|| start_redis(&run_dir().join("redis")).1);
    format!("redis+unix://{}", socket.display())
}

/// A Redis of the test's own, to be stopped while the test looks on. Gives its process id and its url.
pub fn own_redis() -> (u32, String) {
    let (pid, socket) = start_redis(&fresh_dir("redis"));
    (pid, format!("redis+unix://{}", socket.display()))
}

fn start_redis(dir: &Path) -> (u32, PathBuf) {
    fs::create_dir_all(dir).unwrap();
    let socket = dir.join("s");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "redis-server", "--port", "0", "--save", "", "--appendonly", "no"]);
    command.arg("--unixsocket").arg(&socket).arg("--dir").arg(dir).arg("--logfile").arg(dir.join("log"));
    let pid = nanny::spawn(command);
    wait_for("redis to listen", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    (pid, socket)
}

async fn empty_copy(template: &str) -> PgConnectOptions {
    let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
    let name = unique("test");
    let mut connection = cluster.maintenance_options().connect().await.unwrap();
    let create = format!("create database {name} template {template}");
    sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    cluster.connect_options().database(&name)
}

/// The run's cluster, with the template database in it. Blocks on first use.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let cluster = Cluster::start(&ClusterSettings {
            data_dir: run_dir().join("database"),
            bin_dir: None,
            shared_buffers: "128MB".to_owned(),
            max_connections: 400,
            durability: Durability::ThrowAway,
        });
        let cluster = cluster.expect("the cluster of the tests starts");
        let (maintenance, template) = (cluster.maintenance_options(), cluster.connect_options().database("template_madang"));
        // A runtime of its own, on a thread of its own: the caller may be on a runtime already.
        let make = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = maintenance.connect().await.unwrap();
                sqlx::query("create database template_madang").execute(&mut connection).await.unwrap();
                let db = Db::connect(template, &DatabaseSettings::default()).await.unwrap();
                db.migrate().await.unwrap();
                db.close().await;
            });
        };
        std::thread::spawn(make).join().unwrap();
        cluster
    })
}

/// This run's folder. Folders of runs that are over are removed on the way.
fn run_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        const PREFIX: &str = "madang-it-";
        let temp = std::env::temp_dir();
        for entry in fs::read_dir(&temp).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(pid) = name.strip_prefix(PREFIX) else { continue };
            if !Path::new("/proc").join(pid).exists() {
                // Another run may be removing it too.
                drop(fs::remove_dir_all(entry.path()));
            }
        }
        let dir = temp.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    })
}

/// Looks again and again until something outside this process has happened.
pub fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let give_up_at = Instant::now() + Duration::from_secs(60);
    while !happened() {
        assert!(Instant::now() < give_up_at, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
