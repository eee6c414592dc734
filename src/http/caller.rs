//! Who asks in another dialect: an access token, or an API key of a person.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Role};
use madang_domain::ids::UserId;

use super::api_keys::{self, ApiKeys};
use super::auth::identify;
use super::problem::Problem;

/// Somebody with an account, or a program in their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub UserId);

impl Caller {
    /// As the giver of a command: a program may do what everybody may, whatever else its owner may do.
    #[must_use]
    pub fn giver(&self) -> (UserId, Actor) {
        (self.0, Actor::User { id: self.0, roles: vec![Role::User] })
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { recognise(&request).await })
    }
}

async fn recognise(request: &HttpRequest) -> Result<Caller, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = header.and_then(|value| value.split_once(' ')).map(|(_, secret)| secret.trim());
    let Some(key) = secret.filter(|secret| api_keys::is_key(secret)) else {
        let who = identify(request)?.ok_or(Code::Unauthenticated)?;
        return Ok(Caller(who.user));
    };
    let keys = request.app_data::<web::Data<ApiKeys>>().ok_or(Code::Internal)?;
    keys.owner(key).await?.map(Caller).ok_or_else(|| Code::TokenInvalid.into())
}
