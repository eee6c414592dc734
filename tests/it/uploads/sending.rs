//! Announcing and sending, and from there to the tasks.

use image::ImageFormat;
use madang_domain::campaign::event::UploadStep;
use madang_domain::entity::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{CHOICE, CLOSED, OCR, OWNER, World, picture, zipped};

fn zip_of(bytes: usize) -> Value {
    json!({ "name": "a.zip", "type": "application/zip", "bytes": bytes })
}

#[actix_web::test]
async fn images_and_their_boxes_become_tasks_and_the_rest_is_told() {
    let world = World::start().await;
    let workers = world.work("a");
    let (jpeg, png) = (picture(400, 300, ImageFormat::Jpeg), picture(4096, 1024, ImageFormat::Png));
    let bytes = zipped(&[
        ("in/001.jpg", &jpeg),
        ("in/001.csv", b"left,top,right,bottom,text,gold\n10,20,110,60,HELLO,1\n10,80,110,120,secret,0\n10,80,900,120,,\n"),
        ("in/002.png", &png),
        ("in/002.json", br#"[{"left": 0, "top": 0, "right": 4096, "bottom": 512, "machine": "WORLD"}]"#),
        ("in/003.jpg", &jpeg[..jpeg.len() / 2]),
        ("in/004.png", &jpeg),
        ("../005.jpg", &jpeg),
        ("in/006.svg", b"<svg><script>alert(1)</script></svg>"),
        ("in/007.csv", b"left,top,right,bottom\n"),
        ("in/008.jpg", &jpeg),
        ("in/008.csv", b"nonsense"),
    ]);
    let upload = world.upload(OCR, "receipts.zip", "application/zip", bytes).await;
    let over = world.over(OCR, upload).await;
    assert_eq!(over["state"], "done", "{over}");
    let told = ["files", "files_done", "files_refused", "tasks", "tasks_added"].map(|name| over[name].as_i64().unwrap());
    let faults = world.faults(OCR, upload).await;
    assert_eq!(told, [8, 8, 6, 3, 3], "{faults}");
    let told: Vec<_> = faults["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let codes: Vec<_> =
                file["faults"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
            (file["name"].as_str().unwrap(), file["taken"].as_bool().unwrap(), codes.join(" "))
        })
        .collect();
    let expected = [
        ("../005.jpg", false, "file.bad_path"),
        ("in/001.jpg", true, "boxes.outside"),
        ("in/003.jpg", false, "image.truncated"),
        ("in/004.png", false, "image.wrong_type"),
        ("in/006.svg", false, "file.svg"),
        ("in/007.csv", false, "boxes.no_image"),
        ("in/008.jpg", false, "boxes.header boxes.unread"),
    ];
    assert_eq!(told, expected.map(|(name, taken, codes)| (name, taken, codes.to_owned())));
    assert_eq!(faults["items"][1]["faults"][0]["line"], 4);
    let tasks = world.campaigns.tasks();
    let asked: Vec<_> = tasks
        .iter()
        .map(|task| {
            let region = task.region.unwrap();
            (
                task.width,
                task.height,
                [region.left, region.top, region.right, region.bottom],
                task.gold.as_deref(),
                task.machine.as_deref(),
            )
        })
        .collect();
    let expected = [
        (400, 300, [10, 20, 110, 60], Some("HELLO"), None),
        (400, 300, [10, 80, 110, 120], None, None),
        (2048, 512, [0, 0, 2048, 256], None, Some("WORLD")),
    ];
    assert_eq!(asked, expected, "boxes follow the image that is shown");
    let stored: String =
        sqlx::query_scalar("select string_agg(tasks::text, ' ') from upload_file").fetch_one(&world.db).await.unwrap();
    assert!(stored.contains("HELLO") && !stored.contains("secret"), "what is not gold is not even stored");
    let image = world.http.get(format!("{}/objects/{}", world.base, tasks[2].image)).send().await.unwrap();
    assert_eq!(image.status(), 200);
    assert_eq!(image.headers()["content-type"], "image/jpeg");
    let image = image::load_from_memory(&image.bytes().await.unwrap()).unwrap();
    assert_eq!((image.width(), image.height()), (2048, 512));
    workers.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn a_single_image_and_a_choice_are_uploads_too() {
    let world = World::start().await;
    let workers = world.work("a");
    let image = picture(64, 64, ImageFormat::WebP);
    let upload = world.upload(CHOICE, "cat.webp", "image/webp", image).await;
    assert_eq!(world.over(CHOICE, upload).await["state"], "done");
    let told: Vec<_> = world.campaigns.told.lock().iter().map(|went| (went.upload, went.step, went.done, went.tasks)).collect();
    assert_eq!(told.first(), Some(&(upload, UploadStep::Working, 0, 0)), "{told:?}");
    let tasks = world.campaigns.tasks();
    assert_eq!((tasks.len(), tasks[0].region, tasks[0].width), (1, None, 64));
    let (_, listed) =
        world.ask(Method::GET, &format!("/campaigns/{CHOICE}/uploads"), &world.token(OWNER, Role::Company), None).await;
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["next"]), (1, &Value::Null));
    workers.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn an_upload_of_which_nothing_can_be_taken_fails_and_says_why() {
    let world = World::start().await;
    let workers = world.work("a");
    let code = async |name: &str, media: &str, bytes: Vec<u8>| {
        let upload = world.upload(OCR, name, media, bytes).await;
        let over = world.over(OCR, upload).await;
        assert_eq!(over["state"], "failed");
        over["failure"]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code("a.zip", "application/zip", b"PK but not a zip".to_vec()).await, "archive.unreadable");
    assert_eq!(code("a.zip", "application/zip", zipped(&[("a.txt", b"x")])).await, "upload.nothing_taken");
    assert_eq!(code("a.zip", "application/zip", zipped(&[("__MACOSX/a", b"x")])).await, "archive.empty");
    assert_eq!(code("a.jpg", "image/jpeg", b"<svg onload='alert(1)'/>".to_vec()).await, "upload.nothing_taken");
    assert!(world.campaigns.tasks().is_empty());
    let left: i64 = sqlx::query_scalar("select count(*) from job where state <> 'done'").fetch_one(&world.db).await.unwrap();
    assert_eq!(left, 0, "a bad upload is no reason to try again");
    workers.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn only_the_owner_uploads_and_only_what_is_possible() {
    let world = World::start().await;
    let path = format!("/campaigns/{OCR}/uploads");
    let ask = async |token: &str, path: &str, body: Value| {
        let (status, body) = world.ask(Method::POST, path, token, Some(body)).await;
        (status, body["code"].as_str().unwrap_or("none").to_owned())
    };
    let owner = world.token(OWNER, Role::Company);
    let refused = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(ask(&world.token(OWNER, Role::Seller), &path, zip_of(9)).await, refused(403, "auth.forbidden"));
    assert_eq!(ask(&world.token(8, Role::Company), &path, zip_of(9)).await, refused(403, "auth.forbidden"));
    assert_eq!(ask(&world.token(9, Role::Admin), &path, zip_of(9)).await.0, 201);
    assert_eq!(ask(&owner, "/campaigns/999/uploads", zip_of(9)).await.0, 404);
    assert_eq!(ask(&owner, &format!("/campaigns/{CLOSED}/uploads"), zip_of(9)).await, refused(409, "upload.closed"));
    assert_eq!(ask(&owner, &path, zip_of(0)).await, refused(422, "upload.invalid"));
    assert_eq!(ask(&owner, &path, zip_of(65 << 20)).await, refused(413, "upload.too_large"));
    for (media, bytes, expected) in [
        ("image/svg+xml", 9, refused(415, "upload.type")),
        ("text/html", 9, refused(415, "upload.type")),
        ("image/png", 33 << 20, refused(413, "upload.too_large")),
    ] {
        assert_eq!(ask(&owner, &path, json!({ "name": "a", "type": media, "bytes": bytes })).await, expected);
    }
    for name in ["", "\u{0}", &"x".repeat(256)] {
        let body = json!({ "name": name, "type": "image/png", "bytes": 9 });
        assert_eq!(ask(&owner, &path, body).await, refused(422, "upload.invalid"), "{name}");
    }
    // One is the admin's.
    assert_eq!(ask(&owner, &path, zip_of(9)).await.0, 201);
    assert_eq!(ask(&owner, &path, zip_of(9)).await.0, 201);
    assert_eq!(ask(&owner, &path, zip_of(9)).await, refused(429, "upload.too_many"));
    world.end().await;
}

#[actix_web::test]
async fn the_same_request_is_the_same_upload_with_a_fresh_address() {
    let world = World::start().await;
    let id = Uuid::new_v4();
    let body = |bytes: usize| json!({ "name": "a.zip", "type": "application/zip", "bytes": bytes, "command_id": id });
    let (_, first) = world.announce(OCR, body(9)).await;
    world.clock.advance(std::time::Duration::from_secs(130));
    let (status, second) = world.announce(OCR, body(9)).await;
    assert_eq!((status, &second["upload"]["id"]), (201, &first["upload"]["id"]));
    let sent = world.put(&first["put"], b"PK3456789".to_vec()).await;
    let refused: Value = sent.json().await.unwrap();
    assert_eq!(refused["code"], "object.link_expired");
    let upload = first["upload"]["id"].as_i64().unwrap();
    assert_eq!(world.complete(OCR, upload).await.1["code"], "upload.missing");
    assert_eq!(world.put(&second["put"], b"PK3456789".to_vec()).await.status(), 201);
    let (status, other) = world.announce(OCR, body(10)).await;
    assert_eq!((status, other["code"].as_str()), (409, Some("request.id_reused")));
    assert_eq!(world.complete(OCR, upload).await.0, 202);
    assert_eq!(world.complete(OCR, upload).await.0, 202, "again changes nothing");
    assert_eq!(world.announce(OCR, body(9)).await.1["code"], "upload.over");
    assert_eq!(world.complete(CHOICE, upload).await.1["code"], "upload.unknown", "it is another campaign's");
    world.end().await;
}

#[actix_web::test]
async fn what_is_announced_and_never_sent_is_forgotten() {
    let world = World::start().await;
    let (_, announced) = world.announce(OCR, zip_of(9)).await;
    let upload = announced["upload"]["id"].as_i64().unwrap();
    let intake = world.intake();
    intake.forget().await.unwrap();
    assert_eq!(world.look(OCR, upload).await["state"], "waiting");
    world.put(&announced["put"], b"PK3456789".to_vec()).await;
    world.clock.advance(std::time::Duration::from_secs(25 * 3600));
    intake.forget().await.unwrap();
    assert_eq!(world.look(OCR, upload).await["state"], "expired");
    assert_eq!(world.complete(OCR, upload).await.1["code"], "upload.over");
    let object: String = sqlx::query_scalar("select object from upload").fetch_one(&world.db).await.unwrap();
    assert_eq!(world.store.size(&object.parse().unwrap()).await.unwrap(), None, "and its bytes with it");
    world.end().await;
}
