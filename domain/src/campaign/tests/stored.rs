//! The stored form of version 1: journals that hold it must load for ever, so these lines are never changed, only added to.

use crate::campaign::{Campaign, Command, Event};

const EVENTS: &str = include_str!("stored/events.v1.jsonl");
const COMMANDS: &str = include_str!("stored/commands.v1.jsonl");
const STATES: &str = include_str!("stored/states.v1.jsonl");

/// Each line loads, and is stored again as the very same text.
fn load_all<T: serde::Serialize + serde::de::DeserializeOwned>(lines: &str) -> Vec<T> {
    let load = |line: &str| {
        let value: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(serde_json::to_string(&value).unwrap(), line);
        value
    };
    lines.lines().map(load).collect()
}

#[test]
fn events_of_version_1_load() {
    let events: Vec<Event> = load_all(EVENTS);
    let kinds: std::collections::HashSet<_> = events.iter().map(std::mem::discriminant).collect();
    assert_eq!(kinds.len(), 19, "one line at least for each kind of event");
}

#[test]
fn commands_of_version_1_load() {
    assert_eq!(load_all::<Command>(COMMANDS).len(), 17);
}

#[test]
fn states_of_version_1_load_and_are_sound() {
    for state in load_all::<Campaign>(STATES) {
        state.project().unwrap().check_all().unwrap();
    }
}
