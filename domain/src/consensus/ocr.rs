//! Readings of one text by several people: how far apart two are, and what all together say.
//!
//! Everything works on normalised texts ([`super::text`]); a "character" is a Unicode character of that form, which for
//! Hangul is a syllable.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::crowd::real;

/// With a larger mean distance of the readings to the winner a person must look.
pub const REVIEW_ABOVE: f64 = 0.2;
/// Longer readings are not put side by side character by character (the work grows with the square).
pub const LONGEST: usize = 1_000;

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<'a> {
    /// What was read, normalised.
    pub text: &'a str,
    /// What it counts: the reader's accuracy, or 1. Above 0.
    pub weight: f64,
}

/// How the winner was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Enough of the weight is behind exactly this text.
    Alike,
    /// It is the given text with the least weighted sum of distances to all others.
    Medoid,
    /// Nobody gave this text: each place has what most weight is behind there, and it is nearer to all than the medoid.
    Columns,
}

/// What the readings add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Consensus {
    /// The text.
    pub text: String,
    /// How it was found.
    pub found: Found,
    /// The share of the weight behind exactly this text.
    pub share: f64,
    /// The weighted mean of the readings' distances to it, each divided by the length of the longer of the two: 0 to 1.
    pub mean_distance: f64,
}

impl Consensus {
    /// Whether the readings are too far from it to trust it ([`REVIEW_ABOVE`]).
    #[must_use]
    pub fn needs_review(&self) -> bool {
        self.mean_distance > REVIEW_ABOVE
    }
}

/// The least number of insertions, deletions and replacements that turn one into the other (Levenshtein).
#[must_use]
pub fn distance(a: &[char], b: &[char]) -> usize {
    // What both begin and end with costs nothing, and most readings differ in one place.
    let front = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(front..).unwrap_or_default(), b.get(front..).unwrap_or_default());
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let a = a.get(..a.len().saturating_sub(back)).unwrap_or_default();
    let b = b.get(..b.len().saturating_sub(back)).unwrap_or_default();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, x) in (1_usize..).zip(a) {
        let mut diagonal = line.saturating_sub(1);
        let mut left = line;
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let above = *cell;
            left = diagonal.saturating_add(usize::from(x != y)).min(above.saturating_add(1)).min(left.saturating_add(1));
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The character error rate `(S + D + I) / N` over syllables, `N` being the characters of the truth; it may exceed 1. `None`
/// for an empty truth.
#[must_use]
pub fn cer(answer: &str, truth: &str) -> Option<f64> {
    error_rate(&answer.nfc().collect::<Vec<_>>(), &truth.nfc().collect::<Vec<_>>())
}

/// The same over jamo (NFD): one wrong final consonant costs a third of a syllable of three, not all of it.
#[must_use]
pub fn cer_jamo(answer: &str, truth: &str) -> Option<f64> {
    error_rate(&answer.nfd().collect::<Vec<_>>(), &truth.nfd().collect::<Vec<_>>())
}

fn error_rate(answer: &[char], truth: &[char]) -> Option<f64> {
    (!truth.is_empty()).then(|| real(distance(answer, truth)) / real(truth.len()))
}

/// Readings that are alike, with their weight together.
struct Cluster<'a> {
    text: &'a str,
    chars: Vec<char>,
    weight: f64,
}

/// What all readings together say. `target` is the share of the weight (0 to 1) with which a text wins without more ado.
/// `None` without readings. Ties go to the first text in the order of characters.
#[must_use]
pub fn consensus(readings: &[Reading<'_>], target: f64) -> Option<Consensus> {
    let clusters = clusters(readings);
    let all: f64 = clusters.iter().map(|cluster| cluster.weight).sum();
    let heaviest = clusters.iter().reduce(|best, next| if next.weight > best.weight { next } else { best })?;
    let told = |chars: &[char], found| {
        let share = clusters.iter().find(|cluster| cluster.chars == chars).map_or(0.0, |cluster| cluster.weight / all);
        let mean_distance = clusters.iter().map(|cluster| cluster.weight * relative(chars, &cluster.chars)).sum::<f64>() / all;
        Consensus { text: chars.iter().collect(), found, share, mean_distance }
    };
    let too_long = clusters.iter().any(|cluster| cluster.chars.len() > LONGEST);
    if heaviest.weight >= target * all || too_long {
        return Some(told(&heaviest.chars, Found::Alike));
    }
    let sum = |chars: &[char]| weighted_distances(chars, &clusters);
    let medoid = clusters.iter().map(|cluster| (cluster, sum(&cluster.chars)));
    let (medoid, medoid_sum) = medoid.reduce(|best, next| if next.1 < best.1 { next } else { best })?;
    let columns = column_vote(medoid, &clusters);
    // An equal sum is no reason to prefer what nobody has read.
    if sum(&columns) < medoid_sum {
        return Some(told(&columns, Found::Columns));
    }
    Some(told(&medoid.chars, Found::Medoid))
}

fn clusters<'a>(readings: &[Reading<'a>]) -> Vec<Cluster<'a>> {
    let mut weights: BTreeMap<&str, f64> = BTreeMap::new();
    for reading in readings.iter().filter(|reading| reading.weight > 0.0) {
        *weights.entry(reading.text).or_default() += reading.weight;
    }
    weights.into_iter().map(|(text, weight)| Cluster { text, chars: text.chars().collect(), weight }).collect()
}

