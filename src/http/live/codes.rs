//! Why the server ends a connection or a subscription, in the numbers of the Centrifuge protocol.
//!
//! A client library comes back after 3000 to 3499 and stays away after 3500 to 3999; it gives up a subscription after 2000
//! to 2499 and subscribes again after 2500 and above. 1002, 1007 and 1009 are the WebSocket protocol's own (RFC 6455).

use madang_domain::code::Code;

use crate::error::Surface;

/// The end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect {
    /// The close code.
    pub code: u16,
    /// A few words for people, at most 120 bytes.
    pub reason: &'static str,
}

const fn disconnect(code: u16, reason: &'static str) -> Disconnect {
    Disconnect { code, reason }
}

impl Disconnect {
    /// Ends a one-way stream, which has no error replies, because of a code: it comes back when that may help.
    #[must_use]
    pub const fn refused(code: Code) -> Self {
        disconnect(if Surface::of(code).temporary { 3004 } else { 3501 }, code.name())
    }

    /// The answer to a client's own close frame.
    pub const NORMAL: Self = disconnect(1000, "");
    /// A broken WebSocket frame.
    pub const PROTOCOL: Self = disconnect(1002, "broken websocket frame");
    /// A text frame that is not UTF-8.
    pub const NOT_UTF8: Self = disconnect(1007, "invalid UTF-8");
    /// A frame beyond the limit.
    pub const TOO_LARGE: Self = disconnect(1009, "frame too large");
    /// The server is stopping.
    pub const SHUTDOWN: Self = disconnect(3001, "shutdown");
    /// A fault of ours.
    pub const INTERNAL: Self = disconnect(3004, "internal server error");
    /// The access token ended and was not refreshed.
    pub const EXPIRED: Self = disconnect(3005, "connection expired");
    /// It did not read what it was sent.
    pub const SLOW: Self = disconnect(3008, "slow");
    /// The position of a one-way stream can no longer be served from memory: come back with it.
    pub const INSUFFICIENT: Self = disconnect(3010, "insufficient state");
    /// To be connected anew, for whatever reason.
    pub const RECONNECT: Self = disconnect(3011, "force reconnect");
    /// It did not answer a ping.
    pub const NO_PONG: Self = disconnect(3012, "no pong");
    /// Commands far beyond the rate that is allowed.
    pub const FLOOD: Self = disconnect(3013, "too many requests");
    /// Not the protocol.
    pub const BAD_REQUEST: Self = disconnect(3501, "bad request");
    /// It never sent `connect`.
    pub const STALE: Self = disconnect(3502, "stale");
    /// Signed out, or cut by an operator.
    pub const FORCED: Self = disconnect(3503, "force disconnect");
    /// Too many connections of one person or address.
    pub const CONNECTION_LIMIT: Self = disconnect(3504, "connection limit");
    /// Binary frames: only JSON is spoken here.
    pub const INAPPROPRIATE: Self = disconnect(3506, "inappropriate protocol");
}

/// The end of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The code of the push.
    pub code: u16,
    /// A few words for people.
    pub reason: &'static str,
}

impl Unsubscribe {
    /// The position can no longer be served from memory: subscribe again, and recover.
    pub const INSUFFICIENT: Self = Self { code: 2500, reason: "insufficient state" };
}
