//! Who writes answers, as the runner sees it, and what passages are found for them.
//!
//! The runner knows neither models nor indexes: it has an [`Author`] and a [`Seek`]. `app` puts the real ones in; tests have
//! their own.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use madang_domain::chat::{Source, Usage};
use madang_domain::coach::Turn;
use madang_domain::code::Code;

use crate::storage::assistants::Row as Assistant;

/// An answer to be written.
#[derive(Debug, Clone)]
pub struct Task {
    /// What was asked.
    pub question: String,
    /// What was said before, oldest first; where an answer is continued, its question and its text so far at the end.
    pub history: Vec<Turn>,
    /// What it can be written from.
    pub sources: Vec<Source>,
    /// As whom.
    pub assistant: Assistant,
    /// Whether it is the rest of an answer that broke off.
    pub rest: bool,
}

/// What an author says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// More of the answer.
    Text(String),
    /// That is all.
    Over {
        /// Why, where it is not just finished: `length`, `refused`.
        reason: Option<&'static str>,
        /// What it cost, where that is known.
        usage: Option<Usage>,
    },
}

/// Writes answers. Dropping the stream ends the work at once.
pub trait Author: Send + Sync + 'static {
    /// What it is called.
    fn name(&self) -> String;
    /// Writes an answer. An error ends it; what was said stays.
    fn write(&self, task: Task) -> BoxStream<'static, Result<Words, Code>>;
}

/// Finds passages.
pub trait Seek: Send + Sync + 'static {
    /// The best passages for a question, of articles of these sources and with one of these tags; none named: of all.
    fn seek(&self, question: String, sources: Vec<String>, tags: Vec<String>) -> BoxFuture<'static, Result<Vec<Source>, Code>>;
}
