//! Push: messages to phones by Firebase Cloud Messaging, and to browsers by Web Push, each where the server has a key for it.

mod fcm;
mod texts;
mod vapid;
mod web_push;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use madang_domain::device::Address;
use serde_json::Value;

pub use fcm::{Fcm, FcmSettings, FcmSetupError, ServiceAccount};
pub use texts::message;
pub use vapid::{NotAKey, VapidKey};
pub use web_push::{WebPush, WebPushSettings};

/// What the services are told to make of time: how the clients read it.
pub type Now = std::sync::Arc<dyn Fn() -> madang_domain::time::Timestamp + Send + Sync>;

/// One message, for one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its stable id: the same message handed over twice has the same.
    pub id: String,
    /// What it is, such as `alarm.ringing`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// More of it.
    pub body: String,
    /// Where a tap leads: a path of our pages.
    pub href: String,
    /// A newer message with the same tag takes this one's place.
    pub tag: String,
    /// What it is about and its facts, as the notice has them.
    pub data: Value,
    /// Whether it may wake a sleeping device.
    pub urgent: bool,
    /// After so long it is of no use any more.
    pub ttl: Duration,
}

impl Message {
    /// As the device gets it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::json!({
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "body": self.body,
            "href": self.href,
            "tag": self.tag,
            "data": self.data,
            "urgent": self.urgent,
        })
    }
}

/// Why a message was not taken. No text names a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The device is gone: nobody will ever be reached there again.
    #[error("the device is gone")]
    Gone,
    /// The service will not take this message, however often it is asked.
    #[error("the push service refused it: {0}")]
    Refused(String),
    /// Not now: may be tried again.
    #[error("the push service did not take it: {0}")]
    Failed(String),
    /// The server has no key for this kind of device.
    #[error("this server does not push to such devices")]
    Off,
}

/// Hands messages over to whoever delivers them.
pub trait Pusher: Send + Sync + 'static {
    /// Hands one message over; done when the service has it.
    fn push<'a>(&'a self, to: &'a Address, message: &'a Message) -> BoxFuture<'a, Result<(), PushError>>;
}

/// Both kinds, each where it is set.
#[derive(Default)]
pub struct Push {
    fcm: Option<Fcm>,
    web: Option<WebPush>,
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push").field("fcm", &self.fcm.is_some()).field("web", &self.web.is_some()).finish()
    }
}

impl Push {
    /// From what is set.
    #[must_use]
    pub fn new(fcm: Option<Fcm>, web: Option<WebPush>) -> Self {
        Self { fcm, web }
    }

    /// Whether anybody can be pushed to.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.fcm.is_some() || self.web.is_some()
    }

    /// The public key with which browsers subscribe.
    #[must_use]
    pub fn web_key(&self) -> Option<&str> {
        self.web.as_ref().map(WebPush::public_key)
    }

    /// Whether a device's address is one that can be pushed to.
    ///
    /// # Errors
    /// [`PushError::Off`], or [`PushError::Refused`] with what is wrong with it.
    pub fn check(&self, address: &Address) -> Result<(), PushError> {
        match address {
            Address::Fcm { token } => match &self.fcm {
                Some(_) => fcm::check(token),
                None => Err(PushError::Off),
            },
            Address::WebPush { endpoint, p256dh, auth } => {
                self.web.as_ref().ok_or(PushError::Off)?.check(endpoint, p256dh, auth)
            }
        }
    }
}

impl Pusher for Push {
    fn push<'a>(&'a self, to: &'a Address, message: &'a Message) -> BoxFuture<'a, Result<(), PushError>> {
        Box::pin(async move {
            match to {
                Address::Fcm { token } => self.fcm.as_ref().ok_or(PushError::Off)?.send(token, message).await,
                Address::WebPush { endpoint, p256dh, auth } => {
                    self.web.as_ref().ok_or(PushError::Off)?.send(endpoint, p256dh, auth, message).await
                }
            }
        })
    }
}

/// What a request's failure means; its text is cut from the address, which is a secret.
fn unreached(error: reqwest::Error) -> PushError {
    PushError::Failed(error.without_url().to_string())
}

/// An HTTP client for push services: it follows nobody elsewhere and does not wait for ever.
fn http(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    // Refused where somebody else was first.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none()).build()
}
