//! Who asks: extractor types made from the access token. Authority is a type in a handler's signature.
//!
//! `tokens` makes and verifies tokens, `refresh` is the refresh token, `revocations` knows in memory who is signed out,
//! `keys` are the secrets. Identity comes from the token, never from a body.

mod keys;
mod refresh;
mod revocations;
mod tokens;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Role, Viewer};
use madang_domain::ids::UserId;

pub use keys::{MIN_SECRET_BYTES, SealKey, SecretTooShort};
pub use refresh::{NotARefreshToken, Presented};
pub use revocations::{Cut, CutHook, NotACut, Revocations};
pub use tokens::{ACCESS_FOR, Tokens};

use super::live::house::Identity;
use super::problem::Problem;

/// Who sent the request, if they are signed in. A token that does not count is an error, not nobody: the client must learn
/// that it has to refresh.
///
/// # Errors
/// `TokenInvalid`, `TokenExpired` or `TokenRevoked`.
pub fn identify(request: &HttpRequest) -> Result<Option<Identity>, Code> {
    let Some(value) = request.headers().get(AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Code::TokenInvalid)?;
    let (scheme, token) = token;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Code::TokenInvalid);
    }
    let tokens = request.app_data::<web::Data<Tokens>>().ok_or(Code::Internal)?;
    tokens.verify(token.trim()).map(Some)
}

fn require(request: &HttpRequest, any_of: &[Role]) -> Result<Identity, Problem> {
    let who = identify(request)?.ok_or(Code::Unauthenticated)?;
    let allowed = any_of.iter().any(|role| who.roles.contains(role)) || who.roles.contains(&Role::Admin);
    if allowed { Ok(who) } else { Err(Code::Forbidden.into()) }
}

macro_rules! authorities {
    ($($(#[$doc:meta])* $name:ident: $roles:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Identity);

        impl $name {
            /// The person's number.
            #[must_use]
            pub fn user(&self) -> UserId {
                self.0.user
            }

            /// As the giver of a command.
            #[must_use]
            pub fn actor(&self) -> Actor {
                Actor::User { id: self.0.user, roles: self.0.roles.clone() }
            }

            /// As a viewer.
            #[must_use]
            pub fn viewer(&self) -> Viewer {
                self.0.viewer()
            }
        }

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(require(request, $roles).map(Self))
            }
        }
    )*};
}

authorities! {
    /// Anybody with an account.
    SignedIn: &[Role::User, Role::Seller, Role::Clerk, Role::Company];
    /// May offer artworks and auctions: a seller or a clerk.
    Seller: &[Role::Seller, Role::Clerk];
    /// Runs auctions.
    Clerk: &[Role::Clerk];
    /// Brings images to be labeled.
    Company: &[Role::Company];
    /// May do everything. An admin is allowed wherever another role is asked for, too.
    Admin: &[Role::Admin];
}

/// Signed in or not: for what everybody may see, some of them more of it.
#[derive(Debug, Clone)]
pub struct MaybeSignedIn(pub Option<Identity>);

impl MaybeSignedIn {
    /// As a viewer.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        self.0.as_ref().map_or(Viewer::Public, Identity::viewer)
    }
}

impl FromRequest for MaybeSignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).map(Self).map_err(Problem::from))
    }
}
