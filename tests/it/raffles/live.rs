//! From a label to a raffle entry, over the live protocol of the assembled server.

use chrono::Utc;
use image::ImageFormat;
use madang::error::Surface;
use madang_domain::code::Code;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::Running;
use crate::uploads::world::picture;
use crate::world;

/// The number of an error over the live protocol.
fn number(code: Code) -> u64 {
    Surface::of(code).number.into()
}

/// A running campaign of one picture, whose answer is worth a raffle entry.
async fn campaign(server: &Running, company: &str, admin: &str) {
    let stop = json!({ "quorum": { "min_votes": 1, "agreement_bp": 5_000, "max_votes": 1 } });
    let rules = json!({ "kind": "text", "gold_bp": 0, "min_answer_ms": 0, "points": 120, "stop": stop });
    let id = server.post("/campaigns", company, json!({ "name": "Pictures", "rules": rules })).await["id"].as_i64().unwrap();
    server.post(&format!("/campaigns/{id}/approve"), admin, json!({})).await;
    server.upload(company, id, ("a.jpg", "image/jpeg"), picture(300, 200, ImageFormat::Jpeg)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raffle_is_entered_by_a_call_once_for_each_id() {
    let server = Running::start_with(world::database().await, world::fresh_dir("app"), |_| {}).await;
    let [company, admin, anna] = ["company", "admin", "anna"].map(|name| format!("{name}@x.example"));
    let (company, admin, anna) = (server.sign_in(&company).await, server.sign_in(&admin).await, server.sign_in(&anna).await);
    let body = json!({ "title": "아침 커피", "closes_at": Utc::now() + chrono::Duration::hours(1),
        "prizes": [{ "title": "coffee", "code": "SECRET-CODE" }] });
    let raffle = server.post("/raffles", &admin, body).await["id"].as_i64().unwrap();
    let mut socket = server.socket(&anna).await;
    let entry = json!({ "raffle": raffle, "nonce": "mine", "command_id": Uuid::new_v4(), "ref": "r1" });
    let poor = socket.rpc("raffle.enter", entry.clone()).await;
    assert_eq!((&poor["result"], &poor["code"], &poor["ref"]), (&json!("refused"), &json!("money.no_funds"), &json!("r1")));

    campaign(&server, &company, &admin).await;
    let deadline = std::time::Instant::now() + world::PATIENCE;
    let task = loop {
        let answer = socket.rpc("label.next", json!({})).await;
        if answer["task"].is_object() {
            break answer["task"].clone();
        }
        assert!(std::time::Instant::now() < deadline, "the upload is never worked up");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let label = json!({ "campaign": task["campaign"], "lease": task["lease"], "fence": task["fence"], "answer": "blue" });
    assert_eq!(socket.rpc("label.answer", label).await["points"], 120);
    let stamps = server.post("/stamps", &anna, json!({ "count": 8 })).await;
    assert_eq!(stamps["stamps"], 8, "{stamps}");

    let entry = json!({ "raffle": raffle, "nonce": "mine", "command_id": Uuid::new_v4(), "ref": "r2" });
    let first = socket.rpc("raffle.enter", entry.clone()).await;
    assert_eq!((&first["my_entries"], &first["nonce"], &first["ref"]), (&json!(1), &json!("mine"), &json!("r2")), "{first}");
    let again = socket.rpc("raffle.enter", entry).await;
    assert_eq!((&again["entry"], &again["duplicate"]), (&first["entry"], &json!(true)));
    let view = socket.rpc("raffle.view", json!({ "raffle": raffle })).await;
    assert_eq!((&view["entries"], &view["mine"]["tickets"]), (&json!(1), &json!([1])), "{view}");

    let mut nobody = server.socket_of_nobody().await;
    let seen = nobody.rpc("raffle.view", json!({ "raffle": raffle })).await;
    assert_eq!((&seen["entries"], &seen["mine"]), (&json!(1), &Value::Null), "{seen}");
    let call = json!({ "method": "raffle.enter", "data": { "raffle": raffle } });
    assert_eq!(nobody.try_ask("rpc", call).await["error"]["code"], number(Code::Unauthenticated));
    let unknown = socket.try_ask("rpc", json!({ "method": "raffle.view", "data": { "raffle": 999_999 } })).await;
    assert_eq!(unknown["error"]["code"], number(Code::RaffleUnknown), "{unknown}");
    let metrics = crate::command_line::get(&format!("{}/metrics", server.base)).await.1;
    for name in ["raffle_entries_total", "label_claims_total", "label_answers_total"] {
        assert!(metrics.contains(name), "{name}");
    }
    server.stop().await;
}
