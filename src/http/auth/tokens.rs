//! Access tokens (JWT, HS256, 15 minutes) and the making of refresh tokens.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::{KeyRing, SealKey, SecretTooShort};
use super::refresh::{self, Presented};
use super::revocations::{Cut, Revocations};
use crate::actors::kernel::clock::Clock;
use crate::http::live::house::Identity;

/// How long access tokens are good, unless set otherwise: 15 minutes.
pub const ACCESS_FOR: Duration = Duration::minutes(15);

/// Makes and verifies tokens; all in memory. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    inside: Arc<Inside>,
}

struct Inside {
    keys: KeyRing,
    access_for: Duration,
    validation: Validation,
    revocations: Arc<Revocations>,
    clock: Arc<dyn Clock>,
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    /// The person's number.
    sub: String,
    roles: Vec<Role>,
    /// The session.
    sid: Uuid,
    /// The session's generation when it was made.
    #[serde(rename = "gen")]
    generation: u32,
    iat: i64,
    exp: i64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("access_for", &self.inside.access_for).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens made with `secret`; those made with one of `older` are still good.
    ///
    /// # Errors
    /// A secret of less than 32 bytes.
    pub fn new(
        secret: &[u8],
        older: &[Vec<u8>],
        access_for: Duration,
        revocations: Arc<Revocations>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SecretTooShort> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Times are compared with the house's clock, below.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let keys = KeyRing::new(secret, older)?;
        Ok(Self { inside: Arc::new(Inside { keys, access_for, validation, revocations, clock }) })
    }

    /// How long access tokens are good.
    #[must_use]
    pub fn access_for(&self) -> Duration {
        self.inside.access_for
    }

    /// An access token for a session.
    ///
    /// # Errors
    /// The encoder's; never in practice.
    pub fn issue_access(
        &self,
        user: UserId,
        roles: &[Role],
        session: Uuid,
        generation: u32,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let now = self.inside.clock.now();
        let claims = Claims {
            sub: user.to_string(),
            roles: roles.to_vec(),
            sid: session,
            generation,
            iat: now.timestamp(),
            exp: (now + self.inside.access_for).timestamp(),
        };
        let keys = &self.inside.keys.present;
        let header = Header { kid: Some(keys.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &keys.signing)
    }

    /// Who holds this access token. In memory: never waits.
    ///
    /// # Errors
    /// `TokenInvalid`, `TokenExpired` or `TokenRevoked`.
    pub fn verify(&self, token: &str) -> Result<Identity, Code> {
        let invalid = |_| Code::TokenInvalid;
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        let keys = header.kid.and_then(|id| self.inside.keys.find(&id)).ok_or(Code::TokenInvalid)?;
        let claims: Claims = jsonwebtoken::decode(token, &keys.verifying, &self.inside.validation).map_err(invalid)?.claims;
        let expires_at: Timestamp = DateTime::<Utc>::from_timestamp(claims.exp, 0).ok_or(Code::TokenInvalid)?;
        // Signed out is told before run out: it is the truth for longer.
        match self.inside.revocations.find(claims.sid) {
            Some(Cut::Revoked) => return Err(Code::TokenRevoked),
            Some(Cut::Stale { generation }) if claims.generation <= generation => return Err(Code::TokenExpired),
            Some(Cut::Stale { .. }) | None => {}
        }
        if self.inside.clock.now() >= expires_at {
            return Err(Code::TokenExpired);
        }
        let user = claims.sub.parse().map_err(|_| Code::TokenInvalid)?;
        Ok(Identity { user, roles: claims.roles, session: claims.sid, expires_at })
    }

    /// Refresh token number `generation` of a family.
    #[must_use]
    pub fn refresh_token(&self, seed: &[u8], session: Uuid, generation: u32) -> String {
        refresh::token(&self.inside.keys.present.refresh, seed, session, generation)
    }

    /// Whether the token was made by this server for the family with this seed.
    #[must_use]
    pub fn is_ours(&self, token: &Presented, seed: &[u8]) -> bool {
        self.inside.keys.all().any(|keys| token.is_sealed_by(&keys.refresh, seed))
    }

    /// The key that signs offline packs.
    #[must_use]
    pub fn pack_key(&self) -> &SealKey {
        &self.inside.keys.present.packs
    }

    /// The key for hashes of e-mail codes.
    #[must_use]
    pub fn code_key(&self) -> &SealKey {
        &self.inside.keys.present.codes
    }

    /// Cuts a session's access tokens at once, and its open sockets by the hooks.
    pub fn cut(&self, session: Uuid, cut: Cut) {
        let now = self.inside.clock.now();
        // One second more, since the end of a token is kept in whole seconds.
        self.inside.revocations.cut(session, cut, now + self.inside.access_for + Duration::seconds(1));
        self.inside.revocations.forget(now);
    }
}
