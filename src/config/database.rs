//! `[database]`: where everything that must last is kept.

use std::path::PathBuf;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// Where everything that must last is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DatabaseSettings {
    /// `postgres://...` of a server of your own; empty runs a private one in `data_dir`.
    pub url: String,
    /// Our data directory: the private cluster, the token secret.
    pub data_dir: PathBuf,
    /// The folder of the Postgres binaries; empty searches for them.
    pub bin_dir: PathBuf,
    /// The private server's page cache.
    pub shared_buffers: String,
    /// Connections for requests; the journal writer has its own besides.
    pub pool: u32,
    /// How long a request may wait for a free connection, in ms.
    pub acquire_timeout_ms: u64,
}

impl DatabaseSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        if !self.url.is_empty() && !self.url.starts_with("postgres://") && !self.url.starts_with("postgresql://") {
            return Err(BadSettings::value("database.url", "it must begin with postgres://"));
        }
        let size = self.shared_buffers.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        if size.parse::<u32>().is_err() {
            return Err(BadSettings::value("database.shared_buffers", "it must be a size such as 256MB"));
        }
        at_least("database.pool", u64::from(self.pool), 2)?;
        at_least("database.acquire_timeout_ms", self.acquire_timeout_ms, 1)
    }
}
