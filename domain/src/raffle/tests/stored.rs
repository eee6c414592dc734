//! The stored form of version 1: journals that hold it must load for ever, so these lines are never changed, only added to.

use crate::raffle::{Command, Event, Raffle};

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
    assert_eq!(kinds.len(), 8, "one line at least for each kind of event");
}

#[test]
fn commands_of_version_1_load() {
    assert_eq!(load_all::<Command>(COMMANDS).len(), 6);
}

#[test]
fn states_of_version_1_load_and_are_sound() {
    let states = load_all::<Raffle>(STATES);
    assert_eq!(states.len(), 5, "one for each stage, and one that waits for its seed");
    for state in states {
        assert_eq!(crate::entity::Entity::check(&state), Ok(()));
    }
}
