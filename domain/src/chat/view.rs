//! What a conversation looks like: to its owner, and to those who have its link.

use serde_json::{Value, json};

use crate::chat::talk::Talk;
use crate::chat::turn::{Answer, Source, Turn};
use crate::chat::wire::short;
use crate::ids::EntityId;

/// A view has the newest messages, as many as fit in so many characters: one at least. The rest comes in pages.
const MAX_VIEW: u32 = 100_000;

impl Talk {
    /// For the owner.
    pub(super) fn view(&self, id: EntityId) -> Value {
        let mut view = self.read_only(u32::MAX);
        if let Value::Object(view) = &mut view {
            view.insert("id".to_owned(), json!(id.number()));
            view.insert("link".to_owned(), json!(self.link));
        }
        view
    }

    /// For everybody who may read it: the newest messages before a number.
    #[must_use]
    pub fn read_only(&self, before: u32) -> Value {
        let mut room = MAX_VIEW;
        let mut shown = Vec::new();
        for (number, turn) in self.numbered().rev().filter(|(number, _)| *number < before) {
            let size = super::turn::chars(&turn.question).saturating_add(turn.answer.length);
            if size > room && !shown.is_empty() {
                break;
            }
            room = room.saturating_sub(size);
            shown.push(message(number, turn));
        }
        shown.reverse();
        json!({
            "assistant": self.assistant,
            "title": self.title,
            "opened_at": self.opened_at,
            "count": self.count(),
            "current": self.current_number(),
            "messages": shown,
        })
    }
}

/// A question and its answer. The texts of sources are asked for when somebody opens one.
fn message(number: u32, turn: &Turn) -> Value {
    json!({ "message": number, "question": turn.question, "asked_at": turn.asked_at, "answer": answer(&turn.answer) })
}

fn answer(answer: &Answer) -> Value {
    let sources: Vec<_> = answer.sources.iter().map(short).collect();
    json!({
        "stage": answer.stage,
        "text": answer.text,
        "length": answer.length,
        "sources": sources,
        "marks": answer.marks,
        "stopping": answer.stopping,
        "model": answer.model,
        "reason": answer.reason,
        "usage": answer.usage,
        "rating": answer.rating,
        "ended_at": answer.ended_at,
    })
}

impl Source {
    /// Cuts a passage to what is kept of it.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        if let Some((cut, _)) = self.text.char_indices().nth(super::MAX_SOURCE_TEXT) {
            self.text.truncate(cut);
        }
        self
    }
}
