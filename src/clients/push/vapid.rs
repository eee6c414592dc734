//! The server's name towards browsers' push services: VAPID (RFC 8292).

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use madang_domain::time::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use web_push_native::p256::SecretKey;
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint;
use web_push_native::p256::pkcs8::EncodePrivateKey;

/// Tokens are good for so long; services take at most a day.
const GOOD_FOR: TimeDelta = TimeDelta::hours(12);
/// A token with less left than this is made anew.
const RENEW_BEFORE: TimeDelta = TimeDelta::hours(1);
/// Push services that tokens are kept for.
const MOST_KEPT: usize = 64;

/// The key pair with which browsers subscribe and that signs for us.
pub struct VapidKey {
    signing: EncodingKey,
    public: String,
    contact: String,
    tokens: Mutex<HashMap<String, (String, Timestamp)>>,
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a web push key is a private key of P-256, 32 bytes in base64url")]
pub struct NotAKey;

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

impl VapidKey {
    /// The key pair of a private key in base64url (the form that web push tools make), and who push services can write to.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn new(private: &str, contact: &str) -> Result<Self, NotAKey> {
        let bytes = URL_SAFE_NO_PAD.decode(private.trim().trim_end_matches('=')).map_err(|_| NotAKey)?;
        let secret = SecretKey::from_slice(&bytes).map_err(|_| NotAKey)?;
        let document = secret.to_pkcs8_der().map_err(|_| NotAKey)?;
        let public = URL_SAFE_NO_PAD.encode(secret.public_key().to_encoded_point(false).as_bytes());
        let signing = EncodingKey::from_ec_der(document.as_bytes());
        Ok(Self { signing, public, contact: contact.to_owned(), tokens: Mutex::default() })
    }

    /// 32 random bytes as a private key, if they are one. Nearly all are.
    #[must_use]
    pub fn private_of(random: &[u8; 32]) -> Option<String> {
        SecretKey::from_slice(random).ok().map(|_| URL_SAFE_NO_PAD.encode(random))
    }

    /// The public key, as browsers want it: the uncompressed point in base64url.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The header `Authorization` for a push service, by its origin.
    ///
    /// # Errors
    /// The encoder's; never in practice.
    pub fn authorization(&self, origin: &str, now: Timestamp) -> Result<String, jsonwebtoken::errors::Error> {
        if let Some((token, until)) = self.tokens.lock().get(origin)
            && *until - RENEW_BEFORE > now
        {
            return Ok(self.header(token));
        }
        let until = now + GOOD_FOR;
        let claims = Claims { aud: origin, exp: until.timestamp(), sub: &self.contact };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.signing)?;
        let header = self.header(&token);
        let mut tokens = self.tokens.lock();
        if tokens.len() >= MOST_KEPT {
            tokens.clear();
        }
        tokens.insert(origin.to_owned(), (token, until));
        Ok(header)
    }

    fn header(&self, token: &str) -> String {
        format!("vapid t={token}, k={}", self.public)
    }
}
