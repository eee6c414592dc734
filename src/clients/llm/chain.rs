//! One or two providers as one model: asked again once while nothing was said yet, then the second one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::ready;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::breaker::{Breaker, BreakerSettings};
use super::{Model, ModelError, Piece, Prompt};

/// How the providers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainSettings {
    /// When one is left alone.
    pub breaker: BreakerSettings,
    /// The pause before the same is asked again.
    pub pause: Duration,
    /// Answers that are written at the same time; more are refused at once.
    pub at_once: usize,
}

/// See the module.
#[derive(Clone)]
pub struct Chain {
    name: String,
    providers: Arc<[Provider]>,
    pause: Duration,
    places: Arc<Semaphore>,
}

struct Provider {
    model: Arc<dyn Model>,
    breaker: Breaker,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("name", &self.name).field("providers", &self.providers.len()).finish_non_exhaustive()
    }
}

type Answer = BoxStream<'static, Result<Piece, ModelError>>;

impl Chain {
    /// Of these providers, the first of which is asked first. Its name is the first one's.
    #[must_use]
    pub fn new(models: Vec<Arc<dyn Model>>, settings: &ChainSettings) -> Self {
        let name = models.first().map(|model| model.name().to_owned()).unwrap_or_default();
        let provider = |model| Provider { model, breaker: Breaker::new(settings.breaker) };
        let places = Arc::new(Semaphore::new(settings.at_once.min(Semaphore::MAX_PERMITS)));
        Self { name, providers: models.into_iter().map(provider).collect(), pause: settings.pause, places }
    }

    /// Who speaks first: its first piece, and the rest. While nothing was said, nobody has heard anything of those before.
    async fn begin(&self, prompt: Prompt) -> Result<(Piece, usize, Answer), ModelError> {
        let mut error = ModelError::Resting;
        for (number, provider) in self.providers.iter().enumerate() {
            for again in [false, true] {
                if again && !error.is_passing() {
                    break;
                }
                if again {
                    tokio::time::sleep(self.pause).await;
                }
                if !provider.breaker.may_ask(Instant::now()) {
                    count(number, "resting");
                    break;
                }
                let began = Instant::now();
                let mut answer = provider.model.stream(prompt.clone());
                error = match answer.next().await {
                    Some(Ok(piece)) => {
                        metrics::histogram!("llm_first_token_seconds").record(began.elapsed().as_secs_f64());
                        provider.breaker.went_well();
                        return Ok((piece, number, answer));
                    }
                    Some(Err(error)) => error,
                    None => ModelError::BrokeOff("it said nothing".to_owned()),
                };
                self.note_failure(number, &error);
            }
        }
        Err(error)
    }

    fn note_failure(&self, number: usize, error: &ModelError) {
        let Some(provider) = self.providers.get(number) else { return };
        provider.breaker.failed(Instant::now());
        count(number, outcome(error));
        tracing::warn!(provider = number + 1, model = provider.model.name(), %error, "a language model did not answer");
    }
}

impl Model for Chain {
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, prompt: Prompt) -> Answer {
        let chain = self.clone();
        let begun = async move {
            let Ok(place) = Arc::clone(&chain.places).try_acquire_owned() else {
                count(0, "full");
                return refused(ModelError::Resting);
            };
            match chain.begin(prompt).await {
                Ok((first, number, rest)) => chain.watched(first, number, rest, place),
                Err(error) => refused(error),
            }
        };
        stream::once(begun).flatten().boxed()
    }
}

impl Chain {
    /// The answer, whose place is taken until it ends and whose end is counted.
    fn watched(self, first: Piece, number: usize, rest: Answer, place: OwnedSemaphorePermit) -> Answer {
        let note = move |piece: &Result<Piece, ModelError>| {
            // The place is kept by being here.
            let _: &OwnedSemaphorePermit = &place;
            match piece {
                Ok(Piece::Text(_)) => {}
                Ok(Piece::Finished { .. }) => count(number, "finished"),
                Err(error) => self.note_failure(number, error),
            }
        };
        stream::once(ready(Ok(first))).chain(rest).inspect(note).boxed()
    }
}

fn refused(error: ModelError) -> Answer {
    stream::once(ready(Err(error))).boxed()
}

fn count(provider: usize, outcome: &'static str) {
    let provider = if provider == 0 { "first" } else { "second" };
    metrics::counter!("llm_requests_total", "provider" => provider, "outcome" => outcome).increment(1);
}

const fn outcome(error: &ModelError) -> &'static str {
    match error {
        ModelError::Unreachable(_) => "unreachable",
        ModelError::TimedOut => "timed_out",
        ModelError::Limited { .. } => "limited",
        ModelError::Failed(_) => "failed",
        ModelError::WrongKey(_) => "wrong_key",
        ModelError::Refused(_) => "refused",
        ModelError::BrokeOff(_) => "broke_off",
        ModelError::Resting => "resting",
    }
}
