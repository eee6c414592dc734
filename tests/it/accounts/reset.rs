//! A forgotten password.

use serde_json::{Value, json};

use super::world::{PASSWORD, World};

const NEW: &str = "another good password";

fn body(email: &str, code: &str, password: &str) -> Value {
    json!({ "email": email, "code": code, "password": password })
}

/// Asks for a code and reads it from the mail.
async fn code_for(world: &World, email: &str) -> String {
    world.post("/password-codes", json!({ "email": email, "locale": "en" })).await.ok();
    let (_, text) = world.newest_mail(email).await;
    text.split_once(": ").unwrap().1.chars().take(6).collect()
}

#[actix_web::test]
async fn a_mailed_code_sets_a_new_password_and_signs_out_everywhere() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let other = world.sign_in("a@example.org", "phone").await;
    let bystander = world.sign_up("b@example.org").await;
    let code = code_for(&world, "a@example.org").await;
    assert_eq!(world.post("/passwords", body("a@example.org", &code, "short")).await.code(), "auth.password_invalid");
    let wrong = world.post("/passwords", body("a@example.org", "222222", NEW)).await;
    assert_eq!((wrong.code().as_str(), &wrong.body["detail"]["tries_left"]), ("auth.email_code_wrong", &json!(4)));
    world.post("/passwords", body("a@example.org", &code, NEW)).await.ok();

    for token in [&me.access, &other.access] {
        assert_eq!(world.get("/me", token).await.code(), "auth.token_revoked");
    }
    world.get("/me", &bystander.access).await.ok();
    let old = world.post("/sessions", json!({ "email": "a@example.org", "password": PASSWORD })).await;
    assert_eq!(old.code(), "auth.bad_credentials");
    let new = world.post("/sessions", json!({ "email": "a@example.org", "password": NEW })).await.ok();
    assert_eq!(new["user"]["id"], me.id);
    assert_eq!(world.post("/passwords", body("a@example.org", &code, PASSWORD)).await.code(), "auth.email_code_wrong", "used");
    world.end().await;
}

#[actix_web::test]
async fn an_address_without_an_account_gets_the_same_answers() {
    let world = World::start().await;
    world.sign_up("a@example.org").await;
    let ask = async |email: &str| world.post("/password-codes", json!({ "email": email, "locale": "en" })).await;
    let (known, unknown) = (ask("a@example.org").await, ask("nobody@example.org").await);
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(ask("nobody@example.org").await.code(), "auth.email_code_too_soon");
    let (_, text) = world.newest_mail("nobody@example.org").await;
    assert!(text.contains("no account"), "{text}");
    let wrong = world.post("/passwords", body("nobody@example.org", "222222", NEW)).await;
    assert_eq!((wrong.code().as_str(), &wrong.body["detail"]["tries_left"]), ("auth.email_code_wrong", &json!(4)));
    assert_eq!(ask("nowhere").await.code(), "auth.email_invalid");
    world.end().await;
}

#[actix_web::test]
async fn a_code_for_signing_up_sets_no_password() {
    let world = World::start().await;
    let code = world.code_for("a@example.org").await;
    assert_eq!(world.post("/passwords", body("a@example.org", &code, NEW)).await.code(), "auth.email_code_wrong");
    world.sign_up("b@example.org").await;
    let late = code_for(&world, "b@example.org").await;
    world.advance(180);
    assert_eq!(world.post("/passwords", body("b@example.org", &late, NEW)).await.code(), "auth.email_code_expired");
    world.end().await;
}
