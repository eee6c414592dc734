use proptest::prelude::*;

use crate::coach::{Badge, Checked, CitationCheck, Claim, Lang, Source};

const OURS: &str = "https://a.example/asthma";

fn sources() -> Vec<Source> {
    let source = |title: &str, url: Option<&str>, text: &str| Source {
        title: title.to_owned(),
        url: url.map(str::to_owned),
        heading: String::new(),
        text: text.to_owned(),
    };
    vec![
        source(
            "Asthma",
            Some(OURS),
            "Asthma is a chronic lung disease that inflames and narrows the airways. It affects 22 million people, and nearly \
             6 million of them are children.",
        ),
        source("천식", None, "천식은 기도가 만성적으로 염증을 일으키는 병이다. 밤이나 이른 아침에 기침이 심해진다."),
    ]
}

fn run(health: Option<Lang>, pieces: &[&str]) -> Checked {
    let mut check = CitationCheck::new(&sources(), health);
    let mut all = Checked::default();
    for piece in pieces {
        let Checked { text, claims } = check.push(piece);
        all.text.push_str(&text);
        all.claims.extend(claims);
    }
    let Checked { text, claims } = check.finish();
    all.text.push_str(&text);
    all.claims.extend(claims);
    all
}

fn shown(text: &str) -> String {
    run(None, &[text]).text
}

fn of(all: &Checked, claim: &Claim) -> String {
    all.text.chars().skip(claim.start).take(claim.end - claim.start).collect()
}

#[test]
fn marks_without_a_passage_go_and_the_others_stay() {
    assert_eq!(shown("One [1]. Two [3]. Three [1, 7][0]!"), "One [1]. Two. Three [1]!");
    assert_eq!(shown("[2](https://evil.example) and [9](x)"), "[2] and");
    assert_eq!(shown("a [note] stays, 1] too, and ["), "a [note] stays, 1] too, and [");
    assert_eq!(CitationCheck::new(&[], None).push("none [1] here").text, "none here");
}

#[test]
fn links_lead_to_sources_only() {
    for (given, left) in [
        ("see https://a.example/asthma.", "see https://a.example/asthma."),
        ("see https://a.example/asthma#x)", "see https://a.example/asthma#x)"),
        ("see https://evil.example/x?y=1, then", "see …, then"),
        ("HTTP://EVIL.example", "…"),
        ("www.evil.example를", "…를"),
        ("[here](https://evil.example)", "here"),
        ("[here](https://a.example/asthma)", "[here](https://a.example/asthma)"),
        ("![x](https://evil.example/pixel.png)", "!x"),
        ("[x](javascript:alert(1))", "x)"),
        ("<https://evil.example>", "…"),
        ("<javascript:alert(1)>", "…"),
        ("a < b and <b>bold</b>", "a < b and <b>bold</b>"),
        ("[https://evil.example](https://evil.example)", "…"),
        ("h[9]ttps://evil.example", "…"),
        ("[](x)(https://evil.example)", "…(…)"),
        ("][9](x)(evil)", "]"),
        ("<java[9]script:x>", "…"),
    ] {
        assert_eq!(shown(given), left, "{given}");
    }
}

#[test]
fn an_address_without_an_end_is_not_kept_in_memory() {
    let mut check = CitationCheck::new(&sources(), None);
    let mut text = check.push("see https://").text;
    for _ in 0..1_000 {
        text += &check.push("aaaaaaaaaa").text;
    }
    text += &check.push(" and on").text;
    assert_eq!(text + &check.finish().text, "see … and on");
}

#[test]
fn claims_are_compared_with_what_they_cite() {
    let answer = "Asthma is a chronic disease of the lungs that narrows the airways [1]. It affects 25 million people [1]. \
                  The moon is made of cheese [1]. Nothing is cited here. As they say, \"inflames and narrows the airways\". \
                  And “the moon is made of cheese”.";
    let all = run(None, &[answer]);
    let badges: Vec<_> = all.claims.iter().map(|claim| (claim.badge, claim.sources.as_slice())).collect();
    assert_eq!(
        badges,
        [
            (Badge::Grounded, &[1][..]),
            (Badge::Partly, &[1][..]),
            (Badge::NotFound, &[1][..]),
            (Badge::Grounded, &[1][..]),
            (Badge::NotFound, &[][..]),
        ]
    );
    assert_eq!(of(&all, &all.claims[1]), "It affects 25 million people [1].");
    assert_eq!(CitationCheck::verdict(&all.claims), Some(Badge::Partly));
    assert_eq!(CitationCheck::verdict(&all.claims[..1]), Some(Badge::Grounded));
    assert_eq!(CitationCheck::verdict(&[]), None);
}

#[test]
fn a_mark_after_the_full_stop_belongs_to_the_sentence_before() {
    let all =
        run(None, &["Asthma narrows the airways. [1] The moon is far away.\n- 천식은 기도가 염증을 일으키는 병이다.[2] 끝."]);
    let texts: Vec<_> = all.claims.iter().map(|claim| of(&all, claim)).collect();
    assert_eq!(texts, ["Asthma narrows the airways. [1]", "- 천식은 기도가 염증을 일으키는 병이다.[2]"]);
    assert!(all.claims.iter().all(|claim| claim.badge == Badge::Grounded));
}

