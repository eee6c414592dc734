//! Vectors in memory, all compared with each question: exact, and fast enough for some hundred thousand.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap, HashSet};

use madang_domain::knowledge::fusion::Ranked;

use super::{IndexedArticle, Within, any_of};

/// Products that are summed side by side: as many as fit a processor's wide registers.
const LANES: usize = 16;

/// A chunk's place in the matrix.
#[derive(Debug, Clone)]
struct Slot {
    chunk: i64,
    article: i64,
    source: u32,
    tags: Vec<u32>,
    has_vector: bool,
}

/// The matrix: a row for each slot, all rows of one length.
#[derive(Debug, Default)]
pub(super) struct Flat {
    width: usize,
    rows: Vec<f32>,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    by_article: HashMap<i64, Vec<usize>>,
    by_chunk: HashMap<i64, usize>,
    names: HashMap<String, u32>,
    vectors: usize,
}

/// Orders by score, then by number, so that the same question is always answered the same.
#[derive(PartialEq)]
struct Found(Ranked);

impl Eq for Found {}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    /// The worst is the greatest: a heap gives it up first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.score.total_cmp(&self.0.score).then(self.0.chunk.cmp(&other.0.chunk))
    }
}

impl Flat {
    /// How many chunks have a vector.
    pub(super) fn len(&self) -> usize {
        self.vectors
    }

    pub(super) fn put(&mut self, article: &IndexedArticle) {
        for place in self.by_article.remove(&article.id).unwrap_or_default() {
            if let Some(slot) = self.slots.get_mut(place).and_then(Option::take) {
                self.by_chunk.remove(&slot.chunk);
                self.vectors -= usize::from(slot.has_vector);
                self.free.push(place);
            }
        }
        if article.chunks.is_empty() {
            return;
        }
        let source = self.name(&article.source);
        let tags: Vec<u32> = article.tags.iter().map(|tag| self.name(tag)).collect();
        let mut places = Vec::with_capacity(article.chunks.len());
        for chunk in &article.chunks {
            let slot = Slot { chunk: chunk.id, article: article.id, source, tags: tags.clone(), has_vector: false };
            let place = self.free.pop().unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() - 1
            });
            if let Some(empty) = self.slots.get_mut(place) {
                *empty = Some(slot);
            }
            places.push(place);
            self.by_chunk.insert(chunk.id, place);
            if let Some(vector) = &chunk.vector {
                self.put_vector(chunk.id, vector);
            }
        }
        self.by_article.insert(article.id, places);
    }

    /// The first vector says how long all are; others are left out.
    pub(super) fn put_vector(&mut self, chunk: i64, vector: &[f32]) {
        let Some(place) = self.by_chunk.get(&chunk).copied() else { return };
        if self.vectors == 0 {
            self.width = vector.len();
            self.rows = Vec::new();
        }
        if vector.len() != self.width || vector.is_empty() {
            tracing::warn!(length = vector.len(), wanted = self.width, "a vector is of another length than the others");
            return;
        }
        let needed = self.slots.len() * self.width;
        if self.rows.len() < needed {
            self.rows.resize(needed, 0.0);
        }
        let begin = place * self.width;
        let (Some(row), Some(Some(slot))) = (self.rows.get_mut(begin..begin + self.width), self.slots.get_mut(place)) else {
            return;
        };
        row.copy_from_slice(vector);
        self.vectors += usize::from(!slot.has_vector);
        slot.has_vector = true;
    }

    pub(super) fn without_vector(&self, most: usize) -> Vec<i64> {
        let without = self.slots.iter().flatten().filter(|slot| !slot.has_vector);
        without.take(most).map(|slot| slot.chunk).collect()
    }

    /// The nearest chunks, the nearest first. Those that have nothing in common with the question are left out.
    pub(super) fn find(&self, vector: &[f32], within: Within<'_>, most: usize) -> Vec<Ranked> {
        if vector.len() != self.width || self.width == 0 || most == 0 {
            return Vec::new();
        }
        let known = |names: &[String]| -> Option<HashSet<u32>> {
            (!names.is_empty()).then(|| names.iter().filter_map(|name| self.names.get(name)).copied().collect())
        };
        let (sources, tags) = (known(within.sources), known(within.tags));
        let mut heap: BinaryHeap<Found> = BinaryHeap::with_capacity(most + 1);
        let mut least = 0.0;
        for (slot, row) in self.slots.iter().zip(self.rows.chunks_exact(self.width)) {
            let Some(slot) = slot.as_ref().filter(|slot| slot.has_vector) else { continue };
            if sources.as_ref().is_some_and(|wanted| !wanted.contains(&slot.source))
                || tags.as_ref().is_some_and(|wanted| !any_of(&slot.tags, wanted))
            {
                continue;
            }
            let score = dot(row, vector);
            if score <= 0.0 || (heap.len() == most && score < least) {
                continue;
            }
            heap.push(Found(Ranked { chunk: slot.chunk, article: slot.article, score }));
            if heap.len() > most {
                heap.pop();
                least = heap.peek().map_or(0.0, |worst| worst.0.score);
            }
        }
        heap.into_sorted_vec().into_iter().map(|found| found.0).collect()
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.insert(name.to_owned(), number);
        number
    }
}

