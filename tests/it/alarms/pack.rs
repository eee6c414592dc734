//! The offline pack.

use serde_json::{Value, json};

use super::bedroom::{Bedroom, code, ok};

fn answers(pack: &Value, texts: &[&str]) -> Value {
    let tasks = pack["tasks"].as_array().unwrap();
    let answers: Vec<_> =
        tasks.iter().zip(texts).map(|(task, text)| json!({ "lease": task["lease"], "answer": text })).collect();
    json!({ "pack": pack, "answers": answers })
}

#[actix_web::test]
async fn answers_given_offline_count_and_stop_the_alarm() {
    let room = Bedroom::open().await;
    room.tasks.put(9);
    let anna = room.sleeper("anna").await;
    room.alarm(&anna, json!({ "mission": true, "answers": 2 })).await;
    let anna = room.until_stage(&anna, 60, "ringing").await;
    let pack = ok(room.get("/alarms/pack?tasks=3", &anna).await);
    assert_eq!(pack["tasks"].as_array().unwrap().len(), 3);
    let body = answers(&pack, &["하나", "둘", "셋"]);
    let taken = ok(room.post("/alarms/pack/answers", &anna, body.clone()).await);
    let results = |taken: &Value| -> Vec<String> {
        taken["items"].as_array().unwrap().iter().map(|item| item["result"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(results(&taken), ["counted", "counted", "taken"], "two stop it, the third is worth its points");
    assert_eq!(taken["items"][1]["session"]["how"], "answered");
    let again = ok(room.post("/alarms/pack/answers", &anna, body).await);
    assert_eq!(results(&again), ["counted", "counted", "taken"], "asked again it is the same");
    assert_eq!(room.tasks.answers().len(), 3);
    room.close().await;
}

#[actix_web::test]
async fn a_late_answer_counts_as_long_as_its_lease_stands() {
    let room = Bedroom::open().await;
    room.tasks.put(9);
    let anna = room.sleeper("anna").await;
    let pack = ok(room.get("/alarms/pack?tasks=2", &anna).await);
    room.minutes(2);
    let first = ok(room.post("/alarms/pack/answers", &anna, answers(&pack, &["하나"])).await);
    assert_eq!((&first["items"][0]["result"], &first["items"][0]["points"]), (&json!("taken"), &json!(15)));
    room.minutes(2);
    let late = json!({ "pack": pack, "answers": [{ "lease": pack["tasks"][1]["lease"], "answer": "둘" }] });
    let late = ok(room.post("/alarms/pack/answers", &anna, late).await);
    assert_eq!((&late["items"][0]["result"], &late["items"][0]["code"]), (&json!("refused"), &json!("request.conflict")));
    room.close().await;
}

#[actix_web::test]
async fn a_pack_that_was_changed_or_is_somebody_elses_is_refused() {
    let room = Bedroom::open().await;
    room.tasks.put(9);
    let (anna, ben) = (room.sleeper("anna").await, room.sleeper("ben").await);
    let pack = ok(room.get("/alarms/pack", &anna).await);
    let refused = async |who, body| code(&room.post("/alarms/pack/answers", who, body).await).to_owned();
    assert_eq!(refused(&ben, answers(&pack, &["훔친"])).await, "alarm.pack_invalid");
    for (field, value) in [("fence", json!(99)), ("deadline", json!("2027-01-01T00:00:00Z")), ("campaign", json!(6))] {
        let mut changed = pack.clone();
        changed["tasks"][0][field] = value;
        assert_eq!(refused(&anna, answers(&changed, &["x"])).await, "alarm.pack_invalid", "{field}");
    }
    let stranger = json!({ "pack": pack, "answers": [{ "lease": "0190a1f0-0000-7000-8000-000000000001", "answer": "x" }] });
    assert_eq!(refused(&anna, stranger).await, "alarm.pack_invalid");
    assert_eq!(room.tasks.answers().len(), 0);
    room.close().await;
}
