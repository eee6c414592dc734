//! What answers are taken from: articles, searched by words and by vectors.
//!
//! Postgres has the truth: articles, versions, chunks, and vectors that cost something. Each node makes an index of it in
//! memory at its start (`index`), follows every change while it runs (`follow`), and fills in missing vectors (`embed`).
//! `write` is how articles come in, one by one or by the file (`intake`).

pub mod embed;
pub mod follow;
pub mod index;
pub mod intake;
pub mod write;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use madang_domain::code::Code;
use madang_domain::knowledge::fusion::{Fused, Ranked, Weights};
use madang_domain::time::Timestamp;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::{Mutex, Notify, Semaphore, watch};

use self::index::{Index, TextError, Within};
use super::ask::Denied;
use super::kernel::clock::Clock;
use crate::clients::embeddings::Embedder;
use crate::storage::knowledge::chunks::{self, PassageRow};

/// Signs of a question that count; the rest is not looked at.
pub const LONGEST_QUESTION: usize = 2_000;
/// The most passages of one answer.
pub const MOST_PASSAGES: usize = 50;
/// Searches at a time; more wait, and beyond [`WAITING`] they are refused.
const AT_ONCE: usize = 8;
/// Searches that may wait.
const WAITING: usize = 256;
/// How long the first search waits for the index of a server that has just started.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How long the vector of a question may take; beyond it only words are searched.
const VECTOR_WITHIN: Duration = Duration::from_secs(3);
/// How much the built-in vectors count in the fusion, words and a language model's vectors counting 1. They are made of words
/// themselves, and know less of them than BM25: with this they settle what stands level, and find what is misspelt.
const LEXICAL_WEIGHT: f64 = 0.01;
/// Rows that the database's own index of vectors is asked for.
const NEAREST: i64 = 200;

/// What is known, and how it is found. Cheap to clone.
#[derive(Clone)]
pub struct Knowledge {
    inner: Arc<Inner>,
}

struct Inner {
    db: PgPool,
    clock: Arc<dyn Clock>,
    embedder: Arc<dyn Embedder>,
    index: Index,
    weights: Weights,
    /// Told when articles changed here, so that the index follows at once.
    changed: Notify,
    /// Told when vectors may be missing.
    unembedded: Notify,
    /// Who makes the index follow; one at a time.
    following: Mutex<()>,
    /// The number of the last change that the index has taken.
    taken: AtomicI64,
    /// The same, for those who wait for it; `None` until the index is made.
    position: watch::Sender<Option<i64>>,
    /// How long the model's vectors are, where the database indexes them.
    indexed: RwLock<Option<usize>>,
    at_once: Semaphore,
    waiting: Semaphore,
}

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knowledge").field("index", &self.inner.index).finish_non_exhaustive()
    }
}

/// A piece of an article that was found, with everything needed to quote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Passage {
    /// The chunk's number.
    pub chunk: i64,
    /// The article's number.
    pub article: i64,
    /// The article's version.
    pub version: i32,
    /// The article's title.
    pub title: String,
    /// Where the original can be read.
    pub url: Option<String>,
    /// Where the article comes from.
    pub source: String,
    /// The heading above the text; empty where there is none.
    pub heading: String,
    /// The text.
    pub text: String,
    /// Why it was chosen.
    pub scores: Scores,
}

/// Why a passage was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Scores {
    /// Its place by words, from 1.
    pub keyword_rank: Option<u32>,
    /// What BM25 gave it.
    pub bm25: Option<f32>,
    /// Its place by vectors, from 1.
    pub vector_rank: Option<u32>,
    /// The cosine of its vector and the question's.
    pub cosine: Option<f32>,
    /// The fused score: what the order follows.
    pub fused: f64,
}

