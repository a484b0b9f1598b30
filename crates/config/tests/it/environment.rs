//! Environment variables over files.

use std::time::Duration;

use bia_config::{Page, Severity};
use serde_json::json;

use crate::{email_schema, kit_base, load_with_env, with};

/// As the conformance kit has it.
const ENV: &[(&str, &str)] = &[
    (
        "SELFSERVICE_DEFAULT_BROWSER_RETURN_URL",
        "http://env.local/",
    ),
    ("SELFSERVICE_FLOWS_LOGIN_UI_URL", "http://env.local/login"),
    (
        "SELFSERVICE_ALLOWED_RETURN_URLS",
        "http://one.local/,http://two.local/deep",
    ),
    ("SESSION_COOKIE_NAME", "env_session"),
    ("SESSION_COOKIE_PERSISTENT", "false"),
    ("SESSION_LIFESPAN", "10m"),
    ("SELFSERVICE_FLOWS_LOGIN_LIFESPAN", "20m"),
    ("SELFSERVICE_METHODS_CODE_ENABLED", "true"),
    ("SELFSERVICE_METHODS_CODE_PASSWORDLESS_ENABLED", "1"),
    (
        "SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_0_LABEL",
        "From the environment",
    ),
    (
        "SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_1_SCOPE",
        "[\"one\", \"two\"]",
    ),
    (
        "SELFSERVICE_METHODS_PASSWORD_CONFIG_MIN_PASSWORD_LENGTH",
        "20",
    ),
    ("COURIER_SMTP_FROM_NAME", "Environment"),
    ("COURIER_WORKER_PULL_WAIT", "100ms"),
    ("COURIER_SMTP_HEADERS", "{\"X-Env\": \"yes\"}"),
    ("IDENTITY_DEFAULT_SCHEMA_ID", "people"),
    ("LOG_LEVEL", "panic"),
    ("SELFSERVICE_FLOWS_NOTHING_AT_ALL", "x"),
    ("KRATOS_DSN", "not used"),
    ("PATH", "/usr/bin"),
    ("HOME", "/root"),
];

fn two_schemas_and_providers() -> serde_json::Value {
    let provider = |id: &str| json!({"id": id, "provider": "generic", "label": "From the file", "client_id": "a", "client_secret": "b", "mapper_url": "base64://e30="});
    with(
        kit_base(),
        json!({
            "identity": {"schemas": [{"id": "default", "url": email_schema()}, {"id": "people", "url": email_schema()}]},
            "selfservice": {"methods": {"oidc": {"enabled": true, "config": {"providers": [provider("acme"), provider("globex")]}}}},
        }),
    )
}

#[tokio::test]
async fn variables_win_over_the_file_leaf_by_leaf() {
    let config = load_with_env(&two_schemas_and_providers(), ENV)
        .await
        .unwrap();
    assert_eq!(
        config.selfservice.default_browser_return_url.as_str(),
        "http://env.local/"
    );
    assert_eq!(
        config.ui_url(Page::Login).as_str(),
        "http://env.local/login"
    );
    assert_eq!(config.session.lifespan, Duration::from_secs(600));
    assert_eq!(
        config.selfservice.flows.login.lifespan,
        Duration::from_secs(1200)
    );
    assert!(!config.session.cookie.persistent && config.session.cookie.name == "env_session");
    assert!(config.selfservice.methods.code.passwordless_enabled);
    assert_eq!(
        config
            .selfservice
            .methods
            .password
            .config
            .min_password_length,
        20
    );
    assert_eq!(config.courier.smtp.headers["X-Env"], "yes");
    assert_eq!(config.courier.worker.pull_wait, Duration::from_millis(100));
    assert_eq!(config.identity.default_schema_id, "people");
    assert_eq!(
        config.dsn.as_ref().unwrap().expose(),
        "memory",
        "there is no prefix"
    );
    let providers = &config.selfservice.methods.oidc.config.providers;
    assert_eq!(providers[0].label.as_deref(), Some("From the environment"));
    assert_eq!(providers[0].client_id, "a", "the rest of the element stays");
    assert_eq!(providers[1].scope, ["one", "two"]);
    let default = &config.selfservice.default_browser_return_url;
    let urls = &config.selfservice.allowed_return_urls;
    assert!(
        urls.resolve(None, Some("http://two.local/deep/er"), default)
            .is_ok()
    );
    assert!(
        urls.resolve(None, Some("http://app.local/"), default)
            .is_err()
    );
    assert_eq!(config.hashers.bcrypt.cost, 4, "the flag --dev is given");
}

#[tokio::test]
async fn lists_are_commas_with_quotes_or_json() {
    let cases = [
        ("http://a.local/,http://b.local/", 2),
        ("[\"http://a.local/\"]", 1),
        ("\"http://a.local/?x=1,2\",http://b.local/", 2),
    ];
    for (text, count) in cases {
        let env = [
            ("SELFSERVICE_ALLOWED_RETURN_URLS", text),
            ("SELFSERVICE_DEFAULT_BROWSER_RETURN_URL", "http://z.local/"),
        ];
        let config = load_with_env(&kit_base(), &env).await.unwrap();
        let default = &config.selfservice.default_browser_return_url;
        let urls = &config.selfservice.allowed_return_urls;
        assert!(
            urls.resolve(None, Some("http://a.local/x"), default)
                .is_ok(),
            "{text}"
        );
        assert_eq!(
            urls.resolve(None, Some("http://b.local/x"), default)
                .is_ok(),
            count == 2,
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_or_warned_about() {
    let findings = load_with_env(
        &kit_base(),
        &[
            ("COURIER_SMTP_HEADERS", "not json"),
            ("SECRETS_COOKIE", "{\"a\": 1}"),
        ],
    )
    .await
    .unwrap_err();
    let text = findings.to_string();
    assert!(text.contains("error: environment variable COURIER_SMTP_HEADERS: courier.smtp.headers\n  The key has no value"), "{text}");
    assert!(
        text.contains("error: environment variable SECRETS_COOKIE: secrets.cookie"),
        "{text}"
    );

    let config = load_with_env(&kit_base(), &[("SESSION_COOKIE_PERSISTENT", "maybe")])
        .await
        .unwrap();
    assert!(!config.session.cookie.persistent, "as the reference has it");
    let warning = config
        .warnings()
        .iter()
        .find(|f| f.key == "session.cookie.persistent")
        .unwrap();
    assert_eq!(warning.severity, Severity::Warning);
}

#[tokio::test]
async fn flags_beat_files_and_variables_beat_flags() {
    let config = load_with_env(
        &kit_base(),
        &[
            ("DEV", "false"),
            ("WATCH-COURIER", "true"),
            ("WATCH_COURIER", "nonsense"),
        ],
    )
    .await
    .unwrap();
    assert!(!config.dev && config.watch_courier);
}

#[tokio::test]
async fn elements_can_be_added() {
    let env = [
        ("IDENTITY_SCHEMAS_1_ID", "second"),
        ("IDENTITY_SCHEMAS_1_URL", "base64://e30="),
    ];
    let config = load_with_env(&kit_base(), &env).await.unwrap();
    assert_eq!(
        config.identity.schema("second").unwrap().text.as_ref(),
        "{}"
    );
}
