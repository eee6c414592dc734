//! From requested to completed, and who may.

use madang_domain::entity::Role;
use serde_json::json;
use uuid::Uuid;

use super::office::{Office, code, ok, task};

#[actix_web::test]
async fn a_campaign_goes_from_request_to_completion_and_pays_who_was_right() {
    let office = Office::open().await;
    let people = office.people(5).await;
    let campaign = office.running(2, json!({})).await;
    assert_eq!(office.view(campaign).await["state"], "in_progress");
    for (number, person) in people.iter().enumerate() {
        for _ in 0..2 {
            let task = office.next(person).await;
            assert_eq!((&task["kind"], &task["image"]), (&json!("ocr"), &json!("/objects/page-1.jpg")));
            let text = if number == 4 { "Tota1" } else { " Total " };
            let answered = ok(office.answer(person, &task, text).await);
            assert_eq!((&answered["passed"], &answered["points"]), (&json!(true), &json!(15)));
        }
        assert_eq!(office.next(person).await, json!(null));
    }
    let view = office.view(campaign).await;
    assert_eq!((&view["progress"]["decided"], &view["progress"]["answers"]), (&json!(2), &json!(10)));
    assert_eq!((&view["progress"]["points_paid"], &view["progress"]["points_pending"]), (&json!(120), &json!(0)));
    for (number, person) in people.iter().enumerate() {
        assert_eq!(office.points(person).await, (if number == 4 { 0 } else { 30 }, 0));
        let mine = ok(office.get("/labels/mine", person).await);
        let state = if number == 4 { "wrong" } else { "right" };
        assert_eq!(mine["items"].as_array().unwrap().len(), 2);
        assert!(mine["items"].as_array().unwrap().iter().all(|item| item["state"] == state), "{mine}");
    }
    let done = ok(office.post(&format!("/campaigns/{campaign}/complete"), &office.company, json!({})).await);
    assert_eq!(done["state"], "completed");
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn approving_and_rejecting_are_the_admins_and_happen_once() {
    let office = Office::open().await;
    let campaign = office.request(json!({})).await;
    let path = |verb: &str| format!("/campaigns/{campaign}/{verb}");
    assert_eq!(code(&office.post(&path("approve"), &office.company, json!({})).await), "auth.forbidden");
    let approved = ok(office.post(&path("approve"), &office.admin, json!({})).await);
    assert_eq!(approved["state"], "approved");
    let again = ok(office.post(&path("approve"), &office.admin, json!({})).await);
    assert_eq!(again["seq"], approved["seq"], "nothing happened");
    let reject = office.post(&path("reject"), &office.admin, json!({ "reason": "too late" })).await;
    assert_eq!(code(&reject), "campaign.wrong_state");
    let other = office.request(json!({})).await;
    let reject = format!("/campaigns/{other}/reject");
    assert_eq!(code(&office.post(&reject, &office.admin, json!({})).await), "campaign.invalid");
    let rejected = ok(office.post(&reject, &office.admin, json!({ "reason": "blurred" })).await);
    assert_eq!((&rejected["state"], &rejected["reason"]), (&json!("rejected"), &json!("blurred")));
    let approve = office.post(&format!("/campaigns/{other}/approve"), &office.admin, json!({})).await;
    assert_eq!(code(&approve), "campaign.wrong_state");
    office.close().await;
}

#[actix_web::test]
async fn what_is_not_ones_own_is_not_there() {
    let office = Office::open().await;
    let campaign = office.running(1, json!({})).await;
    let (other, person) = (office.person("rival", &[Role::Company]).await, office.person("p", &[]).await);
    for who in [&other, &person] {
        for path in ["", "/results", "/review", "/workers", "/export?format=csv"] {
            assert_eq!(code(&office.get(&format!("/campaigns/{campaign}{path}"), who).await), "campaign.unknown", "{path}");
        }
        let pause = office.post(&format!("/campaigns/{campaign}/pause"), who, json!({})).await;
        assert_eq!(code(&pause), "campaign.unknown");
    }
    assert_eq!(code(&office.post("/campaigns", &person, json!({ "name": "x" })).await), "auth.forbidden");
    let all = ok(office.get("/campaigns", &office.admin).await);
    let own = ok(office.get("/campaigns", &office.company).await);
    let none = ok(office.get("/campaigns", &other).await);
    let counts = [all, own, none].map(|list| list["items"].as_array().unwrap().len());
    assert_eq!(counts, [1, 1, 0]);
    assert_eq!(code(&office.get("/campaigns/-1", &office.admin).await), "campaign.unknown");
    assert_eq!(office.pool.owner(campaign), Some(madang_domain::ids::UserId::new(office.company.id)));
    office.close().await;
}

#[actix_web::test]
async fn the_same_request_makes_one_campaign() {
    let office = Office::open().await;
    let id = Uuid::new_v4();
    let body = json!({ "name": "Receipts" });
    let first = ok(office.post_as("/campaigns", &office.company, body.clone(), id).await);
    let again = ok(office.post_as("/campaigns", &office.company, body, id).await);
    assert_eq!(first["id"], again["id"]);
    let other = office.post_as("/campaigns", &office.company, json!({ "name": "Others" }), id).await;
    assert_eq!(code(&other), "request.id_reused");
    for wrong in [
        json!({ "name": "" }),
        json!({ "name": "x", "rules": { "kind": "choice", "choices": ["a"] } }),
        json!({ "name": "x", "rules": { "points": -1 } }),
        json!({ "name": "x", "rules": { "stop": { "quorum": { "min_votes": 9, "agreement_bp": 8_000, "max_votes": 5 } } } }),
    ] {
        assert_eq!(code(&office.post("/campaigns", &office.company, wrong).await), "campaign.invalid");
    }
    office.close().await;
}

#[actix_web::test]
async fn a_part_of_an_upload_comes_in_once_and_pausing_stops_claims() {
    let office = Office::open().await;
    let person = office.person("p", &[]).await;
    let campaign = office.running(1, json!({})).await;
    office.add(campaign, 1, vec![task(7, None)]).await;
    assert_eq!(office.view(campaign).await["progress"]["tasks"], 1, "the part was there");
    office.add(campaign, 2, vec![task(8, None), task(9, Some("gold"))]).await;
    let view = office.view(campaign).await;
    assert_eq!((&view["progress"]["tasks"], &view["golds"]), (&json!(2), &json!(1)));
    ok(office.post(&format!("/campaigns/{campaign}/pause"), &office.company, json!({})).await);
    assert_eq!(office.next(&person).await, json!(null));
    ok(office.post(&format!("/campaigns/{campaign}/resume"), &office.company, json!({})).await);
    assert_ne!(office.next(&person).await, json!(null));
    office.close().await;
}

#[actix_web::test]
async fn a_restart_in_the_middle_loses_nothing_and_gives_nothing_twice() {
    let office = Office::open().await;
    let people = office.people(6).await;
    let campaign =
        office.running(4, json!({ "stop": { "quorum": { "min_votes": 3, "agreement_bp": 6_000, "max_votes": 5 } } })).await;
    let mut held = Vec::new();
    for person in &people[..3] {
        let task = office.next(person).await;
        ok(office.answer(person, &task, "a").await);
        held.push(office.next(person).await);
    }
    let before = office.view(campaign).await;
    let office = office.restart().await;
    let after = office.view(campaign).await;
    assert_eq!((&before["progress"], &before["leases"]), (&after["progress"], &after["leases"]));
    for (person, task) in people.iter().zip(&held) {
        ok(office.answer(person, task, "a").await);
    }
    for person in &people {
        while let task @ serde_json::Value::Object(_) = office.next(person).await {
            ok(office.answer(person, &task, "a").await);
        }
    }
    let view = office.view(campaign).await;
    assert_eq!((&view["progress"]["decided"], &view["progress"]["answers"]), (&json!(4), &json!(12)));
    office.audit().await;
    office.close().await;
}
