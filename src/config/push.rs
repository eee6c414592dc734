//! `[push]`: how devices are reached while no page is open.

use std::path::PathBuf;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// How devices are reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PushSettings {
    /// The file of a Firebase service account; empty pushes to no phones.
    pub fcm_credentials: PathBuf,
    /// Where FCM is.
    pub fcm_url: String,
    /// Whether browsers are pushed to.
    pub web_push: bool,
    /// The private key for browsers; empty keeps one in the data directory.
    pub web_push_key_file: PathBuf,
    /// Hosts of browsers' push services.
    pub web_push_hosts: Vec<String>,
    /// Whom push services can write to.
    pub contact: String,
    /// How long a push service may take, in ms.
    pub timeout_ms: u64,
}

impl PushSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        if !["mailto:", "https:"].iter().any(|scheme| self.contact.starts_with(scheme)) {
            return Err(BadSettings::value("push.contact", "it must begin with mailto: or https:"));
        }
        if !["https://", "http://"].iter().any(|scheme| self.fcm_url.starts_with(scheme)) {
            return Err(BadSettings::value("push.fcm_url", "it must begin with https://"));
        }
        at_least("push.timeout_ms", self.timeout_ms, 1)
    }
}
