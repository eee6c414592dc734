//! The signature of our own links: HMAC-SHA256 over everything a link allows.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde::Deserialize;
use sha2::Sha256;

use super::{Incoming, Key};

/// Signs and checks links. One secret for all nodes.
#[derive(Clone)]
pub struct Signer {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Signer {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

/// What a signed `PUT` carries besides the key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PutQuery {
    /// The end in seconds since 1970.
    pub expires: i64,
    /// The exact size.
    pub bytes: u64,
    /// Who was given it.
    pub owner: UserId,
    /// Hexadecimal.
    pub signature: String,
}

/// What a signed `GET` carries besides the key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GetQuery {
    /// The end in seconds since 1970.
    pub expires: i64,
    /// Hexadecimal.
    pub signature: String,
}

/// Why a link does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Something in it was changed, or we never made it.
    #[error("the link is not valid")]
    Forged,
    /// Its time is over.
    #[error("the link has expired")]
    Expired,
}

impl Signer {
    /// Signs with a key made from the server's secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let mut derive = hmac(secret);
        derive.update(b"madang object links");
        Self { mac: hmac(&derive.finalize().into_bytes()) }
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        for part in parts {
            // Each part with its length, so that no two lists of parts look the same.
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    fn over_put(&self, incoming: &Incoming, expires: i64) -> Hmac<Sha256> {
        let (bytes, owner) = (incoming.bytes.to_be_bytes(), incoming.owner.get().to_be_bytes());
        let (key, media) = (incoming.key.as_str().as_bytes(), incoming.key.media().name().as_bytes());
        self.over(&[b"put", key, media, &bytes, &owner, &expires.to_be_bytes()])
    }

    fn over_get(&self, key: &Key, expires: i64) -> Hmac<Sha256> {
        self.over(&[b"get", key.as_str().as_bytes(), &expires.to_be_bytes()])
    }

    /// The query of a `PUT` and its end.
    #[must_use]
    pub fn put(&self, incoming: &Incoming, now: Timestamp, good_for: Duration) -> (String, Timestamp) {
        let (expires, ends) = end(now, good_for);
        let signature = hex(self.over_put(incoming, expires));
        let Incoming { owner, bytes, .. } = incoming;
        (format!("expires={expires}&bytes={bytes}&owner={owner}&signature={signature}"), ends)
    }

    /// The query of a `GET`.
    #[must_use]
    pub fn get(&self, key: &Key, now: Timestamp, good_for: Duration) -> String {
        let (expires, _) = end(now, good_for);
        format!("expires={expires}&signature={}", hex(self.over_get(key, expires)))
    }

    /// Checks a `PUT` and says what it may bring.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn check_put(&self, key: Key, query: &PutQuery, now: Timestamp) -> Result<Incoming, BadLink> {
        let incoming = Incoming { key, owner: query.owner, bytes: query.bytes };
        check(self.over_put(&incoming, query.expires), &query.signature, query.expires, now)?;
        Ok(incoming)
    }

    /// Checks a `GET`.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn check_get(&self, key: &Key, query: &GetQuery, now: Timestamp) -> Result<(), BadLink> {
        check(self.over_get(key, query.expires), &query.signature, query.expires, now)
    }

    /// 20 bytes that nobody can guess and that are always the same for the same parts.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 20] {
        let mut digest = [0; 20];
        for (to, from) in digest.iter_mut().zip(self.over(parts).finalize().into_bytes()) {
            *to = from;
        }
        digest
    }
}

/// The end of a link, and the same as whole seconds.
fn end(now: Timestamp, good_for: Duration) -> (i64, Timestamp) {
    let seconds = i64::try_from(good_for.as_secs()).unwrap_or(i64::MAX);
    let expires = now.timestamp().saturating_add(seconds);
    (expires, Timestamp::from_timestamp(expires, 0).unwrap_or(now))
}

