//! The private database cluster: start, stop, death of either side, refusals.

use std::fs;
use std::path::Path;

use madang::storage::cluster::{Cluster, ClusterError, ClusterSettings, Durability};
use madang::storage::{Db, OpenError, Unsafe};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions, Connection};

use crate::world;

fn settings(data_dir: &Path) -> ClusterSettings {
    ClusterSettings {
        data_dir: data_dir.to_owned(),
        bin_dir: None,
        shared_buffers: "16MB".to_owned(),
        max_connections: 20,
        durability: Durability::ThrowAway,
    }
}

fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

async fn count(cluster: &Cluster) -> i64 {
    let mut connection = cluster.maintenance_options().connect().await.unwrap();
    sqlx::query_scalar("select count(*) from kept").fetch_one(&mut connection).await.unwrap()
}

async fn keep_one(cluster: &Cluster) {
    let mut connection = cluster.maintenance_options().connect().await.unwrap();
    sqlx::raw_sql("create table if not exists kept (n int); insert into kept values (1)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_cluster_is_made_once_and_keeps_its_data() {
    let dir = world::fresh_dir("cluster");
    let cluster = Cluster::start(&settings(&dir)).unwrap();
    keep_one(&cluster).await;
    cluster.stop();
    assert!(!dir.join("pg/postmaster.pid").exists(), "a fast stop cleans up");
    assert!(!dir.join("pg.new").exists());
    let again = Cluster::start(&settings(&dir)).unwrap();
    assert_eq!(count(&again).await, 1);
}

#[tokio::test]
async fn only_we_may_enter_its_socket_and_nothing_listens_on_tcp() {
    use std::os::unix::fs::PermissionsExt;
    let dir = world::fresh_dir("cluster");
    let cluster = Cluster::start(&settings(&dir)).unwrap();
    assert_eq!(fs::metadata(dir.join("socket")).unwrap().permissions().mode() & 0o777, 0o700);
    let mut connection = cluster.maintenance_options().connect().await.unwrap();
    let (addresses, checksums): (String, String) =
        sqlx::query_as("select current_setting('listen_addresses'), current_setting('data_checksums')")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!((addresses.as_str(), checksums.as_str()), ("", "on"));
}

#[tokio::test]
async fn an_interrupted_first_start_leaves_nothing_in_the_way() {
    let dir = world::fresh_dir("cluster");
    fs::create_dir(dir.join("pg.new")).unwrap();
    fs::write(dir.join("pg.new/half"), "done").unwrap();
    let cluster = Cluster::start(&settings(&dir)).unwrap();
    keep_one(&cluster).await;
    assert!(!dir.join("pg/half").exists());
}

#[tokio::test]
async fn a_killed_server_is_started_again_with_its_data() {
    let dir = world::fresh_dir("cluster");
    let cluster = Cluster::start(&ClusterSettings { durability: Durability::Full, ..settings(&dir) }).unwrap();
    for round in 1..=3 {
        keep_one(&cluster).await;
        let before = cluster.pid().unwrap();
        kill(before, Signal::KILL);
        world::wait_for("a new server", || {
            let told = fs::read_to_string(dir.join("pg/postmaster.pid")).unwrap_or_default();
            let lines: Vec<&str> = told.lines().map(str::trim).collect();
            lines.get(7) == Some(&"ready") && lines[0] != before.to_string()
        });
        assert_eq!(count(&cluster).await, round);
    }
}

#[tokio::test]
async fn a_start_waits_for_a_dying_predecessor() {
    let dir = world::fresh_dir("cluster");
    let cluster = Cluster::start(&settings(&dir)).unwrap();
    keep_one(&cluster).await;
    let postmaster = cluster.pid().unwrap();
    // What is left when everything of ours was killed at once: the lock is free, the old server still runs and holds the
    // data, and only later hears that its parent is gone.
    let orphan = settings(&dir);
    let lock_free = world::fresh_dir("moved");
    fs::rename(dir.join("madang.lock"), lock_free.join("lock")).unwrap();
    let starting = std::thread::spawn(move || Cluster::start(&orphan));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(!starting.is_finished(), "it must wait");
    let stopping = std::thread::spawn(move || cluster.stop());
    let successor = starting.join().unwrap().unwrap();
    stopping.join().unwrap();
    assert_ne!(successor.pid().unwrap(), postmaster);
    assert_eq!(count(&successor).await, 1);
}

#[test]
fn one_data_directory_has_one_owner() {
    let dir = world::fresh_dir("cluster");
    let cluster = Cluster::start(&settings(&dir)).unwrap();
    assert!(matches!(Cluster::start(&settings(&dir)), Err(ClusterError::InUse { .. })));
    let joined = Cluster::start_or_join(&settings(&dir)).unwrap();
    assert_eq!(joined.pid(), None);
    joined.stop();
    assert!(cluster.pid().is_some(), "a guest's leaving stops nothing");
    cluster.stop();
    assert!(matches!(Cluster::join(&dir), Err(ClusterError::NotRunning { .. })));
}

#[test]
fn data_of_another_version_is_refused_with_the_upgrade_command() {
    let dir = world::fresh_dir("cluster");
    fs::create_dir(dir.join("pg")).unwrap();
    fs::write(dir.join("pg/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(&settings(&dir)).unwrap_err();
    assert!(matches!(error, ClusterError::OtherVersion { found: 9, .. }), "{error}");
    assert!(error.to_string().contains("pg_upgrade"), "{error}");
}

#[test]
fn missing_programs_are_one_line() {
    let dir = world::fresh_dir("cluster");
    let none = world::fresh_dir("bin");
    let error = Cluster::start(&ClusterSettings { bin_dir: Some(none), ..settings(&dir) }).unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
}

#[test]
fn a_deep_data_directory_works() {
    let deep = world::fresh_dir("cluster").join("deep/".repeat(24));
    let cluster = Cluster::start(&settings(&deep)).unwrap();
    assert!(cluster.pid().is_some());
}

#[test]
fn root_gets_by_without_the_postgres_user_in_a_closed_home() {
    use std::os::unix::fs::PermissionsExt;
    if !rustix::process::geteuid().is_root() || !user_namespaces_work() {
        return;
    }
    let home = world::fresh_dir("home");
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let data = home.join("data");
    for _ in 0..2 {
        let cluster = Cluster::start(&settings(&data)).unwrap();
        assert!(cluster.pid().is_some());
    }
}

fn user_namespaces_work() -> bool {
    let status = std::process::Command::new("unshare").args(["--user", "--map-user", "65534", "true"]).status();
    status.is_ok_and(|status| status.success())
}

#[tokio::test]
async fn a_server_that_could_lose_commits_is_refused_with_the_reason() {
    let db = world::database().await;
    match db.check_safe().await {
        Err(OpenError::Unsafe(reason @ Unsafe::SettingOff { setting: "fsync" })) => {
            assert!(reason.to_string().contains("fsync is off"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let safe = Cluster::start(&ClusterSettings { durability: Durability::Full, ..settings(&world::fresh_dir("cluster")) });
    let safe = safe.unwrap();
    let pool = madang::config::DatabaseSettings::default();
    Db::connect(safe.maintenance_options(), &pool).await.unwrap().check_safe().await.unwrap();
    let careless = safe.maintenance_options().options([("synchronous_commit", "off")]);
    let careless = Db::connect(careless, &pool).await.unwrap().check_safe().await;
    assert!(matches!(careless, Err(OpenError::Unsafe(Unsafe::SettingOff { setting: "synchronous_commit" }))), "{careless:?}");
}

#[tokio::test]
async fn every_test_has_a_database_of_its_own() {
    let (one, other) = (world::database().await, world::database().await);
    sqlx::query("create table mine (n int)").execute(one.pool()).await.unwrap();
    let seen: Option<String> = sqlx::query_scalar("select to_regclass('mine')::text").fetch_one(other.pool()).await.unwrap();
    assert_eq!(seen, None);
}

#[tokio::test]
async fn redis_runs_for_the_tests() {
    let client = redis::Client::open(world::redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let pong: String = redis::cmd("PING").query_async(&mut connection).await.unwrap();
    assert_eq!(pong, "PONG");
}
