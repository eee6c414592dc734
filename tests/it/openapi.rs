//! The OpenAPI document names every route of the API, and nothing else.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::{App, HttpRequest, web};
use madang::http::api;
use serde_json::Value;

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The patterns of the API's resources, read from what the framework says of its own routing table.
fn patterns(routing_table: &str) -> BTreeSet<String> {
    let all = routing_table.split("patterns: Single(\"").skip(1);
    let all = all.filter_map(|rest| rest.split_once("\")").map(|(pattern, _)| pattern.to_owned()));
    all.filter(|pattern| pattern.starts_with('/') && !pattern.starts_with("/api/") && pattern != "/test-routing-table")
        .collect()
}

#[actix_web::test]
async fn every_route_is_in_the_document_and_every_documented_one_is_a_route() {
    let show = |request: HttpRequest| async move { format!("{:?}", request.resource_map()) };
    let app = init_service(
        App::new().configure(api::routes).service(web::resource("/test-routing-table").route(web::get().to(show))),
    )
    .await;
    let reply = call_service(&app, TestRequest::get().uri("/test-routing-table").to_request()).await;
    let table = String::from_utf8(actix_web::test::read_body(reply).await.to_vec()).unwrap();
    // Other dialects are described by those whose they are.
    let dialects = ["/models", "/models/{model}", "/chat/completions", "/chat", "/chat/{id}/stream", "/chat/{id}/stop"];
    let outside = ["/v1", "/health", "/ready", "/metrics", "/media/artworks/{artwork}.svg", "/objects/{key}"];
    let mut routes = BTreeSet::new();
    for pattern in patterns(&table).iter().filter(|pattern| ![&outside[..], &dialects[..]].concat().contains(&pattern.as_str()))
    {
        let mut path = String::from(api::BASE);
        for part in pattern.split('{') {
            path.push_str(&part.split_once('}').map_or(part.to_owned(), |(_, rest)| format!("1{rest}")));
        }
        for method in METHODS {
            // Without its data no handler runs: all that counts is whether one was found.
            let request = TestRequest::default().method(method.clone()).uri(&path).to_request();
            let status = call_service(&app, request).await.status().as_u16();
            if status != 405 {
                routes.insert(format!("{method} {}{pattern}", api::BASE));
            }
        }
    }
    let document = call_service(&app, TestRequest::get().uri("/api/openapi.json").to_request()).await;
    let document: Value = read_body_json(document).await;
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            documented.insert(format!("{} {path}", method.to_uppercase()));
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path} says nothing");
            assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{method} {path} has no tag");
            assert_eq!(operation["responses"]["default"]["content"].as_object().unwrap().len(), 1, "{method} {path}");
        }
    }
    assert!(routes.len() > 10, "the routing table could not be read: {table}");
    assert_eq!(routes, documented);
}

#[actix_web::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let document = serde_json::to_value(madang::http::openapi::document()).unwrap();
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"].get(reference).is_some(), "{reference}");
    }
    assert!(document["components"]["securitySchemes"]["bearer"].is_object());
}

#[actix_web::test]
async fn the_page_to_try_it_is_served_from_the_binary() {
    let app = init_service(App::new().configure(api::routes)).await;
    let page = call_service(&app, TestRequest::get().uri("/api/docs/").to_request()).await;
    assert!(page.status().is_success());
    assert!(String::from_utf8(actix_web::test::read_body(page).await.to_vec()).unwrap().contains("swagger-ui"));
    let moved = call_service(&app, TestRequest::get().uri("/api/docs").to_request()).await;
    assert!(moved.status().is_redirection());
}
