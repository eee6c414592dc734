//! Where settings come from, and what is wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use config::{Config, ConfigError, Environment, File, FileFormat, Source, Value, ValueKind};

use super::{BadSettings, Settings, environment};

/// The commented defaults.
const EMBEDDED: &str = include_str!("../../../config.toml");
/// How the environment names itself in messages.
const ENVIRONMENT: &str = "the environment";
/// Values that may hold a password and are not shown.
const SECRETS: &[&str] = &[
    "auth.previous_secrets",
    "auth.secret",
    "database.url",
    "knowledge.embeddings_key",
    "llm.key",
    "llm.spare_key",
    "mail.smtp_url",
    "objects.s3_secret_key",
    "redis.url",
];
/// Keys whose values are lists: separated by commas in the environment.
const LISTS: &[&str] = &[
    "auth.previous_secret_files",
    "auth.previous_secrets",
    "http.trusted_proxies",
    "ledger.currencies",
    "push.web_push_hosts",
];

/// The defaults and what overrides them, checked for unknown keys.
#[derive(Debug)]
pub struct Sources {
    merged: Config,
}

/// One setting as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Such as `http.bind`.
    pub key: String,
    /// As TOML; a value that may hold a password is masked.
    pub value: String,
    /// Who set it: `default`, the file, or the environment.
    pub set_by: String,
}

impl Sources {
    /// The defaults, this file, and the `MADANG__` variables of the process.
    ///
    /// # Errors
    /// A file that cannot be read, or an unknown key.
    pub fn of_process(file: Option<&Path>) -> Result<Self, BadSettings> {
        Self::new(file, environment::overrides())
    }

    /// The defaults, this file, and these variables.
    ///
    /// # Errors
    /// A file that cannot be read, or an unknown key.
    pub fn new(file: Option<&Path>, variables: BTreeMap<String, String>) -> Result<Self, BadSettings> {
        let defaults = File::from_str(EMBEDDED, FileFormat::Toml);
        let known = keys_of(&defaults, "config.toml")?;
        let mut builder = Config::builder().add_source(defaults);
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| BadSettings::File { file: name.clone(), reason: error.to_string() })?;
            let own = File::from_str(&text, FileFormat::Toml);
            refuse_unknown(&keys_of(&own, &name)?, &known, &name)?;
            builder = builder.add_source(own);
        }
        let mut own = Environment::with_prefix("MADANG")
            .prefix_separator("__")
            .separator("__")
            .source(Some(variables.into_iter().collect()))
            .try_parsing(true)
            .list_separator(",");
        for key in LISTS {
            own = own.with_list_parse_key(key);
        }
        refuse_unknown(&keys_of(&own, ENVIRONMENT)?, &known, ENVIRONMENT)?;
        let merged = builder.add_source(own).build().map_err(|error| explain(error, "the settings"))?;
        Ok(Self { merged })
    }

    /// The settings, checked.
    ///
    /// # Errors
    /// A value of the wrong type or out of range.
    pub fn settings(&self) -> Result<Settings, BadSettings> {
        let settings: Settings = self.merged.clone().try_deserialize().map_err(|error| explain(error, "the settings"))?;
        settings.check()?;
        Ok(settings)
    }

    /// Every setting with its value and who set it, in order of the keys.
    ///
    /// # Errors
    /// Never in practice: the sources were read before.
    pub fn effective(&self) -> Result<Vec<Effective>, BadSettings> {
        let embedded = keys_of(&File::from_str(EMBEDDED, FileFormat::Toml), "config.toml")?;
        let merged = keys_of(&self.merged, "the settings")?;
        let shown = merged.into_iter().map(|(key, value)| {
            let is_default = embedded.get(&key).is_some_and(|default| default.kind == value.kind);
            let set_by = match value.origin() {
                _ if is_default => "default".to_owned(),
                Some(origin) if origin.contains("environment") => ENVIRONMENT.to_owned(),
                Some(_) | None => "the file".to_owned(),
            };
            let masked = SECRETS.contains(&key.as_str()) && !is_default;
            let value = if masked { mask(&value) } else { as_toml(&value) };
            Effective { key, value, set_by }
        });
        Ok(shown.collect())
    }
}

/// In the place of what is not shown: of the same type, so that what is shown can be read again.
fn mask(value: &Value) -> String {
    if matches!(value.kind, ValueKind::Array(_)) { "[\"***\"]" } else { "\"***\"" }.to_owned()
}

/// Every key of a source, as `section.key`.
fn keys_of(source: &impl Source, name: &str) -> Result<BTreeMap<String, Value>, BadSettings> {
    let mut keys = BTreeMap::new();
    let mut open: Vec<(String, Value)> = source.collect().map_err(|error| explain(error, name))?.into_iter().collect();
    while let Some((key, value)) = open.pop() {
        if let ValueKind::Table(table) = value.kind {
            open.extend(table.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
        } else {
            keys.insert(key, value);
        }
    }
    Ok(keys)
}

fn refuse_unknown(
    given: &BTreeMap<String, Value>,
    known: &BTreeMap<String, Value>,
    source_name: &str,
) -> Result<(), BadSettings> {
    let Some(key) = given.keys().find(|key| !known.contains_key(*key)) else { return Ok(()) };
    let nearest = known.keys().min_by_key(|candidate| (distance(key, candidate), candidate.len()));
    Err(BadSettings::UnknownKey {
        key: key.clone(),
        source_name: source_name.to_owned(),
        nearest: nearest.cloned().unwrap_or_default(),
    })
}

/// How differently two keys are written. The right name in the wrong section is near, too.
fn distance(given: &str, known: &str) -> usize {
    let whole = strsim::damerau_levenshtein(given, known);
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let name = strsim::damerau_levenshtein(&last(given), &last(known));
    whole.min(name + 2)
}

/// One line that names the key.
fn explain(error: ConfigError, source_name: &str) -> BadSettings {
    let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other errors of the crate name no key")]
    match error {
        ConfigError::Type { unexpected, expected, key, .. } => {
            BadSettings::Value { key: key.unwrap_or_default(), reason: format!("it is {unexpected}, but must be {expected}") }
        }
        ConfigError::At { error, key: Some(key), .. } => {
            let reason = match explain(*error, source_name) {
                BadSettings::Value { reason, .. } | BadSettings::File { reason, .. } => reason,
                BadSettings::UnknownKey { key, .. } => key,
            };
            BadSettings::Value { key, reason }
        }
        ConfigError::FileParse { cause, .. } => {
            BadSettings::File { file: source_name.to_owned(), reason: one_line(cause.to_string()) }
        }
        other => BadSettings::File { file: source_name.to_owned(), reason: one_line(other.to_string()) },
    }
}

fn as_toml(value: &Value) -> String {
    if let ValueKind::String(text) = &value.kind {
        format!("{text:?}")
    } else if let ValueKind::Array(values) = &value.kind {
        format!("[{}]", values.iter().map(as_toml).collect::<Vec<_>>().join(", "))
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests;
