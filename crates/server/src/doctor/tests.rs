//! Configurations with one planted fault each, and those of this repository, which have none.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bia_config::Flags;
use serde_json::{Value, json};

use super::*;

/// Lays `over` over `below`, key by key; `null` takes a key away.
fn merged(mut below: Value, over: Value) -> Value {
    match (&mut below, over) {
        (Value::Object(map), Value::Object(over)) => {
            for (key, value) in over {
                let old = map.remove(&key).unwrap_or(Value::Null);
                if !value.is_null() {
                    map.insert(key, merged(old, value));
                }
            }
            below
        }
        (_, over) => over,
    }
}

/// An identity schema over these traits.
fn schema(traits: Value) -> Value {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": traits}},
    });
    json!(format!("base64://{}", STANDARD.encode(schema.to_string())))
}

/// A trait with a use.
fn used(marks: Value) -> Value {
    json!({"type": "string", "ory.sh/kratos": marks})
}

fn email() -> Value {
    used(json!({
        "credentials": {"password": {"identifier": true}, "totp": {"account_name": true}},
        "verification": {"via": "email"},
        "recovery": {"via": "email"},
    }))
}

/// An installation as it should be: pages and API on one site, https, keys, mail.
fn sound() -> Value {
    let page = |name: &str| json!({"ui_url": format!("https://app.example.org/{name}")});
    let mailing = |name: &str| json!({"enabled": true, "use": "code", "ui_url": format!("https://app.example.org/{name}")});
    json!({
        "dsn": "postgres://bia:secret@db.example.org:5432/bia?sslmode=verify-full&max_conns=20",
        "serve": {"public": {"base_url": "https://auth.example.org/"}},
        "identity": {"default_schema_id": "person", "schemas": [{"id": "person", "url": schema(json!({"email": email()}))}]},
        "selfservice": {
            "default_browser_return_url": "https://app.example.org/",
            "allowed_return_urls": ["https://app.example.org/", "https://*.example.org/"],
            "flows": {
                "error": page("error"),
                "login": page("login"),
                "registration": merged(page("registration"), json!({"after": {"password": {"hooks": [{"hook": "session"}]}}})),
                "settings": page("settings"),
                "recovery": mailing("recovery"),
                "verification": mailing("verification"),
            },
            "methods": {"password": {"enabled": true}, "totp": {"enabled": true}},
        },
        "courier": {"smtp": {"connection_uri": "smtps://u:p@mail.example.org:465/", "from_address": "no-reply@example.org"}},
        "cookies": {"domain": "example.org"},
        "secrets": {
            "default": ["9f86d081884c7d659a2feaa0c55ad015"],
            "cookie": ["a3bf4f1b2b0b822cd15d6c15b0f00a08"],
            "cipher": ["60303ae22b998861bce3b28f33eec1be"],
        },
        "ciphers": {"algorithm": "xchacha20-poly1305"},
    })
}

async fn findings_of(settings: Value) -> Vec<Diagnosis> {
    let sources = Sources {
        built_in: Some(settings.into()),
        ..Sources::default()
    };
    examine(&sources).await.findings
}

/// The traits of the only schema, in the place of those of [`sound`].
fn with_traits(traits: Value) -> Value {
    json!({"identity": {"schemas": [{"id": "person", "url": schema(traits)}]}})
}

fn web_hook() -> Value {
    json!({"hook": "web_hook", "config": {"url": "https://hooks.example.org/", "method": "POST", "body": "base64://e30="}})
}

