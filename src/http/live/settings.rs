//! What can be set about the live protocol.

use std::sync::Arc;
use std::time::Duration;

use crate::actors::kernel::clock::{Clock, WallClock};
use crate::config::Network;

/// Limits and intervals of the live protocol. `app` fills it from the configuration's `[realtime]`.
#[derive(Clone)]
pub struct LiveSettings {
    /// Hub threads.
    pub hubs: usize,
    /// The name of this node, told to clients that use emulation.
    pub node: String,
    /// Whether any channel name that the house does not know is a plain in-memory channel (development only).
    pub open_channels: bool,
    /// How often a quiet connection is pinged.
    pub ping: Duration,
    /// How long a pinged client may stay silent.
    pub pong: Duration,
    /// How long a new connection may take to send `connect`.
    pub handshake: Duration,
    /// The largest frame, message or emulation body of a client, in bytes.
    pub frame: usize,
    /// Commands per second and connection that are always accepted.
    pub commands_per_s: u32,
    /// Commands that may come at once after a quiet time: a client that comes back subscribes to everything in one frame.
    pub commands_burst: u32,
    /// Commands of one connection that may wait for their answer.
    pub in_flight: u16,
    /// Subscriptions per connection.
    pub subscriptions: usize,
    /// Connections per signed-in person.
    pub sockets_per_user: u32,
    /// Connections per network address.
    pub sockets_per_address: u32,
    /// The proxies whose last `X-Forwarded-For` entry is the client's address.
    pub trusted_proxies: Vec<Network>,
    /// Bytes that may wait for a connection that does not read; beyond it is cut.
    pub queue: usize,
    /// Bytes above which a channel that may skip to the newest state stops queueing.
    pub conflate_above: usize,
    /// How long a full connection may take no byte at all.
    pub stall: Duration,
    /// How long a closed connection may take to read its last frame.
    pub linger: Duration,
    /// The kernel's send buffer for each socket, in bytes; the system's own choice when unset. Bounds what a stuck reader
    /// costs the kernel, and how late it is noticed.
    pub send_buffer: Option<usize>,
    /// Publications a recovery may replay; beyond it the client gets a snapshot.
    pub recover: usize,
    /// Bytes a recovery may replay.
    pub recover_bytes: usize,
    /// How long after its token's end a connection may still refresh it.
    pub expiry_grace: Duration,
    /// The clock on the wall.
    pub clock: Arc<dyn Clock>,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            hubs: std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1)),
            node: "madang".to_owned(),
            open_channels: false,
            ping: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            frame: 64 * 1024,
            commands_per_s: 20,
            commands_burst: 120,
            in_flight: 128,
            subscriptions: 100,
            sockets_per_user: 64,
            sockets_per_address: 2048,
            trusted_proxies: Vec::new(),
            queue: 256 * 1024,
            conflate_above: 64 * 1024,
            stall: Duration::from_secs(10),
            linger: Duration::from_secs(3),
            send_buffer: Some(128 * 1024),
            recover: 5000,
            recover_bytes: 768 * 1024,
            expiry_grace: Duration::from_secs(10),
            clock: Arc::new(WallClock),
        }
    }
}
