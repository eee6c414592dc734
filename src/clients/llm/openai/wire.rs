//! What is said to a provider and what it says, as JSON. What we do not know is passed over.

use std::borrow::Cow;

use madang_domain::coach::prompt::{Prompt, Speaker};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::super::{Finish, ModelError, Usage};

/// What ends a stream.
const DONE: &str = "[DONE]";

/// The request.
pub(super) struct Body<'a> {
    model: &'a str,
    limit_field: &'a str,
    prompt: &'a Prompt,
}

impl<'a> Body<'a> {
    pub(super) fn new(model: &'a str, limit_field: &'a str, prompt: &'a Prompt) -> Self {
        Self { model, limit_field, prompt }
    }
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let system = Some(Message { role: "system", content: &self.prompt.system }).filter(|one| !one.content.is_empty());
        let turns = self.prompt.turns.iter().map(|turn| Message {
            role: match turn.role {
                Speaker::User => "user",
                Speaker::Assistant => "assistant",
            },
            content: &turn.text,
        });
        let messages: Vec<_> = system.into_iter().chain(turns).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", self.model)?;
        map.serialize_entry("messages", &messages)?;
        map.serialize_entry("temperature", &self.prompt.temperature)?;
        map.serialize_entry(self.limit_field, &self.prompt.max_tokens)?;
        map.serialize_entry("stream", &true)?;
        map.serialize_entry("stream_options", &json!({ "include_usage": true }))?;
        map.end()
    }
}

/// What one event says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// Words; may be empty.
    pub(super) text: String,
    /// Why it ends, where it does.
    pub(super) finish: Option<Finish>,
    /// What it cost, where that is said.
    pub(super) usage: Option<Usage>,
    /// Whether nothing more comes.
    pub(super) done: bool,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default, borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    usage: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<u64>,
    /// Of a stream.
    #[serde(default, borrow)]
    delta: Option<Said<'a>>,
    /// Of a whole answer.
    #[serde(default, borrow)]
    message: Option<Said<'a>>,
    #[serde(default, borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(default, borrow)]
    content: Option<Content<'a>>,
    /// The model's own words for why it does not want to.
    #[serde(default, borrow)]
    refusal: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(Value),
}

impl Content<'_> {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text.into_owned(),
            // Some send a list of parts.
            Self::Other(other) => {
                other.as_array().into_iter().flatten().filter_map(|part| part.get("text")?.as_str()).collect()
            }
        }
    }
}

/// What the data of one event says.
///
/// # Errors
/// An error that it tells, or [`ModelError::BrokeOff`] for what is no JSON of that shape.
pub(super) fn hear(data: &str) -> Result<Heard, ModelError> {
    let data = data.trim();
    if data == DONE {
        return Ok(Heard { done: true, ..Heard::default() });
    }
    if data.is_empty() {
        return Ok(Heard::default());
    }
    if let Some(error) = listed(data) {
        return Err(told(&error));
    }
    let chunk: Chunk<'_> =
        serde_json::from_str(data).map_err(|_| ModelError::BrokeOff("an event that is no chunk of an answer".to_owned()))?;
    if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
        return Err(told(&error));
    }
    let mut heard = Heard { usage: chunk.usage.as_ref().and_then(usage), ..Heard::default() };
    // We ask for one answer; of others we take the first.
    let first = chunk.choices.into_iter().flatten().find(|choice| choice.index.unwrap_or(0) == 0);
    let Some(choice) = first else { return Ok(heard) };
    let mut refused = false;
    if let Some(said) = choice.delta.or(choice.message) {
        heard.text = said.content.map(Content::text).unwrap_or_default();
        if let Some(refusal) = said.refusal.filter(|refusal| !refusal.is_empty()) {
            heard.text.push_str(&refusal);
            refused = true;
        }
    }
    heard.finish =
        choice.finish_reason.filter(|reason| !reason.is_empty()).map(|reason| match reason.to_ascii_lowercase().as_str() {
            "length" | "max_tokens" => Finish::Length,
            "content_filter" | "safety" | "recitation" | "blocklist" | "prohibited_content" | "spii" | "tool_calls"
            | "function_call" => Finish::Refused,
            _ if refused => Finish::Refused,
            _ => Finish::Stop,
        });
    Ok(heard)
}

/// What an answer says that came whole.
///
/// # Errors
/// As [`hear`].
pub(super) fn hear_whole(body: &[u8]) -> Result<Heard, ModelError> {
    let text = String::from_utf8_lossy(body);
    let heard = hear(&text)?;
    if heard.text.is_empty() && heard.finish.is_none() {
        return Err(ModelError::BrokeOff("an answer without an answer".to_owned()));
    }
    Ok(heard)
}

/// An error that comes wrapped in a list, as Gemini's do.
fn listed(data: &str) -> Option<Value> {
    if !data.starts_with('[') {
        return None;
    }
    let list: Vec<Value> = serde_json::from_str(data).ok()?;
    list.into_iter().find_map(|mut one| one.get_mut("error").map(Value::take))
}

fn usage(value: &Value) -> Option<Usage> {
    let count = |name: &str| value.get(name)?.as_u64().map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    Some(Usage { prompt: count("prompt_tokens")?, completion: count("completion_tokens").unwrap_or(0) })
}

