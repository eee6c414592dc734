//! Results, exports and reviews.

use serde_json::{Value, json};

use super::office::{Office, code, ok, task};

/// A campaign of three tasks: agreed with a formula, disputed, untouched.
async fn mixed(office: &Office) -> i64 {
    let rules = json!({ "stop": { "quorum": { "min_votes": 2, "agreement_bp": 10_000, "max_votes": 2 } } });
    let campaign = office.running(3, rules).await;
    let people = office.people(2).await;
    for (number, person) in people.iter().enumerate() {
        for _ in 0..3 {
            let task = office.next(person).await;
            let answer = match (task["task"].as_u64().unwrap(), number) {
                (0, _) => "=1+1",
                (1, 0) => "cat",
                (1, _) => "dog",
                _ => {
                    let skip = super::office::held(&task, json!({}));
                    ok(office.post("/labels/skip", person, skip).await);
                    continue;
                }
            };
            ok(office.answer(person, &task, answer).await);
        }
    }
    campaign
}

#[actix_web::test]
async fn results_come_in_pages_and_files_of_every_form() {
    let office = Office::open().await;
    let campaign = mixed(&office).await;
    office.add(campaign, 2, vec![task(9, Some("secret"))]).await;
    let path = format!("/campaigns/{campaign}/results");
    let page = ok(office.get(&format!("{path}?limit=2"), &office.company).await);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let rest = ok(office.get(&format!("{path}?limit=2&cursor={}", page["next"].as_str().unwrap()), &office.company).await);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["items"][0]["state"]), (1, &json!("open")));
    let decided = &page["items"][0];
    assert_eq!((&decided["answer"], &decided["votes"], &decided["agreement_bp"]), (&json!("=1+1"), &json!(2), &json!(10_000)));
    assert_eq!((&decided["reading"]["cer"], &decided["reading"]["compared"]), (&json!(0.0), &json!(2)), "{decided}");
    let review = ok(office.get(&format!("{path}?state=review"), &office.company).await);
    assert_eq!(review["items"][0]["task"], 1);
    assert_eq!(code(&office.get(&format!("{path}?state=lost"), &office.company).await), "request.malformed");
    let export = async |format: &str| {
        let (status, kind, text) =
            office.fetch(&format!("/campaigns/{campaign}/export?format={format}"), &office.company).await;
        assert_eq!(status, 200, "{text}");
        assert!(!text.contains("secret"), "tests are not results");
        (kind, text)
    };
    let whole: Value = serde_json::from_str(&export("json").await.1).unwrap();
    assert_eq!(whole["results"].as_array().unwrap().len(), 3);
    assert_eq!((&whole["results"][0]["answer"], &whole["results"][0]["reliability"]), (&json!("=1+1"), &json!(1.0)));
    let lines = export("jsonl").await.1;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    let (kind, table) = export("csv").await;
    assert!(kind.starts_with("text/csv"));
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), &rows[0][9], &rows[0][16]), (3, "'=1+1", "'=1+1 (2)"));
    let coco: Value = serde_json::from_str(&export("coco").await.1).unwrap();
    assert_eq!((coco["images"].as_array().unwrap().len(), coco["annotations"].as_array().unwrap().len()), (1, 3));
    assert_eq!(coco["annotations"][0]["bbox"], json!([10, 0, 190, 18]));
    let clockwise = json!([[10, 0, 200, 0, 200, 18, 10, 18]]);
    assert_eq!(coco["annotations"][0]["segmentation"], clockwise, "corners clockwise from the top left");
    assert_eq!(coco["annotations"][0]["image_id"], coco["images"][0]["id"]);
    let wrong = office.get(&format!("/campaigns/{campaign}/export?format=exe"), &office.company).await;
    assert_eq!(code(&wrong), "request.malformed");
    office.close().await;
}

#[actix_web::test]
async fn a_person_decides_what_the_rule_cannot() {
    let office = Office::open().await;
    let campaign = mixed(&office).await;
    let path = format!("/campaigns/{campaign}/review");
    let queue = ok(office.get(&path, &office.company).await);
    let number = queue["items"][0]["task"].as_u64().unwrap();
    assert_eq!(queue["items"][0]["answers"].as_array().unwrap().len(), 2);
    assert_eq!(queue["items"][0]["nearest"]["text"], "cat", "the first of two that are as near: {queue}");
    let decide = async |verdict: Value| office.post(&format!("{path}/{number}"), &office.company, verdict).await;
    assert_eq!(code(&decide(json!({ "verdict": "perhaps" })).await), "request.malformed");
    assert_eq!(code(&decide(json!({ "verdict": "accept" })).await), "request.malformed");
    let more = ok(decide(json!({ "verdict": "more" })).await);
    assert_eq!(more["state"], "open");
    assert_eq!(code(&decide(json!({ "verdict": "unusable" })).await), "campaign.not_in_review");
    let third = office.person("third", &[]).await;
    loop {
        let task = office.next(&third).await;
        assert!(task.is_object());
        let is_it = task["task"] == number;
        ok(office.answer(&third, &task, "cat").await);
        if is_it {
            break;
        }
    }
    let view = office.view(campaign).await;
    assert_eq!(view["progress"]["review"], 0, "more are asked: {view}");
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn an_accepted_answer_pays_who_gave_it() {
    let office = Office::open().await;
    let campaign = mixed(&office).await;
    let verdict = json!({ "verdict": "accept", "answer": "dog" });
    ok(office.post(&format!("/campaigns/{campaign}/review/1"), &office.company, verdict).await);
    let path = format!("/campaigns/{campaign}/results?state=decided");
    let decided = ok(office.get(&path, &office.company).await);
    let row = decided["items"].as_array().unwrap().iter().find(|row| row["task"] == 1).unwrap().clone();
    assert_eq!((&row["answer"], &row["by_review"], &row["agreement_bp"]), (&json!("dog"), &json!(true), &json!(5_000)));
    let view = office.view(campaign).await;
    assert_eq!((&view["progress"]["points_paid"], &view["progress"]["points_pending"]), (&json!(45), &json!(0)));
    office.audit().await;
    office.close().await;
}

#[actix_web::test]
async fn the_owner_sees_how_well_people_agree_and_read() {
    let office = Office::open().await;
    let campaign = mixed(&office).await;
    let path = format!("/campaigns/{campaign}/quality");
    let quality = ok(office.get(&path, &office.company).await);
    assert_eq!((&quality["tasks"], &quality["answers"]), (&json!(2), &json!(4)), "{quality}");
    // Two pairs, one of them alike; "=1+1" twice, "cat" and "dog" once each: Do = 2 / 4, De = 10 / 12.
    assert!((quality["krippendorff"].as_f64().unwrap() - 0.4).abs() < 1e-9, "{quality}");
    assert_eq!((&quality["reading"]["compared"], quality["workers"].as_array().unwrap().len()), (&json!(4), 2));
    assert!(quality["workers"][0]["reading"]["cer"].as_f64() < quality["workers"][1]["reading"]["cer"].as_f64());
    let stranger = office.person("stranger", &[]).await;
    assert_eq!(code(&office.get(&path, &stranger).await), "campaign.unknown");
    office.close().await;
}
