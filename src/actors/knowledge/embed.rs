//! Fills in the vectors that are missing, from an embeddings server. Which are missing can be told from the tables at any
//! time, so nothing is lost when a process ends: the next one goes on. A text is embedded once by each model.

use std::time::Duration;

use madang_domain::knowledge::chunk::whole;
use tokio_util::sync::CancellationToken;

use super::Knowledge;
use super::follow::FollowError;
use crate::storage::knowledge::chunks;

/// Texts in one request.
const BATCH: i64 = 64;
/// Other nodes' changes, and what could not be embedded before, are looked for this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// After the first failure; doubled after each further one.
const REST: Duration = Duration::from_secs(1);
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(300);

/// What is embedded of a chunk.
#[must_use]
pub fn embedded(title: &str, heading: &str, text: &str) -> String {
    whole(title, heading, text)
}

impl Knowledge {
    /// Embeds what is missing until told to stop. Ends at once where vectors are computed here.
    pub async fn embed(self, stop: CancellationToken) {
        if self.inner.embedder.is_local() {
            return;
        }
        // Vectors of texts that were changed away are kept while a server runs: versions come back.
        match chunks::forget_vectors(&self.inner.db).await {
            Ok(0) => {}
            Ok(vectors) => tracing::info!(vectors, "vectors of texts that are gone are forgotten"),
            Err(error) => tracing::warn!(%error, "vectors of texts that are gone could not be forgotten"),
        }
        let mut rest = REST;
        loop {
            let wait = tokio::select! {
                () = stop.cancelled() => return,
                done = self.embed_missing() => match done {
                    Ok(_) => {
                        rest = REST;
                        LOOK_EVERY
                    }
                    Err(error) => {
                        metrics::counter!("knowledge_embed_failures_total").increment(1);
                        tracing::warn!(%error, "articles could not be embedded: they are found by words alone until they are");
                        rest = (rest * 2).min(LONGEST_REST);
                        rest
                    }
                },
            };
            tokio::select! {
                () = stop.cancelled() => return,
                // A change does not shorten the rest after a failure.
                () = self.inner.unembedded.notified(), if rest == REST => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Embeds everything that has no vector of the model yet; how many texts there were. Two nodes may embed the same text at
    /// the same time: the first vector counts.
    ///
    /// # Errors
    /// See [`FollowError`]; what was embedded before stays.
    pub async fn embed_missing(&self) -> Result<usize, FollowError> {
        let (db, model) = (&self.inner.db, self.inner.embedder.model());
        let mut done = 0;
        loop {
            let missing = chunks::unembedded(db, model, BATCH).await?;
            if missing.is_empty() {
                break;
            }
            let texts = missing.iter().map(|one| embedded(&one.title, &one.heading, &one.text)).collect();
            let vectors = self.inner.embedder.embed(texts).await?;
            let length = vectors.first().map(Vec::len);
            let kept: Vec<(Vec<u8>, Vec<f32>)> = missing.into_iter().map(|one| one.digest).zip(vectors).collect();
            chunks::insert_vectors(db, model, &kept).await?;
            metrics::counter!("knowledge_embedded_total").increment(u64::try_from(kept.len()).unwrap_or(0));
            done += kept.len();
            if let Some(length) = length {
                self.index_in_database(length).await?;
            }
            self.inner.changed.notify_one();
        }
        Ok(done)
    }

    /// The same where vectors are kept; nothing where they are computed here.
    ///
    /// # Errors
    /// See [`FollowError`].
    pub async fn embed_missing_where_kept(&self) -> Result<usize, FollowError> {
        if self.inner.embedder.is_local() { Ok(0) } else { self.embed_missing().await }
    }

    /// Finds out whether the database searches vectors already, before any is read into memory.
    pub(super) async fn look_for_index(&self) -> Result<(), sqlx::Error> {
        if self.inner.embedder.is_local() || self.is_indexed() {
            return Ok(());
        }
        match chunks::length(&self.inner.db, self.inner.embedder.model()).await? {
            Some(length) => self.index_in_database(length).await,
            None => Ok(()),
        }
    }

    /// Lets the database search the vectors where it can. From then on they are not held in memory.
    async fn index_in_database(&self, length: usize) -> Result<(), sqlx::Error> {
        let (db, model) = (&self.inner.db, self.inner.embedder.model());
        if self.is_indexed() || length > chunks::INDEXED_DIMENSIONS || !chunks::can_index(db).await? {
            return Ok(());
        }
        chunks::index_vectors(db, model, length).await?;
        *self.inner.indexed.write() = Some(length);
        tracing::info!(model, length, "vectors are searched by the database's index");
        Ok(())
    }
}
