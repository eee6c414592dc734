//! The codes of prizes: encrypted before they are stored, under keys made from the server's secret. A dump of the database
//! alone shows no code, and a stored code cannot be moved to another raffle or prize.
//!
//! Whoever replaces the secret file can no longer read the codes of before, nor draw the raffles that are open.

use std::fmt;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256, Key};
use ring::rand::{SecureRandom, SystemRandom};

use madang_domain::draw::Seed;

/// A code cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The system gives no randomness, or the key is no key.
    #[error("a prize's code could not be encrypted")]
    NotSealed,
    /// Changed, of another raffle, or sealed under another secret.
    #[error("a prize's code could not be decrypted: was the secret file replaced?")]
    NotOpened,
}

/// Seals and opens codes, and makes the seeds of draws.
pub struct Codes {
    cipher: LessSafeKey,
    names: Key,
    seeds: Key,
}

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codes")
    }
}

/// A key for one purpose.
fn derive(secret: &[u8], purpose: &str) -> hmac::Tag {
    hmac::sign(&Key::new(HMAC_SHA256, secret), purpose.as_bytes())
}

/// What a sealed code is bound to.
fn place(raffle: i64, reference: &str) -> Aad<Vec<u8>> {
    Aad::from(format!("raffle:{raffle}/{reference}").into_bytes())
}

impl Codes {
    /// From the server's secret.
    ///
    /// # Errors
    /// Never: the derived key always has the cipher's length.
    pub fn new(secret: &[u8]) -> Result<Self, CodeError> {
        let key = derive(secret, "madang prize codes");
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_ref()).map_err(|_| CodeError::NotSealed)?;
        Ok(Self {
            cipher: LessSafeKey::new(key),
            names: Key::new(HMAC_SHA256, derive(secret, "madang prize names").as_ref()),
            seeds: Key::new(HMAC_SHA256, derive(secret, "madang raffle seeds").as_ref()),
        })
    }

    /// A code's name within a raffle: a keyed hash, so that it says nothing of the code and the same code has the same name.
    #[must_use]
    pub fn reference(&self, raffle: i64, code: &str) -> String {
        let tag = hmac::sign(&self.names, format!("{raffle}\n{code}").as_bytes());
        tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The seed of a raffle: always the same, nobody's to choose, and nowhere stored before the draw.
    #[must_use]
    pub fn seed(&self, raffle: i64) -> Seed {
        let tag = hmac::sign(&self.seeds, raffle.to_string().as_bytes());
        let mut seed = [0; 32];
        for (to, from) in seed.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        Seed::new(seed)
    }

    /// Encrypts a code for its place: a random nonce, then the ciphertext with its tag.
    ///
    /// # Errors
    /// [`CodeError::NotSealed`] when the system gives no randomness.
    pub fn seal(&self, raffle: i64, reference: &str, code: &str) -> Result<Vec<u8>, CodeError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| CodeError::NotSealed)?;
        let mut text = code.as_bytes().to_vec();
        self.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place(raffle, reference), &mut text)
            .map_err(|_| CodeError::NotSealed)?;
        Ok([nonce.as_slice(), &text].concat())
    }

    /// Decrypts a code of that place.
    ///
    /// # Errors
    /// [`CodeError::NotOpened`].
    pub fn open(&self, raffle: i64, reference: &str, sealed: &[u8]) -> Result<String, CodeError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(CodeError::NotOpened)?;
        let mut text = text.to_vec();
        let opened = self
            .cipher
            .open_in_place(Nonce::assume_unique_for_key(*nonce), place(raffle, reference), &mut text)
            .map_err(|_| CodeError::NotOpened)?;
        String::from_utf8(opened.to_vec()).map_err(|_| CodeError::NotOpened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> Codes {
        Codes::new(b"a secret for tests, of 32 bytes or more").unwrap()
    }

    #[test]
    fn a_code_comes_back_at_its_own_place_only() {
        let codes = codes();
        let reference = codes.reference(5, "AB-12 가");
        let sealed = codes.seal(5, &reference, "AB-12 가").unwrap();
        assert_eq!(codes.open(5, &reference, &sealed).as_deref(), Ok("AB-12 가"));
        assert_eq!(codes.open(6, &reference, &sealed), Err(CodeError::NotOpened));
        assert_eq!(codes.open(5, "other", &sealed), Err(CodeError::NotOpened));
        let other = Codes::new(b"another secret, of 32 bytes or more too").unwrap();
        assert_eq!(other.open(5, &reference, &sealed), Err(CodeError::NotOpened));
        for broken in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[broken] ^= 1;
            assert_eq!(codes.open(5, &reference, &changed), Err(CodeError::NotOpened));
        }
        assert_eq!(codes.open(5, &reference, b"short"), Err(CodeError::NotOpened));
    }

    #[test]
    fn nothing_of_a_code_is_seen_in_what_is_stored() {
        let codes = codes();
        let reference = codes.reference(5, "AB-12");
        let [one, two] = [0, 1].map(|_| codes.seal(5, &reference, "AB-12").unwrap());
        assert_ne!(one, two, "each time another nonce");
        assert!(!one.windows(5).any(|window| window == b"AB-12") && !reference.contains("AB-12"));
        assert_ne!(reference, codes.reference(6, "AB-12"), "the same code elsewhere has another name");
    }

    #[test]
    fn each_raffle_has_a_seed_of_its_own() {
        let codes = codes();
        assert_eq!(codes.seed(5), codes.seed(5));
        assert_ne!(codes.seed(5), codes.seed(6));
    }
}
