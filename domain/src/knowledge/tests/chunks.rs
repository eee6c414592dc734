use proptest::prelude::*;

use crate::knowledge::article::{Article, Draft, Section};
use crate::knowledge::chunk::{MOST_UNITS, OVERLAP_UNITS, TARGET_UNITS, cut, spans, units, whole};

fn article(sections: &[(&str, &str)]) -> Article {
    let section = |(heading, text): &(&str, &str)| Section { heading: (*heading).to_owned(), text: (*text).to_owned() };
    let draft = Draft { title: "Title".to_owned(), sections: sections.iter().map(section).collect(), ..Draft::default() };
    Article::parse(&draft).unwrap()
}

/// So many sentences of about so many letters.
fn sentences(count: usize, letters: usize) -> String {
    (0..count).map(|n| format!("Sentence {n} {}. ", "word ".repeat(letters / 5))).collect()
}

#[test]
fn a_short_section_is_one_chunk_under_its_heading() {
    let chunks = cut(&article(&[("What?", "One. Two."), ("Why?", "Because.")]));
    let seen: Vec<_> = chunks.iter().map(|chunk| (chunk.heading.as_str(), chunk.text.as_str())).collect();
    assert_eq!(seen, [("What?", "One. Two."), ("Why?", "Because.")]);
}

#[test]
fn what_is_said_twice_is_kept_once_and_what_did_not_change_keeps_its_digest() {
    let twice = cut(&article(&[("A", "Same."), ("A", "Same."), ("B", "Same.")]));
    assert_eq!(twice.len(), 2);
    let changed = cut(&article(&[("A", "Same."), ("B", "Other.")]));
    assert_eq!(twice[0].digest, changed[0].digest);
    assert_ne!(twice[1].digest, changed[1].digest);
}

#[test]
fn neighbours_share_a_sentence_and_begin_where_one_begins() {
    let text = sentences(60, 90);
    let spans = spans(&text);
    assert!(spans.len() > 3);
    for pair in spans.windows(2) {
        assert!(pair[1].start < pair[0].end, "no overlap");
        assert!(text[pair[1].start..].starts_with("Sentence"));
    }
}

#[test]
fn a_korean_chunk_is_shorter_in_characters_than_an_english_one() {
    assert_eq!((units("asthma "), units("천식은"), units("喘息")), (7, 9, 6));
    let text = "천식은 기도가 좁아지는 병이다. ".repeat(80);
    let longest = spans(&text).into_iter().map(|span| text[span].chars().count()).max().unwrap();
    assert!((300..=800).contains(&longest), "{longest}");
}

#[test]
fn a_text_without_any_border_is_cut_all_the_same() {
    let text = "가".repeat(5_000);
    let spans = spans(&text);
    assert!(spans.iter().all(|span| units(&text[span.clone()]) <= MOST_UNITS));
    assert_eq!((spans[0].start, spans.last().unwrap().end), (0, text.len()));
}

#[test]
fn what_stands_for_a_chunk_begins_with_its_title() {
    assert_eq!(whole("Title", "", "Text."), "Title\nText.");
    assert_eq!(whole("Title", "What?", "Text."), "Title\nWhat?\nText.");
}

proptest! {
    #[test]
    fn chunks_cover_everything_in_order_and_none_is_too_long(
        parts in proptest::collection::vec(("[a-z가-힣 ]{0,900}", "[.!?。\n ]{0,3}"), 0..12),
    ) {
        let text: String = parts.into_iter().map(|(words, end)| words + &end).collect();
        let spans = spans(&text);
        prop_assert_eq!(spans.is_empty(), text.is_empty());
        prop_assert!(spans.first().is_none_or(|first| first.start == 0));
        prop_assert!(spans.last().is_none_or(|last| last.end == text.len()));
        for span in &spans {
            let part = text.get(span.clone());
            prop_assert!(part.is_some_and(|part| !part.is_empty() && units(part) <= MOST_UNITS.max(TARGET_UNITS)));
        }
        for pair in spans.windows(2) {
            prop_assert!(pair[0].start < pair[1].start && pair[0].end < pair[1].end, "each brings something new");
            prop_assert!(pair[1].start <= pair[0].end, "nothing is left out between them");
            prop_assert!(units(&text[pair[1].start..pair[0].end]) <= OVERLAP_UNITS);
        }
    }
}
