//! Files of answers and of truths.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::StringRecord;
use madang_domain::consensus::crowd::{Collector, Crowd};
use madang_domain::consensus::text::{TextRules, normalise};

/// The longest name or answer that is read, in characters.
pub const LONGEST: usize = 10_000;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It cannot be opened.
    #[error("{file} cannot be opened: {source}")]
    Closed {
        /// Its name.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// A column is missing.
    #[error("{file}: the first line names no column `{wanted}`; it has {found}")]
    NoColumn {
        /// The file's name.
        file: String,
        /// The names that would do.
        wanted: String,
        /// The names that are there.
        found: String,
    },
    /// A line is not as it must be.
    #[error("{file}:{line}: {reason}")]
    BadLine {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// Nothing below the first line.
    #[error("{file} has no answers")]
    Empty {
        /// The file's name.
        file: String,
    },
}

/// A CSV file whose first line names its columns, some of which we want.
struct Table<R> {
    file: String,
    csv: csv::Reader<R>,
    record: StringRecord,
    /// Where the wanted columns are, with the name each has.
    places: Vec<(usize, &'static str)>,
}

impl Table<File> {
    fn open(path: &Path, wanted: &[&[&'static str]]) -> Result<Self, BadFile> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| BadFile::Closed { file: name.clone(), source })?;
        Self::new(name, file, wanted)
    }
}

impl<R: Read> Table<R> {
    /// `wanted` has for each column the names it may have.
    fn new(file: String, source: R, wanted: &[&[&'static str]]) -> Result<Self, BadFile> {
        let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(source);
        let headers = csv.headers().map_err(|error| bad_line(&file, &error))?.clone();
        let place = |names: &&[&'static str]| {
            let mut known = headers.iter().enumerate();
            let found = known.find_map(|(place, header)| {
                // Spreadsheets begin a file with a byte order mark.
                let header = header.trim_start_matches('\u{feff}');
                names.iter().find(|name| header.eq_ignore_ascii_case(name)).map(|name| (place, *name))
            });
            found.ok_or_else(|| BadFile::NoColumn {
                file: file.clone(),
                wanted: names.join("` or `"),
                found: headers.iter().map(|header| format!("`{header}`")).collect::<Vec<_>>().join(", "),
            })
        };
        let places = wanted.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { file, csv, record: StringRecord::new(), places })
    }

    /// The wanted cells of the next line, none of them empty, and its number; `None` after the last.
    fn next<const N: usize>(&mut self) -> Result<Option<([&str; N], u64)>, BadFile> {
        if !self.csv.read_record(&mut self.record).map_err(|error| bad_line(&self.file, &error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        let refuse = |reason| BadFile::BadLine { file: self.file.clone(), line, reason };
        let mut cells = [""; N];
        for (cell, (place, name)) in cells.iter_mut().zip(&self.places) {
            let text = self.record.get(*place).unwrap_or_default().trim();
            if text.is_empty() {
                return Err(refuse(format!("the column `{name}` is empty")));
            }
            if text.len() > LONGEST && text.chars().count() > LONGEST {
                return Err(refuse(format!("the column `{name}` has more than {LONGEST} characters")));
            }
            *cell = text;
        }
        Ok(Some((cells, line)))
    }
}

fn bad_line(file: &str, error: &csv::Error) -> BadFile {
    let line = error.position().map_or(1, csv::Position::line);
    let reason = if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        format!("{len} columns instead of {expected_len}")
    } else if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) {
        "not UTF-8".to_owned()
    } else {
        error.to_string()
    };
    BadFile::BadLine { file: file.to_owned(), line, reason }
}

/// Everybody's answers, normalised.
///
/// # Errors
/// [`BadFile`].
pub fn crowd(path: &Path, rules: TextRules) -> Result<Crowd, BadFile> {
    collect(Table::open(path, &[&["question", "task"], &["worker", "performer"], &["answer", "label"]])?, rules)
}

fn collect<R: Read>(mut table: Table<R>, rules: TextRules) -> Result<Crowd, BadFile> {
    let mut collector = Collector::default();
    let mut doubled = None;
    while let Some(([question, worker, answer], line)) = table.next()? {
        if collector.add(question, worker, &normalise(answer, rules)).is_err() {
            doubled = Some((line, format!("{worker} has answered {question} before")));
            break;
        }
    }
    if let Some((line, reason)) = doubled {
        return Err(BadFile::BadLine { file: table.file, line, reason });
    }
    let crowd = collector.finish();
    if crowd.ballots().is_empty() { Err(BadFile::Empty { file: table.file }) } else { Ok(crowd) }
}

/// The true answer of each question, normalised.
///
/// # Errors
/// [`BadFile`].
pub fn truths(path: &Path, rules: TextRules) -> Result<HashMap<String, String>, BadFile> {
    let mut table = Table::open(path, &[&["question", "task"], &["truth", "answer", "label"]])?;
    let mut truths = HashMap::new();
    let mut doubled = None;
    while let Some(([question, truth], line)) = table.next()? {
        if truths.insert(question.to_owned(), normalise(truth, rules)).is_some() {
            doubled = Some((line, format!("{question} has a truth already")));
            break;
        }
    }
    match doubled {
        Some((line, reason)) => Err(BadFile::BadLine { file: table.file, line, reason }),
        None => Ok(truths),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Crowd, String> {
        let wanted: [&[&'static str]; 3] = [&["question", "task"], &["worker", "performer"], &["answer", "label"]];
        let table = Table::new("answers.csv".to_owned(), text.as_bytes(), &wanted);
        table.and_then(|table| collect(table, TextRules::default())).map_err(|bad| bad.to_string())
    }

    #[test]
    fn columns_are_found_by_name() {
        let crowd = read("\u{feff}Label, worker,task\n yes ,anna,1\n\"no, never\",bert,1\n").unwrap();
        assert_eq!(crowd.classes(), ["no, never", "yes"]);
        assert_eq!(crowd.questions(), ["1"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = [
            (
                "question,answer\n1,x\n",
                "answers.csv: the first line names no column `worker` or `performer`; it has `question`, `answer`",
            ),
            ("question,worker,answer\n1,a,x\n1,b\n", "answers.csv:3: 2 columns instead of 3"),
            ("question,worker,answer\n1,a,x\n1,,y\n", "answers.csv:3: the column `worker` is empty"),
            ("question,worker,answer\n1,a,x\n2,a,x\n1,a,y\n", "answers.csv:4: a has answered 1 before"),
            ("question,worker,answer\n", "answers.csv has no answers"),
        ];
        for (text, said) in wrong {
            assert_eq!(read(text).unwrap_err(), said);
        }
        let long = format!("question,worker,answer\n1,a,{}\n", "x".repeat(LONGEST + 1));
        assert!(read(&long).unwrap_err().contains("more than 10000 characters"));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let mut bytes = b"question,worker,answer\n1,a,".to_vec();
        bytes.extend([0xff, 0xfe, b'\n']);
        let table = Table::new("x.csv".to_owned(), &bytes[..], &[&["question"], &["worker"], &["answer"]]).unwrap();
        assert_eq!(collect(table, TextRules::default()).unwrap_err().to_string(), "x.csv:2: not UTF-8");
    }
}
