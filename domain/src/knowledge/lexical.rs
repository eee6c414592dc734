//! Vectors without a language model: words and parts of words, hashed into a few hundred dimensions.
//!
//! It knows nothing of meaning. Two texts are near when they share words, word beginnings or parts of words, so that
//! `asthmatic` is near `asthma` and a misspelt word near the right one, but `car` is as far from `automobile` as from
//! anything. It is called lexical wherever it is named. The hashing trick with signs is that of Weinberger et al., ICML 2009.

use std::collections::HashMap;

use super::words::{is_common, words};

/// Dimensions of a vector.
pub const DIMENSIONS: usize = 384;

/// How much a part of a word counts, against 1 for the word itself.
const PART: f32 = 0.35;
/// Letters of such a part.
const PART_LETTERS: usize = 4;
/// A word's beginning of so many letters stands for its stem.
const STEM_LETTERS: usize = 6;
/// How much the stem counts.
const STEM: f32 = 0.8;
/// How much a word counts that nearly every text has.
const COMMON: f32 = 0.05;

/// The vector of a text, of length 1; all zeros where the text has no word.
#[must_use]
pub fn embed(text: &str) -> Vec<f32> {
    let mut counts: HashMap<String, f32> = HashMap::new();
    for word in words(text) {
        *counts.entry(word).or_default() += 1.0;
    }
    let mut sorted: Vec<(String, f32)> = counts.into_iter().collect();
    // Sums of floats depend on their order, and the same text must give the same vector.
    sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let mut vector = vec![0.0_f32; DIMENSIONS];
    for (word, count) in &sorted {
        let weight = (1.0 + count.ln()) * if is_common(word) { COMMON } else { 1.0 };
        add(&mut vector, 'w', word, weight);
        if word.is_ascii() && word.len() > PART_LETTERS {
            let stem = word.get(..STEM_LETTERS.min(word.len())).unwrap_or(word);
            add(&mut vector, 's', stem, weight * STEM);
            let parts = (0..=word.len() - PART_LETTERS).filter_map(|at| word.get(at..at + PART_LETTERS));
            for part in parts {
                add(&mut vector, 'p', part, weight * PART);
            }
        }
    }
    normalise(&mut vector);
    vector
}

/// Makes a vector's length 1. One without length, or with something in it that is no number, becomes all zeros.
pub fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let by = if length.is_finite() && length > 0.0 { length.recip() } else { 0.0 };
    for value in vector {
        *value = if value.is_finite() { *value * by } else { 0.0 };
    }
}

fn add(vector: &mut [f32], kind: char, feature: &str, weight: f32) {
    let hash = hash(kind, feature);
    let width = u64::try_from(vector.len()).unwrap_or(1).max(1);
    let place = usize::try_from((hash >> 1) % width).unwrap_or(0);
    if let Some(value) = vector.get_mut(place) {
        *value += if hash & 1 == 0 { weight } else { -weight };
    }
}

/// FNV-1a of 64 bits with the finisher of splitmix64: the last letters must reach all bits.
fn hash(kind: char, feature: &str) -> u64 {
    let mut x = 0xcbf2_9ce4_8422_2325_u64;
    for byte in kind.to_string().bytes().chain(feature.bytes()) {
        x = (x ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
