//! The boxes that come beside an image: `002.csv` or `002.json` beside `002.jpg`.
//!
//! CSV has a header with the columns `left`, `top`, `right`, `bottom` in pixels of the image as it is seen, and where
//! wanted `text`, `gold` and `machine`; JSON is a list of objects with the same names. A text becomes known to the campaign
//! only where `gold` says so (or the upload's gold share): otherwise it is not even stored.

use std::num::ParseFloatError;

use serde_json::{Map, Value};

use super::fault::{Fault, Why};

/// The most boxes of one image.
pub const MOST_BOXES: usize = 2_000;
/// The longest text of a box, in characters.
pub const LONGEST_TEXT: usize = 500;
/// The most faults that are listed for one file.
const MOST_FAULTS: usize = 20;

/// A rectangle in pixels of the image; `right` and `bottom` are the first column and row beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The first column.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// The column after the last.
    pub right: u32,
    /// The row after the last.
    pub bottom: u32,
}

/// One box of an image, or the whole image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where; `None` is the whole image.
    pub frame: Option<Frame>,
    /// What it says, where the sender knows.
    pub text: Option<String>,
    /// Whether the text is gold by the sender's word.
    pub gold: bool,
    /// What a machine read.
    pub machine: Option<String>,
}

/// How boxes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Lines with commas.
    Csv,
    /// A list of objects.
    Json,
}

/// What was read: the boxes that can be taken, and what is wrong with the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// In order.
    pub pieces: Vec<Piece>,
    /// At most [`MOST_FAULTS`] and a word that there are more.
    pub faults: Vec<Fault>,
}

impl Read {
    fn fault(&mut self, fault: Fault) {
        match self.faults.len() {
            ..MOST_FAULTS => self.faults.push(fault),
            MOST_FAULTS => self.faults.push(Why::MoreFaults.fault()),
            _ => {}
        }
    }
}

/// One box as it was written.
#[derive(Debug, Default)]
struct Row {
    sides: [Option<String>; 4],
    text: Option<String>,
    gold: Option<String>,
    machine: Option<String>,
}

/// The columns, in the order of [`Row`].
const COLUMNS: [&str; 7] = ["left", "top", "right", "bottom", "text", "gold", "machine"];

/// Reads boxes of an image of `size`. `boxed`: whether each row must have a box; otherwise a row is about the whole image
/// and has none.
///
/// # Errors
/// When the file cannot be read at all.
pub fn read(bytes: &[u8], written: Written, size: (u32, u32), boxed: bool) -> Result<Read, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.get(..error.valid_up_to()).map_or(0, |good| good.iter().filter(|byte| **byte == b'\n').count());
        Fault { line: u64::try_from(line + 1).ok(), ..Why::Malformed.saying("it is not UTF-8") }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut read = Read::default();
    let mut take = |line: u64, row: Result<Row, Fault>| -> bool {
        if read.pieces.len() >= MOST_BOXES {
            read.fault(Why::TooMany.at(line));
            return false;
        }
        match row.and_then(|row| piece(row, size, boxed).map_err(|why| why.at(line))) {
            Ok(piece) => read.pieces.push(piece),
            Err(fault) => read.fault(fault),
        }
        true
    };
    match written {
        Written::Csv => csv_rows(text, boxed, &mut take)?,
        Written::Json => json_rows(text, &mut take)?,
    }
    Ok(read)
}

fn csv_rows(text: &str, boxed: bool, take: &mut impl FnMut(u64, Result<Row, Fault>) -> bool) -> Result<(), Fault> {
    let malformed = |error: &csv::Error| {
        let line = error.position().map(csv::Position::line);
        Fault { line, ..Why::Malformed.saying("the line has not as many cells as the first") }
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| malformed(&error))?;
    let places = COLUMNS.map(|name| header.iter().position(|cell| cell.eq_ignore_ascii_case(name)));
    let [sides @ .., wording, _, _] = &places;
    if (boxed && sides.iter().any(Option::is_none)) || (!boxed && wording.is_none()) {
        return Err(Why::Header.at(1));
    }
    for record in reader.records() {
        let (line, row) = match record {
            Ok(record) => {
                let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).map(str::to_owned);
                let [left, top, right, bottom, text, gold, machine] = places.map(cell);
                let line = record.position().map_or(0, csv::Position::line);
                (line, Ok(Row { sides: [left, top, right, bottom], text, gold, machine }))
            }
            Err(error) => (error.position().map_or(0, csv::Position::line), Err(malformed(&error))),
        };
        if !take(line, row) {
            break;
        }
    }
    Ok(())
}

