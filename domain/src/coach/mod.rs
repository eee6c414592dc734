//! The coach's rules: what a language model is told, and what of its words reaches people.
//!
//! A question is looked at before any model is asked ([`safety`]: words that mean an emergency get a fixed text first). The
//! passages that were found for it become part of a [`mod@prompt`], as data that gives no orders. What the model says passes
//! through [`citation`] while it streams: marks without a passage, links to anywhere but the sources and, where health is
//! concerned, amounts of medicine are taken out, and each claim that cites or quotes is compared with its passage. Without a
//! model, [`mod@extract`] answers in the passages' own words. [`mod@mask`] takes people's data out of what is logged.
//!
//! Nothing here knows conversations, tokens of a stream or people; whatever is random or late is somebody else's.

pub mod citation;
mod dose;
pub mod extract;
pub mod lang;
pub mod mask;
pub mod prompt;
pub mod safety;
mod terms;
pub mod tokens;

#[cfg(test)]
mod tests;

pub use citation::{Badge, Checked, CitationCheck, Claim};
pub use extract::{covered, extract};
pub use lang::Lang;
pub use mask::mask;
pub use prompt::{Budget, Built, Persona, Prompt, Speaker, Turn, prompt};
pub use safety::red_flag;

use serde::{Deserialize, Serialize};

/// A passage that was found for a question. In an answer it is `[n]`, its place among the passages of that answer, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// Of its article.
    pub title: String,
    /// Where the article can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of its section; may be empty.
    #[serde(default)]
    pub heading: String,
    /// Its words.
    pub text: String,
}