fn weighted_distances(chars: &[char], clusters: &[Cluster<'_>]) -> f64 {
    clusters.iter().map(|cluster| cluster.weight * real(distance(chars, &cluster.chars))).sum()
}

/// The distance as a share of the longer one's length; two empty ones are alike.
fn relative(a: &[char], b: &[char]) -> f64 {
    real(distance(a, b)) / real(a.len().max(b.len()).max(1))
}

/// What one place of the text may be, with the weight behind it; `None` is nothing.
type Column = BTreeMap<Option<char>, f64>;

/// ROVER (Fiscus 1997): all readings put side by side, each place decided by weight. Starts with the medoid, then takes the
/// others in, heaviest first; a tie in a place goes to what the medoid has there.
fn column_vote(medoid: &Cluster<'_>, clusters: &[Cluster<'_>]) -> Vec<char> {
    let mut columns: Vec<(Option<char>, Column)> =
        medoid.chars.iter().map(|c| (Some(*c), Column::from([(Some(*c), medoid.weight)]))).collect();
    let mut others: Vec<&Cluster<'_>> = clusters.iter().filter(|cluster| cluster.text != medoid.text).collect();
    others.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.text.cmp(b.text)));
    let mut behind = medoid.weight;
    for cluster in others {
        columns = take_in(columns, cluster, behind);
        behind += cluster.weight;
    }
    let winner = |(own, column): &(Option<char>, Column)| {
        let start = (*own, column.get(own).copied().unwrap_or_default());
        column.iter().fold(start, |best, (c, weight)| if *weight > best.1 { (*c, *weight) } else { best }).0
    };
    columns.iter().filter_map(winner).collect()
}

/// One step of an alignment.
#[derive(Clone, Copy)]
enum Step {
    /// The character belongs to the column.
    Both,
    /// The reading has nothing in this column.
    Skip,
    /// The character needs a column of its own.
    Insert,
}

/// Puts one more reading beside the columns. `behind` is the weight of the readings that are in already.
fn take_in(columns: Vec<(Option<char>, Column)>, cluster: &Cluster<'_>, behind: f64) -> Vec<(Option<char>, Column)> {
    let steps = align(&columns, &cluster.chars);
    let mut chars = cluster.chars.iter();
    let mut olds = columns.into_iter();
    let mut news = Vec::new();
    for step in steps {
        let (mut column, said) = match step {
            Step::Both => (olds.next(), chars.next().copied()),
            Step::Skip => (olds.next(), None),
            Step::Insert => (Some((None, Column::from([(None, behind)]))), chars.next().copied()),
        };
        if let Some((_, column)) = &mut column {
            *column.entry(said).or_default() += cluster.weight;
        }
        news.extend(column);
    }
    news
}

/// The cheapest way to put a text beside columns: a character that a column knows costs nothing there, a strange one 1, and so
/// do a new column and a column left empty unless it may be empty anyway.
fn align(columns: &[(Option<char>, Column)], chars: &[char]) -> Vec<Step> {
    let width = chars.len().saturating_add(1);
    let mut row: Vec<usize> = (0..width).collect();
    let mut table: Vec<Vec<Step>> = vec![vec![Step::Insert; width]];
    for (_, column) in columns {
        let skip = usize::from(!column.contains_key(&None));
        let mut diagonal = row.first().copied().unwrap_or_default();
        let mut left = diagonal.saturating_add(skip);
        let mut steps = vec![Step::Skip];
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, c) in row.iter_mut().skip(1).zip(chars) {
            let above = *cell;
            let both = diagonal.saturating_add(usize::from(!column.contains_key(&Some(*c))));
            let ways = [(both, Step::Both), (above.saturating_add(skip), Step::Skip), (left.saturating_add(1), Step::Insert)];
            let (cost, step) =
                ways.into_iter().reduce(|best, next| if next.0 < best.0 { next } else { best }).unwrap_or(ways[0]);
            (diagonal, left, *cell) = (above, cost, cost);
            steps.push(step);
        }
        table.push(steps);
    }
    // Back from the end of both.
    let (mut line, mut place) = (columns.len(), chars.len());
    let mut way = Vec::new();
    while line > 0 || place > 0 {
        let step = table.get(line).and_then(|steps| steps.get(place)).copied().unwrap_or(Step::Skip);
        way.push(step);
        match step {
            Step::Both => (line, place) = (line.saturating_sub(1), place.saturating_sub(1)),
            Step::Skip => line = line.saturating_sub(1),
            Step::Insert => place = place.saturating_sub(1),
        }
    }
    way.reverse();
    way
}
