use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::library::{House, MOST_BYTES};
use crate::auctions::house::{code, ok};

fn lines(count: usize) -> String {
    let line =
        |n: usize| format!("{{\"id\": \"a{n}\", \"title\": \"Article {n}\", \"text\": \"Number {n} speaks of lungs.\"}}\n");
    (0..count).map(line).collect()
}

#[actix_web::test]
async fn a_file_is_brought_in_once_with_progress_and_faults() {
    let house = House::open().await;
    let stop = house.work();
    let file = format!("{}not json\n{{\"title\": \"No text\"}}\n", lines(45));
    let key = Uuid::new_v4();
    let (status, sent) = house.import("name=lungs.jsonl&source=S&tags=lung,%20test", file.as_bytes(), key).await;
    assert_eq!((status, &sent["state"], &sent["format"]), (202, &json!("working"), &json!("jsonl")), "{sent}");
    let id = sent["id"].as_i64().unwrap();
    let over = house.over_with(id).await;
    assert_eq!((&over["state"], &over["articles"], &over["done"]), (&json!("done"), &json!(47), &json!(47)), "{over}");
    assert_eq!((&over["added"], &over["refused"]), (&json!(45), &json!(2)), "{over}");
    let faults: Vec<_> = over["faults"].as_array().unwrap().iter().map(|fault| (&fault["code"], &fault["line"])).collect();
    assert_eq!(faults, [(&json!("json"), &json!(46)), (&json!("empty"), &json!(47))]);
    let again = house.import("name=lungs.jsonl&source=S&tags=lung,%20test", file.as_bytes(), key).await;
    assert_eq!((again.0, &again.1["id"]), (202, &json!(id)), "the same request is the same import");

    let changed = file.replace("Number 3 ", "Number three ");
    let second = ok(house.import("name=lungs.jsonl&source=S&tags=lung,test", changed.as_bytes(), Uuid::new_v4()).await);
    let over = house.over_with(second["id"].as_i64().unwrap()).await;
    assert_eq!((&over["added"], &over["changed"], &over["unchanged"]), (&json!(0), &json!(1), &json!(44)), "{over}");
    let left: i64 = sqlx::query_scalar("select count(*) from knowledge_import_part").fetch_one(house.db.pool()).await.unwrap();
    assert_eq!(left, 0, "files are let go");
    let list = ok(house.admin(Method::GET, "/knowledge/imports?limit=1", None).await);
    assert_eq!(list["items"][0]["id"], second["id"]);
    stop.cancel();
    house.close().await;
}

#[actix_web::test]
async fn an_import_that_was_cut_off_goes_on_where_it_was() {
    let house = House::open().await;
    let sent = ok(house.import("name=lungs.jsonl", lines(30).as_bytes(), Uuid::new_v4()).await);
    let id = sent["id"].as_i64().unwrap();
    // As if the first twenty had been kept and noted before the process died with its lease.
    sqlx::query("update knowledge_import set done = 20, added = 20 where id = $1")
        .bind(id)
        .execute(house.db.pool())
        .await
        .unwrap();
    sqlx::query("update job set state = 'running', tries = 1, node = 'dead', worker = gen_random_uuid(), lease_until = now()")
        .execute(house.db.pool())
        .await
        .unwrap();
    let stop = house.work();
    let over = house.over_with(id).await;
    assert_eq!((&over["done"], &over["added"]), (&json!(30), &json!(30)), "{over}");
    let kept: i64 = sqlx::query_scalar("select count(*) from article").fetch_one(house.db.pool()).await.unwrap();
    assert_eq!(kept, 10, "the first twenty were not done again");
    stop.cancel();
    house.close().await;
}

#[actix_web::test]
async fn every_format_becomes_an_article() {
    let house = House::open().await;
    let stop = house.work();
    for (name, bytes, title) in [
        ("a.md", &b"# Apnea\n\nBreathing stops.\n\n## Signs\n\nSnoring."[..], "Apnea"),
        ("b.html", b"<title>W</title><h1>Bronchi</h1><p>Airways<script>alert(1)</script>", "Bronchi"),
        ("c.txt", b"Cough\n\nIt clears the throat.", "Cough"),
    ] {
        let sent = ok(house.import(&format!("name={name}&tags=t"), bytes, Uuid::new_v4()).await);
        let over = house.over_with(sent["id"].as_i64().unwrap()).await;
        assert_eq!((&over["state"], &over["added"]), (&json!("done"), &json!(1)), "{over}");
        let list = ok(house.admin(Method::GET, &format!("/knowledge/articles?title={title}&tag=t"), None).await);
        assert_eq!((&list["items"][0]["title"], &list["items"][0]["name"]), (&json!(title), &json!(name)), "{list}");
    }
    assert_eq!(house.titles("snoring").await, ["Apnea"]);
    assert_eq!(house.titles("alert").await, Vec::<String>::new(), "scripts are no text");
    stop.cancel();
    house.close().await;
}

#[actix_web::test]
async fn files_that_are_not_what_they_say_fail_with_a_reason() {
    let house = House::open().await;
    let stop = house.work();
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    for (name, bytes, wanted) in [
        ("a.jsonl", &picture[..], "not_text"),
        ("a.md", picture, "not_text"),
        ("a.pdf", picture, "not_pdf"),
        ("a.pdf", b"%PDF-1.7\nbroken", "not_pdf"),
        ("a.jsonl", b"\n", "empty"),
    ] {
        let sent = ok(house.import(&format!("name={name}"), bytes, Uuid::new_v4()).await);
        let over = house.over_with(sent["id"].as_i64().unwrap()).await;
        assert_eq!((&over["state"], &over["failure"]["code"]), (&json!("failed"), &json!(wanted)), "{over}");
    }
    stop.cancel();
    house.close().await;
}

#[actix_web::test]
async fn what_is_not_taken_is_refused_before_anything_is_kept() {
    let house = House::open().await;
    let refused = async |query: &str, bytes: &[u8]| {
        let reply = house.import(query, bytes, Uuid::new_v4()).await;
        code(&reply).to_owned()
    };
    assert_eq!(refused("name=a.exe", b"x").await, "knowledge.import_type");
    assert_eq!(refused("name=a.md&format=docx", b"x").await, "knowledge.import_type");
    assert_eq!(refused("name=.md&source=%20&tags=", b"x").await, "knowledge.invalid");
    assert_eq!(refused(&format!("name=a.md&tags={}", "x".repeat(41)), b"x").await, "knowledge.invalid");
    assert_eq!(refused("", b"x").await, "request.malformed");
    let large = vec![b'a'; usize::try_from(MOST_BYTES).unwrap() + 1];
    assert_eq!(refused("name=a.txt", &large).await, "knowledge.import_too_large");
    let kept: i64 = sqlx::query_scalar("select count(*) from knowledge_import").fetch_one(house.db.pool()).await.unwrap();
    assert_eq!(kept, 0);
    for n in 0..20 {
        ok(house.import(&format!("name={n}.txt"), b"x", Uuid::new_v4()).await);
    }
    assert_eq!(refused("name=a.txt", b"x").await, "knowledge.too_many_imports");
    assert_eq!(code(&house.admin(Method::GET, "/knowledge/imports/999", None).await), "knowledge.import_unknown");
    house.close().await;
}