/// Which articles are searched: of any of these sources, with any of these tags. Empty: all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Filter {
    /// Sources.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// How much of what there is can be found here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Whether the index of this node is made.
    pub ready: bool,
    /// The number of the last change it has.
    pub position: i64,
    /// Chunks that are found by words.
    pub chunks: u64,
    /// Chunks that are found by vectors of this node's memory.
    pub vectors: usize,
    /// Whose vectors.
    pub model: String,
    /// Whether the database's index of vectors is used.
    pub indexed: bool,
}

impl Knowledge {
    /// Over a database. Nothing is found until [`Knowledge::follow`] runs.
    ///
    /// # Errors
    /// The search library's.
    pub fn new(db: PgPool, clock: Arc<dyn Clock>, embedder: Arc<dyn Embedder>) -> Result<Self, TextError> {
        let vector = if embedder.is_local() { LEXICAL_WEIGHT } else { 1.0 };
        let inner = Inner {
            db,
            clock,
            embedder,
            index: Index::new()?,
            weights: Weights { keyword: 1.0, vector },
            changed: Notify::new(),
            unembedded: Notify::new(),
            following: Mutex::new(()),
            taken: AtomicI64::new(0),
            position: watch::Sender::new(None),
            indexed: RwLock::new(None),
            at_once: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The best passages for a question, the best first: at most `limit` ([`MOST_PASSAGES`] at most), at most two of one
    /// article, none twice. A question without words finds nothing.
    ///
    /// # Errors
    /// `knowledge.loading` while the index is made, `engine.busy` when too many search, `engine.internal` when the database or
    /// the search library fails.
    pub async fn search(&self, query: &str, filter: &Filter, limit: usize) -> Result<Vec<Passage>, Denied> {
        let _waiting = self.inner.waiting.try_acquire().map_err(|_| Denied::Failed(Code::Busy))?;
        self.search_in_turn(query, filter, limit).await
    }

    /// As [`Knowledge::search`], but waits for its turn behind however many wait: for those whose own number is bounded.
    ///
    /// # Errors
    /// As [`Knowledge::search`], but never `engine.busy`.
    pub async fn search_in_turn(&self, query: &str, filter: &Filter, limit: usize) -> Result<Vec<Passage>, Denied> {
        let began = std::time::Instant::now();
        self.ready(READY_WITHIN).await?;
        let _turn = self.inner.at_once.acquire().await.map_err(|_| Denied::Failed(Code::Stopping))?;
        let question: String = query.chars().take(LONGEST_QUESTION).collect();
        let vector = self.vector_of(&question).await;
        let near = self.near_by_index(vector.as_deref(), filter).await;
        let fused = self.rank(question, vector, near, filter.clone()).await?;
        let passages = self.show(&fused, limit.min(MOST_PASSAGES)).await?;
        metrics::histogram!("knowledge_search_seconds").record(began.elapsed().as_secs_f64());
        Ok(passages)
    }

    /// Ends when the index is made, or refuses after a while.
    ///
    /// # Errors
    /// `knowledge.loading`.
    pub async fn ready(&self, within: Duration) -> Result<(), Denied> {
        let mut position = self.inner.position.subscribe();
        match tokio::time::timeout(within, position.wait_for(Option::is_some)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Denied::Failed(Code::KnowledgeLoading)),
        }
    }

    /// How much of what there is can be found here.
    #[must_use]
    pub fn state(&self) -> State {
        let position = *self.inner.position.borrow();
        let (chunks, vectors) = self.inner.index.counts();
        State {
            ready: position.is_some(),
            position: position.unwrap_or(0),
            chunks,
            vectors,
            model: self.inner.embedder.model().to_owned(),
            indexed: self.is_indexed(),
        }
    }

    /// The database, for what is read as it is.
    #[must_use]
    pub fn db(&self) -> &PgPool {
        &self.inner.db
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn is_indexed(&self) -> bool {
        self.inner.indexed.read().is_some()
    }

    /// The vector of a question; without one it is searched by words alone.
    async fn vector_of(&self, question: &str) -> Option<Vec<f32>> {
        let asked = self.inner.embedder.embed(vec![question.to_owned()]);
        match tokio::time::timeout(VECTOR_WITHIN, asked).await {
            Ok(Ok(vectors)) => vectors.into_iter().next(),
            Ok(Err(error)) => {
                metrics::counter!("knowledge_words_only_total").increment(1);
                tracing::warn!(%error, "a question got no vector: it is searched by words alone");
                None
            }
            Err(_) => {
                metrics::counter!("knowledge_words_only_total").increment(1);
                tracing::warn!("the vector of a question took too long: it is searched by words alone");
                None
            }
        }
    }

    /// The ranking by the database's index of vectors, where there is one for vectors of this length.
    async fn near_by_index(&self, vector: Option<&[f32]>, filter: &Filter) -> Option<Vec<Ranked>> {
        let vector = vector.filter(|vector| *self.inner.indexed.read() == Some(vector.len()))?;
        let (db, model) = (&self.inner.db, self.inner.embedder.model());
        match chunks::nearest(db, model, vector, (&filter.sources, &filter.tags), NEAREST).await {
            Ok(found) => Some(found.into_iter().map(|(chunk, article, score)| Ranked { chunk, article, score }).collect()),
            Err(error) => {
                tracing::warn!(%error, "the index of vectors could not be asked");
                None
            }
        }
    }

    async fn rank(
        &self,
        question: String,
        vector: Option<Vec<f32>>,
        near: Option<Vec<Ranked>>,
        filter: Filter,
    ) -> Result<Vec<Fused>, Denied> {
        let inner = Arc::clone(&self.inner);
        let ranked = tokio::task::spawn_blocking(move || {
            let within = Within { sources: &filter.sources, tags: &filter.tags };
            let words = inner.index.by_words(&question, within)?;
            let near = near.unwrap_or_else(|| vector.map(|vector| inner.index.by_vector(&vector, within)).unwrap_or_default());
            Ok(index::fused(&words, &near, inner.weights))
        });
        let ranked: Result<Vec<Fused>, TextError> = ranked.await.map_err(|error| failed(&error))?;
        ranked.map_err(|error| failed(&error))
    }

    /// The first passages of a ranking with their text. What is gone meanwhile is left out, and what repeats another's text.
    async fn show(&self, fused: &[Fused], limit: usize) -> Result<Vec<Passage>, Denied> {
        let mut shown: Vec<Passage> = Vec::with_capacity(limit);
        for part in fused.chunks(limit.max(1)) {
            if shown.len() >= limit {
                break;
            }
            let wanted: Vec<i64> = part.iter().map(|one| one.chunk).collect();
            let rows = chunks::passages(&self.inner.db, &wanted).await.map_err(|error| failed(&error))?;
            let mut rows: HashMap<i64, PassageRow> = rows.into_iter().map(|row| (row.id, row)).collect();
            for one in part {
                let Some(row) = rows.remove(&one.chunk) else { continue };
                if shown.len() < limit && shown.iter().all(|known| known.text != row.text) {
                    shown.push(Passage::new(row, one));
                }
            }
        }
        Ok(shown)
    }
}

impl Passage {
    fn new(row: PassageRow, fused: &Fused) -> Self {
        let PassageRow { id, article, version, title, url, source, heading, text } = row;
        let scores = Scores {
            keyword_rank: fused.keyword.map(|place| place.rank),
            bm25: fused.keyword.map(|place| place.score),
            vector_rank: fused.vector.map(|place| place.rank),
            cosine: fused.vector.map(|place| place.score),
            fused: fused.score,
        };
        Self { chunk: id, article, version, title, url, source, heading, text, scores }
    }
}

fn failed(error: &dyn std::error::Error) -> Denied {
    tracing::error!(%error, "a search failed");
    Denied::Failed(Code::Internal)
}
