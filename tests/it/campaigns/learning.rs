//! What a campaign of choices learns of its people, as its owner sees it.

use serde_json::{Value, json};

use super::office::{Office, ok};

fn truth(task: &Value) -> &'static str {
    if task["task"].as_u64().unwrap().is_multiple_of(2) { "cat" } else { "dog" }
}

#[actix_web::test]
async fn the_owner_sees_how_reliable_each_person_is_and_what_is_likely() {
    let office = Office::open().await;
    let rules = json!({ "kind": "choice", "choices": ["cat", "dog"], "accuracy": "answers",
        "stop": { "confidence": { "target_bp": 9_800, "min_votes": 3, "max_votes": 9 } } });
    let campaign = office.running(24, rules).await;
    let people = office.people(4).await;
    // Each labels all that they are given: three look, the fourth does not.
    for (number, person) in people.iter().enumerate() {
        loop {
            let task = office.next(person).await;
            if task.is_null() {
                break;
            }
            ok(office.answer(person, &task, if number == 3 { "dog" } else { truth(&task) }).await);
        }
    }
    let workers = ok(office.get(&format!("/campaigns/{campaign}/workers"), &office.company).await);
    let reliability = |number: usize| {
        let row = workers["items"].as_array().unwrap().iter().find(|row| row["worker"] == people[number].id);
        row.and_then(|row| row["reliability"].as_f64())
    };
    assert!(reliability(0) > Some(0.8), "{workers}");
    assert!(reliability(3).is_none_or(|fourth| Some(fourth) < reliability(0)), "{workers}");
    let results = ok(office.get(&format!("/campaigns/{campaign}/results?limit=100"), &office.company).await);
    for row in results["items"].as_array().unwrap() {
        if row["state"] == "decided" {
            assert_eq!(row["answer"], truth(row), "{row}");
            assert!(row["posterior_bp"].as_u64() > Some(9_000) && row.get("posterior").is_none(), "{row}");
        } else {
            assert_eq!(row["posterior"][0]["answer"], truth(row), "{row}");
        }
    }
    let (_, _, table) = office.fetch(&format!("/campaigns/{campaign}/export?format=csv"), &office.company).await;
    assert!(table.lines().next().unwrap().ends_with(",answers,posterior"), "{table}");
    // What was learned is there again after a restart, to the last millionth.
    let office = office.restart().await;
    let again = ok(office.get(&format!("/campaigns/{campaign}/workers"), &office.company).await);
    assert_eq!(again, workers);
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn what_is_typed_has_no_reliability_of_this_kind() {
    let office = Office::open().await;
    let wrong = json!({ "name": "Receipts", "rules": { "accuracy": "answers" } });
    assert_eq!(super::office::code(&office.post("/campaigns", &office.company, wrong).await), "campaign.invalid");
    let campaign = office.running(1, json!({})).await;
    let person = office.person("p", &[]).await;
    let task = office.next(&person).await;
    ok(office.answer(&person, &task, "Total").await);
    let workers = ok(office.get(&format!("/campaigns/{campaign}/workers"), &office.company).await);
    assert_eq!(workers["items"][0]["reliability"], Value::Null);
    office.close().await;
}
