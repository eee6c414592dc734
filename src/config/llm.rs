//! `[llm]`: the language model that the coach speaks with.

use std::fmt;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// The language model.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct LlmSettings {
    /// The provider's base address; empty answers without a model.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The provider's key.
    pub key: String,
    /// The second provider's base address; empty has none.
    pub spare_url: String,
    /// The model's name there.
    pub spare_model: String,
    /// The second provider's key.
    pub spare_key: String,
    /// The field of a request that limits the answer.
    pub limit_field: String,
    /// How long connecting may take, in ms.
    pub connect_timeout_ms: u64,
    /// How long it may take until the first word, in ms.
    pub first_token_timeout_ms: u64,
    /// How long it may be silent between two words, in ms.
    pub stall_timeout_ms: u64,
    /// How long an answer may take in all, in seconds.
    pub total_timeout_s: u64,
    /// After so many failures in a row a provider is left alone.
    pub breaker_failures: u32,
    /// For so long, in seconds.
    pub breaker_rest_s: u64,
    /// Answers written at the same time.
    pub at_once: u32,
    /// Tokens that the model is told at most.
    pub prompt_tokens: u32,
    /// Of these, tokens of passages at most.
    pub source_tokens: u32,
    /// Tokens of an answer at most.
    pub answer_tokens: u32,
}

impl fmt::Debug for LlmSettings {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmSettings").field("url", &self.url).field("model", &self.model).finish_non_exhaustive()
    }
}

impl LlmSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        for (key, url, model_key, model) in [
            ("llm.url", &self.url, "llm.model", &self.model),
            ("llm.spare_url", &self.spare_url, "llm.spare_model", &self.spare_model),
        ] {
            if url.is_empty() {
                continue;
            }
            if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
                return Err(BadSettings::value(key, "it must begin with https:// or http://"));
            }
            if model.is_empty() {
                return Err(BadSettings::value(model_key, format!("it must be set where {key} is")));
            }
        }
        if self.url.is_empty() && !self.spare_url.is_empty() {
            return Err(BadSettings::value("llm.spare_url", "it needs a first provider: set llm.url"));
        }
        at_least("llm.connect_timeout_ms", self.connect_timeout_ms, 1)?;
        at_least("llm.first_token_timeout_ms", self.first_token_timeout_ms, 1)?;
        at_least("llm.stall_timeout_ms", self.stall_timeout_ms, 1)?;
        at_least("llm.total_timeout_s", self.total_timeout_s, 1)?;
        at_least("llm.breaker_failures", u64::from(self.breaker_failures), 1)?;
        at_least("llm.breaker_rest_s", self.breaker_rest_s, 1)?;
        at_least("llm.at_once", u64::from(self.at_once), 1)?;
        at_least("llm.answer_tokens", u64::from(self.answer_tokens), 16)?;
        // The rules and the question need room, too.
        at_least("llm.prompt_tokens", u64::from(self.prompt_tokens), u64::from(self.source_tokens) + 1_000)
    }
}
