//! `[chat]`: conversations, and what one person may use of them.

use serde::Deserialize;

use super::{BadSettings, at_least};

/// What becomes of an answer that nobody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unwatched {
    /// It is written to its end.
    Continue,
    /// It is stopped.
    Stop,
}

/// Conversations.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChatSettings {
    /// Questions that may wait behind one that is being answered; 0 refuses a second one.
    pub waiting: u32,
    /// What becomes of an answer that nobody watches.
    pub unwatched: Unwatched,
    /// After how long, in seconds.
    pub unwatched_s: u64,
    /// Answers that are written at the same time on this node.
    pub at_once: u32,
    /// Answers for one person at the same time.
    pub at_once_per_user: i32,
    /// Answers for one person on one day.
    pub messages_per_day: i32,
    /// Tokens of one person on one day.
    pub tokens_per_day: i64,
    /// For how many days questions of people who agreed are kept.
    pub prompts_days: u16,
}

impl ChatSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let least = |key: &str, value: i64| at_least(key, u64::try_from(value).unwrap_or(0), 1);
        if self.waiting > madang_domain::chat::MAX_WAITING {
            return Err(BadSettings::value("chat.waiting", "it must be at most 5"));
        }
        at_least("chat.unwatched_s", self.unwatched_s, 1)?;
        at_least("chat.at_once", u64::from(self.at_once), 1)?;
        least("chat.at_once_per_user", i64::from(self.at_once_per_user))?;
        least("chat.messages_per_day", i64::from(self.messages_per_day))?;
        if self.prompts_days > 365 {
            return Err(BadSettings::value("chat.prompts_days", "it must be at most 365"));
        }
        at_least("chat.prompts_days", u64::from(self.prompts_days), 1)?;
        least("chat.tokens_per_day", self.tokens_per_day)
    }
}
