//! Whether a passage says what a sentence claims.

use std::collections::HashSet;

use super::super::lang::Lang;
use super::super::terms::{Term, plain, term_set};
use super::claims::Sentence;
use super::{Badge, Claim, Source};

/// A sentence that shares at least this part of its words with its passages is grounded, with half of it partly.
pub const SAME_WORDS: f64 = 0.7;
/// What is quoted with fewer characters, blanks not counted, is a word in inverted commas.
const SHORTEST_QUOTE: usize = 8;

/// The passages of an answer, in forms that can be compared.
#[derive(Debug)]
pub(super) struct Judge {
    passages: Vec<Passage>,
}

#[derive(Debug)]
struct Passage {
    plain: String,
    terms: HashSet<Term>,
    lang: Lang,
}

impl Judge {
    pub(super) fn new(sources: &[Source]) -> Self {
        let passage = |source: &Source| {
            let whole = format!("{}\n{}\n{}", source.title, source.heading, source.text);
            Passage { plain: plain(&source.text), terms: term_set(&whole), lang: Lang::of(&source.text) }
        };
        Self { passages: sources.iter().map(passage).collect() }
    }

    /// The claim that a sentence makes, if it makes one.
    pub(super) fn judge(&self, sentence: Sentence) -> Option<Claim> {
        let Sentence { start, end, words, marks } = sentence;
        let quotes = quotes(&words);
        if quotes.is_empty() && (marks.is_empty() || term_set(&words).is_empty()) {
            return None;
        }
        let cited: Vec<&Passage> = marks.iter().filter_map(|mark| self.passages.get(mark.checked_sub(1)?)).collect();
        let (sources, badge) = if quotes.is_empty() {
            (marks, compare(&words, &cited))
        } else {
            let found = |quote: &String| self.passages.iter().position(|passage| passage.plain.contains(quote.as_str()));
            let in_cited = |quote: &String| cited.iter().any(|passage| passage.plain.contains(quote.as_str()));
            if marks.is_empty() {
                let places: Vec<Option<usize>> = quotes.iter().map(found).collect();
                let badge = of(places.iter().flatten().count(), places.len());
                let mut sources: Vec<usize> = places.into_iter().flatten().map(|place| place + 1).collect();
                sources.sort_unstable();
                sources.dedup();
                (sources, badge)
            } else {
                let there = quotes.iter().filter(|quote| in_cited(quote)).count();
                let elsewhere = quotes.iter().any(|quote| found(quote).is_some());
                let badge = if there == 0 && elsewhere { Badge::Partly } else { of(there, quotes.len()) };
                (marks, badge)
            }
        };
        Some(Claim { start, end, sources, badge })
    }
}

fn of(found: usize, all: usize) -> Badge {
    if found == all {
        Badge::Grounded
    } else if found == 0 {
        Badge::NotFound
    } else {
        Badge::Partly
    }
}

/// A sentence in its own words: how many of them its passages have, and whether they have its numbers.
fn compare(words: &str, cited: &[&Passage]) -> Badge {
    let terms = term_set(words);
    let lang = Lang::of(words);
    let has = |term: &&Term| cited.iter().any(|passage| passage.terms.contains(*term));
    let is_number = |term: &&Term| matches!(term, Term::Number(_));
    let all_numbers = terms.iter().filter(is_number).all(|term| has(&term));
    let (found, all) = (terms.iter().filter(has).count(), terms.len());
    if found == all && all > 0 {
        // A few words of one language often stand in a passage of the other.
        return Badge::Grounded;
    }
    if cited.iter().all(|passage| passage.lang != lang) {
        // Numbers are the same in all languages.
        return if all_numbers { Badge::NotCompared } else { Badge::NotFound };
    }
    let share = share(found, all);
    if share >= SAME_WORDS && all_numbers {
        Badge::Grounded
    } else if share >= SAME_WORDS / 2.0 {
        Badge::Partly
    } else {
        Badge::NotFound
    }
}

fn share(found: usize, all: usize) -> f64 {
    let float = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    float(found) / float(all)
}

/// What is in quotation marks, as it is sought.
fn quotes(words: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(char, String)> = None;
    for c in words.chars() {
        open = match (open, c) {
            (Some((close, quote)), _) if close == c => {
                let quote = plain(&quote);
                if quote.chars().filter(|c| *c != ' ').count() >= SHORTEST_QUOTE {
                    found.push(quote);
                }
                None
            }
            (Some((close, mut quote)), _) => {
                quote.push(c);
                Some((close, quote))
            }
            (None, '"') => Some(('"', String::new())),
            (None, '“') => Some(('”', String::new())),
            (None, '「') => Some(('」', String::new())),
            (None, '『') => Some(('』', String::new())),
            (None, _) => None,
        };
    }
    found
}
