//! Answering without a language model: the sentences of the passages that fit the question best, in their own words, cited.

use std::collections::HashMap;

use super::lang::Lang;
use super::terms::{Term, term_set};
use super::{CitationCheck, Source};

/// A passage covers a question where it has at least this part of its words; of pairs of syllables (Korean) fewer, since
/// endings and particles are among them.
const COVERS: f64 = 0.4;
const COVERS_PAIRS: f64 = 0.25;
/// Sentences of an answer.
const SENTENCES: usize = 4;
/// Sentences of one passage.
const OF_ONE: usize = 2;
/// A longer sentence is not quoted: it is a table or a list that lost its lines.
const LONGEST: usize = 600;
/// A shorter one says nothing, in characters.
const SHORTEST: usize = 12;

/// What is said before an answer without a model.
const NO_MODEL: (&str, &str) = (
    "No language model is set up here, so these are the passages that fit best, word for word:\n\n",
    "여기에는 언어 모델이 설정되어 있지 않아, 가장 알맞은 자료의 문장을 그대로 보여 드립니다.\n\n",
);
const NOT_COVERED: (&str, &str) =
    ("My sources do not cover this question.", "제가 가진 자료에는 이 질문에 대한 내용이 없습니다.");
const NEAREST: (&str, &str) = ("The nearest articles: ", "가장 가까운 글: ");

const fn in_lang(texts: (&'static str, &'static str), lang: Lang) -> &'static str {
    match lang {
        Lang::En => texts.0,
        Lang::Ko => texts.1,
    }
}

/// Whether one of the passages has enough of the question's words to be about it. For passages that were found by meaning (vectors of a real model), a high similarity says so as well; that is for the
/// caller, who knows it.
#[must_use]
pub fn covered(question: &str, sources: &[Source]) -> bool {
    let least = match Lang::of(question) {
        Lang::En => COVERS,
        Lang::Ko => COVERS_PAIRS,
    };
    let question = Question::unweighed(question);
    sources.iter().any(|source| question.share(&whole(source)) >= least)
}

/// The answer that the sources do not cover a question, with the titles that came nearest.
#[must_use]
pub fn not_covered(lang: Lang, sources: &[Source]) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for source in sources {
        if !titles.contains(&source.title.as_str()) && titles.len() < 3 {
            titles.push(&source.title);
        }
    }
    let mut text = in_lang(NOT_COVERED, lang).to_owned();
    if !titles.is_empty() {
        text.push(' ');
        text.push_str(in_lang(NEAREST, lang));
        text.push_str(&titles.join(", "));
        text.push('.');
    }
    text
}

/// The answer of the built-in model, in pieces as a model would stream them: it says that there is no language model, then
/// the sentences that fit best with the marks of their passages. With `health`, sentences that name amounts of medicine are
/// left out. Where the passages do not cover the question, it says that.
#[must_use]
pub fn extract(question: &str, sources: &[Source], health: bool) -> Vec<String> {
    let lang = Lang::of(question);
    let chosen = if covered(question, sources) { choose(question, sources, health) } else { Vec::new() };
    if chosen.is_empty() {
        return pieces(&not_covered(lang, sources));
    }
    let mut text = in_lang(NO_MODEL, lang).to_owned();
    let mut last = None;
    for (number, sentence) in chosen {
        if let Some(last) = last {
            text.push_str(if last == number { " " } else { "\n\n" });
        }
        text.push_str(&sentence);
        text.push_str(&format!(" [{number}]"));
        last = Some(number);
    }
    pieces(&text)
}

/// A text in words, each with the blank before it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut blank = true;
    for c in text.chars() {
        let begins = c.is_whitespace() && !blank;
        blank = c.is_whitespace();
        match pieces.last_mut() {
            Some(piece) if !begins => piece.push(c),
            Some(_) | None => pieces.push(c.to_string()),
        }
    }
    pieces
}

