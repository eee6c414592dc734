//! A provider that answers as Gemini's compatible endpoint does: no ids, usage and a reason to end in every chunk, several
//! words in one, errors in a list.

use bytes::Bytes;

use super::*;

/// One of its chunks.
fn chunk(text: &str, reason: &str, completion: u32) -> String {
    let delta = serde_json::json!({ "role": "assistant", "content": text });
    let usage = serde_json::json!({ "prompt_tokens": 91, "completion_tokens": completion, "total_tokens": 91 + completion });
    let choices = serde_json::json!([{ "delta": delta, "finish_reason": reason, "index": 0 }]);
    let chunk = serde_json::json!({ "choices": choices, "created": 0, "model": "stand-in", "object": "chat.completion.chunk", "usage": usage });
    format!("data: {chunk}\n\n")
}

fn chunks(parts: &[String]) -> Script {
    Script::Raw("text/event-stream", parts.iter().map(|part| (Duration::ZERO, Bytes::from(part.clone()))).collect())
}

#[tokio::test]
async fn a_reason_and_usage_in_every_chunk_end_nothing_and_the_last_usage_counts() {
    let done = "data: [DONE]\n\n".to_owned();
    let parts = [chunk("천식은 기도의", "stop", 3), chunk(" 병입니다", "stop", 5), chunk(" [1].", "stop", 7), done];
    let upstream = upstream([chunks(&parts), chunks(&parts[..3])]).await;
    let model = model(&upstream.url());
    let whole = ("천식은 기도의 병입니다 [1].".to_owned(), Ok((Finish::Stop, Some(Usage { prompt: 91, completion: 7 }))));
    assert_eq!(said(&model).await, whole);
    assert_eq!(said(&model).await, whole, "where the line just ends");
}

#[tokio::test]
async fn its_own_words_for_an_end_are_understood() {
    let done = "data: [DONE]\n\n".to_owned();
    let upstream = upstream([
        chunks(&[chunk("half", "MAX_TOKENS", 1), done.clone()]),
        chunks(&[chunk("half", "SAFETY", 1), done.clone()]),
        chunks(&[chunk("", "RECITATION", 0), done]),
    ])
    .await;
    let model = model(&upstream.url());
    let mut ends = Vec::new();
    for _ in 0..3 {
        let (_, end) = said(&model).await;
        ends.push(end.unwrap().0);
    }
    assert_eq!(ends, [Finish::Length, Finish::Refused, Finish::Refused]);
}

#[tokio::test]
async fn errors_in_a_list_are_told_before_and_within_an_answer() {
    let listed = |code: u16, status: &str, why: &str| {
        serde_json::json!([{ "error": { "code": code, "message": why, "status": status } }]).to_string()
    };
    let refuse = |code, status, why| Script::Status(code, Vec::new(), listed(code, status, why));
    let upstream = upstream([
        refuse(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        refuse(404, "NOT_FOUND", "models/none is not found"),
        refuse(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota"),
        refuse(503, "UNAVAILABLE", "The model is overloaded."),
        chunks(&[chunk("half", "stop", 1), format!("data: {}\n\n", listed(503, "UNAVAILABLE", "overloaded"))]),
    ])
    .await;
    let model = model(&upstream.url());
    let mut ends = Vec::new();
    for _ in 0..5 {
        let (text, end) = said(&model).await;
        ends.push((text, end.unwrap_err()));
    }
    let [(_, key), (_, unknown), (_, limited), (_, failed), (text, within)] = &ends[..] else { panic!() };
    assert!(matches!(key, ModelError::WrongKey(_)), "{key:?}");
    assert!(matches!(unknown, ModelError::Refused(why) if why.contains("models/none")), "{unknown:?}");
    assert_eq!(*limited, ModelError::Limited { retry_after: None });
    assert!(matches!(failed, ModelError::Failed(why) if why.contains("overloaded")), "{failed:?}");
    assert_eq!((text.as_str(), within), ("half", &ModelError::Failed("overloaded".to_owned())));
}