/// What is planted, and the rule and the key that find it.
fn planted() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let flow = |flow: &str, over: Value| json!({"selfservice": {"flows": {flow: over}}});
    let method = |method: &str, over: Value| json!({"selfservice": {"methods": {method: over}}});
    let base = |url: &str| json!({"serve": {"public": {"base_url": url}}});
    let cookies = |over: Value| json!({"cookies": over});
    let keyed = |list: &str, key: &str| json!({"secrets": {list: [key]}});
    let rp = |id: &str, origin: &str| json!({"rp": {"id": id, "display_name": "Example", "origins": [origin]}});
    let with_marks = |marks: Value| with_traits(json!({"email": email(), "extra": used(marks)}));
    // Several changes are laid over one after the other, so that `null` takes away in each.
    let all = |parts: &[Value]| Value::from(parts);
    vec![
        (
            "everybody counted as the proxy",
            json!({"bia": {"abuse": {"guessing": true, "trusted_proxies": []}}}),
            "abuse.one_address",
            "bia.abuse.trusted_proxies",
        ),
        (
            "everybody believed to be a proxy",
            json!({"bia": {"abuse": {"guessing": true, "trusted_proxies": ["10.0.0.0/8", "::/0"]}}}),
            "abuse.anybody_is_a_proxy",
            "bia.abuse.trusted_proxies",
        ),
        (
            "a page that was forgotten",
            flow("settings", json!({"ui_url": null})),
            "pages.unset",
            "selfservice.flows.settings.ui_url",
        ),
        (
            "a page inside the cluster",
            flow(
                "login",
                json!({"ui_url": "https://selfservice-ui:4455/login"}),
            ),
            "pages.inside",
            "selfservice.flows.login.ui_url",
        ),
        (
            "a page without https",
            flow("login", json!({"ui_url": "http://app.example.org/login"})),
            "pages.scheme",
            "selfservice.flows.login.ui_url",
        ),
        (
            "no public address",
            base_removed(),
            "base_url.unset",
            "serve.public.base_url",
        ),
        (
            "an address inside the cluster",
            all(&[
                base("http://kratos-public:4433/"),
                cookies(json!({"domain": null})),
            ]),
            "base_url.inside",
            "serve.public.base_url",
        ),
        (
            "http behind a proxy with https",
            base("http://auth.example.org/"),
            "base_url.scheme",
            "serve.public.base_url",
        ),
        (
            "an address with a path of the API",
            base("https://auth.example.org/self-service"),
            "base_url.path",
            "serve.public.base_url",
        ),
        (
            "cookies for another path prefix",
            all(&[
                base("https://auth.example.org/auth"),
                cookies(json!({"path": "/kratos"})),
            ]),
            "cookies.path",
            "cookies.path",
        ),
        (
            "cookies for another domain",
            cookies(json!({"domain": "example.com"})),
            "cookies.domain",
            "cookies.domain",
        ),
        (
            "a session cookie for another domain",
            json!({"session": {"cookie": {"domain": "login.example.org"}}}),
            "cookies.domain",
            "session.cookie.domain",
        ),
        (
            "cookies for a domain of everybody",
            cookies(json!({"domain": "org"})),
            "cookies.domain_public",
            "cookies.domain",
        ),
        (
            "SameSite None without Secure",
            cookies(json!({"same_site": "None", "secure": "false"})),
            "configuration",
            "cookies.same_site",
        ),
        (
            "SameSite Strict with providers",
            all(&[
                cookies(json!({"same_site": "Strict"})),
                method("oidc", json!({"enabled": true})),
            ]),
            "cookies.strict",
            "cookies.same_site",
        ),
        (
            "Secure cookies over http",
            all_http(),
            "cookies.secure",
            "serve.public.base_url",
        ),
        (
            "cookies over http beside https",
            json!({"session": {"cookie": {"secure": "false"}}}),
            "cookies.insecure",
            "session.cookie.secure",
        ),
        (
            "pages on another site",
            all(&[
                base("https://auth.example.com/"),
                cookies(json!({"domain": "example.com"})),
            ]),
            "cookies.other_site",
            "selfservice.flows.login.ui_url",
        ),
        (
            "no keys at all",
            json!({"secrets": {"default": null, "cookie": null}}),
            "configuration",
            "secrets.cookie",
        ),
        (
            "a short key",
            keyed("cookie", "9f86d081884c7d65"),
            "secrets.short",
            "secrets.cookie[0]",
        ),
        (
            "a key of the manual",
            keyed("cookie", "PLEASE-CHANGE-ME-I-AM-VERY-INSECURE"),
            "secrets.example",
            "secrets.cookie[0]",
        ),
        (
            "a key that each replica makes up",
            keyed("default", "{{ randAlphaNum 32 }}------------"),
            "secrets.placeholder",
            "secrets.default[0]",
        ),
        (
            "no courier though flows mail",
            json!({"courier": null}),
            "courier.missing",
            "courier.smtp.connection_uri",
        ),
        (
            "no sender",
            json!({"courier": {"smtp": {"from_address": null}}}),
            "configuration",
            "courier.smtp.from_address",
        ),
        (
            "codes to phones, and nobody who sends them",
            with_marks(json!({"verification": {"via": "sms"}})),
            "courier.sms",
            "courier.channels",
        ),
        (
            "a channel without a body",
            json!({"courier": {"channels": [{"id": "sms", "type": "http", "request_config": {"url": "https://sms.example.org/"}}]}}),
            "courier.channel",
            "courier.channels[0]",
        ),
        (
            "codes by a name that no trait is",
            method("code", json!({"passwordless_enabled": true})),
            "methods.no_trait",
            "selfservice.methods.code.passwordless_enabled",
        ),
        (
            "codes for people without an address",
            all(&[
                method("code", json!({"passwordless_enabled": true})),
                json!({"selfservice": {"flows": {"recovery": {"enabled": false}, "verification": {"enabled": false}}}}),
                with_traits(
                    json!({"username": used(json!({"credentials": {"password": {"identifier": true}, "code": {"identifier": true}, "totp": {"account_name": true}}}))}),
                ),
            ]),
            "methods.no_address",
            "selfservice.methods.code.passwordless_enabled",
        ),
        (
            "passwords without an identifier",
            all(&[
                with_traits(
                    json!({"email": used(json!({"credentials": {"code": {"identifier": true, "via": "email"}, "totp": {"account_name": true}}, "verification": {"via": "email"}, "recovery": {"via": "email"}}))}),
                ),
                method("code", json!({"passwordless_enabled": true})),
            ]),
            "methods.no_trait",
            "selfservice.methods.password.enabled",
        ),
        (
            "passkeys without a name",
            method(
                "passkey",
                json!({"enabled": true, "config": rp("example.org", "https://app.example.org")}),
            ),
            "methods.no_trait",
            "selfservice.methods.passkey.enabled",
        ),
        (
            "an authenticator app without a name",
            with_traits(
                json!({"email": used(json!({"credentials": {"password": {"identifier": true}}, "verification": {"via": "email"}, "recovery": {"via": "email"}}))}),
            ),
            "methods.totp_name",
            "selfservice.methods.totp.enabled",
        ),
        (
            "recovery without an address",
            with_traits(
                json!({"email": used(json!({"credentials": {"password": {"identifier": true}, "totp": {"account_name": true}}, "verification": {"via": "email"}}))}),
            ),
            "flows.no_address",
            "selfservice.flows.recovery.enabled",
        ),
        (
            "recovery by a method that is off",
            flow("recovery", json!({"use": "link"})),
            "flows.method_off",
            "selfservice.flows.recovery.use",
        ),
        (
            "a trait that nothing uses",
            with_marks(json!({"credentials": {"webauthn": {"identifier": true}}})),
            "traits.unused",
            "identity.schemas[0].url",
        ),
        (
            "a hook of a method that is off",
            flow("login", json!({"after": {"oidc": {"hooks": [web_hook()]}}})),
            "hooks.never_run",
            "selfservice.flows.login.after.oidc.hooks[0]",
        ),
        (
            "a hook of a flow that is off",
            flow("registration", json!({"enabled": false})),
            "hooks.never_run",
            "selfservice.flows.registration.after.password.hooks[0]",
        ),
        (
            "a hook that another list replaces",
            flow("registration", json!({"after": {"hooks": [web_hook()]}})),
            "configuration",
            "selfservice.flows.registration.after.password.hooks",
        ),
        (
            "verified addresses that nobody can have",
            all(&[
                flow("verification", json!({"enabled": false})),
                flow(
                    "login",
                    json!({"after": {"hooks": [{"hook": "require_verified_address"}]}}),
                ),
            ]),
            "hooks.locks_out",
            "selfservice.flows.login.after.hooks[0]",
        ),
        (
            "return addresses of everybody",
            json!({"selfservice": {"allowed_return_urls": ["https://app.example.org/", "https://*.com"]}}),
            "configuration",
            "selfservice.allowed_return_urls[1]",
        ),
        (
            "return addresses of everybody, by a switch",
            json!({"selfservice": {"allowed_return_urls": ["https://*.co.uk"]}, "feature_flags": {"legacy_allow_insecure_origins": true}}),
            "wildcards.unbounded",
            "selfservice.allowed_return_urls[0]",
        ),
        (
            "scripts of every page",
            json!({"serve": {"public": {"cors": {"enabled": true}}}}),
            "wildcards.cors",
            "serve.public.cors.allowed_origins",
        ),
        (
            "hooks to everything inside",
            json!({"clients": {"http": {"disallow_private_ip_ranges": true, "private_ip_exception_urls": ["**"]}}}),
            "wildcards.exceptions",
            "clients.http.private_ip_exception_urls[0]",
        ),
        (
            "a database in memory",
            json!({"dsn": "memory"}),
            "dsn.loses_data",
            "dsn",
        ),
        (
            "a database that does not wait for the disk",
            json!({"dsn": "sqlite:///var/lib/bia/bia.sqlite?_fk=true&_synchronous=off"}),
            "dsn.loses_data",
            "dsn",
        ),
        (
            "keys for another host",
            all(&[
                with_webauthn_trait(),
                method(
                    "webauthn",
                    json!({"enabled": true, "config": rp("example.com", "https://app.example.org")}),
                ),
            ]),
            "relying_party.host",
            "selfservice.methods.webauthn.config.rp.id",
        ),
        (
            "keys without the login page",
            all(&[
                with_webauthn_trait(),
                method(
                    "webauthn",
                    json!({"enabled": true, "config": rp("example.org", "https://auth.example.org")}),
                ),
            ]),
            "relying_party.origin",
            "selfservice.methods.webauthn.config.rp.origins",
        ),
        (
            "a policy for those who have no metadata",
            mfa(&[
                json!({"properties": {"metadata_admin": {"properties": {"staff": {"const": true}}, "required": ["staff"]}}}),
            ]),
            "mfa.fits_those_without",
            "bia.mfa.rules[0].when",
        ),
        (
            "a policy for those who have no such trait",
            mfa(&[json!({"properties": {"traits": {"properties": {"role": {"const": "staff"}}}}})]),
            "mfa.fits_those_without",
            "bia.mfa.rules[0].when",
        ),
        (
            "a policy for a schema that is not there",
            mfa(&[
                json!({"properties": {"schema_id": {"const": "person"}}}),
                json!({"properties": {"schema_id": {"enum": ["employee", "worker"]}}}),
            ]),
            "mfa.unknown_schema",
            "bia.mfa.rules[1].when",
        ),
        (
            "a policy behind one for everybody",
            mfa(&[
                json!({"description": "everybody"}),
                json!({"properties": {"schema_id": {"const": "person"}}}),
            ]),
            "mfa.never_reached",
            "bia.mfa.rules[1]",
        ),
        (
            "a policy that nothing satisfies",
            all(&[
                method("totp", json!({"enabled": false})),
                json!({"bia": {"mfa": {"default": "required"}}}),
            ]),
            "configuration",
            "bia.mfa.default",
        ),
        (
            "a policy by passkeys that do not count",
            all(&[
                with_passkey_trait(),
                method(
                    "passkey",
                    json!({"enabled": true, "config": rp("example.org", "https://app.example.org")}),
                ),
                json!({"bia": {"mfa": {"rules": [{
                    "when": {"properties": {"schema_id": {"const": "person"}}}, "require": "required", "methods": ["totp", "passkey"],
                }]}}}),
            ]),
            "configuration",
            "bia.mfa.rules[0].methods",
        ),
        (
            "browsers trusted for a factor that is off",
            all(&[
                method("totp", json!({"enabled": false})),
                json!({"bia": {"trusted_browser": {"enabled": true}}}),
            ]),
            "configuration",
            "bia.trusted_browser.enabled",
        ),
        (
            "a key with a slip",
            json!({"sesion": {"lifespan": "1h"}}),
            "configuration",
            "sesion",
        ),
    ]
}

