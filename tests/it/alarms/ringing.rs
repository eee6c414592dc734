//! What time does to alarms: rings, snoozes, backups, wake-up checks, restarts.

use serde_json::{Value, json};

use super::bedroom::{Bedroom, code, ok};

fn kinds(notices: &[Value]) -> Vec<&str> {
    notices.iter().map(|notice| notice["type"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn it_rings_snoozes_rings_again_and_is_stopped_and_the_log_keeps_it() {
    let room = Bedroom::open().await;
    let anna = room.sleeper("anna").await;
    room.alarm(&anna, json!({ "title": "수영", "snooze_limit": 1 })).await;
    let anna = room.until_stage(&anna, 60, "ringing").await;
    let rang = &room.notices(&anna, 1).await[0];
    assert_eq!((&rang["type"], &rang["fields"]["title"]), (&json!("alarm.ringing"), &json!("수영")));
    let snoozed = ok(room.ask(&anna, "snooze", json!({ "session": 1 })).await);
    assert_eq!((&snoozed["state"], &snoozed["snoozes_left"]), (&json!("snoozed"), &json!(0)));
    let anna = room.until_stage(&anna, 5, "ringing").await;
    assert_eq!(code(&room.ask(&anna, "snooze", json!({})).await), "alarm.no_snooze_left");
    assert_eq!(code(&room.ask(&anna, "stop", json!({ "session": 7 })).await), "alarm.other_session");
    let stopped = ok(room.ask(&anna, "stop", json!({ "session": 1 })).await);
    assert_eq!((&stopped["how"], &stopped["streak"]), (&json!("plain"), &json!(1)));
    let log = ok(room.get("/alarms/log?limit=2", &anna).await);
    let what = |log: &Value| -> Vec<String> {
        log["items"].as_array().unwrap().iter().map(|item| item["what"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(what(&log), ["stopped", "rang_again"]);
    let rest = ok(room.get(&format!("/alarms/log?after={}", log["next"].as_str().unwrap()), &anna).await);
    assert_eq!((what(&rest), &rest["next"]), (vec!["snoozed".to_owned(), "rang".to_owned()], &Value::Null));
    room.close().await;
}

#[actix_web::test]
async fn without_reaction_backups_ring_until_it_is_missed() {
    let room = Bedroom::open().await;
    let anna = room.sleeper("anna").await;
    room.alarm(&anna, json!({})).await;
    let mut anna = room.until_stage(&anna, 60, "ringing").await;
    for rings in 2..=4 {
        room.minutes(20);
        anna = room.signed_in(anna.id);
        room.until("a backup ring", async || room.view(&anna).await["session"]["rings"] == rings).await;
    }
    let anna = room.until_stage(&anna, 20, "none").await;
    let notices = room.notices(&anna, 5).await;
    assert_eq!(kinds(&notices)[4], "alarm.missed");
    assert_eq!(room.view(&anna).await["streak"]["broken"], "2026-11-23");
    room.close().await;
}

#[actix_web::test]
async fn the_wake_up_check_rings_again_unless_it_is_answered() {
    let room = Bedroom::open().await;
    let anna = room.sleeper("anna").await;
    room.alarm(&anna, json!({ "wake_check_minutes": 3 })).await;
    let anna = room.until_stage(&anna, 60, "ringing").await;
    assert_eq!(ok(room.ask(&anna, "stop", json!({})).await)["state"], "wake_check");
    room.minutes(3);
    assert_eq!(kinds(&room.notices(&anna, 2).await)[1], "alarm.wake_check");
    let anna = room.until_stage(&anna, 2, "ringing").await;
    ok(room.ask(&anna, "stop", json!({})).await);
    assert_eq!(ok(room.ask(&anna, "awake", json!({})).await)["state"], "over");
    assert_eq!(room.view(&anna).await["session"], Value::Null);
    room.close().await;
}

#[actix_web::test]
async fn what_was_due_while_the_server_was_away_rings_once_when_it_is_back() {
    let room = Bedroom::open().await;
    let anna = room.sleeper("anna").await;
    room.alarm(&anna, json!({})).await;
    let (db, clock) = room.stop().await;
    clock.advance(std::time::Duration::from_secs(65 * 60));
    let room = Bedroom::open_on(db, clock).await;
    let anna = room.until_stage(&anna, 0, "ringing").await;
    assert_eq!(room.notices(&anna, 1).await.len(), 1);
    let (db, clock) = room.stop().await;
    let room = Bedroom::open_on(db, clock).await;
    let anna = room.until_stage(&anna, 0, "ringing").await;
    assert_eq!(room.view(&anna).await["session"]["rings"], 1, "a restart does not ring again");
    ok(room.ask(&anna, "stop", json!({})).await);
    room.close().await;
}

#[actix_web::test]
async fn an_alarm_can_be_tried() {
    let room = Bedroom::open().await;
    let anna = room.sleeper("anna").await;
    let number = room.alarm(&anna, json!({})).await;
    assert_eq!(ok(room.post(&format!("/alarms/{number}/try"), &anna, json!({})).await)["state"], "ringing");
    let again = room.post(&format!("/alarms/{number}/try"), &anna, json!({})).await;
    assert_eq!(code(&again), "alarm.already_ringing");
    ok(room.ask(&anna, "emergency", json!({})).await);
    assert_eq!(room.view(&anna).await["streak"]["broken"], Value::Null);
    room.close().await;
}
