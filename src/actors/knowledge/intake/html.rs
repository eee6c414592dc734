//! HTML: what a reader sees, as plain text. Headings make sections; scripts, styles, forms and the ways of a site are left
//! out. Nothing of the markup is kept, so nothing of it can ever run.

use html5gum::{Token, Tokenizer};
use madang_domain::knowledge::article::line;

use super::document::Document;

/// What is within these is not the text.
const UNREAD: [&str; 14] = [
    "script", "style", "noscript", "template", "svg", "math", "nav", "footer", "aside", "form", "button", "select", "iframe",
    "object",
];
/// Before and after these a paragraph ends.
const BLOCKS: [&str; 26] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "address",
    "details",
    "summary",
    "hr",
    "body",
    "html",
    "head",
    "fieldset",
    "caption",
    "tbody",
    "thead",
    "tfoot",
];
/// Before these a line ends.
const LINES: [&str; 5] = ["br", "li", "tr", "dt", "dd"];

/// The text of a page.
pub(super) fn document(text: &str) -> Document {
    let mut reading = Reading::default();
    for token in Tokenizer::new(text) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => reading.open(&String::from_utf8_lossy(&tag.name), tag.self_closing),
            Token::EndTag(tag) => reading.close(&String::from_utf8_lossy(&tag.name)),
            Token::String(text) => reading.text(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    reading.end()
}

#[derive(Default)]
struct Reading {
    document: Document,
    open: String,
    /// The unread element that one is in, and how deep of its own kind.
    unread: Option<(String, usize)>,
    /// The heading or title that one is in.
    heading: Option<String>,
    /// What the window is called: the title where the page has no other.
    window: String,
}

impl Reading {
    fn open(&mut self, name: &str, self_closing: bool) {
        if let Some((within, depth)) = &mut self.unread {
            *depth += usize::from(within == name && !self_closing);
            return;
        }
        if UNREAD.contains(&name) {
            if !self_closing {
                self.unread = Some((name.to_owned(), 1));
            }
        } else if is_heading(name) {
            self.flush();
            self.heading = Some(name.to_owned());
        } else if BLOCKS.contains(&name) {
            self.block();
        } else if LINES.contains(&name) {
            self.open.push_str(if name == "li" { "\n- " } else { "\n" });
        } else if matches!(name, "td" | "th") {
            self.open.push(' ');
        }
    }

    fn close(&mut self, name: &str) {
        if let Some((within, depth)) = &mut self.unread {
            *depth -= usize::from(within == name);
            if *depth == 0 {
                self.unread = None;
            }
        } else if self.heading.as_deref() == Some(name) {
            self.heading = None;
            let text = std::mem::take(&mut self.open);
            match name {
                "title" if self.window.is_empty() => self.window = text,
                "title" => {}
                _ => self.document.heading(&text, name == "h1"),
            }
        } else if BLOCKS.contains(&name) {
            self.block();
        }
    }

    fn text(&mut self, text: &str) {
        if self.unread.is_none() {
            // Line ends in HTML are spaces.
            self.open.extend(text.chars().map(|sign| if sign.is_whitespace() { ' ' } else { sign }));
        }
    }

    /// A block's border. Within a heading it means nothing.
    fn block(&mut self) {
        if self.heading.is_none() {
            self.flush();
        } else {
            self.open.push(' ');
        }
    }

    fn flush(&mut self) {
        self.heading = None;
        self.document.paragraph(&std::mem::take(&mut self.open));
    }

    fn end(mut self) -> Document {
        self.flush();
        if self.document.title.is_empty() {
            self.document.title = line(&self.window);
        }
        self.document
    }
}

fn is_heading(name: &str) -> bool {
    matches!(name, "title" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}