/// Rules that require a second factor of whoever fits these.
fn mfa(conditions: &[Value]) -> Value {
    let rule = |when: &Value| json!({"when": when, "require": "required"});
    let rules: Vec<Value> = conditions.iter().map(rule).collect();
    json!({"bia": {"mfa": {"rules": rules}}})
}

fn with_webauthn_trait() -> Value {
    let mut email = email();
    email["ory.sh/kratos"]["credentials"]["webauthn"] = json!({"identifier": true});
    with_traits(json!({"email": email}))
}

fn with_passkey_trait() -> Value {
    let mut email = email();
    email["ory.sh/kratos"]["credentials"]["passkey"] = json!({"display_name": true});
    with_traits(json!({"email": email}))
}

fn base_removed() -> Value {
    json!({"serve": {"public": {"base_url": null}}, "cookies": {"domain": null}})
}

/// Everything over http, in a network of its own.
fn all_http() -> Value {
    let page = |name: &str| json!({"ui_url": format!("http://app.example.org/{name}")});
    json!({
        "serve": {"public": {"base_url": "http://auth.example.org/"}},
        "selfservice": {"flows": {
            "error": page("error"), "login": page("login"), "registration": page("registration"),
            "settings": page("settings"), "recovery": page("recovery"), "verification": page("verification"),
        }},
    })
}

