//! Lines: letters that stand side by side. The usual height of a letter is measured on the image itself; everything else
//! is a multiple of it.

use super::super::boxes::Frame;
use super::marks::{Mark, Sets};

/// Marks below this height are noise, dots and commas.
const LEAST_HEIGHT: u32 = 4;
/// Letters have between these multiples of the usual height.
const LETTER: (f64, f64) = (0.45, 3.2);
/// The gap between two letters of one line is at most this multiple of the higher one.
const GAP: f64 = 1.35;
/// Two letters of one line share at least this part of the lower one's height.
const SHARED: f64 = 0.5;
/// A letter is at most so many times as high as its neighbour.
const UNLIKE: f64 = 2.2;
/// Letters that touch make a mark at most so many times as wide as high.
const WIDEST: f64 = 16.0;
/// A line is given this part of its height more on each side, as people draw boxes.
const MARGIN: f64 = 0.12;
/// A line must be at least this multiple of the usual height wide.
const LEAST_WIDTH: f64 = 0.35;

/// The boxes of the lines on an image of that size.
pub(super) fn join(marks: &[Mark], size: (u32, u32)) -> Vec<Frame> {
    let Some(usual) = usual_height(marks) else { return Vec::new() };
    let mut letters: Vec<Mark> = marks.iter().copied().filter(|mark| is_letter(mark, usual)).collect();
    letters.sort_by_key(|mark| (mark.left, mark.top));
    let mut sets = Sets::of(letters.len());
    for (n, letter) in letters.iter().enumerate() {
        let reach = f64::from(letter.right) + GAP * LETTER.1 * usual;
        for (m, other) in letters.iter().enumerate().skip(n + 1) {
            if f64::from(other.left) > reach {
                break;
            }
            if side_by_side(letter, other) {
                sets.unite(n, m);
            }
        }
    }
    let mut lines: Vec<Option<Mark>> = vec![None; letters.len()];
    for (n, letter) in letters.iter().enumerate() {
        if let Some(place) = lines.get_mut(sets.root(n)) {
            *place = Some(place.map_or(*letter, |line| line.with(*letter)));
        }
    }
    let lines: Vec<Mark> = lines.into_iter().flatten().collect();
    let lines = with_dots(lines, marks, usual);
    lines.iter().filter(|line| is_line(line, usual)).map(|line| framed(line, size)).collect()
}

/// The median height of marks that look like letters.
fn usual_height(marks: &[Mark]) -> Option<f64> {
    let like_letters = marks.iter().filter(|mark| {
        mark.height() >= LEAST_HEIGHT + 2
            && mark.width() >= 2
            && mark.width() <= 3 * mark.height()
            && mark.height() <= 12 * mark.width()
    });
    let mut heights: Vec<u32> = like_letters.map(Mark::height).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).map(|height| f64::from(*height))
}

fn is_letter(mark: &Mark, usual: f64) -> bool {
    let (width, height) = (f64::from(mark.width()), f64::from(mark.height()));
    mark.height() >= LEAST_HEIGHT
        && (LETTER.0 * usual..=LETTER.1 * usual).contains(&height)
        && width <= WIDEST * height.max(usual)
        && f64::from(mark.ink) >= 0.08 * width * height
}

fn side_by_side(a: &Mark, b: &Mark) -> bool {
    let (high, low) = (f64::from(a.height().max(b.height())), f64::from(a.height().min(b.height())));
    let shared = f64::from(a.bottom.min(b.bottom)) - f64::from(a.top.max(b.top));
    let gap = f64::from(b.left.max(a.left)) - f64::from(a.right.min(b.right));
    shared >= SHARED * low && high <= UNLIKE * low && gap <= GAP * high
}

/// Lines with the dots, commas and dashes that belong to them.
fn with_dots(mut lines: Vec<Mark>, marks: &[Mark], usual: f64) -> Vec<Mark> {
    for dot in marks.iter().filter(|mark| f64::from(mark.height()) < LETTER.0 * usual && mark.ink >= 3) {
        let middle = f64::from(dot.top + dot.bottom) / 2.0;
        let home = lines.iter_mut().find(|line| {
            let inside = f64::from(line.top) <= middle && middle <= f64::from(line.bottom) + 0.2 * f64::from(line.height());
            let gap = f64::from(line.left.max(dot.left)) - f64::from(line.right.min(dot.right));
            inside && gap <= 0.6 * f64::from(line.height()) && f64::from(dot.width()) <= 2.0 * usual
        });
        if let Some(line) = home {
            *line = line.with(*dot);
        }
    }
    lines
}

fn is_line(line: &Mark, usual: f64) -> bool {
    let (width, height) = (f64::from(line.width()), f64::from(line.height()));
    width >= LEAST_WIDTH * usual && height >= 0.6 * usual
}

/// The box of a line, with a margin, within the image.
fn framed(line: &Mark, (width, height): (u32, u32)) -> Frame {
    let margin = f64::from(line.height()) * MARGIN;
    let margin = (0..line.height()).find(|pixels| f64::from(*pixels) >= margin).unwrap_or(0);
    Frame {
        left: line.left.saturating_sub(margin),
        top: line.top.saturating_sub(margin),
        right: line.right.saturating_add(margin).min(width),
        bottom: line.bottom.saturating_add(margin).min(height),
    }
}
