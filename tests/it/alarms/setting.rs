//! Setting alarms over HTTP.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::bedroom::{Bedroom, code, ok};

#[actix_web::test]
async fn alarms_are_added_changed_and_removed_and_nobody_else_sees_them() {
    let room = Bedroom::open().await;
    let (anna, ben) = (room.sleeper("anna").await, room.sleeper("ben").await);
    assert_eq!(room.view(&anna).await["alarms"], json!([]), "a clock is there from the first");
    let number = room.alarm(&anna, json!({ "title": "수영" })).await;
    let added = &room.view(&anna).await["alarms"][0];
    assert_eq!((&added["number"], &added["next_at"]), (&json!(number), &json!("2026-11-22T22:00:00Z")));
    let path = format!("/alarms/{number}");
    let later = json!({ "time": "07:30", "days": ["tue"] });
    let changed = ok(room.send(Method::PUT, &path, &anna, Some(later.clone()), None).await);
    assert_eq!(changed["next_at"], "2026-11-23T22:30:00Z");
    assert_eq!(code(&room.send(Method::PUT, &path, &ben, Some(later), None).await), "alarm.unknown");
    let zone = json!({ "zone": "Europe/Berlin" });
    let moved = ok(room.send(Method::PUT, "/alarms/zone", &anna, Some(zone), None).await);
    assert_eq!(moved["armed"][0]["next_at"], "2026-11-24T06:30:00Z");
    ok(room.send(Method::DELETE, &path, &anna, None, None).await);
    assert_eq!(room.view(&anna).await["alarms"], json!([]));
    room.close().await;
}

#[actix_web::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let room = Bedroom::open().await;
    let anna = room.sleeper("anna").await;
    let refused = async |body| code(&room.post("/alarms", &anna, body).await).to_owned();
    assert_eq!(refused(json!({ "time": "25:00" })).await, "request.malformed");
    assert_eq!(refused(json!({ "time": "07:00", "zone": "Mars/Olympus" })).await, "request.malformed");
    assert_eq!(refused(json!({ "time": "07:00", "answers": 11 })).await, "alarm.invalid");
    assert_eq!(refused(json!({ "time": "07:00", "date": "2026-11-22" })).await, "alarm.in_the_past");
    for _ in 0..50 {
        room.alarm(&anna, json!({})).await;
    }
    assert_eq!(refused(json!({ "time": "07:00" })).await, "alarm.too_many");
    let reply = room.send(Method::PUT, "/alarms/zone", &anna, Some(json!({ "zone": "Mars/Olympus" })), None).await;
    assert_eq!(code(&reply), "alarm.invalid");
    assert_eq!(code(&room.post("/alarms/plan/ack", &anna, json!({ "version": 99 })).await), "alarm.unknown_plan");
    assert_eq!(code(&room.ask(&anna, "explode", json!({})).await), "request.unknown_method");
    assert_eq!(code(&room.ask(&anna, "stop", json!({})).await), "alarm.not_ringing");
    assert_eq!(code(&room.ask(&anna, "next", json!({})).await), "alarm.not_ringing");
    room.close().await;
}

#[actix_web::test]
async fn the_same_request_twice_is_one_alarm() {
    let room = Bedroom::open().await;
    let anna = room.sleeper("anna").await;
    let key = Some(Uuid::new_v4());
    let body = Some(json!({ "time": "07:00" }));
    let first = ok(room.send(Method::POST, "/alarms", &anna, body.clone(), key).await);
    let again = ok(room.send(Method::POST, "/alarms", &anna, body, key).await);
    assert_eq!((&first["number"], &again["duplicate"]), (&again["number"], &json!(true)));
    let other = room.send(Method::POST, "/alarms", &anna, Some(json!({ "time": "08:00" })), key).await;
    assert_eq!(code(&other), "request.id_reused");
    ok(room.post("/alarms/plan/ack", &anna, json!({ "version": 1 })).await);
    assert_eq!(room.view(&anna).await["plan"]["acknowledged"], 1);
    room.close().await;
}
