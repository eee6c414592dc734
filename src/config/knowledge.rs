//! `[knowledge]`: how articles are found, and how many are taken.

use std::fmt;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// How articles are found.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct KnowledgeSettings {
    /// A server that speaks OpenAI's embeddings protocol; empty: lexical vectors, made here.
    pub embeddings_url: String,
    /// The model's name there.
    pub embeddings_model: String,
    /// The key.
    pub embeddings_key: String,
    /// How long a batch may take, in ms.
    pub embeddings_timeout_ms: u64,
    /// The largest file that is taken over HTTP, in bytes.
    pub max_import_bytes: u64,
}

impl fmt::Debug for KnowledgeSettings {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnowledgeSettings")
            .field("embeddings_url", &self.embeddings_url)
            .field("embeddings_model", &self.embeddings_model)
            .field("max_import_bytes", &self.max_import_bytes)
            .finish_non_exhaustive()
    }
}

impl KnowledgeSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        at_least("knowledge.embeddings_timeout_ms", self.embeddings_timeout_ms, 1)?;
        at_least("knowledge.max_import_bytes", self.max_import_bytes, 1)?;
        if self.embeddings_url.is_empty() {
            return Ok(());
        }
        if !["https://", "http://"].iter().any(|scheme| self.embeddings_url.starts_with(scheme)) {
            return Err(BadSettings::value("knowledge.embeddings_url", "it must begin with https:// or http://"));
        }
        if self.embeddings_model.is_empty() {
            let reason = "it must be set where knowledge.embeddings_url is";
            return Err(BadSettings::value("knowledge.embeddings_model", reason));
        }
        Ok(())
    }
}
