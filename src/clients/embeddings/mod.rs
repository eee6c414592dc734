//! Vectors of texts: from any server that speaks OpenAI's embeddings protocol, or the built-in lexical ones.

mod lexical;
mod remote;

use std::fmt;

use futures_util::future::BoxFuture;

pub use lexical::Lexical;
pub use remote::{Remote, RemoteSettings};

/// Why there are no vectors. What it says is for operators: no key, no text in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// Asking again can help: it was busy, away, or too slow.
    #[error("the embeddings server does not answer as it should: {0}")]
    Away(String),
    /// It will not help: the key, the model or the request is refused.
    #[error("the embeddings server refuses: {0}")]
    Refused(String),
    /// An answer that makes no sense.
    #[error("the embeddings server's answer cannot be used: {0}")]
    Nonsense(String),
}

/// Who makes vectors. All of one model have the same length and can be compared with each other only.
pub trait Embedder: fmt::Debug + Send + Sync + 'static {
    /// The model's name. Vectors are kept under it: another model, other vectors.
    fn model(&self) -> &str;

    /// Whether vectors are computed here and now, so that nothing is gained by keeping them.
    fn is_local(&self) -> bool;

    /// The vectors of some texts, in their order, each of length 1.
    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>>;
}
