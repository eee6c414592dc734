use std::collections::HashMap;

use proptest::prelude::*;

use crate::knowledge::fusion::{Fused, K, Ranked, Weights, fuse, pick, spread};
use crate::knowledge::measure::{Judged, figures, judge};

const EVEN: Weights = Weights { keyword: 1.0, vector: 1.0 };

fn ranked(chunks: &[(i64, i64)]) -> Vec<Ranked> {
    chunks.iter().map(|(chunk, article)| Ranked { chunk: *chunk, article: *article, score: 1.0 }).collect()
}

#[test]
fn who_stands_in_both_rankings_wins() {
    let fused = fuse(&ranked(&[(1, 1), (2, 2)]), &ranked(&[(3, 3), (2, 2)]), EVEN);
    let seen: Vec<_> = fused.iter().map(|one| one.chunk).collect();
    assert_eq!(seen, [2, 1, 3], "equal scores: the one that words found");
    let (k, score) = (f64::from(K), fused[0].score);
    assert!((score - (1.0 / (k + 2.0) + 1.0 / (k + 2.0))).abs() < 1e-12);
    assert_eq!((fused[1].keyword.map(|place| place.rank), fused[1].vector), (Some(1), None));
}

#[test]
fn one_article_does_not_crowd_out_the_others() {
    let all = ranked(&[(1, 1), (2, 1), (3, 1), (4, 2), (5, 1), (6, 3)]);
    assert_eq!(spread(&all, 2, 3).iter().map(|one| one.chunk).collect::<Vec<_>>(), [1, 2, 4]);
    let fused = fuse(&all, &[], EVEN);
    assert_eq!(pick(&fused, 2, 9).iter().map(|one| one.chunk).collect::<Vec<_>>(), [1, 2, 4, 6]);
}

/// The formula, written down once more, as slowly as it reads.
fn slow(keyword: &[Ranked], vector: &[Ranked], weights: Weights) -> HashMap<i64, f64> {
    let rank = |list: &[Ranked], chunk: i64| list.iter().position(|one| one.chunk == chunk);
    let part = |place: Option<usize>, weight: f64| {
        place.map_or(0.0, |place| weight / (60.0 + f64::from(u32::try_from(place).unwrap()) + 1.0))
    };
    let chunks = keyword.iter().chain(vector).map(|one| one.chunk);
    let score = |chunk| part(rank(keyword, chunk), weights.keyword) + part(rank(vector, chunk), weights.vector);
    chunks.map(|chunk| (chunk, score(chunk))).collect()
}

fn order(fused: &[Fused]) -> bool {
    fused.windows(2).all(|pair| pair[0].score >= pair[1].score)
}

fn rankings() -> impl Strategy<Value = Vec<Ranked>> {
    let chunks = proptest::sample::subsequence((0..30_i64).collect::<Vec<_>>(), 0..30).prop_shuffle();
    chunks.prop_map(|chunks| chunks.into_iter().map(|chunk| Ranked { chunk, article: chunk % 7, score: 0.5 }).collect())
}

proptest! {
    #[test]
    fn fusion_is_the_formula(keyword in rankings(), vector in rankings(), weight in 0.1_f64..2.0) {
        let weights = Weights { keyword: 1.0, vector: weight };
        let (fused, slow) = (fuse(&keyword, &vector, weights), slow(&keyword, &vector, weights));
        prop_assert_eq!(fused.len(), slow.len());
        prop_assert!(order(&fused));
        for one in &fused {
            prop_assert!((one.score - slow[&one.chunk]).abs() < 1e-12);
        }
        let picked = pick(&fused, 2, 8);
        prop_assert!(picked.len() <= 8 && order(&picked));
        for one in &picked {
            prop_assert!(picked.iter().filter(|other| other.article == one.article).count() <= 2);
        }
    }

    #[test]
    fn judgements_are_between_none_and_all(
        found in proptest::sample::subsequence((0..20).collect::<Vec<i32>>(), 0..20).prop_shuffle(),
        right in proptest::sample::subsequence((0..20).collect::<Vec<i32>>(), 1..5),
    ) {
        let judged = judge(&found, &right);
        prop_assert!((0.0..=1.0 + 1e-12).contains(&judged.ndcg10));
        prop_assert_eq!(judged.first.map(|place| right.contains(&found[place - 1])), judged.first.map(|_| true));
        let best = judge(&right, &right);
        prop_assert!((best.ndcg10 - 1.0).abs() < 1e-12 && best.first == Some(1));
    }
}

#[test]
fn figures_are_means() {
    // By hand: the right one third: 1/log2(4) = 0.5.
    let judged = judge(&[7, 8, 9], &[9]);
    assert_eq!((judged.first, judged.ndcg10), (Some(3), 0.5));
    let none = judge(&[7, 8], &[9]);
    assert_eq!((none.first, none.ndcg10), (None, 0.0));
    let all = figures(&[judged, none, Judged { first: Some(1), ndcg10: 1.0 }, Judged { first: Some(6), ndcg10: 0.4 }]);
    assert_eq!((all.questions, all.hit1, all.hit5), (4, 0.25, 0.5));
    assert!((all.ndcg10 - 1.9 / 4.0).abs() < 1e-12);
    assert!((all.mrr - (1.0 / 3.0 + 1.0 + 1.0 / 6.0) / 4.0).abs() < 1e-12);
    assert_eq!(figures(&[]).hit1, 0.0);
}
