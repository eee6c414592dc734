//! Alarms that are stopped by answers.

use serde_json::{Value, json};

use super::bedroom::{Bedroom, Sleeper, code, ok};

async fn ringing(room: &Bedroom, name: &str, answers: u32) -> Sleeper {
    let sleeper = room.sleeper(name).await;
    room.alarm(&sleeper, json!({ "mission": true, "answers": answers })).await;
    room.until_stage(&sleeper, 60, "ringing").await
}

async fn next(room: &Bedroom, who: &Sleeper) -> Value {
    ok(room.ask(who, "next", json!({})).await)["task"].clone()
}

fn answer(task: &Value, text: &str) -> Value {
    json!({ "campaign": task["campaign"], "lease": task["lease"], "fence": task["fence"], "answer": text })
}

#[actix_web::test]
async fn an_answer_is_durable_before_the_alarm_stops() {
    let room = Bedroom::open().await;
    room.tasks.put(5);
    let anna = ringing(&room, "anna", 2).await;
    assert_eq!(code(&room.ask(&anna, "stop", json!({})).await), "alarm.mission_open");
    let task = next(&room, &anna).await;
    assert_eq!(next(&room, &anna).await["lease"], task["lease"], "the one on the screen, not another");
    assert_eq!(room.view(&anna).await["session"]["task"]["card"]["image"], "/objects/1");
    let first = ok(room.ask(&anna, "answer", answer(&task, "삼겹살")).await);
    assert_eq!((&first["answered"], &first["state"], &first["points"]), (&json!(1), &json!("in_mission"), &json!(15)));
    let wrong = ok(room.ask(&anna, "answer", answer(&next(&room, &anna).await, "wrong")).await);
    assert_eq!((&wrong["answered"], &wrong["passed"]), (&json!(1), &json!(false)));
    let last = ok(room.ask(&anna, "answer", answer(&next(&room, &anna).await, "김치")).await);
    assert_eq!((&last["how"], &last["state"], &last["streak"]), (&json!("answered"), &json!("over"), &json!(1)));
    assert_eq!(room.tasks.answers().len(), 3);
    room.close().await;
}

#[actix_web::test]
async fn the_same_call_twice_is_one_answer_and_a_doubled_answer_is_refused() {
    let room = Bedroom::open().await;
    room.tasks.put(5);
    let anna = ringing(&room, "anna", 2).await;
    let task = next(&room, &anna).await;
    let mut call = answer(&task, "삼겹살");
    call["command_id"] = json!("0190a1f0-0000-7000-8000-000000000001");
    let first = ok(room.ask(&anna, "answer", call.clone()).await);
    let again = ok(room.ask(&anna, "answer", call).await);
    assert_eq!((&first["answered"], &again["answered"], &again["duplicate"]), (&json!(1), &json!(1), &json!(true)));
    assert_eq!(code(&room.ask(&anna, "answer", answer(&task, "김치")).await), "request.conflict");
    assert_eq!(room.view(&anna).await["session"]["answered"], 1);
    room.close().await;
}

#[actix_web::test]
async fn foreign_and_late_answers_are_refused_and_lose_nothing() {
    let room = Bedroom::open().await;
    room.tasks.put(5);
    let (anna, ben) = (ringing(&room, "anna", 1).await, room.sleeper("ben").await);
    let task = next(&room, &anna).await;
    assert_eq!(code(&room.ask(&ben, "answer", answer(&task, "훔친")).await), "request.conflict");
    let anna = room.until_stage(&anna, 3, "ringing").await;
    assert_eq!(code(&room.ask(&anna, "answer", answer(&task, "늦은")).await), "request.conflict");
    let fresh = next(&room, &anna).await;
    assert_ne!(fresh["lease"], task["lease"]);
    assert_eq!(ok(room.ask(&anna, "answer", answer(&fresh, "제때")).await)["how"], "answered");
    assert_eq!(room.tasks.answers(), ["제때"]);
    room.close().await;
}

#[actix_web::test]
async fn another_one_gives_the_lease_back() {
    let room = Bedroom::open().await;
    room.tasks.put(5);
    let anna = ringing(&room, "anna", 1).await;
    let task = next(&room, &anna).await;
    ok(room.ask(&anna, "skip", answer(&task, "")).await);
    assert_eq!(room.tasks.count(), (0, 0, 1));
    assert_ne!(next(&room, &anna).await["lease"], task["lease"]);
    ok(room.ask(&anna, "snooze", json!({})).await);
    assert_eq!(room.tasks.count(), (0, 0, 2), "a snooze gives back what is on the screen");
    room.close().await;
}

#[actix_web::test]
async fn without_tasks_or_campaigns_the_person_may_stop() {
    let room = Bedroom::open().await;
    let anna = ringing(&room, "anna", 3).await;
    let none = ok(room.ask(&anna, "next", json!({})).await);
    assert_eq!((&none["task"], &none["may_stop"], &none["excused"]), (&Value::Null, &json!(true), &json!("no_tasks")));
    assert_eq!(ok(room.ask(&anna, "stop", json!({})).await)["how"], "excused");
    room.tasks.break_down();
    let ben = room.sleeper("ben").await;
    room.alarm(&ben, json!({ "mission": true, "time": "07:01" })).await;
    let ben = room.until_stage(&ben, 1, "ringing").await;
    assert_eq!(ok(room.ask(&ben, "next", json!({})).await)["excused"], "unavailable");
    assert_eq!(ok(room.ask(&ben, "stop", json!({})).await)["how"], "excused");
    room.close().await;
}

#[actix_web::test]
async fn the_emergency_stop_and_the_phone_without_a_connection_always_work() {
    let room = Bedroom::open().await;
    room.tasks.put(9);
    let anna = ringing(&room, "anna", 3).await;
    next(&room, &anna).await;
    let stopped = ok(room.ask(&anna, "emergency", json!({})).await);
    assert_eq!((&stopped["how"], &stopped["streak"]), (&json!("emergency"), &json!(0)));
    assert_eq!(room.tasks.count().0, 0, "the lease went back");
    let ben = room.sleeper("ben").await;
    room.alarm(&ben, json!({ "mission": true, "time": "07:01" })).await;
    let ben = room.until_stage(&ben, 1, "ringing").await;
    assert_eq!(ok(room.ask(&ben, "stop", json!({ "offline": true })).await)["how"], "offline");
    room.close().await;
}
