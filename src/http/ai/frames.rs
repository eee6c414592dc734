//! An answer's events as the AI SDK's chat hooks read them: parts of a UI message, each a line of JSON.

use serde_json::{Value, json};

use crate::http::chats::Voice;

/// The one text part of an answer.
const TEXT: &str = "text";

/// Translates the events of one answer, in order.
#[derive(Debug)]
pub(super) struct Frames {
    /// The message's id in the client.
    id: String,
    started: bool,
    /// Whether the text part is open.
    speaking: bool,
}

impl Frames {
    /// For an answer that the client knows by this id.
    #[must_use]
    pub(super) fn new(id: String) -> Self {
        Self { id, started: false, speaking: false }
    }

    /// The frames for one event of an answer's stream, by its name and data; may be nothing.
    fn translate(&mut self, name: &str, data: &Value) -> String {
        let mut out = String::new();
        if !self.started {
            self.started = true;
            frame(&mut out, &json!({ "type": "start", "messageId": self.id }));
            frame(&mut out, &json!({ "type": "start-step" }));
        }
        match name {
            "sources" => sources(&mut out, data),
            "delta" => self.delta(&mut out, data),
            "done" => self.done(&mut out, data),
            "error" => {
                self.hush(&mut out);
                frame(&mut out, &json!({ "type": "error", "errorText": text(data, "message") }));
                out.push_str("data: [DONE]\n\n");
            }
            // Where an answer stands is no part of the message.
            _ => {}
        }
        out
    }

    fn delta(&mut self, out: &mut String, data: &Value) {
        let words = text(data, "text");
        if !words.is_empty() {
            if !self.speaking {
                self.speaking = true;
                frame(out, &json!({ "type": "text-start", "id": TEXT }));
            }
            frame(out, &json!({ "type": "text-delta", "id": TEXT, "delta": words }));
        }
        if let Some(marks) = data.get("marks").and_then(Value::as_array).filter(|marks| !marks.is_empty()) {
            frame(out, &json!({ "type": "data-claims", "data": marks }));
        }
    }

    fn hush(&mut self, out: &mut String) {
        if std::mem::take(&mut self.speaking) {
            frame(out, &json!({ "type": "text-end", "id": TEXT }));
        }
    }

    fn done(&mut self, out: &mut String, data: &Value) {
        self.hush(out);
        frame(out, &json!({ "type": "finish-step" }));
        match data.get("stage").and_then(Value::as_str) {
            Some("stopped" | "interrupted") => frame(out, &json!({ "type": "abort" })),
            Some("failed") => frame(out, &json!({ "type": "error", "errorText": text(data, "reason") })),
            Some(_) | None => frame(out, &json!({ "type": "finish" })),
        }
        out.push_str("data: [DONE]\n\n");
    }
}

impl Voice for Frames {
    fn tell(&mut self, _: (u32, u32), name: &str, data: &Value) -> String {
        self.translate(name, data)
    }
}

fn text<'a>(data: &'a Value, name: &str) -> &'a str {
    data.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn sources(out: &mut String, data: &Value) {
    let found = data.get("sources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (number, source) in (1..).zip(found) {
        let (id, title) = (number.to_string(), text(source, "title"));
        match source.get("url").and_then(Value::as_str) {
            Some(url) => frame(out, &json!({ "type": "source-url", "sourceId": id, "url": url, "title": title })),
            None => {
                let document = json!({ "type": "source-document", "sourceId": id, "mediaType": "text/plain", "title": title });
                frame(out, &document);
            }
        }
    }
}

fn frame(out: &mut String, value: &Value) {
    out.push_str("data: ");
    out.push_str(&value.to_string());
    out.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(frames: &str) -> Vec<String> {
        let kind = |line: &str| {
            let data = line.strip_prefix("data: ").unwrap();
            serde_json::from_str::<Value>(data).map_or_else(|_| data.to_owned(), |value| text(&value, "type").to_owned())
        };
        frames.split("\n\n").filter(|line| !line.is_empty()).map(kind).collect()
    }

    #[test]
    fn an_answer_is_one_message_with_one_text() {
        let mut frames = Frames::new("7-1".to_owned());
        let mut all = frames.translate("stage", &json!({ "stage": "retrieving" }));
        all += &frames.translate(
            "sources",
            &json!({ "sources": [{ "title": "A", "url": "https://a.example" }, { "title": "B", "url": null }] }),
        );
        all += &frames.translate("delta", &json!({ "text": "Hello", "marks": [] }));
        all += &frames.translate("delta", &json!({ "text": " [1].", "marks": [{ "from": 0, "to": 10 }] }));
        all += &frames.translate("done", &json!({ "stage": "done" }));
        assert_eq!(
            kinds(&all),
            [
                "start",
                "start-step",
                "source-url",
                "source-document",
                "text-start",
                "text-delta",
                "text-delta",
                "data-claims",
                "text-end",
                "finish-step",
                "finish",
                "[DONE]",
            ]
        );
    }

    #[test]
    fn ends_are_told_apart() {
        let ends = |name: &str, data: Value| kinds(&Frames::new(String::new()).translate(name, &data)).split_off(2);
        assert_eq!(ends("done", json!({ "stage": "stopped" })), ["finish-step", "abort", "[DONE]"]);
        assert_eq!(ends("done", json!({ "stage": "failed", "reason": "model.busy" })), ["finish-step", "error", "[DONE]"]);
        assert_eq!(ends("error", json!({ "message": "No." })), ["error", "[DONE]"]);
    }
}
