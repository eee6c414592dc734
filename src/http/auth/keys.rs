//! The server's secrets and the keys made from them.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest, Sha256};

/// The shortest secret that is accepted.
pub const MIN_SECRET_BYTES: usize = 32;

/// A key for keyed hashes.
#[derive(Clone)]
pub struct SealKey([u8; 64]);

impl SealKey {
    fn derive(secret: &[u8], purpose: &str) -> Self {
        // An HMAC key of one block: the hash, then zeros, as HMAC itself would pad it.
        let mut block = [0; 64];
        let hash = Sha256::new().chain_update(purpose).chain_update([0]).chain_update(secret).finalize();
        for (to, from) in block.iter_mut().zip(hash) {
            *to = from;
        }
        Self(block)
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        for part in parts {
            // Each part with its length, so that no two lists of parts look the same.
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    /// The keyed hash of a list of parts.
    #[must_use]
    pub fn seal(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.mac(parts).finalize().into_bytes().into()
    }

    /// Whether `seal` is the keyed hash of the parts, in time that tells nothing.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], seal: &[u8]) -> bool {
        self.mac(parts).verify_slice(seal).is_ok()
    }
}

/// What one secret gives.
pub(super) struct KeySet {
    /// Names the secret in tokens, so that the right key is tried.
    pub(super) id: String,
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    pub(super) refresh: SealKey,
    pub(super) codes: SealKey,
    pub(super) packs: SealKey,
}

impl KeySet {
    fn new(secret: &[u8]) -> Self {
        let access = SealKey::derive(secret, "madang access token");
        let id = SealKey::derive(secret, "madang key id").seal(&[]);
        Self {
            id: id.iter().take(4).map(|byte| format!("{byte:02x}")).collect(),
            signing: EncodingKey::from_secret(&access.0),
            verifying: DecodingKey::from_secret(&access.0),
            refresh: SealKey::derive(secret, "madang refresh token"),
            codes: SealKey::derive(secret, "madang e-mail code"),
            packs: SealKey::derive(secret, "madang offline pack"),
        }
    }
}

/// All keys: the present secret makes tokens, older ones still verify them until they have run out.
pub(super) struct KeyRing {
    pub(super) present: KeySet,
    older: Vec<KeySet>,
}

/// The secret is too short to keep anything safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret must have at least {MIN_SECRET_BYTES} bytes")]
pub struct SecretTooShort;

impl KeyRing {
    pub(super) fn new(present: &[u8], older: &[Vec<u8>]) -> Result<Self, SecretTooShort> {
        if std::iter::once(present).chain(older.iter().map(Vec::as_slice)).any(|secret| secret.len() < MIN_SECRET_BYTES) {
            return Err(SecretTooShort);
        }
        Ok(Self { present: KeySet::new(present), older: older.iter().map(|secret| KeySet::new(secret)).collect() })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &KeySet> {
        std::iter::once(&self.present).chain(&self.older)
    }

    pub(super) fn find(&self, id: &str) -> Option<&KeySet> {
        self.all().find(|keys| keys.id == id)
    }
}
