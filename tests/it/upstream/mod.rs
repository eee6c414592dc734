//! The client of language models against a stand-in that does all that real providers do on a bad day.

mod chain;
mod faults;
mod gemini;
mod hostile;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use madang::cli::bench::upstream::{Script, Tokens, Upstream};
use madang::clients::llm::breaker::BreakerSettings;
use madang::clients::llm::{
    Chain, ChainSettings, Finish, Model, ModelError, OpenAi, OpenAiSettings, Piece, Prompt, Speaker, Turn, Usage,
};

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(100);
/// What is waited for on purpose.
const SHORT: Duration = Duration::from_millis(300);

pub fn prompt() -> Prompt {
    let turns = vec![Turn { role: Speaker::User, text: "천식이 뭐예요?".to_owned() }];
    Prompt { system: "You are a coach.".to_owned(), turns, temperature: 0.5, max_tokens: 300 }
}

fn settings(url: &str) -> OpenAiSettings {
    OpenAiSettings {
        url: url.to_owned(),
        model: "stand-in".to_owned(),
        key: "sk-test".to_owned(),
        limit_field: "max_tokens".to_owned(),
        connect: LONG,
        first: LONG,
        stall: LONG,
        total: LONG,
    }
}

pub fn model(url: &str) -> OpenAi {
    OpenAi::new(settings(url)).unwrap()
}

fn chain(models: Vec<Arc<dyn Model>>, failures: u32) -> Chain {
    let breaker = BreakerSettings { failures, rest: LONG };
    Chain::new(models, &ChainSettings { breaker, pause: Duration::from_millis(1), at_once: 100 })
}

/// The words, and how it ended.
type Said = (String, Result<(Finish, Option<Usage>), ModelError>);

async fn said(model: &impl Model) -> Said {
    let mut text = String::new();
    let mut answer = model.stream(prompt());
    let end = loop {
        match answer.next().await {
            Some(Ok(Piece::Text(piece))) => {
                assert!(!piece.is_empty());
                text.push_str(&piece);
            }
            Some(Ok(Piece::Finished { reason, usage })) => break Ok((reason, usage)),
            Some(Err(error)) => break Err(error),
            None => panic!("an answer ended without an end: {text:?}"),
        }
    };
    assert!(answer.next().await.is_none(), "nothing comes after the end");
    (text, end)
}

fn words() -> Tokens {
    Tokens::new(["천식은 ", "기도의 ", "병입니다 ", "[1]."], Duration::ZERO)
}

fn raw(parts: &[&[u8]]) -> Script {
    let part = |part: &&[u8]| (Duration::ZERO, bytes::Bytes::copy_from_slice(part));
    Script::Raw("text/event-stream", parts.iter().map(part).collect())
}

async fn upstream(scripts: impl IntoIterator<Item = Script>) -> Upstream {
    Upstream::start(scripts).await.unwrap()
}
