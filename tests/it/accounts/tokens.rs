//! Access tokens: forged, expired, revoked.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use madang_domain::code::Code;
use serde_json::{Value, json};

use super::world::{SECRET, World};

fn split(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

#[actix_web::test]
async fn an_access_token_ends_after_15_minutes() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    world.advance(898);
    world.get("/me", &me.access).await.ok();
    world.advance(2);
    assert_eq!(world.get("/me", &me.access).await.code(), "auth.token_expired");
    world.end().await;
}

#[actix_web::test]
async fn forged_tokens_are_invalid() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let admin = world.admin("root@example.org").await;
    let [head, body, seal] = split(&me.access);
    let [_, admin_body, _] = split(&admin.access);
    // {"alg":"none"} with and without a seal, another body under our seal, another algorithm's name.
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let revocations = Arc::default();
    let stranger = World::tokens_with(b"another secret, also of 32 bytes or more", &world.clock, &revocations);
    let identity = world.tokens.verify(&me.access).unwrap();
    let foreign = stranger.issue_access(identity.user, &identity.roles, identity.session, 1).unwrap();
    let [_, foreign_body, foreign_seal] = split(&foreign);
    let claims: Value =
        json!({ "sub": "1", "roles": ["admin"], "sid": identity.session, "gen": 1, "iat": 0, "exp": 9_999_999_999_i64 });
    let raw_secret = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET)).unwrap();
    for forged in [
        format!("{none}.{body}."),
        format!("{none}.{body}.{seal}"),
        format!("{head}.{admin_body}.{seal}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{head}.{foreign_body}.{foreign_seal}"),
        foreign.clone(),
        raw_secret,
        me.refresh.clone(),
        "..".to_owned(),
        "x".repeat(10_000),
    ] {
        assert_eq!(world.tokens.verify(&forged), Err(Code::TokenInvalid), "{forged}");
        let reply = world.get("/me", &forged).await;
        assert_eq!(reply.status, 401, "{forged}");
        assert_eq!(reply.code(), "auth.token_invalid", "{forged}");
    }
    world.end().await;
}

#[actix_web::test]
async fn other_ways_to_sign_in_are_refused() {
    let world = World::start().await;
    for value in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "token"] {
        let request = world.request(reqwest::Method::GET, "/me").header("authorization", value);
        assert_eq!(world.send(request).await.code(), "auth.token_invalid", "{value}");
    }
    assert_eq!(world.ask(reqwest::Method::GET, "/me", None, None).await.code(), "auth.required");
    world.end().await;
}

#[actix_web::test]
async fn tokens_of_the_secret_before_still_count_after_a_change() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let new: &[u8] = b"the next secret, again of 32 bytes or more";
    let clock: Arc<dyn madang::actors::kernel::clock::Clock> = Arc::new(world.clock.clone());
    let revocations: Arc<madang::http::auth::Revocations> = Arc::default();
    let both =
        madang::http::auth::Tokens::new(new, &[SECRET.to_vec()], madang::http::auth::ACCESS_FOR, revocations, clock).unwrap();
    assert_eq!(both.verify(&me.access), world.tokens.verify(&me.access));
    let identity = both.verify(&me.access).unwrap();
    let newer = both.issue_access(identity.user, &identity.roles, identity.session, 1).unwrap();
    assert_eq!(both.verify(&newer).unwrap().user, identity.user);
    assert_eq!(world.tokens.verify(&newer), Err(Code::TokenInvalid));
    world.end().await;
}
