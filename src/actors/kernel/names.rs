//! The names of the engine's metrics: the dashboard and the alerts rely on them.

/// Living entities, by kind.
pub const ENTITY_LIVE: &str = "entity_live";
/// Activations, by kind and cause.
pub const ACTIVATIONS: &str = "entity_activations_total";
/// How many commands are on their way at an entity when one more comes.
pub const PERMITS_USED: &str = "mailbox_permits_used";
/// One turn of an entity.
pub const TURN: &str = "turn_seconds";
/// Commands on which the rules panicked, by kind.
pub const DECIDE_PANICS: &str = "decide_panics_total";
/// Entities whose memory was spoiled, by kind.
pub const APPLY_PANICS: &str = "apply_panics_total";
/// Entities that went to rest and whose past was told anew to compare, by kind.
pub const RETOLD: &str = "state_retold_total";
/// Those for whom something else came out, by kind: must stay 0.
pub const MISMATCH: &str = "state_mismatch_total";
/// Entities that rest after faults, by kind.
pub const QUARANTINED: &str = "quarantined";
/// Entities that ended and may come back, by kind and cause.
pub const RESTARTS: &str = "restart_total";
/// Decisions in one commit.
pub const BATCH_SIZE: &str = "journal_batch_size";
/// How long one commit took.
pub const COMMIT: &str = "journal_commit_seconds";
/// Items that wait for the writer.
pub const QUEUE_DEPTH: &str = "journal_queue_depth";
/// Commits refused because a shard has another owner.
pub const FENCE_LOST: &str = "fence_lost_total";
/// Commits refused because a sequence number or a command id exists: must stay 0.
pub const KEY_CONFLICT: &str = "key_conflict_total";
/// Commits of which nobody knows the outcome.
pub const UNKNOWN_OUTCOME: &str = "unknown_outcome_total";
/// Commits that a constraint refused, by its name.
pub const REJECTED: &str = "journal_rejected_total";
/// Shards that are ours.
pub const SHARDS_OWNED: &str = "shards_owned";
/// How much of our lease was left when it was renewed.
pub const LEASE_MARGIN: &str = "lease_margin_seconds";
/// Our clock minus the database's.
pub const CLOCK_SKEW: &str = "clock_skew_seconds";
/// How late deadlines fired.
pub const TIMER_LATENESS: &str = "timer_lateness_seconds";
/// Notices that reached a person's inbox, by type.
pub const NOTICES: &str = "notices_total";
/// The age of the oldest notice that was not handed over.
pub const OUTBOX_OLDEST: &str = "outbox_oldest_seconds";
/// Notices that were given up.
pub const OUTBOX_DEAD: &str = "outbox_dead_total";
/// From a letter to a resting entity until it is alive.
pub const RECOVERY: &str = "recovery_seconds";
/// Letters sent back because the entity had as many as it may.
pub const BUSY: &str = "entity_busy_total";
