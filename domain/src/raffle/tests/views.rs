//! What each may see.

use serde_json::{Value, json};

use super::*;
use crate::entity::Viewer;

fn seen(run: &Run, who: i64, roles: &[Role]) -> Value {
    run.raffle.view(&Viewer::User { id: UserId::new(who), roles: roles.to_vec() })
}

#[test]
fn odds_are_prizes_by_entries_and_at_most_one() {
    let mut run = Run::new(terms(2));
    let odds = |run: &Run| run.raffle.view(&Viewer::Public)["odds"].clone();
    assert_eq!(odds(&run), 1.0);
    (10..18).for_each(|who| drop(run.enter(who).unwrap()));
    assert_eq!(odds(&run), 0.25);
    let (last, when) = run.events.last().unwrap();
    assert_eq!(
        Raffle::publication(last, *when),
        Some(json!({ "type": "entered", "entries": 8, "participants": 8, "odds": 0.25, "at": at(10) }))
    );
}

#[test]
fn the_commitment_is_out_at_once_the_hash_when_frozen_and_the_seed_with_the_draw() {
    let mut run = Run::new(terms(1));
    run.enter(10).unwrap();
    let public = |run: &Run| run.raffle.view(&Viewer::Public);
    let open = public(&run);
    assert_eq!(open["commitment"], json!(seed().commitment()));
    assert_eq!((&open["list_hash"], &open["seed"]), (&Value::Null, &Value::Null));
    run.wake(CLOSE);
    let frozen = public(&run);
    assert!(frozen["list_hash"].is_string() && frozen["seed"].is_null());
    run.draw();
    let drawn = public(&run);
    assert_eq!((&drawn["list_hash"], &drawn["seed"]), (&frozen["list_hash"], &json!("09".repeat(32))));
    assert_eq!(drawn["winners"], json!([{ "prize": 1, "ticket": 1, "participant": 1 }]));
}

#[test]
fn before_the_draw_nothing_has_the_seed_not_even_the_journal() {
    let mut run = Run::new(terms(1));
    run.enter(10).unwrap();
    run.wake(CLOSE);
    run.wake(DRAW);
    let secret = "09".repeat(32);
    let mut told = vec![run.raffle.view(&Viewer::Public).to_string(), seen(&run, 1, &[Role::Admin]).to_string()];
    told.extend(run.events.iter().filter_map(|(event, when)| Raffle::publication(event, *when)).map(|told| told.to_string()));
    told.extend(run.events.iter().map(|(event, _)| Raffle::answer(std::slice::from_ref(event)).to_string()));
    told.extend(run.events.iter().map(|(event, _)| serde_json::to_string(event).unwrap()));
    told.push(serde_json::to_string(&run.raffle).unwrap());
    told.push(format!("{:?} {}", run.raffle, run.raffle.summary()));
    assert!(told.iter().all(|text| !text.contains(&secret)));
}

#[test]
fn participants_see_their_own_and_admins_who_won() {
    let mut run = Run::new(terms(1));
    run.enter(10).unwrap();
    run.enter(11).unwrap();
    run.enter(10).unwrap();
    run.draw();
    let (winner, other) = if run.winners()[0].1.get() == 10 { (10, 11) } else { (11, 10) };
    assert_eq!(seen(&run, winner, &[Role::User])["mine"]["won"], json!([1]));
    assert_eq!(seen(&run, other, &[Role::User])["mine"]["won"], json!([]));
    assert_eq!(seen(&run, 10, &[Role::User])["mine"]["tickets"], json!([1, 3]));
    assert_eq!(seen(&run, 12, &[Role::User])["mine"], Value::Null);
    assert_eq!(seen(&run, 10, &[Role::User])["admin"], Value::Null);
    assert_eq!(seen(&run, 1, &[Role::Admin])["admin"]["winners"][0]["user"], winner);
    let public = run.raffle.view(&Viewer::Public).to_string();
    assert!(!public.contains("user") && !public.contains("reference"));
    assert_eq!(Raffle::vacant(id()).view(&Viewer::Public), Value::Null);
}
