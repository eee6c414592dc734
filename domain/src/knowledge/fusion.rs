//! Reciprocal rank fusion: several rankings of the same things become one (Cormack, Clarke and Büttcher, SIGIR 2009).
//!
//! A chunk's score is the sum of `weight / (K + rank)` over the rankings that have it, ranks counted from 1. Only ranks
//! count, so the scores of different searches need not be comparable.

use std::collections::HashMap;

/// The constant of the formula, as in the paper: how little the first places stand out.
pub const K: u32 = 60;

/// A chunk in one ranking. The best comes first; its place in the list is its rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Which chunk.
    pub chunk: i64,
    /// Of which article.
    pub article: i64,
    /// What the ranking gave it: told, not used.
    pub score: f32,
}

/// How much each ranking counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of the ranking by words.
    pub keyword: f64,
    /// Of the ranking by vectors.
    pub vector: f64,
}

/// A rank and what gave it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// From 1.
    pub rank: u32,
    /// The ranking's own score.
    pub score: f32,
}

/// A chunk in the fused ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    /// Which chunk.
    pub chunk: i64,
    /// Of which article.
    pub article: i64,
    /// Where it stood by words.
    pub keyword: Option<Place>,
    /// Where it stood by vectors.
    pub vector: Option<Place>,
    /// The sum.
    pub score: f64,
}

/// Keeps the best `per_article` chunks of each article, and of those the first `most`.
#[must_use]
pub fn spread(ranked: &[Ranked], per_article: usize, most: usize) -> Vec<Ranked> {
    let mut of_article: HashMap<i64, usize> = HashMap::new();
    let fits = |one: &&Ranked| {
        let count = of_article.entry(one.article).or_default();
        *count += 1;
        *count <= per_article
    };
    ranked.iter().filter(fits).take(most).copied().collect()
}

/// Fuses two rankings, the best first. Equal scores: who stands higher by words, then by number.
#[must_use]
pub fn fuse(keyword: &[Ranked], vector: &[Ranked], weights: Weights) -> Vec<Fused> {
    let mut fused: HashMap<i64, Fused> = HashMap::new();
    let blank = |one: &Ranked| Fused { chunk: one.chunk, article: one.article, keyword: None, vector: None, score: 0.0 };
    for (rank, one) in (1_u32..).zip(keyword) {
        let entry = fused.entry(one.chunk).or_insert_with(|| blank(one));
        if entry.keyword.is_none() {
            entry.keyword = Some(Place { rank, score: one.score });
            entry.score += weights.keyword / f64::from(K + rank);
        }
    }
    for (rank, one) in (1_u32..).zip(vector) {
        let entry = fused.entry(one.chunk).or_insert_with(|| blank(one));
        if entry.vector.is_none() {
            entry.vector = Some(Place { rank, score: one.score });
            entry.score += weights.vector / f64::from(K + rank);
        }
    }
    let mut all: Vec<Fused> = fused.into_values().collect();
    let rank = |one: &Fused| one.keyword.map_or(u32::MAX, |place| place.rank);
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then(rank(a).cmp(&rank(b))).then(a.chunk.cmp(&b.chunk)));
    all
}

/// The first `most` of a fused ranking with at most `per_article` of one article.
#[must_use]
pub fn pick(fused: &[Fused], per_article: usize, most: usize) -> Vec<Fused> {
    let mut of_article: HashMap<i64, usize> = HashMap::new();
    let fits = |one: &&Fused| {
        let count = of_article.entry(one.article).or_default();
        *count += 1;
        *count <= per_article
    };
    fused.iter().filter(fits).take(most).copied().collect()
}