#[tokio::test]
async fn a_sound_configuration_has_no_finding() {
    assert_eq!(findings_of(sound()).await, []);
}

#[tokio::test]
async fn each_planted_fault_is_found_and_nothing_else() {
    let planted = planted();
    assert!(planted.len() >= 30, "{}", planted.len());
    let mut wrong = Vec::new();
    for (name, fault, rule, key) in planted {
        let parts = match fault {
            Value::Array(parts) => parts,
            one => vec![one],
        };
        let findings = findings_of(parts.into_iter().fold(sound(), merged)).await;
        let told: Vec<(&str, &str)> = findings
            .iter()
            .map(|found| (found.rule, found.key.as_str()))
            .collect();
        if told != [(rule, key)] {
            wrong.push(format!("{name}: {told:?} instead of {rule} at {key}"));
        }
        for found in findings {
            let said = !found.what.is_empty()
                && (rule == "configuration" || !found.why.is_empty() && !found.snippet.is_empty());
            if !said {
                wrong.push(format!("{name}: it lacks what, why or the mend"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_configurations_of_this_repository_have_no_finding() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let kits: [&[&str]; 3] = [
        &["clients/config/kratos.yml"],
        &[
            "clients/config/kratos.yml",
            "clients/config/overlay.passwordless.yml",
        ],
        &["bench/kratos.yml"],
    ];
    let schema = root.join("clients/config/identity.schema.json");
    for files in kits {
        let sources = Sources {
            files: files.iter().map(|file| root.join(file)).collect(),
            env: vec![(
                "IDENTITY_SCHEMAS_0_URL".to_owned(),
                format!("file://{}", schema.display()),
            )],
            ..Sources::default()
        };
        assert_eq!(examine(&sources).await.findings, [], "{files:?}");
    }
}

#[tokio::test]
async fn the_base_of_the_conformance_kit_has_no_finding() {
    let base: Value =
        serde_json::from_str(include_str!("../../../config/tests/fixtures/kit-base.json")).unwrap();
    let schema = schema(json!({"email": used(json!({
        "credentials": {"password": {"identifier": true}, "code": {"identifier": true, "via": "email"}, "webauthn": {"identifier": true},
                        "passkey": {"display_name": true}, "totp": {"account_name": true}},
        "verification": {"via": "email"}, "recovery": {"via": "email"},
    })), "age": {"type": "integer"}}));
    let with_schema = json!({"identity": {"schemas": [{"id": "default", "url": schema}]}});
    let base = merged(base, with_schema);
    assert_eq!(findings_of(base.clone()).await, []);
    // Nor with everything of our own, which asks some people for a second factor.
    let factor = json!({"selfservice": {"methods": {"totp": {"enabled": true}}}});
    let sources = Sources {
        built_in: Some(merged(base, factor).into()),
        files: vec![PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../conformance/bia.yml"
        ))],
        ..Sources::default()
    };
    assert_eq!(examine(&sources).await.findings, []);
}

#[tokio::test]
async fn a_policy_that_says_whom_it_means_has_no_finding() {
    let staff =
        json!({"type": "object", "properties": {"staff": {"const": true}}, "required": ["staff"]});
    let conditions = [
        json!({"properties": {"schema_id": {"const": "person"}}}),
        json!({"properties": {"metadata_admin": staff}}),
        json!({"properties": {"metadata_public": {"type": ["object", "null"], "properties": {"of_age": {"type": "boolean"}}}}}),
        json!({"properties": {"traits": {"properties": {"email": {"pattern": "@example.org$"}}, "required": ["email"]}}}),
        json!({"anyOf": [{"properties": {"schema_id": {"const": "person"}}}, {"properties": {"state": {"const": "active"}}}]}),
        json!({}),
    ];
    assert_eq!(findings_of(merged(sound(), mfa(&conditions))).await, []);
}

#[tokio::test]
async fn a_finding_names_the_line_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kratos.yml");
    let text = format!(
        "{}\ncookies:\n  path: /\n  domain: example.com\n",
        serde_json::to_string_pretty(&json!({}))
            .unwrap()
            .trim_matches(['{', '}'])
    );
    let rest = merged(
        sound(),
        json!({"cookies": null, "secrets": {"cookie": ["hunter2-hunter2-"]}}),
    );
    std::fs::write(&file, text).unwrap();
    let sources = Sources {
        built_in: Some(rest.into()),
        files: vec![file.clone()],
        env: Vec::new(),
        flags: Flags::default(),
    };
    let findings = examine(&sources).await.findings;
    let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(
        shown[0].starts_with(&format!(
            "{}:4: cookies.domain [cookies.domain]",
            file.display()
        )),
        "{shown:?}"
    );
    assert!(
        shown[0].contains("cookies:\n") && shown[0].contains("domain: example.org"),
        "{shown:?}"
    );
    assert!(!shown.join("").contains("hunter2"), "{shown:?}");
}
