//! What an article is: a title, where it comes from, and sections with headings.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// The longest title and heading, in characters.
pub const MAX_TITLE: usize = 300;
/// The longest address.
pub const MAX_URL: usize = 2_000;
/// The longest name of a source, and of an article within it.
pub const MAX_SOURCE: usize = 60;
/// The longest name of an article within its source.
pub const MAX_NAME: usize = 300;
/// Tags of one article.
pub const MAX_TAGS: usize = 20;
/// The longest tag.
pub const MAX_TAG: usize = 40;
/// Sections of one article.
pub const MAX_SECTIONS: usize = 500;
/// Characters of all sections together.
pub const MAX_TEXT: usize = 500_000;

/// An article as somebody wrote it, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Draft {
    /// Its title.
    pub title: String,
    /// Where the original can be read.
    #[serde(default)]
    pub url: Option<String>,
    /// Words to filter by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The text.
    #[serde(default)]
    pub sections: Vec<Section>,
}

/// A part of an article under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Section {
    /// The heading, or the question that the text answers; empty where there is none.
    #[serde(default)]
    pub heading: String,
    /// Paragraphs, separated by empty lines.
    pub text: String,
}

/// An article that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    title: String,
    url: Option<String>,
    tags: Vec<String>,
    sections: Vec<Section>,
}

/// Where an article comes from, and its name there: together never kept twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    source: String,
    name: String,
}

/// Why something is no article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnArticle {
    /// No title, or too long a one.
    #[error("the title must have 1 to {MAX_TITLE} characters")]
    Title,
    /// Not an address that can be opened in a browser.
    #[error("the address must begin with http:// or https:// and have at most {MAX_URL} characters")]
    Url,
    /// Too many tags, or too long ones.
    #[error("an article has at most {MAX_TAGS} tags of 1 to {MAX_TAG} characters")]
    Tags,
    /// Too long a heading.
    #[error("a heading has at most {MAX_TITLE} characters")]
    Heading,
    /// Nothing to read.
    #[error("the article has no text")]
    Empty,
    /// Too much for one article.
    #[error("an article has at most {MAX_SECTIONS} sections and {MAX_TEXT} characters: make several of it")]
    TooLong,
    /// The name of the source, or of the article within it.
    #[error("the source must have 1 to {MAX_SOURCE} characters, the article's name in it 1 to {MAX_NAME}")]
    Origin,
}

impl Origin {
    /// A source and a name in it.
    ///
    /// # Errors
    /// [`NotAnArticle::Origin`] when one is empty or too long.
    pub fn parse(source: &str, name: &str) -> Result<Self, NotAnArticle> {
        let (source, name) = (line(source), line(name));
        let fits = |text: &str, most: usize| !text.is_empty() && text.chars().count() <= most;
        if fits(&source, MAX_SOURCE) && fits(&name, MAX_NAME) { Ok(Self { source, name }) } else { Err(NotAnArticle::Origin) }
    }

    /// Where it comes from, such as `NHLBI`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its name there.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Article {
    /// Cleans and checks a draft.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(draft: &Draft) -> Result<Self, NotAnArticle> {
        let title = line(&draft.title);
        if title.is_empty() || title.chars().count() > MAX_TITLE {
            return Err(NotAnArticle::Title);
        }
        let url = draft.url.as_deref().map(line).filter(|url| !url.is_empty());
        if url.as_deref().is_some_and(|url| !can_be_opened(url)) {
            return Err(NotAnArticle::Url);
        }
        let mut tags: Vec<String> = draft.tags.iter().map(|tag| line(tag)).filter(|tag| !tag.is_empty()).collect();
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > MAX_TAGS || tags.iter().any(|tag| tag.chars().count() > MAX_TAG) {
            return Err(NotAnArticle::Tags);
        }
        let clean = |section: &Section| Section { heading: line(&section.heading), text: paragraphs(&section.text) };
        let sections: Vec<Section> = draft.sections.iter().map(clean).filter(|section| !section.text.is_empty()).collect();
        if sections.is_empty() {
            return Err(NotAnArticle::Empty);
        }
        if sections.iter().any(|section| section.heading.chars().count() > MAX_TITLE) {
            return Err(NotAnArticle::Heading);
        }
        let length: usize = sections.iter().map(|section| section.text.chars().count()).sum();
        if sections.len() > MAX_SECTIONS || length > MAX_TEXT {
            return Err(NotAnArticle::TooLong);
        }
        Ok(Self { title, url, tags, sections })
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where the original can be read.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Words to filter by, sorted, each once.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The text; at least one section, none empty.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The digest of everything in it: equal articles are equal versions.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut fields = vec![self.title.as_str(), self.url.as_deref().unwrap_or_default()];
        fields.extend(self.tags.iter().map(String::as_str));
        // What follows is the text: a tag can never be taken for a heading.
        fields.push("\n");
        fields.extend(self.sections.iter().flat_map(|section| [section.heading.as_str(), section.text.as_str()]));
        digest(&fields)
    }
}

/// The digest of several texts: each with its length before it, so that no two lists give the same.
#[must_use]
pub fn digest(fields: &[&str]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for field in fields {
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        digest.update(length.to_be_bytes());
        digest.update(field.as_bytes());
    }
    digest.finalize().into()
}

/// Only what a browser opens without running it.
fn can_be_opened(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty())
        && url.chars().count() <= MAX_URL
        && !url.contains(|sign: char| sign.is_whitespace() || matches!(sign, '"' | '<' | '>' | '\\'))
}

/// Signs that are not seen, but make equal words differ or turn the order of what is read.
fn is_unseen(sign: char) -> bool {
    (sign.is_control() && sign != '\n')
        || matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A text on one line, composed, without unseen signs, words separated by one space.
#[must_use]
pub fn line(text: &str) -> String {
    let spaced = text.chars().map(|sign| if matches!(sign, '\t' | '\n') { ' ' } else { sign });
    // What was kept apart by an unseen sign is composed, too.
    let seen: String = spaced.filter(|sign| !is_unseen(*sign)).nfc().collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of paragraphs: composed, without unseen signs, single spaces within a line, one empty line between paragraphs.
#[must_use]
pub fn paragraphs(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut whole = String::with_capacity(text.len());
    let mut gap = false;
    for part in text.split('\n').map(line) {
        if part.is_empty() {
            gap = !whole.is_empty();
            continue;
        }
        if !whole.is_empty() {
            whole.push_str(if gap { "\n\n" } else { "\n" });
        }
        whole.push_str(&part);
        gap = false;
    }
    whole
}
