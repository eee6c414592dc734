//! A CSV file of artworks, read row by row.
//!
//! The first line names the columns. `accession_number` (or `id`), `title` and `artist` must be there; `date_text` (or
//! `year`), `medium`, `dimensions` (or `size`), `description`, `classification`, `credit_line`, `subjects` and `image_url`
//! are used where they are. Others are left alone.

use std::io::{self, BufRead, BufReader, Read};

use csv::{ByteRecord, StringRecord};
use madang_domain::artwork::{Draft, Facts, NotAnArtwork};

use crate::storage::artworks::NewArtwork;

/// So much of the file is looked at before it is believed to be text.
const LOOKED_AT_BYTES: usize = 16 * 1024;

/// Why a file is no CSV file of artworks at all.
#[derive(Debug, thiserror::Error)]
pub enum NotACatalogue {
    /// It has no first line.
    #[error("the file is empty")]
    Empty,
    /// It has bytes that no text has.
    #[error("the file is not text: it looks like a picture, an archive or a program")]
    Binary,
    /// The first line cannot be read.
    #[error("the first line is not UTF-8 text; save the file as UTF-8")]
    NotUtf8,
    /// The first line names other columns.
    #[error("the first line must name the columns accession_number, title and artist; {missing} is missing in: {found}")]
    MissingColumn {
        /// The first column that is missing.
        missing: &'static str,
        /// What the first line says, cut short.
        found: String,
    },
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// One row that does not go in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its line in the file, from 1; the line on which it starts where it spans several.
    pub line: u64,
    /// Why.
    pub reason: String,
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    source_id: usize,
    title: usize,
    artist: usize,
    year: Option<usize>,
    medium: Option<usize>,
    size: Option<usize>,
    description: Option<usize>,
    classification: Option<usize>,
    credit_line: Option<usize>,
    subjects: Option<usize>,
    image_url: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, NotACatalogue> {
        let place = |names: &[&str]| {
            header.iter().position(|name| names.contains(&name.trim_start_matches('\u{feff}').trim().to_lowercase().as_str()))
        };
        let required = |missing, names: &[&str]| {
            place(names).ok_or_else(|| NotACatalogue::MissingColumn {
                missing,
                found: cut(&header.iter().collect::<Vec<_>>().join(",")),
            })
        };
        Ok(Self {
            source_id: required("accession_number", &["accession_number", "id"])?,
            title: required("title", &["title"])?,
            artist: required("artist", &["artist"])?,
            year: place(&["date_text", "year"]),
            medium: place(&["medium"]),
            size: place(&["dimensions", "size"]),
            description: place(&["description"]),
            classification: place(&["classification"]),
            credit_line: place(&["credit_line"]),
            subjects: place(&["subjects"]),
            image_url: place(&["image_url"]),
        })
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(120).collect()
}

/// The rows of a file, in order. Reads on as they are asked for.
#[derive(Debug)]
pub struct Rows<R> {
    csv: csv::Reader<BufReader<R>>,
    columns: Columns,
    source: String,
    record: ByteRecord,
}

impl<R: Read> Rows<R> {
    /// Reads the first line. `source` names where the file comes from.
    ///
    /// # Errors
    /// When this is no CSV file of artworks.
    pub fn open(file: R, source: &str) -> Result<Self, NotACatalogue> {
        let mut file = BufReader::with_capacity(LOOKED_AT_BYTES, file);
        let begin = file.fill_buf()?;
        if begin.is_empty() {
            return Err(NotACatalogue::Empty);
        }
        if begin.contains(&0) {
            return Err(NotACatalogue::Binary);
        }
        let mut csv = csv::ReaderBuilder::new().from_reader(file);
        let header = csv.byte_headers().map_err(|error| NotACatalogue::Io(error.into()))?.clone();
        let header = StringRecord::from_byte_record(header).map_err(|_| NotACatalogue::NotUtf8)?;
        Ok(Self { csv, columns: Columns::of(&header)?, source: source.to_owned(), record: ByteRecord::new() })
    }

    /// How far into the file the rows have come, in bytes.
    #[must_use]
    pub fn position_bytes(&self) -> u64 {
        self.csv.position().byte()
    }

