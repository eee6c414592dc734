use proptest::prelude::*;

use crate::coach::extract::not_covered;
use crate::coach::{Badge, Checked, CitationCheck, Lang, Source, covered, extract};

fn source(title: &str, heading: &str, text: &str) -> Source {
    Source { title: title.to_owned(), url: None, heading: heading.to_owned(), text: text.to_owned() }
}

fn asthma() -> Vec<Source> {
    vec![
        source(
            "Asthma",
            "What causes asthma?",
            "The exact cause of asthma isn't known. Researchers think genes and the environment cause asthma. Take 2 puffs of \
             it when asthma is caused by exercise.",
        ),
        source("Sleep", "Naps", "A nap of twenty minutes helps. Do not nap after three in the afternoon."),
    ]
}

fn said(question: &str, sources: &[Source], health: bool) -> String {
    extract(question, sources, health).concat()
}

#[test]
fn it_says_that_there_is_no_model_and_cites_word_for_word() {
    let answer = said("What causes asthma?", &asthma(), true);
    assert!(answer.starts_with("No language model is set up here"));
    assert!(answer.contains("The exact cause of asthma isn't known. [1]"), "{answer}");
    assert!(!answer.contains("puffs"), "amounts of medicine are not told: {answer}");
    assert!(said("What causes asthma?", &asthma(), false).contains("[1]"));
}

#[test]
fn what_the_sources_do_not_cover_is_said_so() {
    let answer = said("Who painted the Mona Lisa?", &asthma(), true);
    assert_eq!(answer, "My sources do not cover this question. The nearest articles: Asthma, Sleep.");
    assert!(!covered("", &asthma()) && !covered("???", &asthma()) && !covered("asthma", &[]));
    assert_eq!(not_covered(Lang::Ko, &[]), "제가 가진 자료에는 이 질문에 대한 내용이 없습니다.");
}

#[test]
fn a_korean_question_is_answered_from_korean_passages() {
    let sources =
        [source("천식", "원인", "천식은 기도가 만성적으로 염증을 일으키는 병이다. 감기와 찬 공기가 천식을 악화시킨다.")];
    let answer = said("천식이 뭐예요?", &sources, true);
    assert!(answer.contains("천식은 기도가 만성적으로 염증을 일으키는 병이다. [1]"), "{answer}");
    assert!(answer.starts_with("여기에는"));
}

proptest! {
    #[test]
    fn all_it_says_is_grounded_whatever_the_passages_hold(
        texts in prop::collection::vec("([A-Za-z가-힣]{2,9}[ .,]{1,2}|[\\[\\](<>\" 0-9]|https?://|mg |\n){3,40}", 1..5),
        word in 0_usize..40,
        health: bool,
    ) {
        let sources: Vec<Source> = texts.iter().map(|text| source("Title", "", text)).collect();
        let words: Vec<&str> = texts.iter().flat_map(|text| text.split_whitespace()).collect();
        let question = words.get(word % words.len().max(1)).copied().unwrap_or("asthma").to_owned();
        let pieces = extract(&question, &sources, health);
        let answer = pieces.concat();
        let mut check = CitationCheck::new(&sources, health.then_some(Lang::En));
        let Checked { mut text, mut claims } = check.push(&answer);
        let rest = check.finish();
        text += &rest.text;
        claims.extend(rest.claims);
        prop_assert_eq!(&text, &answer, "nothing of it is taken out");
        // What is in quotation marks at both sides of a sentence's end is cut differently; what is not is as it stands there.
        if !answer.contains('"') {
            prop_assert!(claims.iter().all(|claim| claim.badge == Badge::Grounded), "{claims:?} of {answer:?}");
        }
        prop_assert_eq!(extract(&question, &sources, health), pieces, "the same each time");
    }
}
