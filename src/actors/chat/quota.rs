//! What one person may use: answers and tokens on a day, answers at a time.
//!
//! Before an answer the most that it can cost is reserved; when it is over, what it did cost is counted instead. The table
//! is the judge (`storage/quotas.rs`), so nobody gets past a limit by asking twice at once.

use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use madang_domain::code::Code;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::unavailable;
use crate::actors::ask::Denied;
use crate::actors::kernel::clock::Clock;
use crate::storage::quotas::{self, Most, Reserved, Used, Wanted};

/// Days begin at midnight in Korea, all year nine hours before UTC.
const OFFSET: Duration = Duration::hours(9);
/// What was reserved so long ago and never settled belongs to a question that was not taken, or to an answer whose end was
/// lost.
const LOST_AFTER: Duration = Duration::hours(1);

/// What a person has used, and may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// So far on this day.
    pub used: Used,
    /// At most.
    pub most: Most,
    /// When the next day begins.
    pub resets_at: Timestamp,
    /// In how many seconds that is, at least one.
    pub resets_in_s: i64,
}

impl Standing {
    /// Answers that are left.
    #[must_use]
    pub fn messages_left(&self) -> i32 {
        self.most.messages.saturating_sub(self.used.messages).max(0)
    }

    /// Tokens that are left.
    #[must_use]
    pub fn tokens_left(&self) -> i64 {
        self.most.tokens.saturating_sub(self.used.used).saturating_sub(self.used.reserved).max(0)
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Quotas {
    db: PgPool,
    clock: Arc<dyn Clock>,
    most: Most,
}

impl std::fmt::Debug for Quotas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quotas").field("most", &self.most).finish_non_exhaustive()
    }
}

/// The day that a moment is on, and when the next one begins.
fn day_of(at: Timestamp) -> (NaiveDate, Timestamp) {
    let local = at.naive_utc() + OFFSET;
    let next = local.date().succ_opt().unwrap_or(local.date()).and_time(chrono::NaiveTime::MIN) - OFFSET;
    (local.date(), next.and_utc())
}

impl Quotas {
    /// Over this database, with these limits.
    #[must_use]
    pub fn new(db: PgPool, clock: Arc<dyn Clock>, most: Most) -> Self {
        Self { db, clock, most }
    }

    fn standing(&self, used: Used, now: Timestamp) -> Standing {
        let (_, resets_at) = day_of(now);
        Standing { used, most: self.most, resets_at, resets_in_s: (resets_at - now).num_seconds().max(1) }
    }

    /// What a person has used on this day.
    ///
    /// # Errors
    /// `engine.busy` when the database does not answer.
    pub async fn look(&self, user: UserId) -> Result<Standing, Denied> {
        let now = self.clock.now();
        let used = quotas::used(&self.db, user, day_of(now).0).await.map_err(|error| unavailable(&error))?;
        Ok(self.standing(used, now))
    }

    /// Reserves tokens for one answer under an id. `None`: it was reserved before under the same id.
    ///
    /// # Errors
    /// `chat.messages_spent`, `chat.tokens_spent` or `chat.too_many_at_once` with what is used, or `engine.busy`.
    pub async fn reserve(&self, user: UserId, id: Uuid, tokens: u32) -> Result<Option<Standing>, Denied> {
        let now = self.clock.now();
        let wanted = Wanted { id, user, day: day_of(now).0, tokens: i64::from(tokens), at: now };
        match quotas::reserve(&self.db, &wanted, self.most).await.map_err(|error| unavailable(&error))? {
            Reserved::Fresh(used) => Ok(Some(self.standing(used, now))),
            Reserved::Before => Ok(None),
            Reserved::Refused(used) => Err(refusal(&self.standing(used, now))),
        }
    }

    /// What was reserved comes to nothing, and does not count as asked.
    pub async fn give_back(&self, id: Uuid) {
        if let Err(error) = quotas::settle(&self.db, id, 0, false).await {
            tracing::warn!(%error, "a reservation could not be given back now; the sweep will");
        }
    }

    /// An answer is over and cost so much. May be repeated.
    ///
    /// # Errors
    /// The database's.
    pub async fn settle(&self, id: Uuid, tokens: u32) -> Result<(), sqlx::Error> {
        quotas::settle(&self.db, id, i64::from(tokens), true).await
    }

    /// Gives back what nobody settled.
    pub async fn sweep(&self) {
        match quotas::sweep(&self.db, self.clock.now() - LOST_AFTER).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "reservations of answers that never were are given back"),
            Err(error) => tracing::warn!(%error, "old reservations could not be looked for"),
        }
    }
}

fn refusal(standing: &Standing) -> Denied {
    let (used, most) = (standing.used, standing.most);
    let code = if used.messages >= most.messages {
        Code::ChatMessagesSpent
    } else if used.running >= most.running {
        Code::ChatTooManyAtOnce
    } else {
        Code::ChatTokensSpent
    };
    metrics::counter!("chat_quota_refusals_total", "code" => code.name()).increment(1);
    let retry_after = if code == Code::ChatTooManyAtOnce { 5 } else { standing.resets_in_s };
    let detail = json!({
        "messages_limit": most.messages,
        "messages_remaining": standing.messages_left(),
        "tokens_limit": most.tokens,
        "tokens_remaining": standing.tokens_left(),
        "resets_at": standing.resets_at,
        "resets_in_s": standing.resets_in_s,
        "retry_after": retry_after,
    });
    Denied::Refused { code, message: code.sentence().to_owned(), detail, seq: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_in_korea() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (day, next) = day_of(at("2026-11-21T14:59:59Z"));
        assert_eq!((day.to_string().as_str(), next), ("2026-11-21", at("2026-11-21T15:00:00Z")));
        let (day, next) = day_of(at("2026-11-21T15:00:00Z"));
        assert_eq!((day.to_string().as_str(), next), ("2026-11-22", at("2026-11-22T15:00:00Z")));
    }
}
