//! One provider: what it says, and what can be wrong with it.

use madang::cli::bench::upstream::Then;

use super::*;

const ALL: &str = "천식은 기도의 병입니다 [1].";

#[tokio::test]
async fn an_answer_comes_word_by_word_with_its_usage() {
    let upstream = upstream([Script::Tokens(words())]).await;
    let (text, end) = said(&model(&upstream.url())).await;
    assert_eq!(text, ALL);
    assert_eq!(end, Ok((Finish::Stop, Some(Usage { prompt: 100, completion: 4 }))));
    let (head, body) = upstream.requests().remove(0);
    assert!(head.starts_with("POST /v1/chat/completions ") && head.to_lowercase().contains("authorization: bearer sk-test"));
    assert_eq!(body["model"], "stand-in");
    assert_eq!(body["messages"][0]["role"], "system");
    assert_eq!(body["messages"][1]["content"], "천식이 뭐예요?");
    assert_eq!((&body["max_tokens"], &body["stream"]), (&300.into(), &true.into()));
    assert_eq!(body["stream_options"]["include_usage"], true);
}

#[tokio::test]
async fn the_field_of_the_limit_can_be_another_one() {
    let upstream = upstream([Script::Tokens(words())]).await;
    let settings = OpenAiSettings { limit_field: "max_completion_tokens".to_owned(), ..settings(&upstream.url()) };
    let (text, _) = said(&OpenAi::new(settings).unwrap()).await;
    assert_eq!(text, ALL);
    let body = upstream.requests().remove(0).1;
    assert_eq!((&body["max_completion_tokens"], body.get("max_tokens")), (&300.into(), None));
}

#[tokio::test]
async fn usage_may_be_missing_and_comments_and_strange_fields_do_no_harm() {
    let parts: &[&[u8]] = &[
        b": keep alive\n\n",
        b"retry: 10\nevent: message\nid: 7\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"logprobs\":null}],\"x\":[1]}\r\n\r\n",
        b"data: {}\n\ndata:\n\n",
        b"data: {\"choices\":[{\"delta\":{\"con",
        b"tent\":\"b\"},\"finish_reason\":\"stop\"}]}\n\n",
        b"data: [DONE]\n\n",
    ];
    let upstream = upstream([raw(parts)]).await;
    assert_eq!(said(&model(&upstream.url())).await, ("ab".to_owned(), Ok((Finish::Stop, None))));
}

