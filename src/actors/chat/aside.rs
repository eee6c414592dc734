//! A question beside any conversation: nothing of it is kept, and whoever asks brings the history along. Used by the dialects
//! whose clients do so.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use madang_domain::chat::{MAX_SOURCES, Source, Usage};
use madang_domain::coach::{self, Checked, CitationCheck, Claim, Lang, Turn, tokens};
use madang_domain::code::Code;

use super::author::{Author, Seek, Task, Words};
use crate::storage::assistants::Row as Assistant;

/// A question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is asked.
    pub question: String,
    /// What was said before, oldest first.
    pub history: Vec<Turn>,
    /// Of whom.
    pub assistant: Assistant,
    /// The longest answer, in tokens; `None`: as long as anybody's.
    pub most: Option<u32>,
}

/// What is heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// What the answer is written from; once, before its words (a warning may come first).
    Sources(Vec<Source>),
    /// More of it.
    Text(String),
    /// Claims that are over, with their places in all of the text.
    Claims(Vec<Claim>),
    /// That is all.
    Over {
        /// Why, where it is not just finished: `length`, `refused`.
        reason: Option<&'static str>,
        /// What it cost, or about so much.
        usage: Usage,
    },
}

/// Answers them. Cheap to clone.
#[derive(Clone)]
pub struct Aside {
    author: Arc<dyn Author>,
    seek: Arc<dyn Seek>,
}

impl std::fmt::Debug for Aside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aside").field("author", &self.author.name()).finish_non_exhaustive()
    }
}

impl Aside {
    /// By this author, from what is found here.
    #[must_use]
    pub fn new(author: Arc<dyn Author>, seek: Arc<dyn Seek>) -> Self {
        Self { author, seek }
    }

    /// Answers. Dropping the stream ends the work at once.
    #[must_use]
    pub fn answer(&self, asked: Asked) -> BoxStream<'static, Result<Heard, Code>> {
        // Before anything that could take time or fail.
        let warning = coach::red_flag(&asked.question, Lang::of(&asked.question)).map(|text| format!("{text}\n\n"));
        let base = warning.as_deref().map_or(0, |text| text.chars().count());
        let (author, seek) = (Arc::clone(&self.author), Arc::clone(&self.seek));
        let begun = async move {
            let Asked { question, history, assistant, most } = asked;
            let found = seek.seek(question.clone(), assistant.sources.clone(), assistant.tags.clone()).await;
            let sources: Vec<Source> = match found {
                Ok(found) => found.into_iter().take(MAX_SOURCES).map(Source::bounded).collect(),
                Err(code) => {
                    tracing::warn!(%code, "passages could not be sought");
                    Vec::new()
                }
            };
            let known: Vec<_> = sources.iter().map(known).collect();
            let check = CitationCheck::new(&known, assistant.health.then(|| Lang::of(&question)));
            let said = history.iter().map(|turn| turn.text.as_str()).chain(sources.iter().map(|source| source.text.as_str()));
            let asked = said.fold(tokens::estimate(&question), |sum, text| sum.saturating_add(tokens::estimate(text)));
            let task = Task { question, history, sources: sources.clone(), assistant, rest: false };
            let words = author.write(task);
            let pass = Pass { words, check, base, room: most, asked, said: 0, ready: VecDeque::new(), over: false };
            stream::iter([Ok(Heard::Sources(sources))]).chain(stream::unfold(pass, Pass::step))
        };
        let warning = stream::iter(warning.map(|text| Ok(Heard::Text(text))));
        warning.chain(stream::once(begun).flatten()).boxed()
    }
}

/// An author's words on their way through the check.
struct Pass {
    words: BoxStream<'static, Result<Words, Code>>,
    check: CitationCheck,
    /// Characters that were shown before.
    base: usize,
    /// Tokens that may still be said.
    room: Option<u32>,
    /// About what it costs to be told, in tokens.
    asked: u32,
    /// About what was said, in tokens.
    said: u32,
    ready: VecDeque<Result<Heard, Code>>,
    over: bool,
}

impl Pass {
    async fn step(mut self) -> Option<(Result<Heard, Code>, Self)> {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return Some((heard, self));
            }
            if self.over {
                return None;
            }
            match self.words.next().await {
                Some(Ok(Words::Text(text))) => self.hear(&text),
                Some(Ok(Words::Over { reason, usage })) => self.end(reason, usage),
                Some(Err(code)) => {
                    let last = self.check.finish();
                    self.show(last);
                    self.ready.push_back(Err(code));
                    self.over = true;
                }
                None => self.end(None, None),
            }
        }
    }

    fn hear(&mut self, text: &str) {
        let fits = self.room.map_or(text, |room| tokens::cut(text, room));
        let spent = tokens::estimate(fits);
        self.said = self.said.saturating_add(spent);
        if let Some(room) = &mut self.room {
            *room = room.saturating_sub(spent);
        }
        let checked = self.check.push(fits);
        self.show(checked);
        if fits.len() < text.len() {
            self.end(Some("length"), None);
        }
    }

    fn end(&mut self, reason: Option<&'static str>, usage: Option<Usage>) {
        let last = self.check.finish();
        self.show(last);
        let usage = usage.unwrap_or(Usage { prompt: self.asked, completion: self.said });
        self.ready.push_back(Ok(Heard::Over { reason, usage }));
        self.over = true;
        // The upstream call ends here.
        self.words = stream::empty().boxed();
    }

    fn show(&mut self, Checked { text, mut claims }: Checked) {
        if !text.is_empty() {
            self.ready.push_back(Ok(Heard::Text(text)));
        }
        if !claims.is_empty() {
            for claim in &mut claims {
                claim.start += self.base;
                claim.end += self.base;
            }
            self.ready.push_back(Ok(Heard::Claims(claims)));
        }
    }
}

/// A passage as the rules see it.
fn known(source: &Source) -> coach::Source {
    let Source { title, url, heading, text, .. } = source.clone();
    coach::Source { title, url, heading, text }
}
