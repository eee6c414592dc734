//! Web Push: RFC 8030 for the way, RFC 8291 for the secrecy (by the crate `web-push-native`), RFC 8292 for our name.
//!
//! The endpoint is what a browser told us, so anybody could have us post anywhere: only the push services that the settings
//! name are posted to, and nobody's redirect is followed.

use std::fmt;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use web_push_native::p256::PublicKey;
use web_push_native::{Auth, encrypt};

use super::{Message, Now, PushError, VapidKey, http, unreached};

/// The longest endpoint that is taken.
const MAX_ENDPOINT: usize = 2048;
/// What services must take at least, after encryption (RFC 8030, section 7.2), less what encryption adds.
const MAX_PAYLOAD: usize = 3800;

/// How browsers are pushed to.
#[derive(Debug, Clone)]
pub struct WebPushSettings {
    /// Hosts of push services; `*.example.org` is any host below.
    pub hosts: Vec<String>,
    /// How long a service may take.
    pub timeout: Duration,
}

/// Pushes to browsers.
pub struct WebPush {
    key: VapidKey,
    hosts: Vec<String>,
    http: reqwest::Client,
    now: Now,
}

impl fmt::Debug for WebPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPush").field("key", &self.key).finish_non_exhaustive()
    }
}

impl WebPush {
    /// With a key of our own.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(key: VapidKey, settings: &WebPushSettings, now: Now) -> Result<Self, reqwest::Error> {
        Ok(Self { key, hosts: settings.hosts.clone(), http: http(settings.timeout)?, now })
    }

    /// The public key with which browsers subscribe.
    #[must_use]
    pub fn public_key(&self) -> &str {
        self.key.public()
    }

    /// Whether a browser's subscription is one that can be pushed to.
    ///
    /// # Errors
    /// [`PushError::Refused`] with what is wrong with it.
    pub fn check(&self, endpoint: &str, p256dh: &[u8], auth: &[u8]) -> Result<(), PushError> {
        self.parse(endpoint)?;
        keys(p256dh, auth).map(drop)
    }

    fn parse(&self, endpoint: &str) -> Result<Url, PushError> {
        let wrong = |why: &str| PushError::Refused(why.to_owned());
        if endpoint.len() > MAX_ENDPOINT {
            return Err(wrong("the endpoint is too long"));
        }
        let url = Url::parse(endpoint).map_err(|_| wrong("the endpoint is no URL"))?;
        let host = url.host_str().unwrap_or_default();
        let known = self.hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
            Some(below) => host.strip_suffix(below).is_some_and(|rest| rest.ends_with('.')),
            None => allowed == host,
        });
        if !known {
            return Err(wrong("the endpoint is at no push service that this server knows"));
        }
        // In the clear only on this very machine, for those who try it out.
        let near = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
        if url.scheme() != "https" && !(near && url.scheme() == "http") {
            return Err(wrong("the endpoint is not https"));
        }
        Ok(url)
    }

    /// Hands a message to the browser's push service.
    ///
    /// # Errors
    /// See [`PushError`].
    pub async fn send(&self, endpoint: &str, p256dh: &[u8], auth: &[u8], message: &Message) -> Result<(), PushError> {
        let url = self.parse(endpoint)?;
        let (public, auth) = keys(p256dh, auth)?;
        let mut payload = message.json().to_string().into_bytes();
        if payload.len() > MAX_PAYLOAD {
            payload = Message { data: serde_json::Value::Null, ..message.clone() }.json().to_string().into_bytes();
        }
        let body = encrypt(payload, &public, &auth).map_err(|error| PushError::Refused(error.to_string()))?;
        let origin = url.origin().ascii_serialization();
        let authorization =
            self.key.authorization(&origin, (self.now)()).map_err(|error| PushError::Refused(error.to_string()))?;
        let request = self
            .http
            .post(url)
            .header("authorization", authorization)
            .header("content-encoding", "aes128gcm")
            .header("content-type", "application/octet-stream")
            .header("ttl", message.ttl.as_secs())
            .header("urgency", if message.urgent { "high" } else { "normal" })
            .header("topic", topic(&message.tag))
            .body(body);
        let response = request.send().await.map_err(unreached)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(PushError::Gone),
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Err(PushError::Failed(status.to_string()))
            }
            status => Err(PushError::Refused(status.to_string())),
        }
    }
}

fn keys(p256dh: &[u8], auth: &[u8]) -> Result<(PublicKey, Auth), PushError> {
    let public =
        PublicKey::from_sec1_bytes(p256dh).map_err(|_| PushError::Refused("`p256dh` is no public key of P-256".to_owned()))?;
    if auth.len() != 16 {
        return Err(PushError::Refused("`auth` has not 16 bytes".to_owned()));
    }
    Ok((public, auth.iter().copied().collect()))
}

/// A message's tag as a topic: at most 32 characters of base64url (RFC 8030, section 5.4).
fn topic(tag: &str) -> String {
    let plain = |sign: char| if sign.is_ascii_alphanumeric() || sign == '-' { sign } else { '_' };
    tag.chars().map(plain).take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use web_push_native::decrypt;
    use web_push_native::p256::SecretKey;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_standards_own_message_is_read() {
        let secret = SecretKey::from_slice(&bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")).unwrap();
        let (_, auth) = keys(
            &bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            &bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        )
        .unwrap();
        let message = bytes(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
        );
        assert_eq!(decrypt(message, &secret, &auth).unwrap(), b"When I grow up, I want to be a watermelon");
    }

    #[test]
    fn only_known_push_services_are_posted_to() {
        let private = VapidKey::private_of(&[7; 32]).unwrap();
        let hosts = ["fcm.googleapis.com", "*.push.services.mozilla.com", "127.0.0.1"].map(str::to_owned).to_vec();
        let settings = WebPushSettings { hosts, timeout: Duration::from_secs(1) };
        let key = VapidKey::new(&private, "mailto:a@example.org").unwrap();
        let web = WebPush::new(key, &settings, std::sync::Arc::new(|| madang_domain::time::Timestamp::UNIX_EPOCH)).unwrap();
        for good in ["https://fcm.googleapis.com/x", "https://a.push.services.mozilla.com/y", "http://127.0.0.1:9/z"] {
            assert!(web.parse(good).is_ok(), "{good}");
        }
        for bad in [
            "https://push.services.mozilla.com/",
            "https://evilpush.services.mozilla.com.example.org/",
            "https://169.254.169.254/latest",
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com@example.org/",
            "file:///etc/passwd",
            "seven",
        ] {
            assert!(matches!(web.parse(bad), Err(PushError::Refused(_))), "{bad}");
        }
    }

    #[test]
    fn a_topic_has_32_plain_characters() {
        assert_eq!(topic("alarm:17"), "alarm_17");
        assert_eq!(topic(&"가".repeat(50)), "_".repeat(32));
    }
}