fn json_rows(text: &str, take: &mut impl FnMut(u64, Result<Row, Fault>) -> bool) -> Result<(), Fault> {
    let rows: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(|error| {
        let line = u64::try_from(error.line()).ok();
        Fault { line, ..Why::Malformed.saying("it must be a JSON list of objects") }
    })?;
    for (n, row) in (1..).zip(&rows) {
        let cell = |name: &str| match row.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => Some(other.to_string()),
        };
        let [left, top, right, bottom, text, gold, machine] = COLUMNS.map(cell);
        if !take(n, Ok(Row { sides: [left, top, right, bottom], text, gold, machine })) {
            break;
        }
    }
    Ok(())
}

fn piece(row: Row, size: (u32, u32), boxed: bool) -> Result<Piece, Why> {
    let filled = |cell: Option<String>| cell.map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty());
    let (text, machine) = (filled(row.text), filled(row.machine));
    if [&text, &machine].into_iter().flatten().any(|text| text.chars().count() > LONGEST_TEXT || text.contains('\0')) {
        return Err(Why::LongText);
    }
    let gold = match filled(row.gold).map(|cell| cell.to_lowercase()).as_deref() {
        None | Some("0" | "no" | "n" | "false") => false,
        Some("1" | "yes" | "y" | "true") => true,
        Some(_) => return Err(Why::GoldUnclear),
    };
    if gold && text.is_none() {
        return Err(Why::GoldWithoutText);
    }
    let frame = if boxed { Some(frame(row.sides, size)?) } else { None };
    Ok(Piece { frame, text, gold, machine })
}

fn frame(sides: [Option<String>; 4], (width, height): (u32, u32)) -> Result<Frame, Why> {
    let number = |cell: Option<String>| -> Result<f64, Why> {
        let parsed: Result<f64, ParseFloatError> = cell.unwrap_or_default().trim().parse();
        parsed.ok().filter(|number| number.is_finite()).ok_or(Why::NotANumber)
    };
    let [left, top, right, bottom] = sides;
    let (left, top, right, bottom) = (number(left)?, number(top)?, number(right)?, number(bottom)?);
    if right <= left || bottom <= top {
        return Err(Why::Empty);
    }
    let within =
        |low: f64, high: f64, side: u32| Some((whole(low.floor())?, whole(high.ceil())?)).filter(|(_, high)| *high <= side);
    let (left, right) = within(left, right, width).ok_or(Why::Outside)?;
    let (top, bottom) = within(top, bottom, height).ok_or(Why::Outside)?;
    Ok(Frame { left, top, right, bottom })
}

/// A whole number of pixels; `None` below zero and beyond any image.
fn whole(number: f64) -> Option<u32> {
    // Written out and read again: exact, and without a cast that would wrap.
    if !(0.0..=1e6).contains(&number) { None } else { format!("{number:.0}").parse().ok() }
}

impl Frame {
    /// The same place on the image after it was scaled; at least one pixel, and within it.
    #[must_use]
    pub fn scaled(self, from: (u32, u32), to: (u32, u32)) -> Self {
        let side = |low: u32, high: u32, from: u32, to: u32| {
            let (from, wide) = (u64::from(from.max(1)), u64::from(to));
            let low = (u64::from(low) * wide / from).min(wide.saturating_sub(1));
            let high = (u64::from(high) * wide).div_ceil(from).clamp(low + 1, wide.max(low + 1));
            (u32::try_from(low).unwrap_or(0), u32::try_from(high).unwrap_or(to))
        };
        let (left, right) = side(self.left, self.right, from.0, to.0);
        let (top, bottom) = side(self.top, self.bottom, from.1, to.1);
        Self { left, top, right, bottom }
    }
}
