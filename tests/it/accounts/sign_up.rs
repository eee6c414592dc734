//! A new account: the code's whole life.

use madang_domain::entity::Role;
use reqwest::StatusCode;
use serde_json::json;

use super::world::{PASSWORD, World};

fn body(email: &str, code: &str) -> serde_json::Value {
    json!({ "email": email, "code": code, "password": PASSWORD, "name": "Min" })
}

#[actix_web::test]
async fn a_person_signs_up_with_the_mailed_code_and_is_signed_in() {
    let world = World::start().await;
    let code = world.code_for("Min@Example.org").await;
    // Typed in lower case, with a space behind.
    let reply = world.post("/accounts", body(" min@example.ORG ", &format!("{} ", code.to_lowercase()))).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    let tokens = reply.ok();
    assert_eq!(tokens["user"]["email"], "min@example.org");
    assert_eq!(tokens["user"]["roles"], json!(["user"]));
    assert_eq!(tokens["user"]["locale"], "ko");
    assert_eq!(tokens["access_expires_in_s"], 900);
    let me = world.get("/me", tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!(me, tokens["user"]);
    // The code is used up.
    assert_eq!(world.post("/accounts", body("min@example.org", &code)).await.code(), "auth.email_code_wrong");
    world.end().await;
}

#[actix_web::test]
async fn a_code_ends_after_180_seconds() {
    let world = World::start().await;
    let code = world.code_for("a@example.org").await;
    world.advance(180);
    assert_eq!(world.post("/accounts", body("a@example.org", &code)).await.code(), "auth.email_code_expired");
    let code = world.code_for("a@example.org").await;
    world.advance(179);
    world.post("/accounts", body("a@example.org", &code)).await.ok();
    world.end().await;
}

#[actix_web::test]
async fn the_sixth_try_is_refused_even_with_the_right_code() {
    let world = World::start().await;
    let code = world.code_for("a@example.org").await;
    for left in (0..5).rev() {
        let reply = world.post("/accounts", body("a@example.org", "000000")).await;
        assert_eq!(reply.code(), "auth.email_code_wrong");
        assert_eq!(reply.body["detail"]["tries_left"], left);
    }
    assert_eq!(world.post("/accounts", body("a@example.org", &code)).await.code(), "auth.email_code_exhausted");
    // A new code has new tries, the old one is worth nothing.
    world.advance(60);
    let newer = world.code_for("a@example.org").await;
    assert_eq!(world.post("/accounts", body("a@example.org", &code)).await.code(), "auth.email_code_wrong");
    world.post("/accounts", body("a@example.org", &newer)).await.ok();
    world.end().await;
}

#[actix_web::test]
async fn parallel_guesses_are_counted_one_by_one() {
    let world = World::start().await;
    world.code_for("a@example.org").await;
    let guesses = (0..20).map(|n| world.post("/accounts", body("a@example.org", &format!("AAAA{n:02}"))));
    let replies: Vec<_> = futures_util::future::join_all(guesses).await;
    let wrong = replies.iter().filter(|reply| reply.code() == "auth.email_code_wrong").count();
    let exhausted = replies.iter().filter(|reply| reply.code() == "auth.email_code_exhausted").count();
    assert_eq!((wrong, exhausted), (5, 15));
    world.end().await;
}

#[actix_web::test]
async fn what_is_wrong_besides_the_code_costs_no_try() {
    let world = World::start().await;
    let code = world.code_for("a@example.org").await;
    let with = |field: &str, value: &str| {
        let mut wrong = body("a@example.org", "000000");
        wrong[field] = json!(value);
        wrong
    };
    for _ in 0..3 {
        assert_eq!(world.post("/accounts", with("password", "short")).await.code(), "auth.password_invalid");
        assert_eq!(world.post("/accounts", with("email", "a@")).await.code(), "auth.email_invalid");
        assert_eq!(world.post("/accounts", with("name", " ")).await.code(), "request.malformed");
        assert_eq!(world.post("/accounts", with("locale", "fr")).await.code(), "request.malformed");
    }
    world.post("/accounts", body("a@example.org", &code)).await.ok();
    world.end().await;
}

#[actix_web::test]
async fn a_known_address_gets_the_same_answers_as_an_unknown_one() {
    let world = World::start().await;
    world.sign_up("known@example.org").await;
    world.advance(300);
    for email in ["known@example.org", "unknown@example.org"] {
        let sent = world.post("/email-codes", json!({ "email": email, "locale": "en" })).await;
        assert_eq!(sent.status, StatusCode::ACCEPTED);
        assert_eq!(sent.body, json!({ "expires_in_s": 180, "resend_after_s": 60 }));
        world.advance(13);
        let again = world.post("/email-codes", json!({ "email": email })).await;
        assert_eq!((again.status, again.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "auth.email_code_too_soon"));
        assert_eq!(again.headers["retry-after"], "47");
        let tried = world.post("/accounts", body(email, "ABCDEF")).await;
        assert_eq!((tried.code().as_str(), tried.body["detail"]["tries_left"].as_i64()), ("auth.email_code_wrong", Some(4)));
        world.advance(60);
    }
    // Only the owner of the mailbox learns which it is.
    assert!(world.newest_mail("known@example.org").await.1.contains("has an account already"));
    assert!(world.newest_mail("unknown@example.org").await.1.contains("sign-up code:"));
    world.end().await;
}

#[actix_web::test]
async fn two_sign_ups_with_one_code_make_one_account() {
    let world = World::start().await;
    let code = world.code_for("a@example.org").await;
    let (one, two) = tokio::join!(
        world.post("/accounts", body("a@example.org", &code)),
        world.post("/accounts", body("a@example.org", &code))
    );
    let statuses = [one.status.as_u16(), two.status.as_u16()];
    assert!(statuses.contains(&201) && statuses.contains(&422), "{one:?} {two:?}");
    world.end().await;
}

#[actix_web::test]
async fn a_body_cannot_choose_roles_or_identity() {
    let world = World::start().await;
    let code = world.code_for("a@example.org").await;
    let mut greedy = body("a@example.org", &code);
    greedy["roles"] = json!(["admin"]);
    greedy["id"] = json!(1);
    greedy["user_id"] = json!(1);
    let tokens = world.post("/accounts", greedy).await.ok();
    assert_eq!(tokens["user"]["roles"], json!(["user"]));
    assert_eq!(world.get("/users", tokens["access_token"].as_str().unwrap()).await.code(), "auth.forbidden");
    world.end().await;
}

#[actix_web::test]
async fn the_first_admin_is_made_by_the_operator_only_once() {
    let world = World::start().await;
    let admin = world.admin("root@example.org").await;
    assert_eq!(world.get("/me", &admin.access).await.ok()["roles"], json!(["user", "admin"]));
    let again = world.accounts.create_with_roles("Root@example.org", PASSWORD.to_owned(), "Again", &[Role::Admin]).await;
    assert_eq!(again.unwrap(), None);
    world.end().await;
}

#[actix_web::test]
async fn stored_codes_and_passwords_are_hashes() {
    let world = World::start().await;
    let code = world.code_for("a@example.org").await;
    let stored: Vec<u8> = sqlx::query_scalar("select code_hash from email_code").fetch_one(&world.db).await.unwrap();
    assert!(!stored.windows(6).any(|part| part == code.as_bytes()));
    world.post("/accounts", body("a@example.org", &code)).await.ok();
    let hash: String = sqlx::query_scalar("select password_hash from user_account").fetch_one(&world.db).await.unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains(PASSWORD));
    world.end().await;
}
