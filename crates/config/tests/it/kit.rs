//! The configurations of the conformance kit.

use std::time::Duration;

use bia_config::{Config, Page, section::hasher::HashAlgorithm};
use serde_json::{Value, json};

use crate::{kit_base, with};

#[test]
fn the_base_loads_without_findings() {
    let config = Config::from_json(kit_base()).unwrap();
    assert!(config.warnings().is_empty(), "{}", config.warnings());
    assert_eq!(
        config.ui_url(Page::Login).as_str(),
        "http://app.local/login"
    );
    assert_eq!(
        config.selfservice.flows.settings.privileged_session_max_age,
        Duration::from_secs(3600)
    );
    assert_eq!(config.hashers.algorithm, HashAlgorithm::Bcrypt);
    assert_eq!(
        config.hashers.bcrypt.cost, 12,
        "below 12 only in development mode"
    );
    assert_eq!(config.serve.public.base_url_text, "http://127.0.0.1:4433/");
    assert_eq!(config.identity.schemas[0].json["title"], "Person");
    assert!(!config.selfservice.flows.registration.is_two_step());
    assert!(
        config.cookies.secure && config.session.cookie.secure,
        "not in development mode"
    );
}

#[test]
fn everything_that_is_not_set_has_its_default() {
    let mut base = kit_base();
    for key in ["courier", "hashers", "ciphers", "secrets", "log", "serve"] {
        base.as_object_mut().unwrap().remove(key);
    }
    base["selfservice"].as_object_mut().unwrap().remove("flows");
    base["selfservice"]
        .as_object_mut()
        .unwrap()
        .remove("methods");
    let config = Config::from_json(base).unwrap();
    assert_eq!(config.session.lifespan, Duration::from_secs(24 * 3600));
    assert_eq!(
        config.session.earliest_possible_extend,
        config.session.lifespan
    );
    assert_eq!(config.session.cookie.name, "ory_kratos_session");
    let methods = &config.selfservice.methods;
    assert!(methods.password.enabled && methods.code.enabled && methods.profile.enabled);
    assert!(!methods.link.enabled && !methods.totp.enabled && !methods.oidc.enabled);
    assert_eq!(
        methods.password.config.haveibeenpwned_host,
        "api.pwnedpasswords.com"
    );
    assert!(
        config.selfservice.flows.registration.enabled
            && config.selfservice.flows.registration.is_two_step()
    );
    assert!(
        !config.selfservice.flows.recovery.enabled
            && !config.selfservice.flows.verification.enabled
    );
    assert_eq!(config.hashers.argon2.memory, 128 << 20);
    assert_eq!(config.secrets.sessions().len(), 1, "a key of this process");
    assert!(
        config
            .warnings()
            .iter()
            .any(|finding| finding.key == "secrets.cookie")
    );
    for page in Page::ALL {
        assert!(
            config
                .ui_url(page)
                .as_str()
                .ends_with(&format!(":4433/ui/{}", page.name())),
            "{page:?}"
        );
    }
    assert!(config.serve.public.base_url_text.starts_with("https://"));
}

#[test]
fn cookies_have_the_general_attributes_unless_the_session_has_its_own() {
    let general = json!({
        "cookies": {"domain": "app.local", "path": "/auth", "same_site": "Strict", "secure": "true"},
        "session": {"cookie": {"name": "my_session", "persistent": false}, "lifespan": "30m"}, "dev": true,
    });
    let config = Config::from_json(with(kit_base(), general.clone())).unwrap();
    let cookie = &config.session.cookie;
    assert_eq!(
        (cookie.domain.as_deref(), cookie.path.as_str()),
        (Some("app.local"), "/auth")
    );
    assert_eq!(
        (cookie.same_site.as_str(), cookie.persistent),
        ("Strict", false)
    );
    assert!(
        config.cookies.secure && !cookie.secure,
        "secure is never taken over"
    );

    let own = json!({"session": {"cookie": {"domain": "own.local", "path": "/own", "same_site": "None", "secure": "true"}}});
    let config = Config::from_json(with(with(kit_base(), general), own)).unwrap();
    let cookie = &config.session.cookie;
    assert_eq!(
        (cookie.domain.as_deref(), cookie.path.as_str()),
        (Some("own.local"), "/own")
    );
    assert_eq!((cookie.same_site.as_str(), cookie.secure), ("None", true));
}

#[test]
fn a_code_as_first_factor_switches_the_method_on() {
    let over = json!({"selfservice": {"methods": {"code": {"enabled": false, "passwordless_enabled": true, "free": 1}}}});
    let config = Config::from_json(with(kit_base(), over)).unwrap();
    assert!(config.selfservice.methods.code.enabled);
}

#[test]
fn relative_pages_and_a_base_url_with_a_path_are_kept_as_written() {
    let over = json!({
        "serve": {"public": {"base_url": "http://127.0.0.1:4433/kratos"}},
        "selfservice": {"flows": {"login": {"ui_url": "/ui/login"}, "settings": {"ui_url": null}}},
    });
    let config = Config::from_json(with(kit_base(), over)).unwrap();
    assert_eq!(
        config.ui_url(Page::Login).with_query(&[("flow", "1")]),
        "/ui/login?flow=1"
    );
    assert_eq!(
        config.ui_url(Page::Settings).as_str(),
        "http://127.0.0.1:4433/kratos/ui/settings"
    );
    assert_eq!(
        config.public_address("/self-service/login"),
        "http://127.0.0.1:4433/kratos/self-service/login"
    );
    assert_eq!(
        config.serve.public.base_url_text,
        "http://127.0.0.1:4433/kratos"
    );
}

