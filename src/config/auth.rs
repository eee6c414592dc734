//! `[auth]`: how long a sign-in lasts, and what signs it.

use std::path::PathBuf;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// How long a sign-in lasts, and what signs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuthSettings {
    /// How long an access token is good.
    pub access_minutes: u32,
    /// The key that signs tokens; empty is `token.secret` in the data directory.
    pub secret_file: PathBuf,
    /// Passwords hashed at the same time.
    pub hashes_at_once: usize,
}

impl AuthSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        at_least("auth.access_minutes", u64::from(self.access_minutes), 1)?;
        at_least("auth.hashes_at_once", u64::try_from(self.hashes_at_once).unwrap_or(u64::MAX), 1)
    }
}
