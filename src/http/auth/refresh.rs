//! Refresh tokens: `session.generation.seal`, derived, never stored.
//!
//! The seal follows from the family's seed (in the database) and the server's secret. So the successor of a token can be
//! given again within the grace time without being kept anywhere, and neither a dump of the database nor the secret alone
//! makes a token.

use std::fmt::Write;
use std::str::FromStr;

use uuid::Uuid;

use super::keys::SealKey;

/// A refresh token as presented, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Which family it claims to be of.
    pub session: Uuid,
    /// Which number in it.
    pub generation: u32,
    seal: Vec<u8>,
}

/// The text is no refresh token of any server like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token")]
pub struct NotARefreshToken;

impl FromStr for Presented {
    type Err = NotARefreshToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '.');
        let (Some(session), Some(generation), Some(seal)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotARefreshToken);
        };
        if seal.len() != 64 || !seal.is_ascii() || !generation.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotARefreshToken);
        }
        let seal = seal
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect::<Option<Vec<u8>>>()
            .ok_or(NotARefreshToken)?;
        Ok(Self {
            session: Uuid::try_parse(session).map_err(|_| NotARefreshToken)?,
            generation: generation.parse().map_err(|_| NotARefreshToken)?,
            seal,
        })
    }
}

impl Presented {
    pub(super) fn is_sealed_by(&self, key: &SealKey, seed: &[u8]) -> bool {
        key.verify(&[seed, self.session.as_bytes(), &self.generation.to_be_bytes()], &self.seal)
    }
}

pub(super) fn token(key: &SealKey, seed: &[u8], session: Uuid, generation: u32) -> String {
    let seal = key.seal(&[seed, session.as_bytes(), &generation.to_be_bytes()]);
    let mut text = format!("{}.{generation}.", session.simple());
    for byte in seal {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
