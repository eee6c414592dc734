//! The stored form of version 1: journals that hold it must load for ever, so these lines are never changed, only added to.

use crate::chat::{Chat, Command, Event};

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

fn kinds<T>(values: &[T]) -> usize {
    values.iter().map(std::mem::discriminant).collect::<std::collections::HashSet<_>>().len()
}

#[test]
fn events_of_version_1_load() {
    assert_eq!(kinds(&load_all::<Event>(EVENTS)), 15, "one line at least for each kind of event");
}

#[test]
fn commands_of_version_1_load() {
    assert_eq!(kinds(&load_all::<Command>(COMMANDS)), 16, "one line at least for each kind of command");
}

#[test]
fn states_of_version_1_load_and_are_sound() {
    let states = load_all::<Chat>(STATES);
    assert_eq!(states.len(), 4, "queued, streaming, done, deleted");
    for state in states {
        assert_eq!(crate::entity::Entity::check(&state), Ok(()));
    }
}
