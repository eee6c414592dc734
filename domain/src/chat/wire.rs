//! What the asker is answered and what watchers are told: from the events alone, so that both can be served again from
//! the journal.

use serde_json::{Value, json};

use crate::chat::event::Event;
use crate::chat::turn::{Source, chars};
use crate::time::Timestamp;

/// A source without its text.
pub(super) fn short(source: &Source) -> Value {
    json!({
        "article": source.article,
        "version": source.version,
        "title": source.title,
        "heading": source.heading,
        "source": source.source,
        "url": source.url,
    })
}

/// The answer to the command that made these events.
pub(super) fn answer(events: &[Event]) -> Value {
    let Some(last) = events.last() else { return Value::Null };
    match last {
        Event::Opened(opened) => json!({ "assistant": opened.assistant, "title": opened.title }),
        Event::Asked(asked) => json!({ "message": asked.message, "ahead": asked.ahead, "title": asked.title }),
        Event::Continued { message, length, .. } => json!({ "message": message, "length": length }),
        Event::Renamed { title } => json!({ "title": title }),
        Event::Shared { link } => json!({ "link": link }),
        Event::Unshared => json!({ "link": null }),
        Event::Rated { message, rating } => json!({ "message": message, "rating": rating }),
        Event::Deleted => json!({ "deleted": true }),
        Event::StopAsked { message } => json!({ "message": message, "stopping": true }),
        Event::Offered { message }
        | Event::Begun { message, .. }
        | Event::Found { message, .. }
        | Event::Written { message, .. }
        | Event::Held { message } => json!({ "message": message }),
        Event::Finished(finished) => {
            json!({ "message": finished.message, "stage": finished.end.stage(), "length": finished.length })
        }
    }
}

/// What watchers are told of an event: only the owner watches.
pub(super) fn publication(event: &Event, at: Timestamp) -> Option<Value> {
    let told = match event {
        Event::Opened(_) | Event::Held { .. } => return None,
        Event::Asked(asked) => json!({
            "type": "asked",
            "message": asked.message,
            "text": asked.text,
            "title": asked.title,
            "ahead": asked.ahead,
            "at": at,
        }),
        Event::Continued { message, length, .. } => json!({ "type": "continued", "message": message, "length": length }),
        Event::StopAsked { message } => json!({ "type": "stop_asked", "message": message }),
        Event::Renamed { title } => json!({ "type": "renamed", "title": title }),
        Event::Shared { link } => json!({ "type": "shared", "link": link }),
        Event::Unshared => json!({ "type": "unshared" }),
        Event::Rated { message, rating } => json!({ "type": "rated", "message": message, "rating": rating }),
        Event::Deleted => json!({ "type": "deleted" }),
        Event::Offered { message } => json!({ "type": "offered", "message": message }),
        Event::Begun { message, .. } => json!({ "type": "begun", "message": message }),
        Event::Found { message, sources } => {
            let sources: Vec<_> = sources.iter().map(short).collect();
            json!({ "type": "found", "message": message, "sources": sources })
        }
        Event::Written { message, piece } => json!({
            "type": "written",
            "message": message,
            "from": piece.from,
            "to": piece.from.saturating_add(chars(&piece.text)),
            "text": piece.text,
            "marks": piece.marks,
        }),
        Event::Finished(finished) => json!({
            "type": "finished",
            "message": finished.message,
            "stage": finished.end.stage(),
            "length": finished.length,
            "reason": finished.reason,
            "model": finished.model,
            "usage": finished.usage,
            "at": at,
        }),
    };
    Some(told)
}