#[test]
fn a_quote_of_another_passage_than_the_cited_one_is_partly_right() {
    let all = run(None, &["It is said that “밤이나 이른 아침에 기침이 심해진다” [1]."]);
    assert_eq!(all.claims[0].badge, Badge::Partly);
    let all = run(None, &["“밤이나  이른 아침에, 기침이 심해진다” [2]"]);
    assert_eq!(all.claims[0].badge, Badge::Grounded, "blanks and punctuation do not count");
}

#[test]
fn words_of_two_languages_are_not_compared_but_numbers_are() {
    let all = run(None, &["천식 환자는 2200만 명이다 [1]. 어린이는 6백만 명이다 [1]."]);
    let badges: Vec<_> = all.claims.iter().map(|claim| claim.badge).collect();
    assert_eq!(badges, [Badge::NotFound, Badge::NotCompared]);
}

#[test]
fn amounts_of_medicine_are_not_told_where_health_is_concerned() {
    let given = "Take 2 puffs, wait, then 200 mg more. Walk 5 km in 30 minutes.";
    let told = run(Some(Lang::En), &[given]).text;
    let note = "‹amount: ask your doctor or pharmacist›";
    assert_eq!(told, format!("Take {note}, wait, then {note} more. Walk 5 km in 30 minutes."));
    assert_eq!(shown(given), given);
    assert_eq!(
        run(Some(Lang::Ko), &["두 번 흡입하고 2알 드세요"]).text,
        "‹용량은 의사·약사에게 확인›하고 ‹용량은 의사·약사에게 확인› 드세요"
    );
}

/// Words with everything in them that the sieve looks for.
fn tricky() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("](".to_owned()),
        Just(")".to_owned()),
        Just("[1]".to_owned()),
        Just("[9]".to_owned()),
        Just("[1, 2]".to_owned()),
        Just(" ".to_owned()),
        Just(". ".to_owned()),
        Just("\n".to_owned()),
        Just("\"".to_owned()),
        Just("<".to_owned()),
        Just(">".to_owned()),
        Just("javascript:".to_owned()),
        Just("https://evil.example/a".to_owned()),
        Just("http".to_owned()),
        Just("s://".to_owned()),
        Just("www.".to_owned()),
        Just(OURS.to_owned()),
        Just("20 mg".to_owned()),
        Just("two".to_owned()),
        Just(" puffs".to_owned()),
        Just("3번 흡입".to_owned()),
        Just("narrows the airways".to_owned()),
        Just("천식은 기도가".to_owned()),
        "[a-z가-힣h<\\[(]{0,4}",
    ];
    prop::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

fn cut(text: &str, places: &[prop::sample::Index]) -> Vec<String> {
    let mut at: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut chosen: Vec<usize> = places.iter().map(|place| at[place.index(at.len())]).collect();
    chosen.extend([0, text.len()]);
    chosen.sort_unstable();
    at.clear();
    chosen.windows(2).map(|pair| text[pair[0]..pair[1]].to_owned()).collect()
}

/// Whatever could become an address in a page, sought the slow way.
fn foreign(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["https://", "http://", "ftp://", "www."].iter().any(|scheme| {
        lower.match_indices(scheme).any(|(at, _)| !lower[at..].starts_with(OURS) && !lower[..at].ends_with("https://"))
    }) || lower.match_indices("](").any(|(at, _)| !lower[at + 2..].starts_with(OURS))
        || lower.contains("<javascript:")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_does_not_matter_where_the_pieces_break(
        text in tricky(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        health: bool,
    ) {
        let health = health.then_some(Lang::En);
        let pieces = cut(&text, &places);
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        prop_assert_eq!(run(health, &pieces), run(health, &[&text]));
    }

    #[test]
    fn no_address_but_a_sources_and_no_mark_without_a_passage_comes_through(text in tricky(), health: bool) {
        let all = run(health.then_some(Lang::Ko), &[&text]);
        prop_assert!(!foreign(&all.text), "{:?} became {:?}", text, all.text);
        prop_assert!(!all.text.contains("[9]"), "{:?} became {:?}", text, all.text);
    }

    #[test]
    fn claims_lie_in_the_text_one_after_the_other_and_cite_what_there_is(text in tricky()) {
        let all = run(None, &[&text]);
        let length = all.text.chars().count();
        let mut before = 0;
        for claim in &all.claims {
            prop_assert!(before <= claim.start && claim.start < claim.end && claim.end <= length, "{:?} in {:?}", claim, all.text);
            prop_assert!(claim.sources.iter().all(|source| (1..=2).contains(source)));
            for source in &claim.sources {
                let words = of(&all, claim);
                let mark = format!("[{source}]");
                prop_assert!(words.contains(&mark) || words.contains(['"', '“']), "{words:?}");
            }
            before = claim.end;
        }
    }

    #[test]
    fn plain_words_come_through_as_they_are(text in "[a-eg-vx-zA-EG-VX-Z가-힣 ,.!?\n]{0,80}") {
        prop_assert_eq!(shown(&text.replace(['h', 'H'], "x")), text.replace(['h', 'H'], "x"));
    }
}
