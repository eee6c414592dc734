//! What can be set about the engine.

use std::time::Duration;

use super::desk::Limits;
use super::keeper::Habits;

/// The engine's settings. The defaults are right for one machine.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// This node's name in the cluster: the same after a restart, different on every machine.
    pub node: String,
    /// Where other nodes would reach this one; shown to operators.
    pub addr: String,
    /// Threads for entities; one less than the cores, at least one.
    pub threads: usize,
    /// Commands on their way at one entity before it is `busy`.
    pub permits: u32,
    /// How much goes into one commit.
    pub batch: Limits,
    /// Snapshots and memory of ids.
    pub habits: Habits,
    /// Of so many entities that go to rest, the past of one is read again and compared with its memory; 0: never.
    pub retold: u64,
    /// An entity without letters for so long goes to rest.
    pub idle: Duration,
    /// More living entities of a kind than this: the longest unused go to rest.
    pub live: usize,
    /// Entities brought to life at once.
    pub loads: usize,
    /// A node not seen for so long has lost its shards.
    pub lease: Duration,
    /// How often we say that we live.
    pub beat: Duration,
    /// How often we look for shards to take.
    pub claim: Duration,
    /// A commit that takes longer has an unknown outcome.
    pub commit_timeout: Duration,
    /// Commands decided while the database is away wait so long before they are `busy`.
    pub patience: Duration,
    /// The database connections for everything but commits.
    pub connections: u32,
    /// Faults of one entity within [`EngineSettings::fault_window`] before it is quarantined.
    pub faults: usize,
    /// See [`EngineSettings::faults`].
    pub fault_window: Duration,
    /// The first and the longest quarantine; each doubles the one before.
    pub quarantine: (Duration, Duration),
    /// Our clock may differ so much from the database's before we take no shards.
    pub skew: Duration,
    /// The whole of a graceful stop.
    pub stop: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Self {
            node: "madang".to_owned(),
            addr: String::new(),
            threads: cores.saturating_sub(1).max(1),
            permits: 256,
            batch: Limits::default(),
            habits: Habits::default(),
            retold: 32,
            idle: Duration::from_secs(120),
            live: 100_000,
            loads: 256,
            lease: Duration::from_secs(5),
            beat: Duration::from_millis(1500),
            claim: Duration::from_millis(500),
            commit_timeout: Duration::from_secs(10),
            patience: Duration::from_secs(5),
            connections: 8,
            faults: 5,
            fault_window: Duration::from_secs(60),
            quarantine: (Duration::from_secs(1), Duration::from_secs(300)),
            skew: Duration::from_millis(500),
            stop: Duration::from_secs(9),
        }
    }
}
