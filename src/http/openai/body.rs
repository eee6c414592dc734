//! What may be asked in OpenAI's dialect, and what it means here.

use madang_domain::chat::MAX_QUESTION;
use madang_domain::coach::{Speaker, Turn};
use madang_domain::code::Code;
use serde::Deserialize;
use serde_json::Value;

use super::fault::Fault;

/// The most messages of a history that are looked at; older ones would not fit in a prompt anyway.
const MAX_HISTORY: usize = 100;
/// The longest message of a history, in characters; more of it is left out.
const MAX_MESSAGE: usize = 20_000;

/// A request, as far as it matters. Fields that we do not know are passed over, as OpenAI's own servers grow new ones.
#[derive(Debug, Deserialize)]
pub struct CompletionBody {
    /// The assistant's name.
    pub model: String,
    messages: Vec<Message>,
    /// Whether the answer is streamed.
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    functions: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

/// A question and what was said before.
#[derive(Debug, PartialEq, Eq)]
pub struct Conversation {
    /// What is asked.
    pub question: String,
    /// What was said before, oldest first.
    pub history: Vec<Turn>,
}

impl CompletionBody {
    /// From the bytes of a request.
    ///
    /// # Errors
    /// What is no JSON of this shape.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(bytes)
            .map_err(|why| Fault::new(Code::ModelRequest, format!("We could not parse the JSON body: {why}.")))
    }

    /// Whether a last chunk tells the usage.
    #[must_use]
    pub fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().and_then(|options| options.include_usage).unwrap_or(false)
    }

    /// The longest answer, in tokens, where it is said.
    #[must_use]
    pub fn most(&self) -> Option<u32> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    /// The question and its history.
    ///
    /// # Errors
    /// What cannot be served: several answers, tools, pictures, no question.
    pub fn conversation(self) -> Result<Conversation, Fault> {
        if self.n.is_some_and(|n| n != 1) {
            return Err(Fault::field("n", "Only one answer is given: n must be 1."));
        }
        if self.most() == Some(0) {
            return Err(Fault::field("max_tokens", "An answer needs at least one token."));
        }
        if self.tools.is_some_and(|tools| !tools.is_empty()) {
            return Err(Fault::field("tools", "Assistants here use no tools of the client."));
        }
        if self.functions.is_some_and(|functions| !functions.is_empty()) {
            return Err(Fault::field("functions", "Assistants here use no functions of the client."));
        }
        let skipped = self.messages.len().saturating_sub(MAX_HISTORY);
        let mut history = Vec::new();
        for message in self.messages.into_iter().skip(skipped) {
            history.push(message.turn()?);
        }
        match history.pop() {
            Some(Turn { role: Speaker::User, text }) if !text.trim().is_empty() => {
                if text.chars().count() > MAX_QUESTION {
                    return Err(Fault::field("messages", "A question has at most 4,000 characters."));
                }
                Ok(Conversation { question: text, history })
            }
            Some(_) | None => Err(Fault::field("messages", "The last message must be a question of the user.")),
        }
    }
}

impl Message {
    /// A message of the program counts as the person's: it is who speaks to us, and our own rules stay above it.
    fn turn(self) -> Result<Turn, Fault> {
        let role = match self.role.as_str() {
            "user" | "system" | "developer" => Speaker::User,
            "assistant" => Speaker::Assistant,
            _ => return Err(Fault::field("messages", "A message's role must be system, developer, user or assistant.")),
        };
        let text = match self.content {
            None => String::new(),
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => {
                let mut text = String::new();
                for part in parts {
                    match (part.kind.as_str(), part.text) {
                        ("text" | "input_text" | "output_text" | "refusal", part) => text.push_str(&part.unwrap_or_default()),
                        _ => return Err(Fault::field("messages", "Only text is understood here.")),
                    }
                }
                text
            }
        };
        let text = match role {
            Speaker::User => text,
            Speaker::Assistant => text.chars().take(MAX_MESSAGE).collect(),
        };
        Ok(Turn { role, text })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<Conversation, Fault> {
        CompletionBody::parse(body.to_string().as_bytes())?.conversation()
    }

    #[test]
    fn the_last_message_is_the_question() {
        let body = json!({ "model": "m", "temperature": 1, "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [{ "type": "text", "text": "Hi" }, { "type": "text", "text": "!" }] },
            { "role": "assistant", "content": "Hello" },
            { "role": "user", "content": "What is asthma?" },
        ] });
        let said = |role, text: &str| Turn { role, text: text.to_owned() };
        assert_eq!(
            read(body).unwrap(),
            Conversation {
                question: "What is asthma?".to_owned(),
                history: vec![said(Speaker::User, "Be brief."), said(Speaker::User, "Hi!"), said(Speaker::Assistant, "Hello")],
            }
        );
    }

    #[test]
    fn what_cannot_be_served_is_refused_by_its_field() {
        let ask = |more: Value| {
            let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "q" }] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(body).map(|_| ()).map_err(|fault| fault.json()["error"]["param"].clone())
        };
        assert_eq!(ask(json!({ "tools": [] })), Ok(()));
        for (more, param) in [
            (json!({ "n": 2 }), "n"),
            (json!({ "tools": [{}] }), "tools"),
            (json!({ "max_tokens": 0 }), "max_tokens"),
            (json!({ "messages": [] }), "messages"),
            (json!({ "messages": [{ "role": "assistant", "content": "a" }] }), "messages"),
            (json!({ "messages": [{ "role": "tool", "content": "a" }] }), "messages"),
            (json!({ "messages": [{ "role": "user", "content": [{ "type": "image_url" }] }] }), "messages"),
            (json!({ "messages": [{ "role": "user", "content": "x".repeat(4_001) }] }), "messages"),
        ] {
            assert_eq!(ask(more), Err(json!(param)));
        }
    }

    proptest! {
        #[test]
        fn rubbish_is_refused_but_never_a_panic(bytes in "\\PC{0,80}|[\\[\\]{}\",:a-z0-9]{0,80}") {
            if let Ok(body) = CompletionBody::parse(bytes.as_bytes()) {
                drop(body.conversation());
            }
        }
    }
}
