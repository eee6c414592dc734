//! `campaign:{id}` over real sockets of the assembled server: its owner hears everything, strangers do not even hear that it is
//! there.

use image::ImageFormat;
use madang::error::Surface;
use madang_domain::code::Code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Running, Socket};
use crate::uploads::world::{picture, zipped};
use crate::world;

/// The number of an error over the live protocol.
fn number(code: Code) -> u64 {
    Surface::of(code).number.into()
}

async fn requested(server: &Running, company: &str) -> i64 {
    let stop = json!({ "quorum": { "min_votes": 1, "agreement_bp": 5_000, "max_votes": 1 } });
    let rules = json!({ "kind": "ocr", "gold_bp": 0, "min_answer_ms": 0, "stop": stop });
    server.post("/campaigns", company, json!({ "name": "Receipts", "rules": rules })).await["id"].as_i64().unwrap()
}

/// Listens until something of this type is told; gives it, and checks that no offset is missing on the way.
async fn until(socket: &mut Socket, offset: &mut u64, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let (at, told) = socket.publication().await;
        assert_eq!(at, *offset + 1, "{told}");
        *offset = at;
        if wanted(&told) {
            return told;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_owner_hears_approval_uploads_and_answers_as_they_happen() {
    let server = Running::start_with(world::database().await, world::fresh_dir("app"), |_| {}).await;
    let (company, admin) = (server.sign_in("company@x.example").await, server.sign_in("admin@x.example").await);
    let campaign = requested(&server, &company).await;
    let channel = json!({ "channel": format!("campaign:{campaign}") });
    let mut owner = server.socket(&company).await;
    let seen = owner.ask("subscribe", channel.clone()).await;
    assert_eq!((&seen["data"]["state"], &seen["data"]["progress"]["tasks"]), (&json!("requested"), &json!(0)));
    let mut offset = seen["offset"].as_u64().unwrap();

    server.post(&format!("/campaigns/{campaign}/approve"), &admin, json!({})).await;
    until(&mut owner, &mut offset, |told| told["state"] == "approved").await;
    let image = picture(300, 200, ImageFormat::Jpeg);
    let boxes = b"left,top,right,bottom\n10,10,80,30\n10,40,80,60\n".as_slice();
    let archive = zipped(&[("a.jpg", image.as_slice()), ("a.csv", boxes), ("b.svg", b"<svg/>")]);
    let upload = server.upload(&company, campaign, ("a.zip", "application/zip"), archive).await;
    let working = until(&mut owner, &mut offset, |told| told["type"] == "upload_went").await;
    assert_eq!((&working["upload"], &working["state"]), (&json!(upload), &json!("working")));
    let added = until(&mut owner, &mut offset, |told| told["type"] == "tasks_added").await;
    assert_eq!(added["tasks"], 2);
    let done = until(&mut owner, &mut offset, |told| told["type"] == "upload_went" && told["state"] == "done").await;
    assert_eq!((&done["files"], &done["files_done"], &done["files_refused"]), (&json!(2), &json!(2), &json!(1)), "{done}");

    let mut anna = server.socket(&server.sign_in("anna@x.example").await).await;
    let task = anna.rpc("label.next", json!({})).await["task"].clone();
    let answer = json!({ "campaign": campaign, "lease": task["lease"], "fence": task["fence"], "answer": "4711" });
    assert_eq!(anna.rpc("label.answer", answer).await["passed"], true);
    let settled = until(&mut owner, &mut offset, |told| told["type"] == "task_settled").await;
    assert_eq!((&settled["answer"], &settled["progress"]["done"]), (&json!("4711"), &json!(1)));

    // Who was away is told what was missed.
    let mut back = server.socket(&company).await;
    let from =
        json!({ "channel": format!("campaign:{campaign}"), "recover": true, "epoch": seen["epoch"], "offset": seen["offset"] });
    let recovered = back.ask("subscribe", from).await;
    assert_eq!(recovered["recovered"], true, "{recovered}");
    let missed = recovered["publications"].as_array().unwrap();
    assert_eq!(
        (missed[0]["data"]["state"].as_str(), missed.last().unwrap()["offset"].as_u64()),
        (Some("approved"), Some(offset))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_strangers_there_is_no_such_channel() {
    let server = Running::start_with(world::database().await, world::fresh_dir("app"), |_| {}).await;
    let company = server.sign_in("company@x.example").await;
    let campaign = requested(&server, &company).await;
    let channel = json!({ "channel": format!("campaign:{campaign}") });
    let none = json!({ "channel": "campaign:999999" });
    let mut anna = server.socket(&server.sign_in("anna@x.example").await).await;
    let refused = anna.try_ask("subscribe", channel.clone()).await["error"].clone();
    assert_eq!(refused["code"], number(Code::UnknownChannel), "{refused}");
    assert_eq!(anna.try_ask("subscribe", none).await["error"], refused, "as for one that does not exist");
    let mut nobody = server.socket_of_nobody().await;
    assert_eq!(nobody.try_ask("subscribe", channel.clone()).await["error"]["code"], number(Code::Unauthenticated));
    let mut admin = server.socket(&server.sign_in("admin@x.example").await).await;
    assert_eq!(admin.ask("subscribe", channel).await["data"]["name"], "Receipts");
    let (status, _) = server.ask(Method::GET, &format!("/campaigns/{campaign}"), None, None).await;
    assert_eq!(status, 401);
    server.stop().await;
}
