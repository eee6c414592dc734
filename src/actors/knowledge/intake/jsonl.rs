//! JSON Lines: an article in each line.
//!
//! Each line is an object with `title`, and `sections` (a list of objects with `heading` and `text`; `question` and
//! `answer` mean the same) or `text` for an article without headings. `id` is its name within its `source`; without one its
//! address is, and without that its title. `url` and `tags` may be there. Everything else is left alone.

use std::io::{self, BufRead, Read as _};

use madang_domain::knowledge::article::{Article, Draft, Origin, Section};
use serde::Deserialize;
use serde_json::Value;

use super::{Fault, Given, Read};

/// The longest line.
const LONGEST: u64 = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Line {
    id: Option<Value>,
    source: Option<String>,
    #[serde(default)]
    title: String,
    url: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    text: Option<String>,
    #[serde(default)]
    sections: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default, alias = "question", alias = "title")]
    heading: Option<String>,
    #[serde(default, alias = "answer")]
    text: Option<String>,
}

/// The articles of a file, in order; empty lines are passed over. Reads on as they are asked for.
#[derive(Debug)]
pub struct Articles<R> {
    lines: R,
    given: Given,
    line: u64,
    bytes: u64,
    buffer: Vec<u8>,
}

/// A line that cannot be read at all.
pub(super) fn unreadable() -> Fault {
    Fault { code: "json", message: "the line cannot be read".to_owned(), line: None }
}

impl<R: BufRead> Articles<R> {
    /// Of a file whose articles get what is given where they do not say so themselves.
    pub fn new(file: R, given: Given) -> Self {
        Self { lines: file, given, line: 0, bytes: 0, buffer: Vec::new() }
    }

    /// How far into the file it has come, in bytes.
    #[must_use]
    pub fn position_bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line without its end; `None` at the end of the file.
    fn advance(&mut self) -> io::Result<Option<()>> {
        self.buffer.clear();
        let read = (&mut self.lines).take(LONGEST + 1).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.bytes += u64::try_from(read).unwrap_or(0);
        if self.buffer.len() > usize::try_from(LONGEST).unwrap_or(usize::MAX) {
            // The rest of it is passed over.
            while !self.lines.fill_buf()?.is_empty() {
                let (skipped, ended) = {
                    let rest = self.lines.fill_buf()?;
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    (end.map_or(rest.len(), |end| end + 1), end.is_some())
                };
                self.lines.consume(skipped);
                self.bytes += u64::try_from(skipped).unwrap_or(0);
                if ended {
                    break;
                }
            }
            self.buffer.clear();
            self.buffer.push(b'!');
        }
        Ok(Some(()))
    }

    fn parse(&self) -> Read {
        let number = Some(self.line);
        let json = |message: String| Fault { code: "json", message, line: number };
        let line: Line = serde_json::from_slice(&self.buffer).map_err(|error| json(format!("not an article: {error}")))?;
        let name = match &line.id {
            Some(Value::String(id)) if !id.trim().is_empty() => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            Some(Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
                line.url.clone().filter(|url| !url.trim().is_empty()).unwrap_or_else(|| line.title.clone())
            }
        };
        let source = line.source.filter(|source| !source.trim().is_empty()).unwrap_or_else(|| self.given.source.clone());
        let mut sections: Vec<Section> = line
            .sections
            .into_iter()
            .map(|part| Section { heading: part.heading.unwrap_or_default(), text: part.text.unwrap_or_default() })
            .collect();
        if let Some(text) = line.text {
            sections.insert(0, Section { heading: String::new(), text });
        }
        let tags = line.tags.into_iter().chain(self.given.tags.iter().cloned()).collect();
        let draft = Draft { title: line.title, url: line.url, tags, sections };
        let fault = |why| Fault::of(why, number);
        let article = Article::parse(&draft).map_err(fault)?;
        Ok((Origin::parse(&source, &name).map_err(fault)?, article))
    }
}

impl<R: BufRead> Iterator for Articles<R> {
    type Item = io::Result<Read>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.advance() {
                Ok(Some(())) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
            if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                return Some(Ok(self.parse()));
            }
        }
    }
}
