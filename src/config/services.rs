//! `[redis]` and `[mail]`: the outside parts, each with an embedded stand-in that really works.

use serde::Deserialize;

use super::{BadSettings, at_least};

/// What several nodes share and may lose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RedisSettings {
    /// `redis://...`; empty keeps everything in this process.
    pub url: String,
    /// Before every key.
    pub prefix: String,
    /// How long one request may take, in ms.
    pub timeout_ms: u64,
}

impl RedisSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let schemes = ["redis://", "rediss://", "redis+unix://", "unix://"];
        if !self.url.is_empty() && !schemes.iter().any(|scheme| self.url.starts_with(scheme)) {
            return Err(BadSettings::value("redis.url", "it must begin with redis://, rediss:// or redis+unix://"));
        }
        at_least("redis.timeout_ms", self.timeout_ms, 1)
    }
}

/// How mails go out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MailSettings {
    /// `smtps://...`; empty keeps mails for the outbox page.
    pub smtp_url: String,
    /// The sender.
    pub from: String,
    /// Whether unsent mails can be read by everybody.
    pub outbox_page: bool,
}

impl MailSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        if !self.smtp_url.is_empty() && !self.smtp_url.starts_with("smtp") {
            return Err(BadSettings::value("mail.smtp_url", "it must begin with smtps:// or smtp://"));
        }
        Ok(())
    }
}
