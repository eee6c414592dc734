//! The built-in default: no download, no network, no language model, and no idea of what a text means.

use futures_util::future::{BoxFuture, ready};
use madang_domain::knowledge::lexical;

use super::{EmbedError, Embedder};

/// Vectors of hashed words and parts of words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lexical;

impl Embedder for Lexical {
    fn model(&self) -> &str {
        "lexical"
    }

    fn is_local(&self) -> bool {
        true
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        Box::pin(ready(Ok(texts.iter().map(|text| lexical::embed(text)).collect())))
    }
}
