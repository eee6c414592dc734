//! Points in time.

use chrono::{DateTime, SubsecRound, Utc};

/// A moment in UTC, in whole microseconds: what Postgres keeps, so that a replayed decision sees the very same time.
pub type Timestamp = DateTime<Utc>;

/// Cuts a moment to the microseconds that are kept.
#[must_use]
pub fn stored(at: Timestamp) -> Timestamp {
    at.trunc_subsecs(6)
}
