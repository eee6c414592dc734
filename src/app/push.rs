//! The keys for push, and the clients that use them.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;

use super::{BuildError, secret};
use crate::actors::kernel::clock::Clock;
use crate::clients::push::{Fcm, FcmSettings, Now, Push, ServiceAccount, VapidKey, WebPush, WebPushSettings};
use crate::config::{DatabaseSettings, PushSettings};

/// What can be pushed to, as it is set.
///
/// # Errors
/// A file that cannot be read or is not what it should be.
pub(super) fn build(settings: &PushSettings, database: &DatabaseSettings, clock: &Arc<dyn Clock>) -> Result<Push, BuildError> {
    let timeout = Duration::from_millis(settings.timeout_ms);
    let clock = Arc::clone(clock);
    let now: Now = Arc::new(move || clock.now());
    let fcm = if settings.fcm_credentials.as_os_str().is_empty() {
        None
    } else {
        let fcm = FcmSettings { url: settings.fcm_url.clone(), timeout };
        Some(Fcm::new(account(settings)?, &fcm, Arc::clone(&now)).map_err(|error| wrong("push.fcm_credentials", &error))?)
    };
    let web = if settings.web_push {
        let private = web_push_key(settings, database)?;
        let key = VapidKey::new(&private, &settings.contact).map_err(|error| wrong("push.web_push_key_file", &error))?;
        let web = WebPushSettings { hosts: settings.web_push_hosts.clone(), timeout };
        Some(WebPush::new(key, &web, now).map_err(|error| wrong("push", &error))?)
    } else {
        None
    };
    Ok(Push::new(fcm, web))
}

fn account(settings: &PushSettings) -> Result<ServiceAccount, BuildError> {
    let text = fs::read(&settings.fcm_credentials)
        .map_err(|error| io::Error::new(error.kind(), format!("push.fcm_credentials cannot be read: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| wrong("push.fcm_credentials", &error))
}

/// The private key in base64url: of one's own, else made at the first start and kept, since browsers subscribe with it.
fn web_push_key(settings: &PushSettings, database: &DatabaseSettings) -> Result<String, BuildError> {
    let own = &settings.web_push_key_file;
    if !own.as_os_str().is_empty() {
        let read = fs::read_to_string(own);
        return Ok(read.map_err(|error| io::Error::new(error.kind(), format!("push.web_push_key_file: {error}")))?);
    }
    let text = secret::read_or_make_file(&database.data_dir.join("push.key"), random_key)?;
    String::from_utf8(text).map_err(|error| wrong("push.key in data_dir", &error))
}

fn random_key() -> io::Result<Vec<u8>> {
    loop {
        let mut bytes = [0; 32];
        SysRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
        // All but a few of 2^256 numbers are keys.
        if let Some(key) = VapidKey::private_of(&bytes) {
            return Ok(key.into_bytes());
        }
    }
}

fn wrong(setting: &str, error: &dyn std::fmt::Display) -> BuildError {
    BuildError::Setting(format!("{setting} cannot be used: {error}"))
}
