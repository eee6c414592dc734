//! More articles than there are: made of the words of real ones, so that an index of ten thousand is as hard to search as a
//! real one would be.

use madang_domain::knowledge::article::{Article, Draft, Origin, Section};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Sentences of a made-up section.
const SENTENCES: std::ops::Range<usize> = 6..14;
/// Sections of a made-up article.
const SECTIONS: std::ops::Range<usize> = 3..8;

/// Makes up articles from sentences of real ones.
#[derive(Debug)]
pub struct Maker {
    titles: Vec<String>,
    sentences: Vec<String>,
    dice: StdRng,
}

impl Maker {
    /// From the words of these; the same ones make the same articles.
    #[must_use]
    pub fn new(articles: &[(Origin, Article)]) -> Self {
        let titles = articles.iter().map(|(_, article)| article.title().to_owned()).collect();
        let texts = articles.iter().flat_map(|(_, article)| article.sections());
        let sentences = texts.flat_map(|section| section.text.split_inclusive(". ")).map(|text| text.trim().to_owned());
        Self { titles, sentences: sentences.collect(), dice: StdRng::seed_from_u64(7) }
    }

    /// Number `number`. Its title is of no real article, its sentences are of many.
    ///
    /// # Errors
    /// When the real ones had no words.
    pub fn article(&mut self, number: usize) -> anyhow::Result<(Origin, Article)> {
        let (sections, mut made) = (self.dice.random_range(SECTIONS), Vec::new());
        for _ in 0..sections {
            let count = self.dice.random_range(SENTENCES);
            let sentences: Vec<String> = (0..count).map(|_| self.sentence()).collect();
            let (title, word) = (self.pick(&self.titles.clone()), self.sentence());
            let word: Vec<&str> = word.split_whitespace().take(4).collect();
            let heading: String = format!("{} of {title}", word.join(" ")).chars().take(200).collect();
            made.push(Section { heading, text: sentences.join(" ") });
        }
        let title = format!("Case {number}: {}", self.sentence().split_whitespace().take(5).collect::<Vec<_>>().join(" "));
        let draft = Draft { title: title.chars().take(200).collect(), sections: made, ..Draft::default() };
        Ok((Origin::parse("made-up", &number.to_string())?, Article::parse(&draft)?))
    }

    fn sentence(&mut self) -> String {
        let place = self.dice.random_range(0..self.sentences.len().max(1));
        self.sentences.get(place).cloned().unwrap_or_default()
    }

    fn pick(&mut self, from: &[String]) -> String {
        let place = self.dice.random_range(0..from.len().max(1));
        from.get(place).cloned().unwrap_or_default()
    }
}
