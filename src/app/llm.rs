//! The language model, as it is set.

use std::sync::Arc;
use std::time::Duration;

use super::BuildError;
use crate::clients::llm::breaker::BreakerSettings;
use crate::clients::llm::{Chain, ChainSettings, Model, OpenAi, OpenAiSettings};
use crate::config::LlmSettings;

/// The pause before the same provider is asked again.
const PAUSE: Duration = Duration::from_millis(150);

/// The model that is asked; `None` where no provider is set.
///
/// # Errors
/// A key that cannot be sent.
pub(super) fn build(settings: &LlmSettings) -> Result<Option<Arc<dyn Model>>, BuildError> {
    let providers = [
        ("llm.key", &settings.url, &settings.model, &settings.key),
        ("llm.spare_key", &settings.spare_url, &settings.spare_model, &settings.spare_key),
    ];
    let mut models: Vec<Arc<dyn Model>> = Vec::new();
    for (setting, url, model, key) in providers.into_iter().filter(|(_, url, _, _)| !url.is_empty()) {
        let provider = OpenAiSettings {
            url: url.clone(),
            model: model.clone(),
            key: key.clone(),
            limit_field: settings.limit_field.clone(),
            connect: Duration::from_millis(settings.connect_timeout_ms),
            first: Duration::from_millis(settings.first_token_timeout_ms),
            stall: Duration::from_millis(settings.stall_timeout_ms),
            total: Duration::from_secs(settings.total_timeout_s),
        };
        let provider =
            OpenAi::new(provider).map_err(|error| BuildError::Setting(format!("{setting} cannot be used: {error}")))?;
        models.push(Arc::new(provider));
    }
    if models.is_empty() {
        return Ok(None);
    }
    let chain = ChainSettings {
        breaker: BreakerSettings { failures: settings.breaker_failures, rest: Duration::from_secs(settings.breaker_rest_s) },
        pause: PAUSE,
        at_once: usize::try_from(settings.at_once).unwrap_or(usize::MAX),
    };
    Ok(Some(Arc::new(Chain::new(models, &chain))))
}
