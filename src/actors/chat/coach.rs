//! The real author and the real search: a language model where one is set up, the built-in extracts otherwise; the knowledge.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use madang_domain::chat::{Source, Usage};
use madang_domain::coach::prompt::{Budget, Persona};
use madang_domain::coach::{self, Lang, Speaker};
use madang_domain::code::Code;
use tokio::time::{Instant, sleep_until};

use super::author::{Author, Seek, Task, Words};
use crate::actors::knowledge::{Filter, Knowledge, Passage};
use crate::clients::llm::{self, Finish, Model, ModelError};

/// Passages for one question.
const PASSAGES: usize = 6;
/// The built-in author says a word every so often: as fast as one reads along.
const PACE: Duration = Duration::from_millis(12);
/// What the built-in author is called.
const EXTRACTS: &str = "extracts";

/// Asks for the rest of an answer that broke off.
const GO_ON: (&str, &str) = (
    "Go on with your last answer exactly where it broke off. Repeat nothing of it and do not introduce the rest.",
    "방금 하던 답변을 끊긴 곳에서 그대로 이어서 써 주세요. 앞의 내용을 반복하거나 새로 시작하지 마세요.",
);

/// Writes answers with a model, or without one.
pub struct Coach {
    model: Option<Arc<dyn Model>>,
    budget: Budget,
}

impl Coach {
    /// With a model or without one; what it may be told and say at most.
    #[must_use]
    pub fn new(model: Option<Arc<dyn Model>>, budget: Budget) -> Self {
        Self { model, budget }
    }
}

impl Author for Coach {
    fn name(&self) -> String {
        self.model.as_ref().map_or(EXTRACTS, |model| model.name()).to_owned()
    }

    fn write(&self, task: Task) -> BoxStream<'static, Result<Words, Code>> {
        let lang = Lang::of(&task.question);
        let sources: Vec<coach::Source> = task.sources.iter().map(known).collect();
        match &self.model {
            None => said(extracts(&task, &sources)),
            Some(_) if sources.is_empty() && !task.rest => said(vec![coach::extract::not_covered(lang, &sources)]),
            Some(model) => {
                let question = match (task.rest, lang) {
                    (false, _) => task.question.as_str(),
                    (true, Lang::En) => GO_ON.0,
                    (true, Lang::Ko) => GO_ON.1,
                };
                let built = coach::prompt(&persona(&task, lang), &sources, &task.history, question, self.budget);
                let name = model.name().to_owned();
                model.stream(built.prompt).map(move |piece| words(piece, &name)).boxed()
            }
        }
    }
}

fn persona(task: &Task, lang: Lang) -> Persona {
    let row = &task.assistant;
    Persona {
        name: if lang == Lang::Ko { row.title_ko.clone() } else { row.title_en.clone() },
        instructions: row.instructions.clone(),
        max_chars: row.max_chars.and_then(|most| u32::try_from(most).ok()),
        health: row.health,
        temperature: row.temperature,
    }
}

fn known(source: &Source) -> coach::Source {
    coach::Source {
        title: source.title.clone(),
        url: source.url.clone(),
        heading: source.heading.clone(),
        text: source.text.clone(),
    }
}

/// The built-in answer in words; of one that broke off, the rest.
fn extracts(task: &Task, sources: &[coach::Source]) -> Vec<String> {
    let pieces = coach::extract(&task.question, sources, task.assistant.health);
    if !task.rest {
        return pieces;
    }
    let begun = task.history.last().filter(|turn| turn.role == Speaker::Assistant).map_or("", |turn| turn.text.as_str());
    let whole = pieces.concat();
    // A warning may stand before what was extracted; the longest end of what is there that the answer begins with is known.
    let overlap = begun.char_indices().find_map(|(at, _)| whole.strip_prefix(begun.get(at..)?));
    vec![overlap.unwrap_or(&whole).to_owned()]
}

/// Words at the pace of a reader, then the end; they cost nothing. Each has its moment, however seldom one listens.
fn said(pieces: Vec<String>) -> BoxStream<'static, Result<Words, Code>> {
    let over = Words::Over { reason: None, usage: Some(Usage::default()) };
    let begun = Instant::now();
    let moments = std::iter::successors(Some(begun), |moment| Some(*moment + PACE));
    let words = pieces.into_iter().map(Words::Text).chain([over]).zip(moments);
    stream::iter(words)
        .then(|(words, moment)| async move {
            sleep_until(moment).await;
            Ok(words)
        })
        .boxed()
}

fn words(piece: Result<llm::Piece, ModelError>, model: &str) -> Result<Words, Code> {
    match piece {
        Ok(llm::Piece::Text(text)) => Ok(Words::Text(text)),
        Ok(llm::Piece::Finished { reason, usage }) => {
            let reason = match reason {
                Finish::Stop => None,
                Finish::Length => Some("length"),
                Finish::Refused => Some("refused"),
            };
            let usage = usage.map(|usage| Usage { prompt: usage.prompt, completion: usage.completion });
            Ok(Words::Over { reason, usage })
        }
        Err(error) => {
            tracing::warn!(%error, model, "a language model did not answer");
            Err(error.code())
        }
    }
}

impl Seek for Knowledge {
    fn seek(&self, question: String, sources: Vec<String>, tags: Vec<String>) -> BoxFuture<'static, Result<Vec<Source>, Code>> {
        let knowledge = self.clone();
        Box::pin(async move {
            // There are no more of them than answers that are written at once.
            let found = knowledge.search_in_turn(&question, &Filter { sources, tags }, PASSAGES).await;
            found.map(|found| found.into_iter().map(source).collect()).map_err(|denied| denied.code())
        })
    }
}

fn source(passage: Passage) -> Source {
    let Passage { chunk, article, version, title, url, source, heading, text, .. } = passage;
    Source { chunk, article, version, title, url, source, heading, text }
}