/// An error that came instead of an answer, with a status of success.
fn told(error: &Value) -> ModelError {
    let why = sentence(error);
    let code = error.get("code").and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
    let kind = ["type", "code", "status"].iter().find_map(|name| error.get(name)?.as_str()).unwrap_or_default();
    match (code, kind) {
        (Some(429), _) | (_, "rate_limit_exceeded" | "insufficient_quota" | "RESOURCE_EXHAUSTED") => {
            ModelError::Limited { retry_after: None }
        }
        (Some(401 | 403), _) | (_, "invalid_api_key" | "authentication_error") => ModelError::WrongKey(why),
        (Some(400 | 404 | 422), _) | (_, "invalid_request_error" | "model_not_found") => ModelError::Refused(why),
        (Some(_) | None, _) => ModelError::Failed(why),
    }
}

/// What a body says about its error.
pub(super) fn reason(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Array(list)) => list.iter().find_map(|one| one.get("error")).map(sentence).unwrap_or_default(),
        Ok(value) => value.get("error").map(sentence).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

fn sentence(error: &Value) -> String {
    let message = error.get("message").unwrap_or(error);
    message.as_str().map_or_else(String::new, |said| said.chars().take(super::REASON_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(data: &str) -> String {
        hear(data).unwrap().text
    }

    #[test]
    fn what_providers_say_is_understood_however_they_say_it() {
        assert_eq!(
            text(r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"He said \"천\""}}]}"#),
            "He said \"천\""
        );
        assert_eq!(text(r#"{"choices":[{"delta":{"content":[{"type":"text","text":"a"},{"type":"image"}]}}]}"#), "a");
        assert_eq!(
            text(r#"{"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"ours"}}]}"#),
            "ours"
        );
        for nothing in [
            "{}",
            "",
            r#"{"choices":[]}"#,
            r#"{"choices":null}"#,
            r#"{"choices":[{"delta":{"content":null,"reasoning_content":"hm"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"rm","arguments":"{}"}}]}}]}"#,
            r#"{"error":null}"#,
            r#"{"choices":[{"delta":{"content":7}}]}"#,
        ] {
            assert_eq!(hear(nothing), Ok(Heard::default()), "{nothing}");
        }
        assert!(hear("[DONE]").unwrap().done && hear(" [DONE] ").unwrap().done);
    }

    #[test]
    fn an_end_says_why_and_usage_may_come_with_it_or_after_it() {
        let end =
            hear(r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}"#);
        assert_eq!(
            end.unwrap(),
            Heard { finish: Some(Finish::Stop), usage: Some(Usage { prompt: 7, completion: 2 }), ..Heard::default() }
        );
        for (reason, finish) in [
            ("length", Finish::Length),
            ("content_filter", Finish::Refused),
            ("tool_calls", Finish::Refused),
            ("MAX_TOKENS", Finish::Length),
            ("SAFETY", Finish::Refused),
            ("RECITATION", Finish::Refused),
            ("STOP", Finish::Stop),
            ("eos", Finish::Stop),
        ] {
            let data = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#);
            assert_eq!(hear(&data).unwrap().finish, Some(finish));
        }
        let refused = hear(r#"{"choices":[{"delta":{"refusal":"I will not."},"finish_reason":"stop"}]}"#).unwrap();
        assert_eq!((refused.text.as_str(), refused.finish), ("I will not.", Some(Finish::Refused)));
        assert_eq!(hear(r#"{"choices":[],"usage":{"prompt_tokens":"many"}}"#), Ok(Heard::default()));
    }

    #[test]
    fn errors_in_the_middle_of_success_are_errors() {
        let limited = hear(r#"{"error":{"message":"slow down","code":429}}"#);
        assert_eq!(limited, Err(ModelError::Limited { retry_after: None }));
        assert!(matches!(hear(r#"{"error":{"message":"bad key","type":"invalid_api_key"}}"#), Err(ModelError::WrongKey(_))));
        assert_eq!(hear(r#"{"error":"overloaded"}"#), Err(ModelError::Failed("overloaded".to_owned())));
        let listed = br#"[{"error":{"code":404,"message":"no such model","status":"NOT_FOUND"}}]"#;
        assert_eq!(hear(std::str::from_utf8(listed).unwrap()), Err(ModelError::Refused("no such model".to_owned())));
        assert_eq!(hear_whole(listed), Err(ModelError::Refused("no such model".to_owned())));
        assert!(matches!(hear("<html>"), Err(ModelError::BrokeOff(_))));
        assert!(matches!(hear_whole(b"{}"), Err(ModelError::BrokeOff(_))));
    }

    proptest! {
        #[test]
        fn rubbish_is_an_error_or_nothing_but_never_a_panic(data in "\\PC{0,60}|[\\[\\]{}\",:a-z0-9]{0,60}") {
            drop(hear(&data));
            drop(hear_whole(data.as_bytes()));
            drop(reason(data.as_bytes()));
        }

        #[test]
        fn every_text_comes_through_as_it_was(said in "\\PC{0,40}") {
            let data = json!({ "choices": [{ "index": 0, "delta": { "content": said } }] }).to_string();
            prop_assert_eq!(text(&data), said);
        }
    }
}
