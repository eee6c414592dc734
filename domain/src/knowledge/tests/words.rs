use proptest::prelude::*;

use crate::knowledge::lexical::{DIMENSIONS, embed, normalise};
use crate::knowledge::words::{is_common, searched, words};

#[test]
fn english_gives_words_and_korean_gives_pairs() {
    assert_eq!(words("Alzheimer's disease: what's NEW?"), ["alzheimer", "disease", "what", "new"]);
    assert_eq!(words("don’t"), ["dont"]);
    assert_eq!(words("천식은 병이다"), ["천", "천식", "식은", "병", "병이", "이다"]);
    assert_eq!(words("폐"), ["폐"]);
    assert_eq!(words("코로나19와 COVID-19"), ["코", "코로", "로나", "19", "와", "covid", "19"]);
    assert_eq!(words("ＦＵＬＬ ｗｉｄｔｈ ①"), ["full", "width", "1"]);
    assert_eq!(words("''' — …"), Vec::<String>::new());
}

#[test]
fn composed_and_decomposed_hangul_are_the_same() {
    assert_eq!(words("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"), words("한글"));
}

#[test]
fn a_question_is_searched_by_what_tells_something() {
    assert_eq!(searched("What is (are) the symptoms of Asthma, asthma?", 9), ["symptoms", "asthma"]);
    assert_eq!(searched("Who are you?", 9), ["who", "are", "you"], "better than nothing");
    assert_eq!(searched("one two three four", 2), ["one", "two"]);
    assert!(is_common("the") && is_common("a") && is_common("your") && !is_common("asthma"));
}

fn cosine(a: &str, b: &str) -> f32 {
    embed(a).iter().zip(embed(b)).map(|(x, y)| x * y).sum()
}

#[test]
fn lexical_vectors_are_near_where_words_or_their_parts_are_the_same() {
    let near = cosine("asthmatic children", "asthma in a child");
    let misspelt = cosine("astma symptoms", "asthma symptoms");
    let far = cosine("asthmatic children", "raffle of coffee coupons");
    assert!(near > 0.25 && misspelt > 0.6 && far < 0.2, "{near} {misspelt} {far}");
    assert!(cosine("천식의 증상", "천식 증상은 무엇인가") > 0.4);
}

#[test]
fn a_text_without_words_has_no_direction() {
    assert_eq!(embed("…"), vec![0.0; DIMENSIONS]);
    let mut bad = [f32::NAN, 1.0];
    normalise(&mut bad);
    assert_eq!(bad, [0.0, 0.0]);
}

proptest! {
    #[test]
    fn any_text_gives_words_without_borders(text in "\\PC{0,80}") {
        for word in words(&text) {
            prop_assert!(!word.is_empty() && word.chars().count() <= 40);
            prop_assert!(word.chars().all(|sign| !sign.is_whitespace() && sign != '\''), "{word:?}");
        }
    }

    #[test]
    fn the_same_text_gives_the_same_vector_of_length_one(text in "[a-z가-힣 ]{1,60}[a-z]") {
        let vector = embed(&text);
        prop_assert_eq!(&vector, &embed(&text));
        let length: f32 = vector.iter().map(|value| value * value).sum();
        prop_assert!((length - 1.0).abs() < 1e-4, "{}", length);
    }
}
