//! Profiles and roles.

use reqwest::Method;
use serde_json::json;

use super::world::{World, person};

#[actix_web::test]
async fn one_changes_ones_own_name_and_language() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let other = world.sign_up("b@example.org").await;
    // Whose profile it is comes from the token; an id in the body changes nothing.
    let body = json!({ "name": " 민 ", "locale": "ko-KR", "id": other.id, "roles": ["admin"] });
    let changed = world.ask(Method::PATCH, "/me", Some(&me.access), Some(body)).await.ok();
    assert_eq!((changed["name"].as_str(), changed["locale"].as_str()), (Some("민"), Some("ko")));
    assert_eq!((changed["id"].as_i64(), &changed["roles"]), (Some(me.id), &json!(["user"])));
    assert_eq!(world.get("/me", &other.access).await.ok()["name"], "Min");
    world.end().await;
}

#[actix_web::test]
async fn an_admin_sets_roles_and_they_count_with_the_next_refresh() {
    let world = World::start().await;
    let admin = world.admin("root@example.org").await;
    let me = world.sign_up("a@example.org").await;
    let path = format!("/users/{}/roles", me.id);
    let grant = json!({ "roles": ["clerk"] });
    assert_eq!(world.ask(Method::PUT, &path, Some(&me.access), Some(grant.clone())).await.code(), "auth.forbidden");
    assert_eq!(world.ask(Method::PUT, &path, None, Some(grant.clone())).await.code(), "auth.required");
    let set = world.ask(Method::PUT, &path, Some(&admin.access), Some(grant)).await.ok();
    assert_eq!(set["roles"], json!(["user", "clerk"]));
    // The token with the old roles no longer counts, on this server or a restarted one; the session goes on.
    assert_eq!(world.get("/me", &me.access).await.code(), "auth.token_expired");
    let fresh = std::sync::Arc::default();
    let tokens = World::tokens_with(super::world::SECRET, &world.clock, &fresh);
    World::accounts_with(&world.house, &tokens, &world.clock, &world.cache).await;
    assert_eq!(tokens.verify(&me.access), Err(madang_domain::code::Code::TokenExpired));
    let me = person(&world.refresh(&me.refresh).await.ok());
    assert_eq!(world.get("/me", &me.access).await.ok()["roles"], json!(["user", "clerk"]));
    world.end().await;
}

#[actix_web::test]
async fn wrong_role_changes_are_refused() {
    let world = World::start().await;
    let admin = world.admin("root@example.org").await;
    let put = |path: String, body| {
        let access = admin.access.clone();
        let world = &world;
        async move { world.ask(Method::PUT, &path, Some(&access), Some(body)).await }
    };
    let own = format!("/users/{}/roles", admin.id);
    assert_eq!(put(own.clone(), json!({ "roles": [] })).await.code(), "auth.forbidden");
    assert_eq!(put(own.clone(), json!({ "roles": ["king"] })).await.code(), "request.malformed");
    assert_eq!(put("/users/999999/roles".to_owned(), json!({ "roles": [] })).await.code(), "request.not_found");
    assert_eq!(put("/users/x/roles".to_owned(), json!({ "roles": [] })).await.code(), "request.not_found");
    world.end().await;
}

#[actix_web::test]
async fn an_admin_searches_people_page_by_page() {
    let world = World::start().await;
    let admin = world.admin("root@example.org").await;
    for n in 0..3 {
        world.sign_up(&format!("bidder{n}@example.org")).await;
    }
    let first = world.get("/users?search=BIDDER&limit=2", &admin.access).await.ok();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let next = first["next"].as_i64().unwrap();
    let last = world.get(&format!("/users?search=bidder&limit=2&after={next}"), &admin.access).await.ok();
    assert_eq!(last["items"][0]["email"], "bidder2@example.org");
    assert!(last["next"].is_null());
    // A pattern is only text.
    assert_eq!(world.get("/users?search=%25", &admin.access).await.ok()["items"], json!([]));
    assert_eq!(world.get("/users?after=x", &admin.access).await.code(), "request.malformed");
    world.end().await;
}
