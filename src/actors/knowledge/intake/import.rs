//! The work of bringing a file of articles in.

use std::fmt;

use futures_util::future::BoxFuture;
use madang_domain::ids::UserId;
use serde_json::Value;

use super::{BadFile, Fault, Format, Given, Read, read};
use crate::actors::jobs::workers::{Trouble, Work};
use crate::actors::knowledge::Knowledge;
use crate::storage::knowledge::articles::Kept;
use crate::storage::knowledge::imports::{self, ImportRow, MOST_FAULTS, Progress};

/// Articles kept in one transaction: progress is seen, and a run that is cut off goes on after the last of them.
const BATCH: usize = 20;

/// The work of jobs of the kind `knowledge`. Cheap to clone.
#[derive(Clone)]
pub struct Importer {
    knowledge: Knowledge,
}

impl fmt::Debug for Importer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Importer").finish_non_exhaustive()
    }
}

impl Importer {
    /// Into what is known.
    #[must_use]
    pub fn new(knowledge: Knowledge) -> Self {
        Self { knowledge }
    }

    async fn bring_in(&self, id: i64) -> Result<(), Trouble> {
        let db = self.knowledge.db();
        let import = imports::find(db, id).await?;
        let Some(import) = import.filter(|import| import.state == "working") else { return Ok(()) };
        let file = imports::file(db, id).await?;
        let format = Format::from_name(&import.format).ok_or_else(|| Trouble("an unknown format".to_owned()))?;
        let given = Given { name: import.name.clone(), source: import.source.clone(), tags: import.tags.clone() };
        // Reading a PDF may take long, and a reader that fails hard must not take the worker with it.
        let read = tokio::task::spawn_blocking(move || read(&file, format, &given)).await;
        let read = match read {
            Ok(Ok(read)) => read,
            Ok(Err(bad)) => return self.end(id, Some(bad)).await,
            Err(error) if error.is_panic() => {
                return self.end(id, Some(if format == Format::Pdf { BadFile::NotPdf } else { BadFile::GaveUp })).await;
            }
            Err(error) => return Err(Trouble(format!("a thread ended early: {error}"))),
        };
        let count = i32::try_from(read.len()).unwrap_or(i32::MAX);
        imports::counted(db, id, count, self.knowledge.now()).await?;
        self.keep(&import, read).await?;
        self.knowledge.settle().await;
        self.end(id, None).await
    }

    /// Keeps what is not settled yet.
    async fn keep(&self, import: &ImportRow, read: Vec<Read>) -> Result<(), Trouble> {
        let mut so_far = Progress {
            done: import.done,
            added: import.added,
            changed: import.changed,
            unchanged: import.unchanged,
            refused: import.refused,
        };
        let mut faults = match &import.faults {
            Value::Array(faults) => faults.clone(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Vec::new(),
        };
        let owner = Some(UserId::new(import.owner));
        let mut left = read.into_iter().skip(usize::try_from(import.done).unwrap_or(0)).peekable();
        while left.peek().is_some() {
            let mut taken = Vec::with_capacity(BATCH);
            for one in left.by_ref().take(BATCH) {
                so_far.done = so_far.done.saturating_add(1);
                match one {
                    Ok(article) => taken.push(article),
                    Err(fault) => {
                        so_far.refused = so_far.refused.saturating_add(1);
                        note(&mut faults, &fault)?;
                    }
                }
            }
            for kept in self.knowledge.keep(taken, owner).await? {
                let count = match kept {
                    Kept::Added(_) => &mut so_far.added,
                    Kept::Changed(..) => &mut so_far.changed,
                    Kept::Unchanged(..) | Kept::Conflict(_) | Kept::Unknown => &mut so_far.unchanged,
                };
                *count = count.saturating_add(1);
            }
            let now = self.knowledge.now();
            imports::advance(self.knowledge.db(), import.id, &so_far, &Value::Array(faults.clone()), now).await?;
        }
        Ok(())
    }

    async fn end(&self, id: i64, failure: Option<BadFile>) -> Result<(), Trouble> {
        let told = failure.map(|bad| (bad.name(), bad.to_string()));
        let told = told.as_ref().map(|(code, message)| (*code, message.as_str()));
        imports::end(self.knowledge.db(), id, told, self.knowledge.now()).await?;
        let outcome = if failure.is_some() { "failed" } else { "done" };
        metrics::counter!("knowledge_imports_total", "outcome" => outcome).increment(1);
        Ok(())
    }
}

fn note(faults: &mut Vec<Value>, fault: &Fault) -> Result<(), Trouble> {
    if faults.len() < MOST_FAULTS {
        faults.push(serde_json::to_value(fault).map_err(|error| Trouble(error.to_string()))?);
    }
    Ok(())
}

impl Work for Importer {
    fn kind(&self) -> &'static str {
        imports::JOB
    }

    fn run(&self, subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(self.bring_in(subject))
    }

    fn give_up(&self, subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(self.end(subject, Some(BadFile::GaveUp)))
    }
}
