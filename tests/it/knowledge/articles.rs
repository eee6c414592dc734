use madang_domain::entity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::library::House;
use crate::auctions::house::{code, ok};

#[actix_web::test]
async fn an_article_is_written_found_changed_and_taken_away() {
    let house = House::open().await;
    let body = json!({ "title": "Asthma", "url": "https://a.example/asthma", "tags": ["lung"],
        "sections": [{ "heading": "What is it?", "text": "Asthma narrows the airways." },
            { "heading": "What helps?", "text": "Inhaled medicine opens the airways." }] });
    let (status, kept) = house.admin(Method::POST, "/knowledge/articles", Some(body)).await;
    assert_eq!((status, &kept["version"], &kept["source"]), (201, &json!(1), &json!("house")), "{kept}");
    let path = format!("/knowledge/articles/{}", kept["id"]);
    assert_eq!(house.titles("What narrows airways?").await, ["Asthma", "Asthma"]);

    let before: Value = ok(house.admin(Method::GET, &format!("{path}/chunks"), None).await);
    let change = json!({ "title": "Asthma", "url": "https://a.example/asthma", "tags": ["lung"], "version": 1,
        "sections": [{ "heading": "What is it?", "text": "Asthma narrows the airways." },
            { "heading": "What helps?", "text": "Spacers make inhalers easier." }] });
    let changed = ok(house.admin(Method::PUT, &path, Some(change.clone())).await);
    assert_eq!(changed["version"], 2);
    let after: Value = ok(house.admin(Method::GET, &format!("{path}/chunks"), None).await);
    assert_eq!(before["items"][0], after["items"][0], "what did not change keeps its number");
    assert_ne!(before["items"][1]["id"], after["items"][1]["id"]);
    assert_eq!(house.titles("spacers").await, ["Asthma"]);
    let found = house.titles("inhaled medicine").await;
    assert!(found.len() < 2, "the old text is not found: {found:?}");

    assert_eq!(
        ok(house
            .admin(
                Method::PUT,
                &path,
                Some({
                    let mut same = change.clone();
                    same["version"] = json!(2);
                    same
                })
            )
            .await)["version"],
        2,
        "nothing differs, so there is no new version"
    );
    let late = house.admin(Method::PUT, &path, Some(change)).await;
    assert_eq!((code(&late), &late.1["detail"]["version"]), ("knowledge.changed", &json!(2)));

    let versions = ok(house.admin(Method::GET, &format!("{path}/versions"), None).await);
    assert_eq!(versions["items"].as_array().unwrap().len(), 2);
    let first = ok(house.admin(Method::GET, &format!("{path}/versions/1"), None).await);
    assert_eq!(first["sections"][1]["text"], "Inhaled medicine opens the airways.");

    assert_eq!(house.admin(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(house.titles("asthma airways").await, Vec::<String>::new());
    for (method, path) in [(Method::GET, path.clone()), (Method::DELETE, path.clone()), (Method::GET, format!("{path}/chunks"))]
    {
        assert_eq!(code(&house.admin(method, &path, None).await), "knowledge.unknown");
    }
    let versions = ok(house.admin(Method::GET, &format!("{path}/versions"), None).await);
    assert_eq!(versions["items"].as_array().unwrap().len(), 2, "versions are kept");
    house.close().await;
}

#[actix_web::test]
async fn only_admins_touch_articles() {
    let house = House::open().await;
    let article = json!({ "title": "A", "sections": [{ "text": "b" }] });
    let search = json!({ "query": "a" });
    for (method, path, body) in [
        (Method::GET, "/knowledge", None),
        (Method::GET, "/knowledge/articles", None),
        (Method::POST, "/knowledge/articles", Some(article.clone())),
        (Method::GET, "/knowledge/articles/1", None),
        (Method::PUT, "/knowledge/articles/1", Some(article)),
        (Method::DELETE, "/knowledge/articles/1", None),
        (Method::GET, "/knowledge/articles/1/chunks", None),
        (Method::GET, "/knowledge/articles/1/versions", None),
        (Method::GET, "/knowledge/articles/1/versions/1", None),
        (Method::POST, "/knowledge/search", Some(search)),
        (Method::GET, "/knowledge/imports", None),
        (Method::POST, "/knowledge/imports?name=a.txt", None),
        (Method::GET, "/knowledge/imports/1", None),
    ] {
        let nobody = house.send(method.clone(), path, None, body.clone()).await;
        assert_eq!((nobody.0, code(&nobody)), (401, "auth.required"), "{method} {path}");
        for role in [Role::User, Role::Company, Role::Clerk] {
            let other = house.send(method.clone(), path, Some(role), body.clone()).await;
            assert_eq!((other.0, code(&other)), (403, "auth.forbidden"), "{method} {path}");
        }
    }
    house.close().await;
}

#[actix_web::test]
async fn bad_articles_are_refused_with_the_field() {
    let house = House::open().await;
    let text = json!([{ "text": "b" }]);
    for (body, field) in [
        (json!({ "title": " ", "sections": text }), "title"),
        (json!({ "title": "A", "sections": [] }), "sections"),
        (json!({ "title": "A", "sections": [{ "text": " \u{200b}" }] }), "sections"),
        (json!({ "title": "A", "sections": text, "url": "javascript:alert(1)" }), "url"),
        (json!({ "title": "A", "sections": text, "tags": ["x".repeat(41)] }), "tags"),
        (json!({ "title": "A", "sections": text, "source": "s".repeat(61) }), "source"),
        (json!({ "title": "A", "sections": [{ "text": "가".repeat(500_001) }] }), "sections"),
    ] {
        let refused = house.admin(Method::POST, "/knowledge/articles", Some(body)).await;
        assert_eq!((code(&refused), &refused.1["detail"]["field"]), ("knowledge.invalid", &json!(field)));
    }
    for (body, wanted) in [
        (json!({ "title": "A" }), "request.malformed"),
        (json!({ "title": "A", "sections": [{ "text": 7 }] }), "request.malformed"),
        (json!({ "title": "A", "sections": [{ "text": "a".repeat(3_000_000) }] }), "request.too_large"),
    ] {
        assert_eq!(code(&house.admin(Method::POST, "/knowledge/articles", Some(body)).await), wanted);
    }
    assert_eq!(code(&house.admin(Method::GET, "/knowledge/articles/0", None).await), "knowledge.unknown");
    let long = json!({ "query": "a".repeat(2_001) });
    assert_eq!(code(&house.admin(Method::POST, "/knowledge/search", Some(long)).await), "request.malformed");
    house.close().await;
}

#[actix_web::test]
async fn the_list_goes_by_pages_and_by_words_of_the_title() {
    let house = House::open().await;
    for title in ["천식의 증상", "Asthma in children", "수면 무호흡"] {
        house.write(title, "글.").await;
    }
    let titles = async |query: &str| -> Vec<String> {
        let list = ok(house.admin(Method::GET, &format!("/knowledge/articles{query}"), None).await);
        list["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles("").await, ["수면 무호흡", "Asthma in children", "천식의 증상"]);
    assert_eq!(titles("?title=%EC%B2%9C%EC%8B%9D").await, ["천식의 증상"]);
    assert_eq!(titles("?title=ASTHMA").await, ["Asthma in children"]);
    assert_eq!(titles("?source=nowhere").await, Vec::<String>::new());
    let first = ok(house.admin(Method::GET, "/knowledge/articles?limit=2", None).await);
    assert_eq!(titles(&format!("?limit=2&after={}", first["next"].as_str().unwrap())).await, ["천식의 증상"]);
    let state = ok(house.admin(Method::GET, "/knowledge", None).await);
    assert_eq!((&state["articles"], &state["chunks"], &state["model"]), (&json!(3), &json!(3), &json!("lexical")), "{state}");
    house.close().await;
}
