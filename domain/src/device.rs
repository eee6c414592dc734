//! Where a person can be reached: the devices that they registered.

use std::fmt;

/// A person registers at most so many devices; one more takes the place of none.
pub const MAX_DEVICES: i64 = 20;

/// How one device is reached. Whoever knows it can push to the device, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A phone, by Firebase Cloud Messaging.
    Fcm {
        /// The app's registration token.
        token: String,
    },
    /// A browser, by Web Push (RFC 8030).
    WebPush {
        /// Where the browser's push service takes messages.
        endpoint: String,
        /// The browser's public key: an uncompressed point of P-256, 65 bytes.
        p256dh: Vec<u8>,
        /// The browser's secret, 16 bytes.
        auth: Vec<u8>,
    },
}

impl Address {
    /// The name of its kind, on the wire and in storage.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fcm { .. } => "fcm",
            Self::WebPush { .. } => "web_push",
        }
    }

    /// What is different for each device of a kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Fcm { token } => token,
            Self::WebPush { endpoint, .. } => endpoint,
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}
