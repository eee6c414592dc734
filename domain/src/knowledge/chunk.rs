//! How an article is cut into chunks: what is found and quoted is a chunk, not an article.
//!
//! A chunk never reaches over a section's border, and begins and ends where a sentence does. Neighbours overlap by a sentence
//! or two, so that what stands across a cut is found, too. Sizes are counted in units that are about a quarter of a model's
//! token: a Latin letter is one, a Korean syllable or a Chinese character three.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::article::{Article, digest};

/// A chunk is closed when the next sentence would take it beyond this: some 350 tokens.
pub const TARGET_UNITS: usize = 1_400;
/// What no chunk exceeds; a sentence longer than this is cut between words, or where there are none anywhere.
pub const MOST_UNITS: usize = 1_900;
/// Neighbours share at most so much.
pub const OVERLAP_UNITS: usize = 220;

/// A piece of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The heading of its section.
    pub heading: String,
    /// Its text.
    pub text: String,
    /// The digest of title, heading and text: what is embedded. An equal one need not be embedded again.
    pub digest: [u8; 32],
}

/// The text that stands for a chunk where only one text can: title, heading, text.
#[must_use]
pub fn whole(title: &str, heading: &str, text: &str) -> String {
    let parts = [title, heading, text].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

/// Cuts an article. The same article is always cut the same way; a chunk that would repeat an earlier one of it is left out.
#[must_use]
pub fn cut(article: &Article) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for section in article.sections() {
        for range in spans(&section.text) {
            let Some(text) = section.text.get(range) else { continue };
            let (heading, text) = (section.heading.clone(), text.trim().to_owned());
            let digest = digest(&[article.title(), &heading, &text]);
            if !text.is_empty() && known.insert(digest) {
                chunks.push(Chunk { heading, text, digest });
            }
        }
    }
    chunks
}

/// The size of a text in units.
#[must_use]
pub fn units(text: &str) -> usize {
    text.chars().map(unit).sum()
}

fn unit(sign: char) -> usize {
    match sign {
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 3,
        _ => 1,
    }
}

/// Where a section's text is cut, as ranges of bytes, in order: together they cover it all.
#[must_use]
pub fn spans(text: &str) -> Vec<Range<usize>> {
    let pieces = pieces(text);
    let mut spans = Vec::new();
    let mut first = 0;
    while let Some(begin) = pieces.get(first) {
        let (mut last, mut size) = (first, begin.units);
        while let Some(next) = pieces.get(last + 1)
            && size + next.units <= TARGET_UNITS
        {
            last += 1;
            size += next.units;
        }
        // A short rest is better kept with this one than alone.
        let rest: usize = pieces.iter().skip(last + 1).map(|piece| piece.units).sum();
        if rest > 0 && size + rest <= MOST_UNITS {
            last = pieces.len().saturating_sub(1);
        }
        let end = pieces.get(last).map_or(text.len(), |piece| piece.range.end);
        spans.push(begin.range.start..end);
        if last + 1 >= pieces.len() {
            break;
        }
        first = overlap(&pieces, first, last);
    }
    spans
}

/// The piece that the next chunk begins with: as early as the overlap allows, but after the first of this one, and never so
/// early that nothing new would fit.
fn overlap(pieces: &[Piece], first: usize, last: usize) -> usize {
    let next = last + 1;
    let room = TARGET_UNITS.saturating_sub(pieces.get(next).map_or(0, |piece| piece.units));
    let (mut begin, mut shared) = (next, 0);
    while begin > first + 1
        && let Some(piece) = pieces.get(begin - 1)
        && shared + piece.units <= OVERLAP_UNITS.min(room)
    {
        begin -= 1;
        shared += piece.units;
    }
    begin
}

/// A sentence with the space after it, or a part of one that is too long.
struct Piece {
    range: Range<usize>,
    units: usize,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (start, sentence) in text.split_sentence_bound_indices() {
        let size = units(sentence);
        if size <= TARGET_UNITS {
            pieces.push(Piece { range: start..start + sentence.len(), units: size });
        } else {
            split_long(start, sentence, &mut pieces);
        }
    }
    pieces
}

/// Cuts a sentence that is longer than a chunk between words; a word that is longer anywhere.
fn split_long(start: usize, sentence: &str, pieces: &mut Vec<Piece>) {
    let (mut from, mut size, mut space) = (0, 0, None);
    for (at, sign) in sentence.char_indices() {
        if size + unit(sign) > TARGET_UNITS {
            let cut = space.filter(|cut| *cut > from).unwrap_or(at);
            let part = sentence.get(from..cut).unwrap_or_default();
            pieces.push(Piece { range: start + from..start + cut, units: units(part) });
            size = sentence.get(cut..at).map_or(0, units);
            (from, space) = (cut, None);
        }
        size += unit(sign);
        if sign.is_whitespace() {
            space = Some(at + sign.len_utf8());
        }
    }
    pieces.push(Piece { range: start + from..start + sentence.len(), units: size });
}
