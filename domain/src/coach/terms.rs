//! The words of a text in a form in which they can be compared with those of another.

use std::collections::HashSet;

use super::lang::is_hangul;
use crate::consensus::text::{TextRules, normalise};

/// English words that say nothing about what a sentence is about.
const STOP: &[&str] = &[
    "about", "also", "and", "any", "are", "because", "been", "but", "can", "could", "did", "does", "for", "from", "had", "has",
    "have", "her", "his", "how", "into", "its", "may", "might", "more", "most", "not", "our", "should", "some", "such", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "was", "were", "what", "when", "where",
    "which", "who", "why", "will", "with", "would", "you", "your",
];
/// Longer words are compared by so many first letters: `exercise` and `exercising` are about the same.
const STEM: usize = 6;

/// What a word is compared by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Term {
    /// The beginning of a word in letters.
    Word(String),
    /// Two syllables of Hangul beside each other: Korean words change at their ends.
    Pair(String),
    /// A number, without the commas in it.
    Number(String),
}

/// The one form of text in which quotes are sought: case, width, punctuation and white space do not count.
pub(super) fn plain(text: &str) -> String {
    normalise(text, TextRules { fold_case: true, fold_width: true, ignore_punctuation: true })
}

/// The terms of a text, each as often as it occurs.
pub(super) fn terms(text: &str) -> Vec<Term> {
    let folded = normalise(text, TextRules { fold_case: true, fold_width: true, ignore_punctuation: false });
    let mut found = Vec::new();
    let mut rest = folded.as_str();
    while let Some(first) = rest.chars().next() {
        let of_its_kind: fn(char) -> bool = if is_hangul(first) {
            is_hangul
        } else if first.is_ascii_digit() {
            |c| c.is_ascii_digit() || c == '.' || c == ','
        } else if first.is_alphanumeric() {
            |c| c.is_alphanumeric() && !is_hangul(c) && !c.is_ascii_digit()
        } else {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        };
        let end = rest.find(|c| !of_its_kind(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        if is_hangul(first) {
            pairs(run, &mut found);
        } else if first.is_ascii_digit() {
            found.push(Term::Number(run.trim_end_matches(['.', ',']).replace(',', "")));
        } else if run.chars().count() > 2 && !STOP.contains(&run) {
            let word = run.strip_suffix('s').unwrap_or(run);
            found.push(Term::Word(word.chars().take(STEM).collect()));
        }
    }
    found
}

fn pairs(run: &str, found: &mut Vec<Term>) {
    let syllables: Vec<char> = run.chars().collect();
    if syllables.len() < 2 {
        // One syllable alone is mostly a particle or a counter.
        return;
    }
    found.extend(syllables.windows(2).map(|pair| Term::Pair(pair.iter().collect())));
}

/// The different terms of a text.
pub(super) fn term_set(text: &str) -> HashSet<Term> {
    terms(text).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Term {
        Term::Word(text.to_owned())
    }

    #[test]
    fn forms_of_a_word_are_one_term_and_numbers_stay_whole() {
        assert_eq!(terms("Exercises exercising")[0], terms("exercise")[0]);
        assert_eq!(
            terms("the FEV1 of 1,600.5 people."),
            [word("fev"), Term::Number("1".to_owned()), Term::Number("1600.5".to_owned()), word("people"),]
        );
    }

    #[test]
    fn korean_is_compared_by_pairs_of_syllables() {
        let pair = |text: &str| Term::Pair(text.to_owned());
        assert_eq!(terms("천식은 왜"), [pair("천식"), pair("식은")]);
    }

    #[test]
    fn letters_of_no_alphabet_we_know_are_words_too() {
        assert_eq!(terms("喘息について"), [word("喘息につい")].map(|_| terms("喘息について")[0].clone()));
        assert!(terms(" -- \u{200b}!").is_empty());
    }
}
