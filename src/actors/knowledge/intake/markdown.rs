//! Markdown (CommonMark with tables): headings make sections, everything else becomes plain text.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::document::Document;

/// The text of a document. HTML within it is left out, and where links lead.
pub(super) fn document(text: &str) -> Document {
    let mut document = Document::default();
    let mut open = String::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut meta = false;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => meta = true,
            Event::End(TagEnd::MetadataBlock(_)) => meta = false,
            Event::Start(Tag::Heading { .. }) => flush(&mut document, &mut open),
            Event::End(TagEnd::Heading(level)) => {
                document.heading(&std::mem::take(&mut open), level == HeadingLevel::H1);
            }
            Event::End(TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::List(_) | TagEnd::Table) => {
                flush(&mut document, &mut open);
            }
            Event::Start(Tag::Item) => {
                line_end(&mut open);
                open.push_str("- ");
            }
            Event::End(TagEnd::TableRow | TagEnd::TableHead | TagEnd::Item) => line_end(&mut open),
            Event::End(TagEnd::TableCell) => open.push(' '),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) if !meta => {
                open.push_str(&text);
            }
            Event::SoftBreak => open.push(' '),
            Event::HardBreak => open.push('\n'),
            // Markup that carries no words, what it begins or ends with, and what a program would show instead of text.
            Event::Start(_)
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
    }
    flush(&mut document, &mut open);
    document
}

fn line_end(open: &mut String) {
    if !open.is_empty() && !open.ends_with('\n') {
        open.push('\n');
    }
}

fn flush(document: &mut Document, open: &mut String) {
    document.paragraph(&std::mem::take(open));
}
