//! Two providers as one.

use super::*;

fn failing() -> Script {
    Script::Status(500, Vec::new(), String::new())
}

#[tokio::test]
async fn who_fails_is_asked_once_more_before_the_first_word() {
    let upstream = upstream([failing(), Script::Tokens(words())]).await;
    let chain = chain(vec![Arc::new(model(&upstream.url()))], 5);
    assert!(said(&chain).await.1.is_ok());
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test]
async fn after_two_failures_the_second_provider_answers() {
    let (first, second) = (upstream([failing()]).await, upstream([Script::Tokens(words())]).await);
    let chain = chain(vec![Arc::new(model(&first.url())), Arc::new(model(&second.url()))], 5);
    assert!(said(&chain).await.1.is_ok());
    assert_eq!((first.asked(), second.asked()), (2, 1));
}

#[tokio::test]
async fn a_wrong_key_is_not_tried_twice() {
    let first = upstream([Script::Status(401, Vec::new(), String::new())]).await;
    let second = upstream([Script::Tokens(words())]).await;
    let chain = chain(vec![Arc::new(model(&first.url())), Arc::new(model(&second.url()))], 5);
    assert!(said(&chain).await.1.is_ok());
    assert_eq!((first.asked(), second.asked()), (1, 1));
}

#[tokio::test]
async fn after_the_first_word_nobody_else_goes_on() {
    let first = upstream([Script::Tokens(words().then(madang::cli::bench::upstream::Then::BreakOff))]).await;
    let second = upstream([Script::Tokens(words())]).await;
    let chain = chain(vec![Arc::new(model(&first.url())), Arc::new(model(&second.url()))], 5);
    let (text, end) = said(&chain).await;
    assert!(!text.is_empty() && matches!(end, Err(ModelError::BrokeOff(_))));
    assert_eq!((first.asked(), second.asked()), (1, 0));
}

#[tokio::test]
async fn who_failed_again_and_again_is_left_alone() {
    let (first, second) = (upstream([failing()]).await, upstream([Script::Tokens(words())]).await);
    let chain = chain(vec![Arc::new(model(&first.url())), Arc::new(model(&second.url()))], 3);
    for _ in 0..5 {
        assert!(said(&chain).await.1.is_ok());
    }
    assert_eq!((first.asked(), second.asked()), (3, 5), "the first one rests from its third failure on");
}

#[tokio::test]
async fn where_nobody_answers_the_last_error_is_told() {
    let upstream = upstream([failing()]).await;
    let chain = chain(vec![Arc::new(model(&upstream.url()))], 2);
    assert!(matches!(said(&chain).await.1, Err(ModelError::Failed(_))));
    assert_eq!(said(&chain).await.1, Err(ModelError::Resting));
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test]
async fn more_answers_than_places_are_refused_at_once_and_places_come_back() {
    let upstream =
        upstream([Script::Tokens(words().then(madang::cli::bench::upstream::Then::Stall)), Script::Tokens(words())]).await;
    let breaker = BreakerSettings { failures: 5, rest: LONG };
    let settings = ChainSettings { breaker, pause: Duration::ZERO, at_once: 1 };
    let chain = Chain::new(vec![Arc::new(model(&upstream.url()))], &settings);
    let mut held = chain.stream(prompt());
    assert!(matches!(held.next().await, Some(Ok(Piece::Text(_)))));
    assert_eq!(said(&chain).await.1, Err(ModelError::Resting));
    drop(held);
    assert!(said(&chain).await.1.is_ok());
}
