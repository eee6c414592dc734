//! `[realtime]`: sockets and what their watchers get.

use serde::Deserialize;

use super::http::half_the_cores;
use super::{BadSettings, at_least};

/// Sockets and what their watchers get.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RealtimeSettings {
    /// Hub threads; 0 is half of the cores.
    pub hubs: usize,
    /// How often a quiet connection is pinged, in s.
    pub ping_s: u64,
    /// How long it may take to answer, in s.
    pub pong_s: u64,
    /// How long a new connection may take to send its first command, in s.
    pub handshake_s: u64,
    /// The largest frame of a client.
    pub max_frame_bytes: usize,
    /// Subscriptions of one connection.
    pub subscriptions: usize,
    /// Commands of one connection that may wait for an answer.
    pub in_flight: u16,
    /// Bytes that may wait for a watcher that does not read.
    pub queue_bytes: usize,
    /// How long a full connection may take no byte, in s.
    pub stall_s: u64,
    /// Publications of each channel in memory.
    pub ring: usize,
    /// How long a channel without watchers keeps them, in s.
    pub ring_idle_s: u64,
    /// Publications that a returning watcher may be given.
    pub recover_reach: usize,
    /// Whether any channel name may be used by anybody (development).
    pub open_channels: bool,
}

impl RealtimeSettings {
    /// How many threads write to sockets.
    #[must_use]
    pub fn hub_count(&self) -> usize {
        if self.hubs == 0 { half_the_cores() } else { self.hubs }
    }

    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let size = |bytes| u64::try_from(bytes).unwrap_or(u64::MAX);
        at_least("realtime.ping_s", self.ping_s, 1)?;
        at_least("realtime.pong_s", self.pong_s, 1)?;
        at_least("realtime.handshake_s", self.handshake_s, 1)?;
        at_least("realtime.max_frame_bytes", size(self.max_frame_bytes), 1024)?;
        at_least("realtime.subscriptions", size(self.subscriptions), 1)?;
        at_least("realtime.in_flight", u64::from(self.in_flight), 1)?;
        at_least("realtime.queue_bytes", size(self.queue_bytes), 16_384)?;
        at_least("realtime.stall_s", self.stall_s, 1)?;
        at_least("realtime.ring", size(self.ring), 1)
    }
}
