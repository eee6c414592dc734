//! What answers are taken from, and who embeds it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::BuildError;
use super::objects::Intakes;
use crate::actors::kernel::clock::Clock;
use crate::actors::knowledge::Knowledge;
use crate::clients::embeddings::{Embedder, Lexical, Remote, RemoteSettings};
use crate::config::KnowledgeSettings;
use crate::http::knowledge::Library;
use crate::storage::Db;

/// Files of articles that may arrive at the same time.
const ARRIVING: usize = 2;

/// What is known, over a database; it finds nothing until it is followed.
///
/// # Errors
/// A setting that cannot be used.
pub fn open(settings: &KnowledgeSettings, clock: &Arc<dyn Clock>, db: &Db) -> Result<Knowledge, BuildError> {
    let wrong = |error: &dyn std::fmt::Display| BuildError::Setting(format!("[knowledge] cannot be used: {error}"));
    let embedder: Arc<dyn Embedder> = if settings.embeddings_url.is_empty() {
        Arc::new(Lexical)
    } else {
        let remote = RemoteSettings {
            url: settings.embeddings_url.trim_end_matches('/').to_owned(),
            model: settings.embeddings_model.clone(),
            key: settings.embeddings_key.clone(),
            timeout: Duration::from_millis(settings.embeddings_timeout_ms),
        };
        Arc::new(Remote::new(remote).map_err(|error| wrong(&error))?)
    };
    Knowledge::new(db.pool().clone(), Arc::clone(clock), embedder).map_err(|error| wrong(&error))
}

/// The same for handlers; imports wake the workers of `intakes`.
pub(super) fn library(
    settings: &KnowledgeSettings,
    clock: &Arc<dyn Clock>,
    db: &Db,
    intakes: &Intakes,
) -> Result<Library, BuildError> {
    Ok(Library {
        knowledge: open(settings, clock, db)?,
        wake: Arc::clone(&intakes.uploads.wake),
        max_import: settings.max_import_bytes,
        arriving: Arc::new(Semaphore::new(ARRIVING)),
    })
}
