//! Leases and answers, as those who label meet them.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Office, code, held, ok};

#[actix_web::test]
async fn each_wrong_answer_to_a_lease_has_its_name_and_loses_nothing() {
    let office = Office::open().await;
    let people = office.people(2).await;
    let campaign = office.running(3, json!({})).await;
    let task = office.next(&people[0]).await;
    assert_eq!(code(&office.answer(&people[1], &task, "x").await), "label.lease_foreign");
    let fenced = held(&task, json!({ "answer": "x", "lease": Uuid::new_v4() }));
    assert_eq!(code(&office.post("/labels/answer", &people[0], fenced).await), "label.stale_fence");
    let unknown = held(&task, json!({ "answer": "x", "fence": 99, "lease": Uuid::new_v4() }));
    assert_eq!(code(&office.post("/labels/answer", &people[0], unknown).await), "label.lease_unknown");
    let stale = held(&task, json!({ "answer": "x", "fence": 99 }));
    assert_eq!(code(&office.post("/labels/answer", &people[0], stale).await), "label.stale_fence");
    for wrong in ["", "  \u{200b} ", &"가".repeat(501), &"x".repeat(10_000)] {
        assert_eq!(code(&office.answer(&people[0], &task, wrong).await), "label.answer_invalid");
    }
    assert_eq!(code(&office.post("/labels/answer", &people[0], json!({ "answer": "x" })).await), "request.malformed");
    let id = Uuid::new_v4();
    let body = held(&task, json!({ "answer": "مرحبا 👋" }));
    let first = ok(office.post_as("/labels/answer", &people[0], body.clone(), id).await);
    let again = ok(office.post_as("/labels/answer", &people[0], body.clone(), id).await);
    assert_eq!(first, again, "the same command, the same answer");
    assert_eq!(code(&office.post("/labels/answer", &people[0], body).await), "label.already_answered");
    assert_eq!(office.view(campaign).await["progress"]["answers"], 1);
    assert_eq!(office.points(&people[0]).await, (0, 15));
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn a_late_answer_is_kept_but_not_counted_and_its_place_is_free() {
    let office = Office::open().await;
    let people = office.people(2).await;
    let rules = json!({ "lease_s": 60, "stop": { "quorum": { "min_votes": 1, "agreement_bp": 5_000, "max_votes": 1 } } });
    let campaign = office.running(1, rules).await;
    let task = office.next(&people[0]).await;
    assert_eq!(office.next(&people[1]).await, Value::Null, "one is wanted, one is out");
    office.clock.advance(Duration::from_secs(30));
    let longer = ok(office.post("/labels/extend", &people[0], held(&task, json!({}))).await);
    assert!(longer["deadline"].as_str() > task["deadline"].as_str());
    office.clock.advance(Duration::from_secs(61));
    let late = office.answer(&people[0], &task, "Total").await;
    assert_eq!(code(&late), "label.late");
    assert_eq!(code(&office.answer(&people[0], &task, "Total").await), "label.already_answered");
    let other = office.next(&people[1]).await;
    assert_eq!(other["task"], task["task"], "the place is free");
    assert_eq!(office.next(&people[0]).await, Value::Null, "never the same task twice");
    ok(office.answer(&people[1], &other, "Total").await);
    let view = office.view(campaign).await;
    assert_eq!((&view["progress"]["answers"], &view["progress"]["late"]), (&json!(1), &json!(1)));
    let mine = ok(office.get("/labels/mine", &people[0]).await);
    assert_eq!((&mine["items"][0]["state"], &mine["items"][0]["answer"]), (&json!("late"), &json!("Total")));
    assert_eq!((office.points(&people[0]).await, office.points(&people[1]).await), ((0, 0), (15, 0)));
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn another_one_gives_the_place_back_at_once() {
    let office = Office::open().await;
    let people = office.people(2).await;
    let rules = json!({ "stop": { "quorum": { "min_votes": 1, "agreement_bp": 5_000, "max_votes": 1 } } });
    office.running(2, rules).await;
    let first = office.next(&people[0]).await;
    ok(office.post("/labels/skip", &people[0], held(&first, json!({}))).await);
    let second = office.next(&people[0]).await;
    assert_ne!(first["task"], second["task"]);
    assert_eq!(office.next(&people[1]).await["task"], first["task"]);
    assert_eq!(code(&office.answer(&people[0], &first, "x").await), "label.given_back");
    assert_eq!(code(&office.post("/labels/skip", &people[0], held(&first, json!({}))).await), "label.given_back");
    office.close().await;
}

#[actix_web::test]
async fn a_claim_that_comes_again_is_the_same_task_and_nobody_hoards() {
    let office = Office::open().await;
    let person = office.person("p", &[]).await;
    office.running(20, json!({})).await;
    let id = Uuid::new_v4();
    let first = ok(office.post_as("/labels/next", &person, json!({}), id).await);
    let again = ok(office.post_as("/labels/next", &person, json!({}), id).await);
    assert_eq!(first, again);
    for _ in 1..8 {
        assert_ne!(office.next(&person).await, Value::Null);
    }
    assert_eq!(code(&office.post("/labels/next", &person, json!({})).await), "label.too_many_leases");
    office.close().await;
}

#[actix_web::test]
async fn a_crowd_at_once_never_gets_more_than_wanted() {
    let office = Office::open().await;
    let people = office.people(12).await;
    let rules = json!({ "stop": { "quorum": { "min_votes": 3, "agreement_bp": 6_000, "max_votes": 5 } } });
    let campaign = office.running(3, rules).await;
    let tasks = join_all(people.iter().map(|person| office.next(person))).await;
    let given: Vec<_> = people.iter().zip(&tasks).filter(|(_, task)| task.is_object()).collect();
    assert_eq!(given.len(), 9, "three tasks, three answers each");
    let answers = join_all(given.iter().map(|(person, task)| office.answer(person, task, "same"))).await;
    assert!(answers.iter().all(|answer| answer.0 == 200));
    let view = office.view(campaign).await;
    assert_eq!((&view["progress"]["decided"], &view["progress"]["answers"]), (&json!(3), &json!(9)));
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn who_does_not_read_is_taken_off_and_can_come_back() {
    let office = Office::open().await;
    let person = office.person("p", &[]).await;
    let campaign = office.running(20, json!({ "min_answer_ms": 1_000 })).await;
    for _ in 0..3 {
        let task = office.next(&person).await;
        ok(office.answer(&person, &task, "x").await);
    }
    let refused = office.post("/labels/next", &person, json!({})).await;
    assert_eq!((code(&refused), &refused.1["detail"]["reason"]), ("label.excluded", &json!("too_fast")));
    assert_eq!(office.points(&person).await, (0, 0), "their answers are taken back");
    let workers = ok(office.get(&format!("/campaigns/{campaign}/workers"), &office.company).await);
    let row = &workers["items"][0];
    assert_eq!(
        (&row["worker"], &row["dropped"], &row["excluded"]["reason"]),
        (&json!(person.id), &json!(3), &json!("too_fast"))
    );
    let path = |verb: &str| format!("/campaigns/{campaign}/workers/{}/{verb}", person.id);
    ok(office.post(&path("readmit"), &office.company, json!({})).await);
    let task = office.next(&person).await;
    office.clock.advance(Duration::from_secs(2));
    ok(office.answer(&person, &task, "Total").await);
    ok(office.post(&path("exclude"), &office.company, json!({ "reason": "a hunch", "drop": true })).await);
    assert_eq!(office.view(campaign).await["progress"]["answers"], 0);
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn the_first_points_of_a_person_may_come_from_many_campaigns_at_once() {
    let office = Office::open().await;
    let rules = json!({ "stop": { "quorum": { "min_votes": 1, "agreement_bp": 5_000, "max_votes": 1 } } });
    for _ in 0..8 {
        office.running(1, rules.clone()).await;
    }
    let person = office.person("p", &[]).await;
    let tasks: Vec<Value> = join_all((0..8).map(|_| office.next(&person))).await;
    assert!(tasks.iter().all(Value::is_object), "{tasks:?}");
    let answers = join_all(tasks.iter().map(|task| office.answer(&person, task, "same"))).await;
    assert!(answers.into_iter().all(|answer| ok(answer)["passed"] == true));
    assert_eq!(office.points(&person).await, (8 * 15, 0));
    office.audit().await;
    office.close().await;
}