#[tokio::test]
async fn an_end_without_done_is_an_end_where_a_reason_was_told() {
    let upstream =
        upstream([raw(&[b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}\n\n"])]).await;
    assert_eq!(said(&model(&upstream.url())).await, ("a".to_owned(), Ok((Finish::Length, None))));
}

#[tokio::test]
async fn broken_letters_become_replacements_and_the_answer_goes_on() {
    let parts: &[&[u8]] = &[
        b"data: {\"choices\":[{\"delta\":{\"content\":\"\xec\xb2",
        b"\x9c\xff\xec\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    ];
    let upstream = upstream([raw(parts)]).await;
    let (text, end) = said(&model(&upstream.url())).await;
    assert_eq!(text, "천\u{fffd}\u{fffd}b");
    assert!(end.is_ok());
}

#[tokio::test]
async fn tool_calls_and_refusals_are_no_answers() {
    let call = br#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"rm","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    let refusal = br#"data: {"choices":[{"delta":{"refusal":"I cannot help."},"finish_reason":"stop"}]}"#;
    let upstream = upstream([
        raw(&[call, b"\n\ndata: [DONE]\n\n"]),
        raw(&[refusal, b"\n\ndata: [DONE]\n\n"]),
        raw(&[b"data: [DONE]\n\n"]),
    ])
    .await;
    let model = model(&upstream.url());
    assert_eq!(said(&model).await, (String::new(), Ok((Finish::Refused, None))));
    assert_eq!(said(&model).await, ("I cannot help.".to_owned(), Ok((Finish::Refused, None))));
    assert_eq!(said(&model).await, (String::new(), Ok((Finish::Refused, None))), "an end without a word is no answer");
}

#[tokio::test]
async fn an_answer_that_comes_whole_is_taken_and_an_error_in_it_is_told() {
    let whole = r#"{"choices":[{"message":{"content":"all"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let upstream = upstream([
        Script::Status(200, Vec::new(), whole.to_owned()),
        Script::Status(200, Vec::new(), r#"{"error":{"message":"overloaded","code":503}}"#.to_owned()),
        raw(&[b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", b"data: {\"error\":{\"message\":\"oh\"}}\n\n"]),
    ])
    .await;
    let model = model(&upstream.url());
    assert_eq!(said(&model).await, ("all".to_owned(), Ok((Finish::Stop, Some(Usage { prompt: 1, completion: 2 })))));
    assert_eq!(said(&model).await.1, Err(ModelError::Failed("overloaded".to_owned())));
    assert_eq!(said(&model).await, ("a".to_owned(), Err(ModelError::Failed("oh".to_owned()))));
}

#[tokio::test]
async fn what_makes_no_sense_or_breaks_off_is_an_error_that_keeps_the_words_before() {
    let upstream = upstream([
        raw(&[b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: <html>\n\n"]),
        Script::Tokens(words().then(Then::BreakOff)),
        raw(&[b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"]),
    ])
    .await;
    let model = model(&upstream.url());
    let (text, end) = said(&model).await;
    assert!(text == "a" && matches!(end, Err(ModelError::BrokeOff(_))), "{end:?}");
    let (text, end) = said(&model).await;
    assert!(text == ALL && matches!(end, Err(ModelError::BrokeOff(_))), "{end:?}");
    let (text, end) = said(&model).await;
    assert!(text == "a" && matches!(end, Err(ModelError::BrokeOff(_))), "{end:?}");
}

#[tokio::test]
async fn an_event_without_an_end_does_not_fill_the_memory() {
    let part = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
    let mut parts = vec![(Duration::ZERO, bytes::Bytes::from_static(b"data: "))];
    parts.extend((0..40).map(|_| (Duration::ZERO, part.clone())));
    let upstream = upstream([Script::Raw("text/event-stream", parts)]).await;
    assert_eq!(said(&model(&upstream.url())).await.1, Err(ModelError::BrokeOff("an event without an end".to_owned())));
}

#[tokio::test]
async fn silence_before_and_within_an_answer_ends_it() {
    let upstream = upstream([Script::Silence, Script::Tokens(words().then(Then::Stall))]).await;
    let first = OpenAiSettings { first: SHORT, ..settings(&upstream.url()) };
    assert_eq!(said(&OpenAi::new(first).unwrap()).await, (String::new(), Err(ModelError::TimedOut)));
    let stall = OpenAiSettings { stall: SHORT, ..settings(&upstream.url()) };
    assert_eq!(said(&OpenAi::new(stall).unwrap()).await, (ALL.to_owned(), Err(ModelError::TimedOut)));
    let total = OpenAiSettings { total: SHORT, ..settings(&upstream.url()) };
    assert_eq!(said(&OpenAi::new(total).unwrap()).await, (ALL.to_owned(), Err(ModelError::TimedOut)));
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let refuse = |status, body: &str| Script::Status(status, Vec::new(), body.to_owned());
    let slow = vec![("retry-after", "7".to_owned())];
    let upstream = upstream([
        refuse(401, r#"{"error":{"message":"Incorrect API key for kim@mail.example"}}"#),
        refuse(404, r#"{"error":{"message":"no such model"}}"#),
        Script::Status(429, slow, String::new()),
        refuse(500, "<html>"),
        refuse(301, ""),
    ])
    .await;
    let model = model(&upstream.url());
    let mut ends = Vec::new();
    for _ in 0..5 {
        ends.push(said(&model).await.1.unwrap_err());
    }
    let [key, unknown, limited, failed, moved] = &ends[..] else { panic!() };
    assert!(matches!(key, ModelError::WrongKey(why) if why.contains("[e-mail]") && !why.contains("kim")), "{key:?}");
    assert!(key.to_string().contains("llm.key"), "the log names the setting");
    assert!(matches!(unknown, ModelError::Refused(why) if why.contains("no such model")));
    assert_eq!(*limited, ModelError::Limited { retry_after: Some(Duration::from_secs(7)) });
    assert!(matches!(failed, ModelError::Failed(_)) && matches!(moved, ModelError::Refused(_)));
    assert_eq!(key.code(), madang_domain::code::Code::ModelUnavailable, "people are not told of the key");
}

#[tokio::test]
async fn nobody_at_the_address_is_told_as_that() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_, end) = said(&model(&format!("http://{gone}/v1"))).await;
    assert!(matches!(end, Err(ModelError::Unreachable(_))), "{end:?}");
}

#[tokio::test]
async fn letting_go_of_an_answer_ends_it_at_the_provider() {
    let endless = Tokens::new((0..100_000).map(|n| format!("w{n} ")), Duration::from_millis(5));
    let upstream = upstream([Script::Tokens(endless)]).await;
    let mut answer = model(&upstream.url()).stream(prompt());
    assert!(matches!(answer.next().await, Some(Ok(Piece::Text(_)))));
    assert_eq!(upstream.open(), 1);
    drop(answer);
    tokio::time::timeout(crate::world::PATIENCE, upstream.until_open(0)).await.unwrap();
}
