//! PDF: the text of its pages, as far as the file says which signs it shows. Pictures of text are not read.

use lopdf::Document as Pdf;

use super::BadFile;
use super::document::Document;

/// The most pages that are read.
const MOST_PAGES: usize = 2_000;

/// The text of a document.
///
/// # Errors
/// [`BadFile::NotPdf`] where it is none, where it is locked, or where it holds no text.
pub(super) fn document(bytes: &[u8]) -> Result<Document, BadFile> {
    if !bytes.starts_with(b"%PDF-") {
        return Err(BadFile::NotPdf);
    }
    let pdf = Pdf::load_mem(bytes).map_err(|_| BadFile::NotPdf)?;
    if pdf.is_encrypted() {
        return Err(BadFile::NotPdf);
    }
    let mut document = Document::default();
    let mut any = false;
    for page in pdf.get_pages().into_keys().take(MOST_PAGES) {
        // A page that cannot be read does not spoil the others.
        let Ok(text) = pdf.extract_text(&[page]) else { continue };
        any |= !text.trim().is_empty();
        document.paragraph(&text);
    }
    if any { Ok(document) } else { Err(BadFile::NotPdf) }
}