#[test]
fn the_kit_s_unusual_settings_load() {
    let hook = json!({"hook": "web_hook", "config": {
        "url": "http://127.0.0.1:9/after", "method": "POST", "body": "base64://ZnVuY3Rpb24oY3R4KSB7fQ==",
        "auth": {"type": "api_key", "config": {"name": "X-Key", "value": "secret", "in": "header"}},
        "response": {"parse": true},
    }});
    let over = json!({
        "session": {"whoami": {"required_aal": "aal1", "tokenizer": {"templates": {
            "plain": {"jwks_url": "base64://e30="}, "full": {"ttl": "10m", "jwks_url": "base64://e30=", "subject_source": "external_id"},
        }}}},
        "selfservice": {
            "flows": {
                "login": {"style": "identifier_first", "after": {"password": {"hooks": [{"hook": "require_verified_address"}]}, "hooks": [{"hook": "revoke_active_sessions"}]}},
                "registration": {"after": {"password": {"hooks": [hook, {"hook": "session"}]}}},
                "settings": {"after": {"profile": {"hooks": [{"hook": "notify_previous_addresses", "config": {"recipients": "all"}}]}}},
            },
            "methods": {
                "totp": {"enabled": true, "config": {"issuer": "Kit"}},
                "webauthn": {"enabled": true, "config": {"passwordless": true, "rp": {"id": "localhost", "display_name": "Kit"}}},
                "oidc": {"enabled": true, "config": {"providers": [{
                    "id": "acme", "provider": "generic", "client_id": "a", "client_secret": "b",
                    "issuer_url": "http://127.0.0.1:9", "mapper_url": "base64://e30=", "requested_claims": {"id_token": {"acr": {"essential": true}}},
                }]}},
            },
        },
        "courier": {"channels": [{"id": "sms", "type": "http", "request_config": {"url": "http://127.0.0.1:9/sms", "body": "base64://e30="}}],
                    "templates": {"recovery_code": {"valid": {"email": {"subject": "base64://aGk="}}}}},
    });
    let config = Config::from_json(with(kit_base(), over)).unwrap();
    assert!(config.identifier_first_enabled());
    let names: Vec<&str> = config
        .selfservice
        .flows
        .registration
        .after
        .method_hooks("password")
        .iter()
        .map(bia_config::Hook::name)
        .collect();
    assert_eq!(names, ["web_hook", "session"]);
    assert_eq!(
        config.session.whoami.tokenizer.templates["plain"].ttl,
        Duration::ZERO,
        "no default inside a map"
    );
    assert_eq!(
        config.courier.channel("sms").unwrap().kind.as_deref(),
        Some("http")
    );
    assert_eq!(
        config.courier.templates["recovery_code"]
            .valid
            .email
            .subject
            .as_deref(),
        Some("base64://aGk=")
    );
    let warning = config.warnings().to_string();
    for named in [
        "methods.oidc.enabled",
        "hooks[0] (web_hook)",
        "tokenizer.templates",
    ] {
        assert!(!warning.contains(named), "{named} in {warning}");
    }
    assert!(
        !format!("{config:?}").contains("conformance-cookie-secret"),
        "secrets are not in the debug text"
    );
}

/// The file that the kit lays over its configurations to see that what is our own is noticed by nobody else.
fn our_own() -> Value {
    serde_saphyr::from_str(include_str!("../../../../conformance/bia.yml")).unwrap()
}

#[test]
fn the_conformance_kit_sets_every_key_of_our_own() {
    let file = our_own();
    let keys = include_str!("../../src/key/bia.tsv").lines();
    let missing: Vec<&str> = keys
        .filter(|line| !line.starts_with(['#', '@']))
        .filter_map(|line| line.split('\t').next())
        .filter(|key| !is_set(&file, key))
        .collect();
    assert!(
        missing.is_empty(),
        "not in conformance/bia.yml: {missing:?}"
    );
}

/// Whether `a.b[].c` is somewhere in a configuration.
fn is_set(value: &Value, path: &str) -> bool {
    let (part, rest) = path
        .split_once('.')
        .map_or((path, None), |(part, rest)| (part, Some(rest)));
    let name = part.trim_end_matches("[]");
    let Some(found) = value.get(name) else {
        return false;
    };
    let all = match found {
        Value::Array(list) if part.ends_with("[]") => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    all.iter()
        .any(|one| rest.is_none_or(|rest| is_set(one, rest)))
}

#[test]
fn what_is_our_own_is_in_order_on_top_of_the_kits_base() {
    let factor = json!({"selfservice": {"methods": {"totp": {"enabled": true}}}});
    let config = Config::from_json(with(with(kit_base(), factor), our_own())).unwrap();
    assert!(config.warnings().is_empty(), "{}", config.warnings());
}