fn check(mac: Hmac<Sha256>, signature: &str, expires: i64, now: Timestamp) -> Result<(), BadLink> {
    let given = unhex(signature).ok_or(BadLink::Forged)?;
    mac.verify_slice(&given).map_err(|_| BadLink::Forged)?;
    if now.timestamp() < expires { Ok(()) } else { Err(BadLink::Expired) }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    // A key longer than a block is hashed, as HMAC says.
    let mut block = [0u8; 64];
    if key.len() > block.len() {
        use sha2::Digest;
        block.iter_mut().zip(Sha256::digest(key)).for_each(|(to, from)| *to = from);
    } else {
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    }
    Hmac::<Sha256>::new(&block.into())
}

fn hex(mac: Hmac<Sha256>) -> String {
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits.chunks(2).map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::objects::{MediaType, PUT_FOR};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn parse(query: &str) -> PutQuery {
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().to_owned();
        PutQuery {
            expires: field("expires").parse().unwrap(),
            bytes: field("bytes").parse().unwrap(),
            owner: field("owner").parse().unwrap(),
            signature: field("signature"),
        }
    }

    #[test]
    fn the_mac_is_rfc_4231s() {
        // RFC 4231, test cases 2 and 6.
        let mut mac = hmac(b"Jefe");
        mac.update(b"what do ya want for nothing?");
        assert_eq!(hex(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let mut mac = hmac(&[0xaa; 131]);
        mac.update(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(mac), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn a_put_is_good_for_two_minutes_one_key_size_and_owner() {
        let signer = Signer::new(b"a secret");
        let incoming = Incoming { key: Key::upload([7; 20], MediaType::Zip), owner: UserId::new(5), bytes: 1000 };
        let (query, ends) = signer.put(&incoming, at(0), PUT_FOR);
        assert_eq!(ends, at(120));
        let query = parse(&query);
        let check = |key: &Key, query: &PutQuery, now| signer.check_put(key.clone(), query, now);
        assert_eq!(check(&incoming.key, &query, at(119)), Ok(incoming.clone()));
        assert_eq!(check(&incoming.key, &query, at(120)), Err(BadLink::Expired));
        let other = |change: fn(&mut PutQuery)| {
            let mut changed = query.clone();
            change(&mut changed);
            check(&incoming.key, &changed, at(1))
        };
        assert_eq!(other(|query| query.bytes = 1001), Err(BadLink::Forged));
        assert_eq!(other(|query| query.owner = UserId::new(6)), Err(BadLink::Forged));
        assert_eq!(other(|query| query.expires += 1), Err(BadLink::Forged));
        assert_eq!(other(|query| query.signature = query.signature.replace('a', "b").replace('1', "2")), Err(BadLink::Forged));
        assert_eq!(other(|query| query.signature.clear()), Err(BadLink::Forged));
        for key in [Key::upload([8; 20], MediaType::Zip), Key::upload([7; 20], MediaType::Png)] {
            assert_eq!(check(&key, &query, at(1)), Err(BadLink::Forged));
        }
        assert_eq!(Signer::new(b"another").check_put(incoming.key.clone(), &query, at(1)), Err(BadLink::Forged));
    }

    #[test]
    fn a_put_link_does_not_read() {
        let signer = Signer::new(b"a secret");
        let incoming = Incoming { key: Key::upload([7; 20], MediaType::Zip), owner: UserId::new(5), bytes: 1000 };
        let put = parse(&signer.put(&incoming, at(0), PUT_FOR).0);
        let get = GetQuery { expires: put.expires, signature: put.signature };
        assert_eq!(signer.check_get(&incoming.key, &get, at(1)), Err(BadLink::Forged));
        let text = signer.get(&incoming.key, at(0), PUT_FOR);
        let signature = text.rsplit('=').next().unwrap().to_owned();
        let get = GetQuery { expires: put.expires, signature };
        assert_eq!(signer.check_get(&incoming.key, &get, at(1)), Ok(()));
        assert_eq!(signer.check_get(&incoming.key, &get, at(500)), Err(BadLink::Expired));
    }
}
