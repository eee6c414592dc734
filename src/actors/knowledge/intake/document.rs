//! A document of one file, whatever it was written in: a title and sections, put together piece by piece.

use madang_domain::knowledge::article::{Article, Draft, MAX_TITLE, Origin, Section, line};

use super::{Fault, Given, Read};

/// What was read of a document so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    pub(super) title: String,
    sections: Vec<Section>,
    open: Section,
}

impl Document {
    /// A heading: what follows is below it. The first one of the highest rank is the title where there is none yet.
    pub(super) fn heading(&mut self, text: &str, is_title: bool) {
        let text = line(text);
        if text.is_empty() {
            return;
        }
        if is_title && self.title.is_empty() {
            self.title = text;
            return;
        }
        self.close();
        self.open.heading = text.chars().take(MAX_TITLE).collect();
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, text: &str) {
        if !text.trim().is_empty() {
            if !self.open.text.is_empty() {
                self.open.text.push_str("\n\n");
            }
            self.open.text.push_str(text.trim());
        }
    }

    fn close(&mut self) {
        let section = std::mem::take(&mut self.open);
        if !section.text.is_empty() {
            self.sections.push(section);
        }
    }
}

/// The article of a document. Without a title of its own it has the file's name.
pub(super) fn article(mut document: Document, given: &Given) -> Read {
    document.close();
    let title = if document.title.is_empty() { stem(&given.name) } else { document.title };
    let title = title.chars().take(MAX_TITLE).collect();
    let draft = Draft { title, url: None, tags: given.tags.clone(), sections: document.sections };
    let fault = |why| Fault::of(why, None);
    let origin = Origin::parse(&given.source, &given.name).map_err(fault)?;
    Ok((origin, Article::parse(&draft).map_err(fault)?))
}

/// A file's name without its ending.
fn stem(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// Plain text: its first line is the title where it is short and an empty line follows.
pub(super) fn plain(text: &str) -> Document {
    let text = text.replace("\r\n", "\n");
    let mut document = Document::default();
    let mut rest = text.trim_start();
    if let Some((first, after)) = rest.split_once('\n')
        && after.trim_start_matches([' ', '\t']).starts_with('\n')
        && first.chars().count() <= MAX_TITLE
        && !after.trim().is_empty()
    {
        document.heading(first, true);
        rest = after;
    }
    document.paragraph(rest);
    document
}
