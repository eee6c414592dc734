//! Whom people can talk to: few, seldom changed, asked for with every question. Kept in memory for a moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_domain::code::Code;
use parking_lot::Mutex;
use sqlx::PgPool;

use super::unavailable;
use crate::actors::ask::Denied;
use crate::storage::assistants::{self, Row};

/// What another node changed is seen after this long.
const FRESH: Duration = Duration::from_secs(5);
/// The most assistants of a house.
pub const MOST: usize = 50;
/// Who answers where nobody is named.
pub const USUAL: &str = "running-coach";

/// All of them, and since when they are known.
type Kept = Option<(Instant, Arc<Vec<Row>>)>;

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Assistants {
    db: PgPool,
    kept: Arc<Mutex<Kept>>,
}

impl Assistants {
    /// Over this database.
    #[must_use]
    pub fn new(db: PgPool) -> Self {
        Self { db, kept: Arc::default() }
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// `engine.busy` when the database does not answer.
    pub async fn all(&self) -> Result<Arc<Vec<Row>>, Denied> {
        let kept = self.kept.lock().clone();
        if let Some((_, all)) = kept.filter(|(since, _)| since.elapsed() < FRESH) {
            return Ok(all);
        }
        let all = Arc::new(assistants::list(&self.db).await.map_err(|error| unavailable(&error))?);
        *self.kept.lock() = Some((Instant::now(), Arc::clone(&all)));
        Ok(all)
    }

    /// The one of that name, if it takes questions; the usual one (or the first) where nobody is named.
    ///
    /// # Errors
    /// `chat.assistant_unknown`, or `engine.busy`.
    pub async fn choose(&self, name: Option<&str>) -> Result<Row, Denied> {
        let all = self.all().await?;
        let mut open = all.iter().filter(|row| row.enabled);
        let found = match name {
            Some(name) => open.find(|row| row.name == name),
            None => open.clone().find(|row| row.name == USUAL).or_else(|| open.next()),
        };
        found.cloned().ok_or(Denied::Failed(Code::AssistantUnknown))
    }

    /// The one of that name, whether it takes new questions or not.
    ///
    /// # Errors
    /// `chat.assistant_unknown`, or `engine.busy`.
    pub async fn find(&self, name: &str) -> Result<Row, Denied> {
        let all = self.all().await?;
        all.iter().find(|row| row.name == name).cloned().ok_or(Denied::Failed(Code::AssistantUnknown))
    }

    /// Writes one, new or not.
    ///
    /// # Errors
    /// `live.limit_exceeded` for one too many, or `engine.busy`.
    pub async fn put(&self, row: &Row) -> Result<(), Denied> {
        let all = self.all().await?;
        if all.len() >= MOST && !all.iter().any(|known| known.name == row.name) {
            return Err(Denied::Failed(Code::LimitExceeded));
        }
        assistants::put(&self.db, row).await.map_err(|error| unavailable(&error))?;
        *self.kept.lock() = None;
        Ok(())
    }

    /// Takes one away.
    ///
    /// # Errors
    /// `chat.assistant_unknown`, or `engine.busy`.
    pub async fn delete(&self, name: &str) -> Result<(), Denied> {
        let done = assistants::delete(&self.db, name).await.map_err(|error| unavailable(&error))?;
        *self.kept.lock() = None;
        if done { Ok(()) } else { Err(Denied::Failed(Code::AssistantUnknown)) }
    }
}
