//! What of a model's words reaches people, checked while they stream.
//!
//! [`CitationCheck`] is fed the words as they come, in pieces of any size, and gives back what may be shown, which is never
//! taken back; a few characters may be held until it is clear what they are (`sieve`). Whenever a sentence that cites or
//! quotes is over, it also gives a [`Claim`]: how far the cited passages say so (`claims`, `judge`).

mod addresses;
mod claims;
mod judge;
mod sieve;

use serde::{Deserialize, Serialize};

pub use judge::SAME_WORDS;

use super::{Lang, Source};
use claims::Sentences;
use judge::Judge;
use sieve::{Said, Sieve};

/// How far the sources say what is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    /// A cited passage has the quote word for word, or nearly all the words and every number of the sentence.
    Grounded,
    /// Some of it is there, or it is in another passage than the cited one.
    Partly,
    /// It is in none of the passages.
    NotFound,
    /// The sentence and its passage are in different languages and it quotes nothing: words cannot be compared.
    NotCompared,
}

/// A sentence of an answer that cites a passage or quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Where it begins in what was shown, in characters (Unicode scalar values).
    pub start: usize,
    /// Where it ends; not included.
    pub end: usize,
    /// The passages it cites, from 1; where it only quotes, the one that has the quote.
    pub sources: Vec<usize>,
    /// How far they say so.
    pub badge: Badge,
}

/// What came of some more words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// What may be shown now, after what was shown before.
    pub text: String,
    /// The claims that are over now, in order.
    pub claims: Vec<Claim>,
}

/// Checks one answer.
#[derive(Debug)]
pub struct CitationCheck {
    sieve: Sieve,
    sentences: Sentences,
    judge: Judge,
}

impl CitationCheck {
    /// For an answer that may cite these passages: `[1]` is the first. With `health`, amounts of medicine are replaced by a
    /// note in that language.
    #[must_use]
    pub fn new(sources: &[Source], health: Option<Lang>) -> Self {
        let links = sources.iter().filter_map(|source| source.url.clone()).collect();
        Self { sieve: Sieve::new(links, sources.len(), health), sentences: Sentences::default(), judge: Judge::new(sources) }
    }

    /// Takes some more words.
    pub fn push(&mut self, text: &str) -> Checked {
        let mut checked = Checked::default();
        let Self { sieve, sentences, judge } = self;
        sieve.push(text, &mut |said| note(said, sentences, judge, &mut checked));
        checked
    }

    /// There are no more words: gives what was held, and the last claim.
    pub fn finish(&mut self) -> Checked {
        let mut checked = Checked::default();
        let Self { sieve, sentences, judge } = self;
        sieve.finish(&mut |said| note(said, sentences, judge, &mut checked));
        sentences.finish(&mut |sentence| checked.claims.extend(judge.judge(sentence)));
        checked
    }

    /// The badge of a whole answer: what all its claims have, partly where they differ; `None` without claims. Claims that
    /// could not be compared count only where there are no others.
    #[must_use]
    pub fn verdict(claims: &[Claim]) -> Option<Badge> {
        let compared = |claim: &&Claim| claim.badge != Badge::NotCompared;
        let mut badges = claims.iter().filter(compared).map(|claim| claim.badge);
        let Some(first) = badges.next() else { return claims.first().map(|claim| claim.badge) };
        Some(if badges.all(|badge| badge == first) { first } else { Badge::Partly })
    }
}

fn note(said: Said<'_>, sentences: &mut Sentences, judge: &Judge, checked: &mut Checked) {
    let mut over = |sentence: claims::Sentence| checked.claims.extend(judge.judge(sentence));
    match said {
        Said::Text(text) => {
            sentences.text(text, &mut over);
            checked.text.push_str(text);
        }
        Said::Mark(number) => {
            let shown = format!("[{number}]");
            sentences.mark(number, shown.len());
            checked.text.push_str(&shown);
        }
    }
}
