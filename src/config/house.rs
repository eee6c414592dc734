//! `[ledger]`, `[log]` and `[demo]`: the house's own habits.

use std::path::PathBuf;

use madang_domain::money::Currency;
use serde::Deserialize;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::BadSettings;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LedgerSettings {
    /// The currencies in which accounts are kept.
    pub currencies: Vec<Currency>,
}

impl LedgerSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        if self.currencies.is_empty() {
            return Err(BadSettings::value("ledger.currencies", "at least one is needed"));
        }
        if !self.currencies.iter().all(|currency| currency.is_cash()) {
            return Err(BadSettings::value("ledger.currencies", "PTS and STM are points and stamps, not money"));
        }
        Ok(())
    }
}

/// What is written about the work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogSettings {
    /// The least severe level that is written; also by module.
    pub level: String,
    /// For whom.
    pub format: LogFormat,
}

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl LogSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        // A bare word that is no level would be read as the name of a module, at full detail.
        let is_level = |part: &str| part.rsplit('=').next().is_some_and(|level| level.parse::<LevelFilter>().is_ok());
        if self.level.split(',').all(is_level) && self.level.parse::<Targets>().is_ok() {
            return Ok(());
        }
        Err(BadSettings::value("log.level", "it must be error, warn, info, debug or trace, also by module"))
    }
}

/// Something to look at for newcomers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DemoSettings {
    /// Whether an empty database is filled.
    pub enabled: bool,
    /// Whether the demo, whose passwords everybody knows, may be open to other machines.
    pub public: bool,
    /// A CSV file of artworks; empty uses the built-in ones.
    pub artworks: PathBuf,
}
