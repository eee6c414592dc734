//! Ten favourites, whoever asks how fast.

use futures_util::future::join_all;
use madang::storage::auctions::{Card, Phase, put_cards};
use madang_domain::entity::Role;
use madang_domain::ids::{ArtworkId, UserId};
use madang_domain::money::Currency;
use reqwest::Method;
use serde_json::json;

use super::house::{House, code, ok};

fn card(id: i64) -> Card {
    Card {
        id,
        seq: 1,
        state: "live".to_owned(),
        phase: Phase::Live,
        seller: UserId::new(1),
        artwork: ArtworkId::new(1),
        title: format!("Lot {id}"),
        artist: "Somebody".to_owned(),
        medium: None,
        image: "/x.svg".to_owned(),
        currency: Currency::KRW,
        price: 1_000,
        bids: 0,
        starts_at: None,
        ends_at: None,
    }
}

#[actix_web::test]
async fn an_eleventh_favourite_is_refused_also_when_all_come_at_once() {
    let house = House::open().await;
    let anna = house.bidder("anna", 1_000).await;
    put_cards(house.db.pool(), &(1..=20).map(card).collect::<Vec<_>>()).await.unwrap();
    let put = async |auction: i64| house.send(Method::PUT, &format!("/favourites/{auction}"), Some(&anna), None, None).await;
    let replies = join_all((1..=20).map(put)).await;
    let (kept, full): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.0 == 204);
    assert_eq!((kept.len(), full.len()), (10, 10));
    assert!(full.iter().all(|reply| code(reply) == "auction.favourites_full"), "{full:?}");

    let listed = ok(house.get("/favourites", Some(&anna)).await);
    let ids: Vec<i64> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 10);
    let (here, away) = (ids[0], (1..=20).find(|id| !ids.contains(id)).unwrap());
    assert_eq!(put(here).await.0, 204, "keeping one that is kept changes nothing");
    let dropped = house.send(Method::DELETE, &format!("/favourites/{here}"), Some(&anna), None, None).await;
    assert_eq!(dropped.0, 204);
    assert_eq!(put(away).await.0, 204, "a place is free again");
    let newest = ok(house.get("/favourites", Some(&anna)).await)["items"][0]["id"].clone();
    assert_eq!(newest, json!(away));
    house.close().await;
}

#[actix_web::test]
async fn only_auctions_that_exist_are_kept_and_everybody_keeps_their_own() {
    let house = House::open().await;
    let (anna, ben) = (house.bidder("anna", 1_000).await, house.person("ben", &[Role::Clerk]).await);
    let auction = house.offer(&ben, json!({})).await;
    let unknown = house.send(Method::PUT, "/favourites/999", Some(&anna), None, None).await;
    assert_eq!(code(&unknown), "auction.unknown");
    assert_eq!(house.send(Method::PUT, &format!("/favourites/{auction}"), Some(&anna), None, None).await.0, 204);
    assert_eq!(ok(house.get("/favourites", Some(&ben)).await)["items"], json!([]));
    assert_eq!(code(&house.get("/favourites", None).await), "auth.required");
    house.close().await;
}
