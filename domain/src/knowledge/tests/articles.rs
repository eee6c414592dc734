use proptest::prelude::*;

use crate::knowledge::article::{Article, Draft, MAX_TEXT, NotAnArticle, Origin, Section, digest, line, paragraphs};

fn draft(title: &str, text: &str) -> Draft {
    let sections = vec![Section { heading: "What is it?".to_owned(), text: text.to_owned() }];
    Draft { title: title.to_owned(), url: None, tags: vec![], sections }
}

#[test]
fn a_draft_is_cleaned() {
    let article = Article::parse(&Draft {
        title: " Sleep\u{200b}  Apnea\n".to_owned(),
        url: Some(" https://example.org/a ".to_owned()),
        tags: vec!["sleep".to_owned(), " sleep ".to_owned(), String::new(), "breath".to_owned()],
        sections: vec![
            Section { heading: " What\tis it? ".to_owned(), text: "One.\r\n\r\n\r\n Two  words. \rThree.\u{0}".to_owned() },
            Section { heading: "Nothing below".to_owned(), text: " \n ".to_owned() },
        ],
    });
    let article = article.unwrap();
    assert_eq!((article.title(), article.url()), ("Sleep Apnea", Some("https://example.org/a")));
    assert_eq!(article.tags(), ["breath", "sleep"]);
    let kept = [Section { heading: "What is it?".to_owned(), text: "One.\n\nTwo words.\nThree.".to_owned() }];
    assert_eq!(article.sections(), kept);
}

#[test]
fn what_cannot_be_kept_is_named() {
    let with = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft("Asthma", "Asthma narrows the airways.");
        change(&mut draft);
        Article::parse(&draft).map(drop)
    };
    assert_eq!(with(&|_| {}), Ok(()));
    assert_eq!(with(&|draft| draft.title = "\u{200b} ".to_owned()), Err(NotAnArticle::Title));
    assert_eq!(with(&|draft| draft.title = "a".repeat(301)), Err(NotAnArticle::Title));
    for url in ["javascript:alert(1)", "//a.example", "https://", "http://a b", "https://a\"><script>", "data:text/html,x"] {
        assert_eq!(with(&|draft| draft.url = Some(url.to_owned())), Err(NotAnArticle::Url), "{url}");
    }
    assert_eq!(with(&|draft| draft.url = Some(String::new())), Ok(()));
    assert_eq!(with(&|draft| draft.tags = vec!["x".repeat(41)]), Err(NotAnArticle::Tags));
    assert_eq!(with(&|draft| draft.tags = (0..21).map(|n| n.to_string()).collect()), Err(NotAnArticle::Tags));
    assert_eq!(with(&|draft| draft.sections.clear()), Err(NotAnArticle::Empty));
    assert_eq!(with(&|draft| draft.sections[0].heading = "a".repeat(301)), Err(NotAnArticle::Heading));
    assert_eq!(with(&|draft| draft.sections[0].text = "a".repeat(MAX_TEXT + 1)), Err(NotAnArticle::TooLong));
    assert_eq!(Origin::parse(" ", "a"), Err(NotAnArticle::Origin));
    assert_eq!(Origin::parse("a", &"b".repeat(301)), Err(NotAnArticle::Origin));
}

#[test]
fn equal_articles_are_equal_versions_and_others_are_not() {
    let base = Article::parse(&draft("A", "b")).unwrap();
    assert_eq!(base.digest(), Article::parse(&draft(" A ", "b\n")).unwrap().digest());
    let mut others = vec![draft("A", "c"), draft("B", "b"), draft("A", "b"), draft("A", "b")];
    others[2].url = Some("https://a.example".to_owned());
    others[3].tags = vec!["t".to_owned()];
    for other in others {
        assert_ne!(base.digest(), Article::parse(&other).unwrap().digest(), "{other:?}");
    }
    assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
}

proptest! {
    #[test]
    fn cleaning_twice_is_cleaning_once(text in "[ \\ta-c가\\n\\r.\u{200b}\u{301}]{0,60}") {
        let once = paragraphs(&text);
        prop_assert_eq!(&paragraphs(&once), &once);
        prop_assert_eq!(line(&line(&text)), line(&text));
        prop_assert!(!once.contains("\n\n\n") && !once.contains("  ") && once.trim() == once);
    }
}
