//! The catalogue: search in any language, pages, and pictures that are always there.

use madang_domain::entity::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{House, code, ok};

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn words_of_any_length_are_found_in_korean_and_english() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    for (title, artist, medium) in [
        ("인왕제색도", "정선", "종이에 수묵"),
        ("미인도", "신윤복", "비단에 채색"),
        ("The Great WAVE off Kanagawa", "Katsushika Hokusai", "Woodblock print"),
        ("100% ink", "Élise", "Ink_on paper"),
    ] {
        let body = json!({ "title": title, "artist": artist, "medium": medium });
        ok(house.post("/artworks", &seller, body).await);
    }
    for (query, wanted) in [
        ("search=도", vec!["미인도", "인왕제색도"]),
        ("search=인왕", vec!["인왕제색도"]),
        ("search=제색도", vec!["인왕제색도"]),
        ("search=수묵 정선", vec!["인왕제색도"]),
        ("search=wave", vec!["The Great WAVE off Kanagawa"]),
        ("search=hoku kanag", vec!["The Great WAVE off Kanagawa"]),
        ("search=élise", vec!["100% ink"]),
        ("search=100%25", vec!["100% ink"]),
        ("search=k_o", vec!["100% ink"]),
        ("search=nothing like it", vec![]),
        ("medium=비단", vec!["미인도"]),
        ("artist=신윤", vec!["미인도"]),
        ("artist=정선&search=미인", vec![]),
    ] {
        let page = ok(house.get(&format!("/artworks?{query}"), None).await);
        assert_eq!(titles(&page), wanted, "{query}");
    }
    house.close().await;
}

#[actix_web::test]
async fn pages_follow_each_other_without_gaps() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    for number in 0..5 {
        house.artwork(&seller, &format!("Work {number}")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/artworks?limit=2".to_owned();
    loop {
        let page = ok(house.get(&path, None).await);
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/artworks?limit=2&after={next}");
    }
    assert_eq!(seen, ["Work 4", "Work 3", "Work 2", "Work 1", "Work 0"]);
    assert_eq!(code(&house.get("/artworks?after=yesterday", None).await), "request.malformed");
    house.close().await;
}

#[actix_web::test]
async fn an_artwork_goes_in_once_for_each_request() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let key = Some(Uuid::new_v4());
    let put = async |title: &str| {
        let body = json!({ "title": title, "artist": "Ann", "image_urls": ["https://example.com/a.jpg"] }).to_string();
        house.send(Method::POST, "/artworks", Some(&seller), Some(&body), key).await
    };
    let (first, again) = (ok(put("One").await), ok(put("One").await));
    assert_eq!(first, again);
    assert_eq!(first["image"], "https://example.com/a.jpg");
    assert_eq!(code(&put("Two").await), "request.id_reused");
    let id = &first["id"];
    assert_eq!(ok(house.get(&format!("/artworks/{id}"), None).await), first);
    assert_eq!(code(&house.get("/artworks/999999", None).await), "request.not_found");
    for wrong in [
        json!({ "title": " ", "artist": "Ann" }),
        json!({ "title": "x".repeat(501), "artist": "Ann" }),
        json!({ "title": "x", "artist": "Ann", "image_urls": ["javascript:alert(1)"] }),
    ] {
        assert_eq!(code(&house.post("/artworks", &seller, wrong).await), "artwork.invalid");
    }
    house.close().await;
}

#[actix_web::test]
async fn every_artwork_has_a_picture() {
    let house = House::open().await;
    let (status, kind, text) = house.page("/media/artworks/17.svg").await;
    assert_eq!((status, kind.as_str()), (200, "image/svg+xml"));
    assert!(text.starts_with("<svg "), "{text}");
    assert_eq!(house.page("/media/artworks/x.svg").await.0, 404);
    house.close().await;
}
