//! Files of articles: what is in them, and the durable work that brings them in.
//!
//! A file is JSON Lines (many articles, one in each line) or one document: Markdown, HTML, text, PDF. `import` is the work;
//! an article that comes twice is kept once, so a run that is cut off goes on where it was.

mod document;
mod html;
pub mod import;
pub mod jsonl;
mod markdown;
mod pdf;
#[cfg(test)]
mod tests;

use madang_domain::knowledge::article::{Article, NotAnArticle, Origin};
use serde::Serialize;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One article in each line.
    JsonLines,
    /// One document, headings with `#`.
    Markdown,
    /// One document, plain.
    Text,
    /// One page.
    Html,
    /// One document.
    Pdf,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::JsonLines, Self::Markdown, Self::Text, Self::Html, Self::Pdf];

    /// Its name, stored and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Markdown => "markdown",
            Self::Text => "text",
            Self::Html => "html",
            Self::Pdf => "pdf",
        }
    }

    /// The format of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What a file's name promises.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            "md" | "markdown" => Some(Self::Markdown),
            "txt" | "text" => Some(Self::Text),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }
}

/// What each article of a file gets that does not say so itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The file's name: the name of a document within its source.
    pub name: String,
    /// The source.
    pub source: String,
    /// Tags, added to its own.
    pub tags: Vec<String>,
}

/// Why a file is not taken as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// Bytes that no text has.
    #[error("The file is not text in UTF-8.")]
    NotText,
    /// It says that it is a PDF, but is none, or one that cannot be read.
    #[error("The file is not a PDF that can be read: it may be damaged, locked, or made of pictures only.")]
    NotPdf,
    /// Nothing in it.
    #[error("There is nothing in the file.")]
    Empty,
    /// It failed again and again.
    #[error("The file could not be worked up.")]
    GaveUp,
}

impl BadFile {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotText => "not_text",
            Self::NotPdf => "not_pdf",
            Self::Empty => "empty",
            Self::GaveUp => "gave_up",
        }
    }
}

/// An article of a file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Its stable name: json, title, url, tags, heading, empty, too_long, origin.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// The line in the file, from 1.
    pub line: Option<u64>,
}

impl Fault {
    fn of(why: NotAnArticle, line: Option<u64>) -> Self {
        let code = match why {
            NotAnArticle::Title => "title",
            NotAnArticle::Url => "url",
            NotAnArticle::Tags => "tags",
            NotAnArticle::Heading => "heading",
            NotAnArticle::Empty => "empty",
            NotAnArticle::TooLong => "too_long",
            NotAnArticle::Origin => "origin",
        };
        Self { code, message: why.to_string(), line }
    }
}

/// An article with its origin, or why not.
pub type Read = Result<(Origin, Article), Fault>;

/// What is in a file, in its order.
///
/// # Errors
/// [`BadFile`] when it is not taken as a whole.
pub fn read(bytes: &[u8], format: Format, given: &Given) -> Result<Vec<Read>, BadFile> {
    let read = match format {
        Format::JsonLines => {
            text(bytes)?;
            jsonl::Articles::new(bytes, given.clone()).map(|read| read.unwrap_or_else(|_| Err(jsonl::unreadable()))).collect()
        }
        Format::Markdown => vec![document::article(markdown::document(text(bytes)?), given)],
        Format::Text => vec![document::article(document::plain(text(bytes)?), given)],
        Format::Html => vec![document::article(html::document(text(bytes)?), given)],
        Format::Pdf => vec![document::article(pdf::document(bytes)?, given)],
    };
    if read.is_empty() { Err(BadFile::Empty) } else { Ok(read) }
}

/// Text in UTF-8, without the mark that some editors put before it.
fn text(bytes: &[u8]) -> Result<&str, BadFile> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadFile::NotText)?;
    if text.contains('\0') {
        return Err(BadFile::NotText);
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