    fn parse(&self, record: &StringRecord) -> Result<NewArtwork, String> {
        let columns = &self.columns;
        let get = |column: Option<usize>| column.and_then(|place| record.get(place)).unwrap_or_default().trim().to_owned();
        let source_id = get(Some(columns.source_id));
        if source_id.is_empty() || source_id.chars().count() > Facts::MAX_TEXT {
            return Err("the accession number is missing or too long".to_owned());
        }
        let subjects =
            get(columns.subjects).split('|').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let parts = [get(columns.description), get(columns.classification), get(columns.credit_line), subjects];
        let description = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        let draft = Draft {
            title: get(Some(columns.title)),
            artist: get(Some(columns.artist)),
            medium: Some(get(columns.medium)),
            size: Some(get(columns.size)),
            year: Some(get(columns.year)),
            description: Some(description),
            image_urls: vec![get(columns.image_url)],
        };
        let facts = Facts::parse(&draft).map_err(|why: NotAnArtwork| why.to_string())?;
        Ok(NewArtwork { facts, source: self.source.clone(), source_id })
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<NewArtwork, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.csv.read_byte_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                let parsed = match StringRecord::from_byte_record(self.record.clone()) {
                    Ok(record) => self.parse(&record),
                    Err(_) => Err("the row is not UTF-8 text".to_owned()),
                };
                Some(parsed.map_err(|reason| BadRow { line, reason }))
            }
            Err(error) => {
                let line = error.position().map_or_else(|| self.csv.position().line(), csv::Position::line);
                Some(Err(BadRow { line, reason: reason(&error) }))
            }
        }
    }
}

fn reason(error: &csv::Error) -> String {
    if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        return format!("the row has {len} fields, the first line has {expected_len}");
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "accession_number,title,artist,date_text,medium,dimensions,classification,credit_line,subjects,image_url\n";

    fn rows(text: &[u8]) -> Result<Vec<Result<NewArtwork, BadRow>>, NotACatalogue> {
        Rows::open(text, "tate").map(Iterator::collect)
    }

    #[test]
    fn a_row_becomes_an_artwork() {
        let text = format!(
            "{HEADER}A1,\"The Boat, at Sea\",Ann,1825,Ink,10 x 20 mm,print,Given 1922,sea|boat,http://a.example/1.jpg\n"
        );
        let rows = rows(text.as_bytes()).unwrap();
        let [Ok(new)] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((new.source.as_str(), new.source_id.as_str()), ("tate", "A1"));
        assert_eq!(new.facts.title, "The Boat, at Sea");
        assert_eq!(new.facts.description.as_deref(), Some("print\nGiven 1922\nsea, boat"));
        assert_eq!(new.facts.image_urls, ["http://a.example/1.jpg"]);
    }

    #[test]
    fn a_bad_row_is_told_by_its_line_and_the_others_go_in() {
        let mut text =
            format!("{HEADER}A1,One,Ann,,,,,,,\nA2,,Ann,,,,,,,\nA3,too,few\n\"A4\nstill A4\",Four,Ann,,,,,,,\n").into_bytes();
        text.extend_from_slice(b"A5,\xff\xfe,Ann,,,,,,,\nA6,Six,Ann,,,,,,,ftp://x\nA7,Seven,Ann,,,,,,,\n");
        let rows = rows(&text).unwrap();
        let bad: Vec<(u64, &str)> =
            rows.iter().filter_map(|row| row.as_ref().err()).map(|bad| (bad.line, bad.reason.as_str())).collect();
        assert_eq!(
            bad,
            [
                (3, "the title is missing"),
                (4, "the row has 3 fields, the first line has 10"),
                (7, "the row is not UTF-8 text"),
                (8, "a picture's address must begin with http://, https:// or / and have no spaces"),
            ]
        );
        assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 3);
    }

    #[test]
    fn what_is_no_csv_of_artworks_is_said_so() {
        assert!(matches!(rows(b""), Err(NotACatalogue::Empty)));
        assert!(matches!(rows(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Err(NotACatalogue::Binary)));
        assert!(matches!(rows(b"\xff\xfe,title,artist\n"), Err(NotACatalogue::NotUtf8)));
        let other = rows(b"name,price\n1,2\n");
        assert!(matches!(other, Err(NotACatalogue::MissingColumn { missing: "accession_number", .. })), "{other:?}");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_name() {
        let rows = rows("\u{feff}ID,Title,Artist,Year\n7,씨름,김홍도,1780\n".as_bytes()).unwrap();
        let [Ok(new)] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((new.source_id.as_str(), new.facts.year.as_deref()), ("7", Some("1780")));
    }
}
