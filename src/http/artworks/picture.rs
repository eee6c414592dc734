//! Pictures drawn from a number alone: hills, moons, fields of colour, brush strokes. No two numbers give quite the same
//! one, one number always the same.

use std::fmt::Write;

const WIDTH: u64 = 400;
const HEIGHT: u64 = 500;

/// Ground and four inks.
const PALETTES: [[&str; 5]; 6] = [
    ["#e9e0d2", "#2f4858", "#b5523b", "#d9a25f", "#86a397"],
    ["#ece7dc", "#1f3b34", "#c9803f", "#7c9a8b", "#e2c79b"],
    ["#dfe3e0", "#3a3f52", "#8e5a6b", "#c9b18b", "#6f8fa3"],
    ["#f0e4d8", "#4b2e39", "#a3443c", "#d98e73", "#5d7278"],
    ["#e8e2ea", "#343055", "#7466a0", "#c58fa0", "#d8b67a"],
    ["#efe9dd", "#20262e", "#7d6b57", "#b99b6b", "#51615b"],
];

/// A stream of numbers that only depends on where it starts (splitmix64).
struct Dice(u64);

impl Dice {
    /// The next number from `low` up to `high`, both included.
    fn roll(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (x ^ (x >> 31)) % (high.saturating_sub(low) + 1)
    }

    fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(choices.len()).ok()?.checked_sub(1)?;
        choices.get(usize::try_from(self.roll(0, last)).ok()?)
    }

    fn ink<'a>(&mut self, inks: &[&'a str]) -> &'a str {
        self.one_of(inks).copied().unwrap_or("#20262e")
    }
}

/// The picture of a number, as an SVG document.
#[must_use]
pub fn drawn(number: u64) -> String {
    let mut dice = Dice(number);
    let palette = dice.one_of(&PALETTES).unwrap_or(&["#e9e0d2", "#2f4858", "#b5523b", "#d9a25f", "#86a397"]);
    let [ground, inks @ ..] = palette;
    let shapes = match dice.roll(0, 3) {
        0 => hills(&mut dice, inks),
        1 => fields(&mut dice, inks),
        2 => moons(&mut dice, inks),
        _ => strokes(&mut dice, inks),
    };
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice"><rect width="{WIDTH}" height="{HEIGHT}" fill="{ground}"/>{shapes}</svg>"#
    )
}

// Writing into a String cannot fail, so the results of `write!` below say nothing.

fn circle(out: &mut String, [x, y, radius]: [u64; 3], ink: &str, opacity: u64) {
    let _ = write!(out, r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{ink}" fill-opacity=".{opacity}"/>"#);
}

fn hills(dice: &mut Dice, inks: &[&str]) -> String {
    let mut out = String::new();
    let sun = [dice.roll(80, 320), dice.roll(80, 180), dice.roll(26, 62)];
    circle(&mut out, sun, dice.ink(inks), 90);
    for ridge in 0..5 {
        let y = 200 + ridge * 58 + dice.roll(0, 20);
        let lift = dice.roll(30, 110);
        let (left, right) = (dice.roll(90, 150), dice.roll(190, 250));
        let (ink, opacity) = (dice.ink(inks), 35 + ridge * 13);
        let (up, down, end) = (y - lift, y + lift / 2, y - lift / 3);
        let _ = write!(
            out,
            r#"<path d="M0 {y}C{left} {up} {right} {down} {WIDTH} {end}V{HEIGHT}H0Z" fill="{ink}" fill-opacity=".{opacity}"/>"#
        );
    }
    out
}

fn fields(dice: &mut Dice, inks: &[&str]) -> String {
    let mut out = String::new();
    let (first, second) = (dice.roll(150, 280), dice.roll(40, 90));
    let bands = [(36, first - 20), (first + 30, second), (first + second + 44, HEIGHT - first - second - 80)];
    for (top, height) in bands {
        let (ink, opacity) = (dice.ink(inks), dice.roll(82, 95));
        let _ = write!(
            out,
            r#"<rect x="34" y="{top}" width="332" height="{height}" rx="6" fill="{ink}" fill-opacity=".{opacity}"/>"#
        );
    }
    out
}

fn moons(dice: &mut Dice, inks: &[&str]) -> String {
    let mut out = String::new();
    for _ in 0..4 {
        let moon = [dice.roll(60, 340), dice.roll(80, 420), dice.roll(40, 140)];
        circle(&mut out, moon, dice.ink(inks), 78);
    }
    let (y, ink) = (dice.roll(370, 430), dice.ink(inks));
    let _ = write!(out, r#"<path d="M0 {y}H{WIDTH}" stroke="{ink}" stroke-width="2"/>"#);
    out
}

fn strokes(dice: &mut Dice, inks: &[&str]) -> String {
    let mut out = String::new();
    let ink = dice.ink(inks);
    for stroke in 0..28 {
        let x = 24 + stroke * 13;
        let (from, to) = (dice.roll(40, 110), dice.roll(330, 460));
        let (width, opacity) = (dice.roll(6, 10), dice.roll(25, 90));
        let _ = write!(
            out,
            r#"<path d="M{x} {from}V{to}" stroke="{ink}" stroke-width="{width}" stroke-opacity=".{opacity}" stroke-linecap="round"/>"#
        );
    }
    let sun = [dice.roll(120, 280), dice.roll(120, 250), dice.roll(30, 54)];
    circle(&mut out, sun, dice.ink(inks), 90);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_number_always_gives_the_same_picture_and_no_other_does() {
        let pictures: HashSet<String> = (0..500).map(drawn).collect();
        assert_eq!(pictures.len(), 500);
        assert_eq!(drawn(17), drawn(17));
        for picture in pictures.iter().chain([&drawn(u64::MAX)]) {
            assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>") && picture.len() < 8_000);
            assert_eq!(picture.matches('<').count(), picture.matches('>').count());
        }
    }
}
