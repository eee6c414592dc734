//! The database of a benchmark: a private Postgres in a throw-away folder that syncs every commit.

use std::path::Path;

use madang::config::DatabaseSettings;
use madang::storage::Db;
use madang::storage::cluster::{Cluster, ClusterSettings, Durability};
use sqlx::ConnectOptions;

/// Runs `work` on a fresh database with `pool` connections, on two threads; removes all of it afterwards.
pub fn on_a_database(pool: u32, work: impl AsyncFnOnce(Db)) {
    let folder = std::env::temp_dir().join(format!("madang-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let cluster = start(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut maintenance = cluster.maintenance_options().connect().await.unwrap();
        sqlx::query("create database bench").execute(&mut maintenance).await.unwrap();
        let options = cluster.connect_options().database("bench");
        let db = Db::connect(options, &DatabaseSettings { pool, ..DatabaseSettings::default() }).await.unwrap();
        db.migrate().await.unwrap();
        work(db).await;
    });
    drop(cluster);
    drop(std::fs::remove_dir_all(folder));
}

fn start(folder: &Path) -> Cluster {
    let settings = ClusterSettings {
        data_dir: folder.to_path_buf(),
        bin_dir: None,
        shared_buffers: "256MB".to_owned(),
        max_connections: 100,
        durability: Durability::Full,
    };
    Cluster::start(&settings).unwrap()
}
