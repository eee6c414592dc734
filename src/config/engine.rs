//! `[engine]`: how live things are kept.

use serde::Deserialize;

use super::{BadSettings, at_least};

/// How live things are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EngineSettings {
    /// Live things of one kind in memory at most.
    pub max_active: usize,
    /// How long one without commands stays, in s.
    pub idle_s: u64,
    /// Commands of one that may wait.
    pub permits: u32,
    /// Events between two saved states.
    pub snapshot_every: u32,
    /// Loads at the same time.
    pub loads: usize,
    /// How long a stop may take, in ms.
    pub stop_grace_ms: u64,
}

impl EngineSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
        at_least("engine.max_active", count(self.max_active), 1)?;
        at_least("engine.idle_s", self.idle_s, 1)?;
        at_least("engine.permits", u64::from(self.permits), 1)?;
        at_least("engine.snapshot_every", u64::from(self.snapshot_every), 1)?;
        at_least("engine.loads", count(self.loads), 1)?;
        at_least("engine.stop_grace_ms", self.stop_grace_ms, 100)
    }
}