/// The best sentences with the numbers of their passages, in the order of the passages and, within one, as they stand there.
fn choose(question: &str, sources: &[Source], health: bool) -> Vec<(usize, String)> {
    let question = Question::weighed(question, sources);
    let mut found = Vec::new();
    for (number, source) in (1_usize..).zip(sources) {
        // What was found first fits best as a whole: of two equal sentences its wins.
        let rank = 1.0 / (1.0 + f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / 10.0);
        let about = question.share(&format!("{}\n{}", source.title, source.heading)) / 2.0;
        for (place, sentence) in sentences(&source.text).into_iter().enumerate() {
            if says_amounts(sentence, health) || !stands_alone(sentence, source) {
                continue;
            }
            let score = (question.share(sentence) + about) * rank;
            found.push((score, number, place, sentence.to_owned()));
        }
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    let mut of_each: HashMap<usize, usize> = HashMap::new();
    let mut chosen: Vec<(usize, usize, String)> = Vec::new();
    for (score, number, place, sentence) in found {
        let count = of_each.entry(number).or_default();
        if score <= 0.0 || chosen.len() == SENTENCES {
            break;
        }
        if *count < OF_ONE && !chosen.iter().any(|(_, _, same)| *same == sentence) {
            *count += 1;
            chosen.push((number, place, sentence));
        }
    }
    chosen.sort();
    chosen.into_iter().map(|(number, _, sentence)| (number, sentence)).collect()
}

/// Whether the check would replace something in it, as it does with amounts of medicine.
fn says_amounts(sentence: &str, health: bool) -> bool {
    if !health {
        return false;
    }
    let mut check = CitationCheck::new(&[], Some(Lang::En));
    let mut plain = CitationCheck::new(&[], None);
    let run = |check: &mut CitationCheck| check.push(sentence).text + &check.finish().text;
    run(&mut check) != run(&mut plain)
}

/// Whether a sentence comes through the check as it is: with brackets or addresses in it, it could not be cited word for word.
fn stands_alone(sentence: &str, source: &Source) -> bool {
    let mut check = CitationCheck::new(std::slice::from_ref(source), None);
    check.push(sentence).text + &check.finish().text == sentence && !sentence.contains(['[', ']'])
}

/// The sentences of a passage.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut start = 0;
        let mut ended = false;
        for (at, c) in line.char_indices() {
            if ended && c.is_whitespace() {
                found.push(line.get(start..at).unwrap_or_default());
                start = at;
            }
            ended = matches!(c, '.' | '!' | '?' | '。' | '！' | '？') || (ended && matches!(c, '"' | '”' | ')' | '’'));
        }
        found.push(line.get(start..).unwrap_or_default());
    }
    let fits = |sentence: &&str| (SHORTEST..=LONGEST).contains(&sentence.chars().count());
    found.into_iter().map(str::trim).filter(fits).collect()
}

fn whole(source: &Source) -> String {
    format!("{}\n{}\n{}", source.title, source.heading, source.text)
}

/// The words of a question with their weights.
struct Question {
    weights: Vec<(Term, f64)>,
    weight: f64,
}

impl Question {
    /// All words alike.
    fn unweighed(text: &str) -> Self {
        Self::with(text, |_| 1.0)
    }

    /// Words that few of the sentences have weigh more, as in BM25.
    fn weighed(text: &str, sources: &[Source]) -> Self {
        let sentences: Vec<_> = sources.iter().flat_map(|source| sentences(&source.text)).map(term_set).collect();
        let float = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
        let all = float(sentences.len());
        Self::with(text, |term| {
            let with = float(sentences.iter().filter(|sentence| sentence.contains(term)).count());
            (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
        })
    }

    fn with(text: &str, weigh: impl Fn(&Term) -> f64) -> Self {
        let mut terms: Vec<Term> = term_set(text).into_iter().collect();
        // In one order, so that sums are the same each time.
        terms.sort_by_cached_key(|term| format!("{term:?}"));
        let weights: Vec<_> = terms.into_iter().map(|term| (weigh(&term), term)).map(|(weight, term)| (term, weight)).collect();
        let weight = weights.iter().map(|(_, weight)| weight).sum();
        Self { weights, weight }
    }

    /// The part of the question's weight that a text has; 0 for a question without words.
    fn share(&self, text: &str) -> f64 {
        if self.weight <= 0.0 {
            return 0.0;
        }
        let terms = term_set(text);
        self.weights.iter().filter(|(term, _)| terms.contains(term)).map(|(_, weight)| weight).sum::<f64>() / self.weight
    }
}