/// The sum of products, in lanes that the compiler keeps in one register: floats are not reordered by themselves.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (wide_a, wide_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = wide_a.remainder().iter().zip(wide_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in wide_a.zip(wide_b) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::IndexedChunk;
    use super::*;

    fn article(id: i64, source: &str, tags: &[&str], vectors: &[(i64, Vec<f32>)]) -> IndexedArticle {
        let chunk = |(id, vector): &(i64, Vec<f32>)| IndexedChunk {
            id: *id,
            heading: String::new(),
            text: String::new(),
            vector: Some(vector.clone()),
        };
        IndexedArticle {
            id,
            source: source.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            title: String::new(),
            chunks: vectors.iter().map(chunk).collect(),
        }
    }

    const ALL: Within<'static> = Within { sources: &[], tags: &[] };

    #[test]
    fn a_changed_article_is_found_by_its_new_vectors_only() {
        let mut flat = Flat::default();
        flat.put(&article(1, "a", &[], &[(10, vec![1.0, 0.0]), (11, vec![0.0, 1.0])]));
        flat.put(&article(2, "a", &[], &[(20, vec![0.6, 0.8])]));
        let found = |flat: &Flat| flat.find(&[1.0, 0.0], ALL, 9).iter().map(|one| one.chunk).collect::<Vec<_>>();
        assert_eq!(found(&flat), [10, 20], "what has nothing in common is left out");
        flat.put(&article(1, "a", &[], &[(12, vec![0.0, 1.0])]));
        assert_eq!(found(&flat), [20]);
        flat.put(&article(2, "a", &[], &[]));
        assert_eq!((found(&flat), flat.len()), (vec![], 1));
    }

    #[test]
    fn a_narrow_filter_still_fills_the_list() {
        let mut flat = Flat::default();
        for id in 0..500_i16 {
            let (source, tag) = if id % 100 == 7 { ("rare", "t") } else { ("usual", "u") };
            flat.put(&article(i64::from(id), source, &[tag], &[(i64::from(id), vec![1.0, f32::from(id) / 1000.0])]));
        }
        let (sources, tags) = (["rare".to_owned()], ["t".to_owned(), "nobody".to_owned()]);
        for within in [Within { sources: &sources, tags: &[] }, Within { sources: &[], tags: &tags }] {
            assert_eq!(
                flat.find(&[0.0, 1.0], within, 5).iter().map(|one| one.chunk).collect::<Vec<_>>(),
                [407, 307, 207, 107, 7]
            );
        }
        let nobody = ["nobody".to_owned()];
        assert_eq!(flat.find(&[0.0, 1.0], Within { sources: &nobody, tags: &[] }, 5), []);
    }

    #[test]
    fn vectors_may_come_later_and_of_one_length_only() {
        let mut flat = Flat::default();
        let mut later = article(1, "a", &[], &[(10, vec![]), (11, vec![])]);
        for chunk in &mut later.chunks {
            chunk.vector = None;
        }
        flat.put(&later);
        assert_eq!(flat.without_vector(9), [10, 11]);
        flat.put_vector(10, &[1.0, 0.0]);
        flat.put_vector(11, &[1.0, 0.0, 0.0]);
        flat.put_vector(99, &[1.0, 0.0]);
        assert_eq!((flat.without_vector(9), flat.len()), (vec![11], 1));
    }

    proptest! {
        #[test]
        fn the_best_are_found_as_by_sorting_all(
            rows in proptest::collection::vec(proptest::collection::vec(-1.0_f32..1.0, 20), 1..60),
            question in proptest::collection::vec(-1.0_f32..1.0, 20),
            most in 1_usize..20,
        ) {
            let mut flat = Flat::default();
            for (id, row) in (0..).zip(&rows) {
                flat.put(&article(id, "a", &[], &[(id, row.clone())]));
            }
            let mut wanted: Vec<(i64, f32)> =
                (0..).zip(&rows).map(|(id, row)| (id, dot(row, &question))).filter(|(_, score)| *score > 0.0).collect();
            wanted.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            wanted.truncate(most);
            let found: Vec<(i64, f32)> = flat.find(&question, ALL, most).iter().map(|one| (one.chunk, one.score)).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
