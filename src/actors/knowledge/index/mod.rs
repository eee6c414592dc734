//! The index of one node: words by the search library, vectors one by one, and how both become one ranking.
//!
//! It is made of what the database has and can be thrown away at any time; it holds no text that is shown.

mod flat;
mod text;

use std::collections::HashSet;

use madang_domain::knowledge::fusion::{Fused, Ranked, Weights, fuse, pick, spread};
use parking_lot::RwLock;

use self::flat::Flat;
use self::text::Text;
pub use self::text::TextError;

/// Places of each ranking that count.
const CANDIDATES: usize = 50;
/// Chunks of one article in an answer.
pub const PER_ARTICLE: usize = 2;
/// Words are asked for so many chunks at first, and for more while articles with many chunks crowd others out.
const FIRST_LOOK: usize = 4 * CANDIDATES;
/// The most chunks that are looked at.
const LAST_LOOK: usize = 16 * FIRST_LOOK;

/// A chunk as the index takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedChunk {
    /// Its number.
    pub id: i64,
    /// Its heading.
    pub heading: String,
    /// Its text.
    pub text: String,
    /// Its vector, where there is one already.
    pub vector: Option<Vec<f32>>,
}

/// An article as the index takes it; one without chunks is not found any more.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedArticle {
    /// Its number.
    pub id: i64,
    /// Where it comes from.
    pub source: String,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Its title.
    pub title: String,
    /// Its chunks.
    pub chunks: Vec<IndexedChunk>,
}

/// Which articles to search: of any of these sources, with any of these tags. Empty: all.
#[derive(Debug, Clone, Copy)]
pub struct Within<'a> {
    /// Sources.
    pub sources: &'a [String],
    /// Tags.
    pub tags: &'a [String],
}

/// The index. Reading and changing may go on at the same time.
pub struct Index {
    text: Text,
    flat: RwLock<Flat>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("chunks", &self.text.len()).finish_non_exhaustive()
    }
}

impl Index {
    /// An empty one.
    ///
    /// # Errors
    /// The search library's.
    pub fn new() -> Result<Self, TextError> {
        Ok(Self { text: Text::new()?, flat: RwLock::default() })
    }

    /// Takes articles as they are now. What was known of them before is forgotten. Blocks; one caller at a time.
    ///
    /// # Errors
    /// The search library's; then nothing has changed.
    pub fn put(&self, articles: &[IndexedArticle]) -> Result<(), TextError> {
        self.text.put(articles)?;
        let mut flat = self.flat.write();
        for article in articles {
            flat.put(article);
        }
        Ok(())
    }

    /// Takes vectors of chunks that had none. A chunk that is gone meanwhile is left out.
    pub fn put_vectors(&self, vectors: &[(i64, &[f32])]) {
        let mut flat = self.flat.write();
        for (chunk, vector) in vectors {
            flat.put_vector(*chunk, vector);
        }
    }

    /// Chunks without a vector, at most `most`.
    #[must_use]
    pub fn without_vector(&self, most: usize) -> Vec<i64> {
        self.flat.read().without_vector(most)
    }

    /// How many chunks can be found by words, and how many by vectors.
    #[must_use]
    pub fn counts(&self) -> (u64, usize) {
        (self.text.len(), self.flat.read().len())
    }

    /// The ranking by words, with at most [`PER_ARTICLE`] chunks of one article.
    ///
    /// # Errors
    /// The search library's.
    pub fn by_words(&self, question: &str, within: Within<'_>) -> Result<Vec<Ranked>, TextError> {
        let mut look = FIRST_LOOK;
        loop {
            let found = self.text.find(question, within, look)?;
            let spread = spread(&found, PER_ARTICLE, CANDIDATES);
            if spread.len() == CANDIDATES || found.len() < look || look >= LAST_LOOK {
                return Ok(spread);
            }
            look *= 4;
        }
    }

    /// The ranking by vectors, with at most [`PER_ARTICLE`] chunks of one article. Every vector is looked at.
    #[must_use]
    pub fn by_vector(&self, vector: &[f32], within: Within<'_>) -> Vec<Ranked> {
        let flat = self.flat.read();
        let mut look = FIRST_LOOK;
        loop {
            let found = flat.find(vector, within, look);
            let spread = spread(&found, PER_ARTICLE, CANDIDATES);
            if spread.len() == CANDIDATES || found.len() < look || look >= LAST_LOOK {
                return spread;
            }
            look *= 4;
        }
    }
}

/// Both rankings as one, at most [`PER_ARTICLE`] chunks of one article. `near` holds what a ranking by vectors gave.
#[must_use]
pub fn fused(words: &[Ranked], near: &[Ranked], weights: Weights) -> Vec<Fused> {
    let near = spread(near, PER_ARTICLE, CANDIDATES);
    let all = fuse(words, &near, weights);
    pick(&all, PER_ARTICLE, all.len())
}

/// Those of `list` that are in `wanted`; for filters.
fn any_of(list: &[u32], wanted: &HashSet<u32>) -> bool {
    list.iter().any(|one| wanted.contains(one))
}
