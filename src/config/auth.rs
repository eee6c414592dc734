//! `[auth]`: how long a sign-in lasts, and what signs it.

use std::path::PathBuf;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// How long a sign-in lasts, and what signs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuthSettings {
    /// How long an access token is good.
    pub access_minutes: u32,
    /// How long a refresh token is good, from its last use.
    pub refresh_days: u32,
    /// The key that signs tokens; empty is what `secret_file` says.
    pub secret: String,
    /// The file of the key; empty is `token.secret` in the data directory.
    pub secret_file: PathBuf,
    /// Keys of before: what they signed is still good.
    pub previous_secrets: Vec<String>,
    /// Files of keys of before.
    pub previous_secret_files: Vec<PathBuf>,
    /// Passwords hashed at the same time.
    pub hashes_at_once: usize,
}

impl AuthSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        at_least("auth.access_minutes", u64::from(self.access_minutes), 1)?;
        at_least("auth.refresh_days", u64::from(self.refresh_days), 1)?;
        at_least("auth.hashes_at_once", u64::try_from(self.hashes_at_once).unwrap_or(u64::MAX), 1)
    }
}
