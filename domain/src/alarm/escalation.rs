//! How an alarm insists. The figures follow what alarm apps that people rely on do: a backup about twenty minutes after a
//! ring that nobody reacted to, a bounded number of times; a wake-up check some minutes after the alarm was stopped.

use chrono::TimeDelta;

/// Without any reaction it rings again after so long.
pub const BACKUP_AFTER: TimeDelta = TimeDelta::minutes(20);
/// It does so at most so often; then the alarm is missed.
pub const BACKUPS: u8 = 3;
/// The wake-up check must be answered within this.
pub const CHECK_ANSWER_WITHIN: TimeDelta = TimeDelta::seconds(120);
/// A session asks at most so often whether the person is up.
pub const CHECKS: u8 = 2;
/// An alarm that is so late, because the server was away, does not ring any more.
pub const TOO_LATE: TimeDelta = TimeDelta::minutes(60);
/// So long before a ring a person is warned that their phone does not know the plan: before bedtime.
pub const WARN_BEFORE: TimeDelta = TimeDelta::hours(10);
