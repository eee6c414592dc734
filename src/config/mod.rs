//! Settings: `config.toml` (embedded: the defaults), a file of your own, the environment; one struct per topic.
//!
//! Everybody may import a topic's struct; nothing here imports another part of the house. First file to read:
//! `config.toml` at the top of the repository.

pub mod auth;
pub mod chat;
pub mod database;
pub mod engine;
pub mod environment;
pub mod house;
pub mod http;
pub mod knowledge;
pub mod limits;
pub mod llm;
pub mod push;
pub mod realtime;
pub mod services;
mod sources;
pub mod uploads;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use auth::AuthSettings;
pub use chat::ChatSettings;
pub use database::DatabaseSettings;
pub use engine::EngineSettings;
pub use house::{DemoSettings, LedgerSettings, LogFormat, LogSettings};
pub use http::{HttpSettings, Network};
pub use knowledge::KnowledgeSettings;
pub use limits::LimitSettings;
pub use llm::LlmSettings;
pub use push::PushSettings;
pub use realtime::RealtimeSettings;
pub use services::{MailSettings, RedisSettings};
pub use sources::{Effective, Sources};
pub use uploads::{ObjectSettings, UploadSettings};

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Settings {
    /// Where and how the server listens.
    pub http: HttpSettings,
    /// Where everything that must last is kept.
    pub database: DatabaseSettings,
    /// What several nodes share and may lose.
    pub redis: RedisSettings,
    /// Sockets and what their watchers get.
    pub realtime: RealtimeSettings,
    /// How live things are kept.
    pub engine: EngineSettings,
    /// How long a sign-in lasts.
    pub auth: AuthSettings,
    /// How mails go out.
    pub mail: MailSettings,
    /// Where uploads and images are kept.
    pub objects: ObjectSettings,
    /// How many uploads are taken.
    pub uploads: UploadSettings,
    /// How articles are found, and how many are taken.
    pub knowledge: KnowledgeSettings,
    /// How devices are reached while no page is open.
    pub push: PushSettings,
    /// The language model that the coach speaks with.
    pub llm: LlmSettings,
    /// Conversations, and what one person may use of them.
    pub chat: ChatSettings,
    /// What is counted.
    pub ledger: LedgerSettings,
    /// How much one may ask for.
    pub limits: LimitSettings,
    /// What is written about the work.
    pub log: LogSettings,
    /// Something to look at for newcomers.
    pub demo: DemoSettings,
}

impl Settings {
    /// The defaults, overridden by a file, overridden by the process environment.
    ///
    /// # Errors
    /// One line that names the key.
    pub fn load(file: Option<&Path>) -> Result<Self, BadSettings> {
        Sources::of_process(file)?.settings()
    }

    fn check(&self) -> Result<(), BadSettings> {
        self.http.check()?;
        self.database.check()?;
        self.redis.check()?;
        self.realtime.check()?;
        self.engine.check()?;
        self.auth.check()?;
        self.mail.check()?;
        self.objects.check()?;
        self.uploads.check()?;
        self.knowledge.check()?;
        self.push.check()?;
        self.llm.check()?;
        self.chat.check()?;
        self.ledger.check()?;
        self.limits.check()?;
        self.log.check()?;
        self.check_demo()
    }

    /// A demo is for the machine that it runs on: everybody knows the passwords of its people, the admin's among them.
    ///
    /// # Errors
    /// Where it would listen to other machines and nobody said that it may.
    pub fn check_demo(&self) -> Result<(), BadSettings> {
        if !self.demo.enabled || self.demo.public || self.http.bind.ip().is_loopback() {
            return Ok(());
        }
        let reason = "other machines would reach a server whose passwords everybody knows: bind to 127.0.0.1, or allow it \
                      with demo.public (serve --demo-public)";
        Err(BadSettings::value("http.bind", reason))
    }
}

impl Default for Settings {
    /// The embedded defaults alone.
    fn default() -> Self {
        let embedded = Sources::new(None, BTreeMap::new()).and_then(|sources| sources.settings());
        #[expect(clippy::expect_used, reason = "config.toml is part of the binary, and a test reads it")]
        embedded.expect("the embedded config.toml is good")
    }
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Settings::default().database
    }
}

/// Settings that cannot be used. One line, which names the key; the command ends with exit code 64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// A key that does not exist.
    #[error("{source_name} sets {key:?}, which does not exist: did you mean {nearest:?}?")]
    UnknownKey {
        /// As it was written.
        key: String,
        /// The file, or the environment.
        source_name: String,
        /// The key that is written most like it.
        nearest: String,
    },
    /// A value of the wrong type or out of range.
    #[error("{key} is wrong: {reason}")]
    Value {
        /// The key.
        key: String,
        /// What it must be.
        reason: String,
    },
    /// The file cannot be read or is not TOML.
    #[error("{file} cannot be read: {reason}")]
    File {
        /// Its path.
        file: String,
        /// Why.
        reason: String,
    },
}

impl BadSettings {
    /// A value that will not do.
    pub fn value(key: &str, reason: impl Into<String>) -> Self {
        Self::Value { key: key.to_owned(), reason: reason.into() }
    }
}

fn at_least(key: &str, value: u64, least: u64) -> Result<(), BadSettings> {
    if value < least { Err(BadSettings::value(key, format!("it must be at least {least}"))) } else { Ok(()) }
}
