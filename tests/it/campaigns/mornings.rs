//! Alarms that are stopped by tasks of real campaigns: both live things, the pool between them, HTTP in front.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Office, Person, code, held, ok};

/// One answer is enough, and it must come within a minute.
fn single() -> Value {
    json!({ "lease_s": 60, "stop": { "quorum": { "min_votes": 1, "agreement_bp": 5_000, "max_votes": 1 } } })
}

/// Somebody whose alarm rings now and wants so many answers.
async fn ringing(office: &Office, name: &str, answers: u32) -> Person {
    let person = office.person(name, &[]).await;
    let alarm = json!({ "time": "07:00", "days": ["mon"], "mission": true, "answers": answers });
    let number = ok(office.post("/alarms", &person, alarm).await)["number"].clone();
    assert_eq!(ok(office.post(&format!("/alarms/{number}/try"), &person, json!({})).await)["state"], "ringing");
    person
}

async fn ask(office: &Office, who: &Person, verb: &str, body: Value) -> (u16, Value) {
    office.post(&format!("/alarms/session/{verb}"), who, body).await
}

async fn next(office: &Office, who: &Person) -> Value {
    ok(ask(office, who, "next", json!({})).await)["task"].clone()
}

async fn session(office: &Office, who: &Person) -> Value {
    ok(office.get("/alarms", who).await)["session"].clone()
}

#[actix_web::test]
async fn an_answer_stops_the_alarm_counts_in_the_campaign_and_is_worth_its_points() {
    let office = Office::open().await;
    let campaign = office.running(3, single()).await;
    let anna = ringing(&office, "anna", 2).await;
    let first = next(&office, &anna).await;
    assert_eq!(next(&office, &anna).await["lease"], first["lease"], "the one on the screen");
    let counted = ok(ask(&office, &anna, "answer", held(&first, json!({ "answer": "Total" }))).await);
    assert_eq!((&counted["state"], &counted["answered"]), (&json!("in_mission"), &json!(1)));
    let second = next(&office, &anna).await;
    assert_ne!(second["task"], first["task"], "never the same task twice");
    let last = ok(ask(&office, &anna, "answer", held(&second, json!({ "answer": "Summe" }))).await);
    assert_eq!((&last["state"], &last["how"]), (&json!("over"), &json!("answered")));
    assert_eq!(session(&office, &anna).await, Value::Null);
    let progress = office.view(campaign).await["progress"].clone();
    assert_eq!((&progress["done"], &progress["answers"]), (&json!(2), &json!(2)));
    assert_eq!(office.points(&anna).await, (30, 0));
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn a_lost_lease_costs_nothing_but_the_answer_and_the_alarm_goes_on() {
    let office = Office::open().await;
    let campaign = office.running(1, single()).await;
    let (anna, ben) = (ringing(&office, "anna", 1).await, ringing(&office, "ben", 1).await);
    let task = next(&office, &anna).await;
    let stolen = ask(&office, &ben, "answer", held(&task, json!({ "answer": "x" }))).await;
    assert_eq!(code(&stolen), "label.lease_foreign");
    assert_eq!(session(&office, &ben).await["stage"], "ringing", "what is not one's own stops nothing");
    office.clock.advance(Duration::from_secs(61));
    let late = ask(&office, &anna, "answer", held(&task, json!({ "answer": "Total" }))).await;
    assert_eq!(code(&late), "label.late");
    assert_ne!(session(&office, &anna).await, Value::Null, "a late answer does not stop it");
    let again = ask(&office, &anna, "answer", held(&task, json!({ "answer": "Total" }))).await;
    assert_eq!(code(&again), "label.already_answered");
    // The place is free for somebody else, and the one who was late may stop, since nothing else is left for them.
    let other = next(&office, &ben).await;
    assert_eq!(other["task"], task["task"]);
    assert_eq!(ok(ask(&office, &ben, "answer", held(&other, json!({ "answer": "Total" }))).await)["how"], "answered");
    let excused = ok(ask(&office, &anna, "next", json!({})).await);
    assert_eq!((&excused["task"], &excused["excused"], &excused["may_stop"]), (&Value::Null, &json!("no_tasks"), &json!(true)));
    assert_eq!(ok(ask(&office, &anna, "stop", json!({})).await)["how"], "excused");
    let progress = office.view(campaign).await["progress"].clone();
    assert_eq!((&progress["answers"], &progress["late"]), (&json!(1), &json!(1)));
    assert_eq!((office.points(&anna).await, office.points(&ben).await), ((0, 0), (15, 0)));
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn an_empty_pool_lets_everybody_stop() {
    let office = Office::open().await;
    let anna = ringing(&office, "anna", 3).await;
    assert_eq!(code(&ask(&office, &anna, "stop", json!({})).await), "alarm.mission_open");
    let excused = ok(ask(&office, &anna, "next", json!({})).await);
    assert_eq!((&excused["excused"], &excused["may_stop"]), (&json!("no_tasks"), &json!(true)));
    // Tasks that come later do not take the word back.
    office.running(2, single()).await;
    assert_eq!(ok(ask(&office, &anna, "stop", json!({})).await)["how"], "excused");
    office.close().await;
}

#[actix_web::test]
async fn the_emergency_stop_gives_the_lease_back_and_another_one_does_too() {
    let office = Office::open().await;
    let campaign = office.running(1, single()).await;
    let (anna, ben) = (ringing(&office, "anna", 3).await, ringing(&office, "ben", 1).await);
    let task = next(&office, &anna).await;
    assert_eq!(office.view(campaign).await["leases"], 1);
    assert_eq!(ok(ask(&office, &anna, "emergency", json!({})).await)["how"], "emergency");
    assert_eq!((session(&office, &anna).await, &office.view(campaign).await["leases"]), (Value::Null, &json!(0)));
    let given_back = ask(&office, &anna, "answer", held(&task, json!({ "answer": "x" }))).await;
    assert_eq!(code(&given_back), "label.given_back");
    let other = next(&office, &ben).await;
    assert_eq!(other["task"], task["task"], "its place was free at once");
    ok(ask(&office, &ben, "skip", held(&other, json!({}))).await);
    assert_eq!(office.view(campaign).await["leases"], 0);
    assert_eq!(ok(ask(&office, &ben, "next", json!({})).await)["may_stop"], true);
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn a_restart_in_the_middle_of_a_mission_loses_neither_the_lease_nor_the_answer() {
    let office = Office::open().await;
    let campaign = office.running(2, single()).await;
    let anna = ringing(&office, "anna", 2).await;
    let first = next(&office, &anna).await;
    let (path, id) = ("/alarms/session/answer", Uuid::new_v4());
    let body = held(&first, json!({ "answer": "Total" }));
    let before = ok(office.post_as(path, &anna, body.clone(), id).await);
    let second = next(&office, &anna).await;
    let office = office.restart().await;
    let again = ok(office.post_as(path, &anna, body, id).await);
    assert_eq!((&again["answered"], &again["duplicate"]), (&before["answered"], &json!(true)));
    assert_eq!(session(&office, &anna).await["task"]["lease"], second["lease"]);
    assert_eq!(ok(ask(&office, &anna, "answer", held(&second, json!({ "answer": "Summe" }))).await)["how"], "answered");
    assert_eq!(office.view(campaign).await["progress"]["done"], 2);
    assert_eq!(office.points(&anna).await, (30, 0));
    office.audit().await;
    office.close().await;
}
