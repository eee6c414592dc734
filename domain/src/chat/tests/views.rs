//! Who sees what.

use serde_json::Value;

use super::*;
use crate::entity::Viewer;

fn viewer(actor: &Actor) -> Viewer {
    match actor {
        Actor::User { id, roles } => Viewer::User { id: *id, roles: roles.clone() },
        Actor::System => Viewer::Public,
    }
}

#[test]
fn only_the_owner_sees_a_conversation() {
    let mut run = Run::streaming();
    run.write(1, 0, "Slowly.", 2).unwrap();
    let view = run.chat.view(&viewer(&owner()));
    assert_eq!(view["messages"][0]["answer"]["text"], "Slowly.");
    assert_eq!(view["messages"][0]["answer"]["sources"][1]["title"], "Breathing 2");
    assert_eq!(view["messages"][0]["answer"]["sources"][0].get("text"), None);
    assert_eq!(view["current"], 1);
    for other in [person(11), admin(), Actor::System] {
        assert_eq!(run.chat.view(&viewer(&other)), Value::Null, "{other:?}");
    }
}

#[test]
fn operators_read_no_text_in_the_summary() {
    let mut run = Run::streaming();
    run.write(1, 0, "Slowly.", 2).unwrap();
    assert_eq!(run.chat.summary(), "1 questions, 24 characters, streaming");
}

#[test]
fn a_long_conversation_is_seen_from_its_end() {
    let mut run = Run::new();
    for second in 0..40 {
        run.own(&ask(&"x".repeat(3_999)), second).unwrap();
        run.own(&Command::Stop { message: None }, second).unwrap();
    }
    let talk = run.chat.talk().unwrap();
    let page = talk.read_only(u32::MAX);
    let numbers = |page: &Value| -> Vec<u64> {
        page["messages"].as_array().unwrap().iter().map(|message| message["message"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&page), (16..=40).collect::<Vec<_>>());
    assert_eq!(numbers(&talk.read_only(16)), (1..=15).collect::<Vec<_>>());
    assert!(numbers(&talk.read_only(1)).is_empty());
}

#[test]
fn what_watchers_are_told_is_the_whole_text_in_order() {
    let mut run = Run::streaming();
    run.write(1, 0, "숨은 ", 2).unwrap();
    run.house(&finish(1, 3, "천천히.", End::Done), 3).unwrap();
    let told: Vec<_> = run.events.iter().filter_map(|(event, at)| Chat::publication(event, *at)).collect();
    let kinds: Vec<_> = told.iter().map(|told| told["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["asked", "begun", "found", "written", "written", "finished"]);
    let text: String = told.iter().filter_map(|told| told["text"].as_str().filter(|_| told["type"] == "written")).collect();
    assert_eq!(text, "숨은 천천히.");
    assert_eq!((told[4]["from"].as_u64(), told[4]["to"].as_u64()), (Some(3), Some(7)));
    let all = serde_json::to_string(&told).unwrap();
    assert!(!all.contains(&run_id(1).to_string()) && !all.contains("Warm up"), "no run's id, no source's text");
}
