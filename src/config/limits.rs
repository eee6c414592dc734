//! `[limits]`: how much one person, address or socket may ask for.

use serde::Deserialize;

use super::{BadSettings, at_least};

/// How much one person, address or socket may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LimitSettings {
    /// Commands per second of one socket.
    pub commands_per_second: u32,
    /// Commands at once after a quiet time.
    pub commands_burst: u32,
    /// Open sockets of one person.
    pub sockets_per_user: u32,
    /// Open sockets from one address.
    pub sockets_per_address: u32,
    /// Requests per minute of one address.
    pub requests_per_address: u32,
    /// Requests per minute of one signed-in person.
    pub requests_per_user: u32,
    /// Attempts per minute of one address to sign in, sign up or ask for a code.
    pub sign_ins_per_address: u32,
    /// Whether clients of this machine are free of the limits by address.
    pub exempt_loopback: bool,
}

impl LimitSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let all = [
            ("limits.commands_per_second", self.commands_per_second),
            ("limits.commands_burst", self.commands_burst),
            ("limits.sockets_per_user", self.sockets_per_user),
            ("limits.sockets_per_address", self.sockets_per_address),
            ("limits.requests_per_address", self.requests_per_address),
            ("limits.requests_per_user", self.requests_per_user),
            ("limits.sign_ins_per_address", self.sign_ins_per_address),
        ];
        all.into_iter().try_for_each(|(key, value)| at_least(key, u64::from(value), 1))
    }
}
