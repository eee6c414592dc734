//! How the index of a node is made and kept true: every change of an article has a number, and changes are taken in their
//! order, each article as it is now. A change of this node is taken at once, those of others within a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Knowledge;
use super::embed::embedded;
use super::index::{IndexedArticle, IndexedChunk, TextError};
use crate::clients::embeddings::EmbedError;
use crate::storage::knowledge::articles::{self, ArticleRow};
use crate::storage::knowledge::chunks::{self, ChunkRow};

/// What other nodes changed is looked for this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a failure this long passes before the next look.
const REST: Duration = Duration::from_secs(2);
/// Changes taken at a time.
const BATCH: i64 = 200;
/// Vectors that came later are looked up so many at a time.
const VECTORS: usize = 2_000;

/// Why the index could not follow.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The database.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The search library.
    #[error("the search library: {0}")]
    Text(#[from] TextError),
    /// The embedding, where it is computed here.
    #[error("the embedding: {0}")]
    Embed(#[from] EmbedError),
    /// A thread ended early.
    #[error("a thread ended early: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl Knowledge {
    /// Makes the index and follows until told to stop.
    pub async fn follow(self, stop: CancellationToken) {
        loop {
            let wait = match self.catch_up().await {
                Ok(()) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "the index of articles could not follow");
                    REST
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.inner.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Takes every change that the index does not have yet, and vectors that came later. What is committed before the call can
    /// be found after it.
    ///
    /// # Errors
    /// See [`FollowError`]; what was taken before stays.
    pub async fn catch_up(&self) -> Result<(), FollowError> {
        let _alone = self.inner.following.lock().await;
        self.look_for_index().await?;
        let mut position = self.inner.taken.load(Ordering::Relaxed);
        loop {
            let changes = articles::list_changes(&self.inner.db, position, BATCH).await?;
            let Some(last) = changes.last().map(|article| article.rev) else { break };
            self.take(changes).await?;
            position = last;
            self.inner.taken.store(position, Ordering::Relaxed);
        }
        self.take_vectors().await?;
        self.inner.position.send_if_modified(|known| known.replace(position) != Some(position));
        let (chunks, vectors) = self.inner.index.counts();
        let float = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        metrics::gauge!("knowledge_chunks").set(float(chunks));
        metrics::gauge!("knowledge_vectors").set(float(u64::try_from(vectors).unwrap_or(u64::MAX)));
        Ok(())
    }

    async fn take(&self, changes: Vec<ArticleRow>) -> Result<(), FollowError> {
        let live: Vec<i64> = changes.iter().filter(|article| !article.deleted).map(|article| article.id).collect();
        let mut of_article: HashMap<i64, Vec<ChunkRow>> = HashMap::new();
        for chunk in chunks::list(&self.inner.db, &live).await? {
            of_article.entry(chunk.article).or_default().push(chunk);
        }
        let mut taken = Vec::with_capacity(changes.len());
        for article in changes {
            let rows = of_article.remove(&article.id).unwrap_or_default();
            let vectors = self.local_vectors(&article.title, &rows).await?;
            let chunk = |(row, vector): (ChunkRow, Option<Vec<f32>>)| IndexedChunk {
                id: row.id,
                heading: row.heading,
                text: row.text,
                vector,
            };
            let ArticleRow { id, source, tags, title, .. } = article;
            let chunks = rows.into_iter().zip(vectors).map(chunk).collect();
            taken.push(IndexedArticle { id, source, tags, title, chunks });
        }
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.index.put(&taken)).await??;
        if !self.inner.embedder.is_local() {
            self.inner.unembedded.notify_one();
        }
        Ok(())
    }

    /// The vectors of an article's chunks, where they are computed here.
    async fn local_vectors(&self, title: &str, rows: &[ChunkRow]) -> Result<Vec<Option<Vec<f32>>>, EmbedError> {
        if !self.inner.embedder.is_local() {
            return Ok(vec![None; rows.len()]);
        }
        let texts = rows.iter().map(|row| embedded(title, &row.heading, &row.text)).collect();
        Ok(self.inner.embedder.embed(texts).await?.into_iter().map(Some).collect())
    }

    /// Takes vectors that were kept since their chunks were taken. Where the database searches vectors by its own index, none
    /// are held here.
    async fn take_vectors(&self) -> Result<(), FollowError> {
        if self.inner.embedder.is_local() || self.is_indexed() {
            return Ok(());
        }
        let missing = self.inner.index.without_vector(usize::MAX);
        for part in missing.chunks(VECTORS) {
            let rows = chunks::vectors_of(&self.inner.db, self.inner.embedder.model(), part).await?;
            let vectors: Vec<(i64, &[f32])> = rows.iter().map(|(chunk, vector)| (*chunk, vector.as_slice())).collect();
            self.inner.index.put_vectors(&vectors);
        }
        Ok(())
    }
}
