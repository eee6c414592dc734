//! The proof of a draw as anybody can check it, and the audit of the whole.

use std::process::Command;

use madang::cli::verify::audit;
use madang_domain::draw::{Proof, verify};
use madang_domain::entity::Role;
use serde_json::{Value, json};

use super::house::House;
use crate::auctions::house::ok;
use crate::world;

#[actix_web::test]
async fn a_proof_holds_offline_and_a_changed_one_does_not() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let raffle = house.raffle(&admin, 2).await;
    for name in ["anna", "ben", "cho", "dan"] {
        let who = house.holder(name, 1).await;
        ok(house.post(&format!("/raffles/{raffle}/entries"), &who, json!({ "nonce": name })).await);
    }
    let announced = house.view(raffle, None).await["commitment"].clone();
    house.draw(raffle).await;
    let drawn = house.view(raffle, None).await;
    let proof = ok(house.get(&format!("/raffles/{raffle}/proof"), None).await);
    assert_eq!((&proof["announced"]["commitment"], &proof["list_hash"]), (&announced, &drawn["list_hash"]));
    assert!(!proof.to_string().contains("user"), "a proof names nobody");
    let parsed: Proof = serde_json::from_value(proof.clone()).unwrap();
    assert_eq!(verify(&parsed), Ok(()));

    let dir = world::fresh_dir("proof");
    let run = |name: &str, text: &str| {
        let file = dir.join(name);
        std::fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_madang")).arg("verify").arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, said) = run("good.json", &proof.to_string());
    assert!(status == Some(0) && said.contains("the draw holds") && said.contains(&format!("raffle:{raffle}")), "{said}");
    let mut changed = proof.clone();
    let other = Value::from(changed["winners"][0]["ticket"].as_i64().unwrap() % 4 + 1);
    changed["winners"][0]["ticket"] = other;
    let (status, said) = run("bad.json", &changed.to_string());
    assert!(status == Some(1) && said.contains("does NOT hold"), "{said}");
    assert_eq!(run("none.json", "{}").0, Some(65));
    let missing = Command::new(env!("CARGO_BIN_EXE_madang")).args(["verify", "/nonexistent.json"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(66));

    // The audit builds the raffle again from its journal and finds its transfers in the ledger.
    let found = audit(house.db.pool()).await.unwrap();
    assert_eq!(found.broken, Vec::<String>::new());
    house.close().await;
}
