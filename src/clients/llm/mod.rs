//! Language models: whoever speaks OpenAI's chat completions, streamed.
//!
//! [`Model`] is what the house asks; [`OpenAi`] one provider ([`openai`]: the request, what comes back, and what can be wrong
//! with it); [`Chain`] one or two of them with a retry before the first word and a [`breaker`] for each. Without a provider
//! there is no model: then `madang_domain::coach::extract` answers.

pub mod breaker;
mod chain;
pub mod openai;

use std::time::Duration;

use futures_util::stream::BoxStream;
use madang_domain::code::Code;

pub use chain::{Chain, ChainSettings};
pub use madang_domain::coach::prompt::{Prompt, Speaker, Turn};
pub use openai::{BadProvider, OpenAi, OpenAiSettings};

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The next words; never empty.
    Text(String),
    /// There are no more. The last piece of a whole answer.
    Finished {
        /// Why.
        reason: Finish,
        /// What it cost, where the model says so.
        usage: Option<Usage>,
    },
}

/// Why an answer is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// All is said.
    Stop,
    /// It would be longer than was allowed.
    Length,
    /// The model does not want to, or wanted something else than to speak.
    Refused,
}

/// What an answer cost, in the model's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Of what it was told.
    pub prompt: u32,
    /// Of what it said.
    pub completion: u32,
}

/// Why there is no answer, or no more of it. The texts are for the operator's log: they name no key and nothing of a prompt,
/// and people are told the [code](ModelError::code) alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No connection.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    /// Nothing came for too long.
    #[error("the provider was silent for too long")]
    TimedOut,
    /// It takes no more questions for now.
    #[error("the provider takes no more requests for now")]
    Limited {
        /// After so long it may.
        retry_after: Option<Duration>,
    },
    /// It has a fault of its own.
    #[error("the provider failed: {0}")]
    Failed(String),
    /// It refuses our key.
    #[error("the provider refuses the key: check llm.key ({0})")]
    WrongKey(String),
    /// It does not take the request as we are set up, such as a model that it does not have.
    #[error("the provider refuses the request: check llm.url and llm.model ({0})")]
    Refused(String),
    /// It broke off in the middle, or what it said makes no sense.
    #[error("the provider broke off: {0}")]
    BrokeOff(String),
    /// It failed again and again and is left alone for a while, or we ask it too much at once.
    #[error("the provider is not asked now")]
    Resting,
}

impl ModelError {
    /// What people are told.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unreachable(_) | Self::Failed(_) | Self::WrongKey(_) | Self::Refused(_) => Code::ModelUnavailable,
            Self::TimedOut => Code::ModelTimedOut,
            Self::Limited { .. } | Self::Resting => Code::ModelBusy,
            Self::BrokeOff(_) => Code::ModelBrokeOff,
        }
    }

    /// Whether the same request may go well when it is asked again at once.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Failed(_) | Self::BrokeOff(_) => true,
            Self::Limited { retry_after } => retry_after.is_some_and(|wait| wait <= Duration::from_secs(1)),
            Self::WrongKey(_) | Self::Refused(_) | Self::Resting => false,
        }
    }
}

/// Answers prompts.
pub trait Model: Send + Sync + 'static {
    /// Which one it is, as people may read it.
    fn name(&self) -> &str;

    /// Answers, piece by piece: texts, then one [`Piece::Finished`]; or an error, after which nothing comes. Nothing is asked
    /// before the stream is polled, and dropping it ends the request.
    fn stream(&self, prompt: Prompt) -> BoxStream<'static, Result<Piece, ModelError>>;
}
