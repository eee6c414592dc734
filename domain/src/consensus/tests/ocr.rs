//! Readings: distances by their recursive definition, error rates by hand, and what several careless readers add up to.

use proptest::prelude::*;

use crate::consensus::crowd::real;
use crate::consensus::ocr::{Found, Reading, cer, cer_jamo, consensus, distance};

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn alike(texts: &[&'static str]) -> Vec<Reading<'static>> {
    texts.iter().map(|text| Reading { text, weight: 1.0 }).collect()
}

#[test]
fn error_rates_over_syllables_and_over_jamo() {
    let golden = [
        ("한국", "한국", 0.0, 0.0),
        ("항국", "한국", 0.5, 1.0 / 6.0),
        ("하국", "한국", 0.5, 1.0 / 6.0),
        ("", "한국", 1.0, 1.0),
        ("TOTAL: 9.0O", "TOTAL: 9.00", 1.0 / 11.0, 1.0 / 11.0),
        ("abcdef", "abc", 1.0, 1.0),
    ];
    for (answer, truth, syllables, jamo) in golden {
        let (a, b) = (cer(answer, truth).unwrap(), cer_jamo(answer, truth).unwrap());
        assert!((a - syllables).abs() < 1e-12 && (b - jamo).abs() < 1e-12, "{answer} for {truth}: {a} {b}");
    }
    assert_eq!((cer("x", ""), cer_jamo("", "")), (None, None));
    assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
}

#[test]
fn enough_alike_win_at_once() {
    let found = consensus(&alike(&["12.50", "12.50", "12.60"]), 0.6).unwrap();
    assert_eq!((found.text.as_str(), found.found), ("12.50", Found::Alike));
    assert!((found.share - 2.0 / 3.0).abs() < 1e-12 && (found.mean_distance - 0.2 / 3.0).abs() < 1e-12);
    assert!(!found.needs_review());
    assert_eq!(consensus(&[], 0.6), None);
    assert_eq!(consensus(&[Reading { text: "x", weight: 0.0 }], 0.6), None, "readers who count nothing");
}

#[test]
fn weight_decides_who_is_alike_enough() {
    let readings = [Reading { text: "a", weight: 0.9 }, Reading { text: "b", weight: 0.3 }, Reading { text: "b", weight: 0.3 }];
    assert_eq!(consensus(&readings, 0.6).unwrap().text, "a");
}

#[test]
fn places_are_voted_on_when_everybody_erred_elsewhere() {
    let found = consensus(&alike(&["TCTAL SALES", "TOTAI SALES", "TOTAL SAIES"]), 0.8).unwrap();
    assert_eq!((found.text.as_str(), found.found), ("TOTAL SALES", Found::Columns));
    assert!(found.share.abs() < 1e-12 && !found.needs_review());
    let holes = consensus(&alike(&["TOTAL SAES", "TOTL SALES", "TOTAL  SALES"]), 0.8).unwrap();
    assert_eq!(holes.text, "TOTAL SALES", "left out and put in");
}

#[test]
fn a_given_text_is_preferred_to_one_that_is_no_nearer() {
    let found = consensus(&alike(&["abc", "abd", "abcx"]), 0.8).unwrap();
    assert_eq!((found.text.as_str(), found.found), ("abc", Found::Medoid));
    let apart = consensus(&alike(&["hello", "12345", "zzz"]), 0.8).unwrap();
    assert!(apart.needs_review(), "{apart:?}");
}

fn slow_distance(a: &[char], b: &[char]) -> usize {
    match (a.split_first(), b.split_first()) {
        (None, _) => b.len(),
        (_, None) => a.len(),
        (Some((x, c)), Some((y, d))) if x == y => slow_distance(c, d),
        (Some((_, c)), Some((_, d))) => 1 + slow_distance(c, d).min(slow_distance(c, b)).min(slow_distance(a, d)),
    }
}

proptest! {
    #[test]
    fn the_distance_is_its_definition(a in "[abc]{0,6}", b in "[abc]{0,6}") {
        prop_assert_eq!(distance(&chars(&a), &chars(&b)), slow_distance(&chars(&a), &chars(&b)));
    }

    #[test]
    fn the_winner_is_no_farther_from_all_than_anybody(texts in prop::collection::vec(("[ab한]{0,8}", 1u8..4), 1..6)) {
        let readings: Vec<_> = texts.iter().map(|(text, weight)| Reading { text, weight: f64::from(*weight) }).collect();
        let sum = |of: &str| readings.iter().map(|r| r.weight * real(distance(&chars(of), &chars(r.text)))).sum::<f64>();
        let found = consensus(&readings, 1.0).unwrap();
        prop_assert!(readings.iter().all(|reading| sum(&found.text) <= sum(reading.text) + 1e-9), "{found:?}");
        prop_assert!((0.0..=1.0).contains(&found.mean_distance) && (0.0..=1.0).contains(&found.share));
        let mut turned = readings.clone();
        turned.reverse();
        prop_assert_eq!(consensus(&turned, 1.0), Some(found));
    }

    /// Three readers with one slip each, in different places of a long enough text: the text comes back.
    #[test]
    fn three_slips_in_different_places_are_put_right(text in "[a-z]{12,30}", slips in (0usize..4, 4usize..8, 8usize..12)) {
        let slip = |place: usize| -> String {
            text.chars().enumerate().map(|(n, c)| if n == place { '#' } else { c }).collect()
        };
        let texts = [slip(slips.0), slip(slips.1), slip(slips.2)];
        let readings: Vec<_> = texts.iter().map(|text| Reading { text, weight: 1.0 }).collect();
        prop_assert_eq!(consensus(&readings, 0.5).unwrap().text, text);
    }
}
