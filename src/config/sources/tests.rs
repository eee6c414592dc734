use super::*;

fn with(variables: &[(&str, &str)]) -> Result<Settings, BadSettings> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources::new(None, variables)?.settings()
}

fn key_of(result: Result<Settings, BadSettings>) -> String {
    match result {
        Err(BadSettings::Value { key, .. }) => key,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_embedded_defaults_are_good() {
    let settings = Settings::default();
    assert_eq!(settings.http.bind.to_string(), "127.0.0.1:8080");
    assert!(settings.database.url.is_empty());
    assert_eq!(settings.ledger.currencies.len(), 2);
    assert_eq!(settings.auth.access_minutes, 15);
}

#[test]
fn the_environment_overrides_with_the_right_types() {
    let settings = with(&[
        ("MADANG__HTTP__BIND", "0.0.0.0:9000"),
        ("MADANG__HTTP__TRUSTED_PROXIES", "10.0.0.0/8,::1"),
        ("MADANG__LEDGER__CURRENCIES", "EUR"),
        ("MADANG__REALTIME__OPEN_CHANNELS", "true"),
        ("MADANG__DATABASE__POOL", "5"),
        ("PATH", "/bin"),
    ])
    .unwrap();
    assert_eq!(settings.http.bind.port(), 9000);
    assert_eq!(settings.http.trusted_proxies.len(), 2);
    assert_eq!(settings.ledger.currencies[0].code(), "EUR");
    assert!(settings.realtime.open_channels);
    assert_eq!(settings.database.pool, 5);
}

#[test]
fn an_unknown_key_names_itself_and_its_nearest() {
    for (given, key, nearest) in [
        ("MADANG__HTTP__BNID", "http.bnid", "http.bind"),
        ("MADANG__HTPP__BIND", "htpp.bind", "http.bind"),
        ("MADANG__ENGINE__BIND", "engine.bind", "http.bind"),
        ("MADANG__LIMITS__COMMANDS_PER_SEC", "limits.commands_per_sec", "limits.commands_per_second"),
        ("MADANG__BIND", "bind", "http.bind"),
    ] {
        let unknown =
            BadSettings::UnknownKey { key: key.to_owned(), source_name: ENVIRONMENT.to_owned(), nearest: nearest.to_owned() };
        assert_eq!(with(&[(given, "1")]), Err(unknown));
    }
}

#[test]
fn a_wrong_value_names_its_key() {
    for (name, value, key) in [
        ("MADANG__HTTP__BIND", "nowhere", "http.bind"),
        ("MADANG__HTTP__WORKERS", "many", "http.workers"),
        ("MADANG__HTTP__WORKERS", "-1", "http.workers"),
        ("MADANG__HTTP__TRUSTED_PROXIES", "ten", "http.trusted_proxies[0]"),
        ("MADANG__LEDGER__CURRENCIES", "won", "ledger.currencies[0]"),
        ("MADANG__LOG__FORMAT", "xml", "log.format"),
        ("MADANG__LOG__LEVEL", "loud", "log.level"),
        ("MADANG__DATABASE__URL", "mysql://localhost", "database.url"),
        ("MADANG__DATABASE__POOL", "1", "database.pool"),
        ("MADANG__REDIS__URL", "localhost", "redis.url"),
        ("MADANG__LLM__URL", "api.example", "llm.url"),
        ("MADANG__LLM__URL", "https://api.example/v1", "llm.model"),
        ("MADANG__LLM__SPARE_URL", "https://api.example/v1", "llm.spare_model"),
        ("MADANG__LLM__SOURCE_TOKENS", "6000", "llm.prompt_tokens"),
    ] {
        assert_eq!(key_of(with(&[(name, value)])), key, "{name}={value}");
    }
}

#[test]
fn what_is_used_can_be_shown_without_secrets() {
    let variables = [("MADANG__DATABASE__URL", "postgres://u:hush@h/d"), ("MADANG__HTTP__WORKERS", "3")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let shown = Sources::new(None, variables).unwrap().effective().unwrap();
    let of = |key: &str| shown.iter().find(|setting| setting.key == key).unwrap();
    assert_eq!(of("http.workers").value, "3");
    assert_eq!(of("http.workers").set_by, ENVIRONMENT);
    assert_eq!(of("http.bind").value, "\"127.0.0.1:8080\"");
    assert_eq!(of("http.bind").set_by, "default");
    assert_eq!(of("ledger.currencies").value, "[\"KRW\", \"USD\"]");
    assert!(shown.iter().all(|setting| !setting.value.contains("hush")));
}
