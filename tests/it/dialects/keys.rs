//! Keys for programs.

use serde_json::json;

use super::{asked, complete, key};
use crate::auctions::house::ok;
use crate::chats::house::House;

#[actix_web::test]
async fn a_key_is_shown_once_opens_the_dialects_alone_and_can_be_removed() {
    let house = House::open().await;
    let (anna, ben) = (house.person("anna", &[]).await, house.person("ben", &[]).await);
    let secret = key(&house, &anna).await;
    assert!(secret.starts_with("mdk-") && secret.len() > 40);
    let listed = ok(house.get("/api-keys", &anna).await);
    assert_eq!(listed["items"][0]["ends_with"], secret[secret.len() - 4..]);
    assert!(!listed.to_string().contains(&secret));
    let stored: Vec<u8> = sqlx::query_scalar("select hash from api_key").fetch_one(house.db.pool()).await.unwrap();
    assert_eq!(stored.len(), 32, "the key itself is not kept");

    // It is no access token.
    let elsewhere = house.client.get(format!("{}/api/v1/chats", house.base)).bearer_auth(&secret).send().await.unwrap();
    assert_eq!(elsewhere.status(), 401);
    let models = house.client.get(format!("{}/v1/models", house.base)).bearer_auth(&secret).send().await.unwrap();
    assert_eq!(models.status(), 200);

    // Nobody else's business.
    let id = listed["items"][0]["id"].as_i64().unwrap();
    for (who, status) in [(&ben, 404), (&anna, 204)] {
        let path = format!("/api-keys/{id}");
        assert_eq!(house.send(reqwest::Method::DELETE, &path, Some(who), serde_json::Value::Null).await.0, status);
    }
    let refused = complete(&house, &secret, asked("Hi?")).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<serde_json::Value>().await.unwrap()["error"]["code"], "invalid_api_key");
    house.close().await;
}

#[actix_web::test]
async fn ten_keys_are_the_most_and_a_name_is_one_line() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    for _ in 0..10 {
        key(&house, &anna).await;
    }
    assert_eq!(house.post("/api-keys", &anna, json!({ "name": "one more" })).await.0, 429);
    for name in ["", " ", "a\nb", &"x".repeat(61)] {
        assert_eq!(house.post("/api-keys", &anna, json!({ "name": name })).await.0, 400, "{name:?}");
    }
    house.close().await;
}
