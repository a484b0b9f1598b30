//! What is wrong is found all at once, with the place and the mend.

use bia_config::{Config, Findings, Severity, Sources};
use serde_json::{Value, json};

use crate::{Folder, kit_base, load, with};

fn errors(over: Value) -> Findings {
    let findings = Config::from_json(with(kit_base(), over)).expect_err("it is wrong");
    Findings(
        findings
            .0
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect(),
    )
}

fn check(over: Value, key: &str, text: &str) {
    let findings = errors(over);
    assert_eq!(findings.0.len(), 1, "{findings}");
    assert_eq!(findings.0[0].key, key);
    assert!(findings.to_string().contains(text), "{findings}");
}

fn warned(over: Value, key: &str, text: &str) {
    let config = Config::from_json(with(kit_base(), over)).unwrap();
    let about: Vec<String> = config
        .warnings()
        .iter()
        .filter(|f| f.key == key)
        .map(ToString::to_string)
        .collect();
    assert!(
        about.iter().any(|warning| warning.contains(text)),
        "{}",
        config.warnings()
    );
}

#[test]
fn an_unknown_key_comes_with_the_nearest_known_one() {
    check(
        json!({"selfservice": {"flows": {"login": {"ui_ulr": "http://x/"}}}}),
        "selfservice.flows.login.ui_ulr",
        "Did you mean selfservice.flows.login.ui_url?",
    );
    check(
        json!({"selfservice": {"flows": {"login": {"uiUrl": "http://x/"}}}}),
        "selfservice.flows.login.uiUrl",
        "Did you mean selfservice.flows.login.ui_url?",
    );
    check(
        json!({"haveibeenpwned_enabled": true}),
        "haveibeenpwned_enabled",
        "selfservice.methods.password.config.haveibeenpwned_enabled",
    );
    check(json!({"smtp": {}}), "smtp", "Did you mean courier.smtp?");
    check(json!({"x-anything": 1}), "x-anything", "Remove it");
    check(
        json!({"bia": {"sesions": {}}}),
        "bia.sesions",
        "Did you mean bia.sessions?",
    );
    warned(
        json!({"selfservice": {"methods": {"code": {"passwordles_enabled": true}}}}),
        "selfservice.methods.code.passwordles_enabled",
        "Did you mean selfservice.methods.code.passwordless_enabled?",
    );
}

#[test]
fn values_are_checked_for_type_form_and_range() {
    check(
        json!({"cookies": {"secure": true}}),
        "cookies.secure",
        "Put it in quotes: \"true\"",
    );
    check(
        json!({"selfservice": {"methods": {"password": {"enabled": "yes"}}}}),
        "selfservice.methods.password.enabled",
        "without quotes",
    );
    check(
        json!({"session": {"lifespan": "1 day"}}),
        "session.lifespan",
        "\"1 day\" is not a duration.",
    );
    check(
        json!({"session": {"lifespan": "1.5h"}}),
        "session.lifespan",
        "is not a duration.",
    );
    check(
        json!({"serve": {"public": {"port": 70000}}}),
        "serve.public.port",
        "from 1 to 65535",
    );
    check(
        json!({"log": {"level": "warn"}}),
        "log.level",
        "Did you mean warning?",
    );
    check(
        json!({"secrets": {"cookie": ["short-one"]}}),
        "secrets.cookie[0]",
        "at least 16",
    );
    check(
        json!({"secrets": {"cookie": ["same-secret-000000", "same-secret-000000"]}}),
        "secrets.cookie[1]",
        "twice",
    );
    check(
        json!({"courier": {"smtp": {"connection_uri": "mail.example.org"}}}),
        "courier.smtp.connection_uri",
        "smtp://",
    );
    check(json!({"version": "1.2"}), "version", "leading v");
    check(
        json!({"selfservice": {"flows": {"login": {"ui_url": "login"}}}}),
        "selfservice.flows.login.ui_url",
        "starts with a slash",
    );
    check(
        json!({"serve": {"public": {"base_url": "/auth"}}}),
        "serve.public.base_url",
        "absolute URL",
    );
    check(
        json!({"hashers": {"argon2": {"memory": "128"}}}),
        "hashers.argon2.memory",
        "128MB",
    );
    check(
        json!({"bia": {"sessions": {"stored_token": "hash"}}}),
        "bia.sessions.stored_token",
        "Did you mean hashed?",
    );
    check(
        json!({"identity": {"schemas": []}}),
        "identity.schemas",
        "at least 1",
    );
}

#[test]
fn a_secret_is_never_repeated() {
    let findings = errors(json!({
        "secrets": {"cookie": ["hunter2"], "cipher": ["hunter2"]},
        "courier": {"smtp": {"connection_uri": "http://user:hunter2@mail"}},
        "oauth2_provider": {"url": "no url hunter2"},
    }));
    assert_eq!(findings.0.len(), 4, "{findings}");
    assert!(!findings.to_string().contains("hunter2"), "{findings}");
}

#[test]
fn what_is_missing_is_named() {
    let all = Config::from_json(json!({})).expect_err("it is empty");
    let keys: Vec<&str> = all.iter().map(|finding| finding.key.as_str()).collect();
    assert_eq!(
        keys,
        ["selfservice.default_browser_return_url", "identity.schemas"]
    );
    assert!(
        Config::from_json(with(kit_base(), json!({"dsn": null})))
            .unwrap()
            .dsn
            .is_none(),
        "a data source name is not required"
    );
    check(
        json!({"selfservice": {"default_browser_return_url": ""}}),
        "selfservice.default_browser_return_url",
        "empty",
    );
}

#[test]
fn keys_that_depend_on_each_other_are_checked_together() {
    check(
        json!({"secrets": {"cipher": null}}),
        "ciphers.algorithm",
        "secrets.cipher is missing",
    );
    let code = json!({"selfservice": {"methods": {"code": {"passwordless_enabled": true, "mfa_enabled": true}}}});
    check(
        code,
        "selfservice.methods.code",
        "Switch one of the two off.",
    );
    check(
        json!({"selfservice": {"methods": {"webauthn": {"enabled": true}}}}),
        "selfservice.methods.webauthn",
        "config is missing",
    );
    warned(
        json!({"selfservice": {"methods": {"passkey": {"enabled": true}}}}),
        "selfservice.methods.passkey",
        "config.rp",
    );
    let party = json!({"selfservice": {"methods": {"webauthn": {"config": {"rp": {"id": "x", "display_name": "X", "origin": "https://x", "origins": ["https://x"]}}}}}});
    check(
        party,
        "selfservice.methods.webauthn.config.rp",
        "exclude each other",
    );
    check(
        json!({"identity": {"default_schema_id": "people"}}),
        "identity.default_schema_id",
        "Set it to one of: default.",
    );
    warned(
        json!({"cookies": {"secure": "yes"}}),
        "cookies.secure",
        "counts as \"false\"",
    );
}

#[test]
fn providers_have_the_settings_of_their_kind() {
    let provider = |over: Value| {
        let base = json!({"id": "p", "provider": "generic", "client_id": "a", "client_secret": "b", "mapper_url": "base64://e30="});
        json!({"selfservice": {"methods": {"oidc": {"config": {"providers": [with(base, over)]}}}}})
    };
    let at = |key: &str| format!("selfservice.methods.oidc.config.providers[0].{key}");
    assert!(Config::from_json(with(kit_base(), provider(json!({})))).is_ok());
    check(
        provider(json!({"client_secret": null})),
        &at("client_secret"),
        "needs this key",
    );
    check(
        provider(json!({"provider": "microsoft"})),
        &at("microsoft_tenant"),
        "needs this key",
    );
    check(
        provider(json!({"microsoft_tenant": "x"})),
        &at("microsoft_tenant"),
        "no such setting",
    );
    check(
        provider(json!({"apple_team_id": "x"})),
        &at("apple_team_id"),
        "no such setting",
    );
    assert_eq!(errors(provider(json!({"provider": "apple"}))).0.len(), 4);
    check(
        provider(json!({"provider": "goggle"})),
        &at("provider"),
        "Did you mean google?",
    );
}

#[test]
fn hooks_stand_where_they_can_run_with_the_settings_of_their_kind() {
    let hooks = |flow: &str, hooks: Value| json!({"selfservice": {"flows": {flow: {"after": {"password": {"hooks": hooks}}}}}});
    let at =
        |flow: &str, key: &str| format!("selfservice.flows.{flow}.after.password.hooks[0].{key}");
    check(
        hooks("login", json!([{"hook": "session"}])),
        &at("login", "hook"),
        "Write one of: revoke_active_sessions",
    );
    check(
        hooks("registration", json!([{"hook": "session", "config": {}}])),
        &at("registration", "config"),
        "no such key",
    );
    check(
        hooks("registration", json!([{"hook": "web_hook"}])),
        &at("registration", "config"),
        "required, but missing",
    );
    assert_eq!(
        errors(hooks(
            "registration",
            json!([{"hook": "web_hook", "config": {}}])
        ))
        .0
        .len(),
        2,
        "url and method"
    );
    let call = |over: Value| {
        let config = with(
            json!({"url": "http://127.0.0.1:9/", "method": "POST"}),
            over,
        );
        hooks(
            "registration",
            json!([{"hook": "web_hook", "config": config}]),
        )
    };
    check(
        call(json!({"response": {"ignore": true, "parse": true}})),
        &at("registration", "config.response.ignore"),
        "both ignored and parsed",
    );
    check(
        call(json!({"response": {"ignore": true}, "can_interrupt": true})),
        &at("registration", "config.response.ignore"),
        "can_interrupt",
    );
    check(
        call(json!({"auth": {"type": "basic_auth", "config": {"user": "u"}}})),
        &at("registration", "config.auth.config.password"),
        "required",
    );
    check(
        call(
            json!({"auth": {"type": "basic_auth", "config": {"user": "u", "password": "p", "in": "header"}}}),
        ),
        &at("registration", "config.auth.config.in"),
        "no such key",
    );
    assert!(
        Config::from_json(with(
            kit_base(),
            hooks(
                "registration",
                json!([{"hook": "b2b_sso", "config": {"free": 1}}])
            )
        ))
        .is_ok()
    );
}

#[test]
fn hooks_that_would_not_run_are_warned_about() {
    let call = |more: Value| {
        let config = with(
            json!({"url": "http://127.0.0.1:9/", "method": "POST"}),
            more,
        );
        json!({"hook": "web_hook", "config": config})
    };
    for flow in ["login", "registration", "settings"] {
        let after = json!({"password": {"hooks": [call(json!({}))]}, "hooks": [call(json!({"id": "audit"}))]});
        warned(
            json!({"selfservice": {"flows": {flow: {"after": after}}}}),
            &format!("selfservice.flows.{flow}.after.password.hooks"),
            &format!("After {flow} by password only the hooks of this list run"),
        );
    }
    for decides in [
        json!({"response": {"parse": true}}),
        json!({"can_interrupt": true}),
    ] {
        for flow in ["registration", "settings"] {
            warned(
                json!({"selfservice": {"flows": {flow: {"after": {"hooks": [call(decides.clone())]}}}}}),
                &format!("selfservice.flows.{flow}.after.hooks[0]"),
                "never called",
            );
        }
    }
    // What the other list repeats runs, and so does what a method cannot replace that is off.
    let own = json!({"hooks": [call(json!({})), {"hook": "session"}]});
    let other = json!({"hooks": [{"hook": "session"}]});
    let after = json!({"password": own, "oidc": other, "hooks": [call(json!({}))]});
    let quiet = json!({"selfservice": {"flows": {"registration": {"after": after}}}});
    let config = Config::from_json(with(kit_base(), quiet)).unwrap();
    assert!(config.warnings().is_empty(), "{}", config.warnings());
}

#[test]
fn a_hook_that_parses_or_interrupts_may_stand_wherever_web_hooks_may() {
    for more in [
        json!({"response": {"parse": true}}),
        json!({"can_interrupt": true}),
    ] {
        let config = with(
            json!({"url": "http://127.0.0.1:9/", "method": "POST", "body": "base64://e30="}),
            more,
        );
        let hooks = json!({"hooks": [{"hook": "web_hook", "config": config}]});
        let of_methods = |methods: &[&str]| {
            let mut after = hooks.clone();
            for method in methods {
                after[*method] = hooks.clone();
            }
            json!({"before": hooks, "after": after})
        };
        let flows = json!({
            "login": of_methods(&["password", "webauthn", "passkey", "oidc", "code", "totp", "lookup_secret"]),
            "registration": of_methods(&["password", "webauthn", "passkey", "oidc", "code"]),
            "settings": of_methods(&["password", "totp", "oidc", "webauthn", "passkey", "lookup_secret", "profile"]),
            "recovery": of_methods(&[]),
            "verification": of_methods(&[]),
        });
        let over = json!({"selfservice": {"flows": flows}});
        let loaded = Config::from_json(with(kit_base(), over));
        assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
    }
    let misspelt =
        json!({"url": "http://127.0.0.1:9/", "method": "POST", "responses": {"parse": true}});
    check(
        json!({"selfservice": {"flows": {"login": {"after": {"hooks": [{"hook": "web_hook", "config": misspelt}]}}}}}),
        "selfservice.flows.login.after.hooks[0].config.responses",
        "config.response? Keys that can stand here: ",
    );
}

#[test]
fn a_flow_waits_for_hooks_less_than_a_minute() {
    for time in ["0s", "56s", "1h"] {
        check(
            json!({"bia": {"hooks": {"timeout": time}}}),
            "bia.hooks.timeout",
            "up to 55s",
        );
    }
    let quick = json!({"bia": {"hooks": {"timeout": "1500ms"}}});
    let config = Config::from_json(with(kit_base(), quick)).unwrap();
    assert_eq!(config.bia.hooks.timeout.as_millis(), 1500);
}

#[test]
fn what_same_site_becomes_without_https_is_warned_about() {
    for same_site in ["None", "Strict"] {
        let dev = json!({"dev": true, "cookies": {"same_site": same_site}});
        warned(dev, "cookies.same_site", "SameSite=Lax");
    }
    let own = json!({"dev": true, "session": {"cookie": {"same_site": "None"}}});
    warned(
        own,
        "session.cookie.same_site",
        "browsers take no such cookie",
    );
    let config =
        Config::from_json(with(kit_base(), json!({"cookies": {"same_site": "None"}}))).unwrap();
    assert!(config.warnings().is_empty(), "{}", config.warnings());
}

#[test]
fn return_urls_that_cannot_be_used_are_warned_about() {
    let over =
        |url: &str| json!({"selfservice": {"allowed_return_urls": ["http://app.local/", url]}});
    warned(
        over("https://*.com"),
        "selfservice.allowed_return_urls[1]",
        "anybody can register",
    );
    warned(
        over("app.local"),
        "selfservice.allowed_return_urls[1]",
        "left out",
    );
}

#[tokio::test]
async fn all_findings_come_at_once_with_their_lines() {
    let folder = Folder::new();
    let file = folder.write(
        "kratos.yml",
        "dsn: memory\nselfservice:\n  default_browser_return_url: http://app.local/\n  flows:\n    login:\n      lifespan: soon\n      after:\n        hooks:\n          - hook: session\nidentity:\n  schemas:\n    - id: default\n      url: base64://bm90IGpzb24=\nnonsense: 1\ncookies: {secure: yes, same_site: lax}\n",
    );
    let findings = load(&Sources {
        files: vec![file.clone()],
        ..Sources::default()
    })
    .await
    .expect_err("it is wrong");
    let path = file.display();
    let text = findings.to_string();
    for expected in [
        format!("error: {path}:6: selfservice.flows.login.lifespan\n  \"soon\" is not a duration."),
        format!(
            "error: {path}:9: selfservice.flows.login.after.hooks[0].hook\n  \"session\" is not a value of this key."
        ),
        format!(
            "error: {path}:13: identity.schemas[0].url\n  The schema \"default\" is not well-formed JSON"
        ),
        format!("error: {path}:14: nonsense\n  There is no such key."),
        format!(
            "error: {path}:15: cookies.same_site\n  \"lax\" is not a value of this key.\n  Did you mean Lax?"
        ),
    ] {
        assert!(text.contains(&expected), "{expected}\n--- in ---\n{text}");
    }
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count(),
        5,
        "{text}"
    );
}

#[tokio::test]
async fn a_schema_that_cannot_be_compiled_is_a_finding() {
    let folder = Folder::new();
    let file = folder.write("kratos.json", &kit_base().to_string());
    let sources = Sources {
        files: vec![file],
        ..Sources::default()
    };
    let refuse = |_: &bia_config::SchemaSource| {
        Err(vec![
            "It has no traits.".to_owned(),
            "It is odd.".to_owned(),
        ])
    };
    let findings = bia_config::load(&sources, &refuse)
        .await
        .expect_err("the schema is refused");
    assert_eq!(findings.0.len(), 2);
    assert!(
        findings
            .to_string()
            .contains("The schema \"default\" cannot be used: It has no traits."),
        "{findings}"
    );
}

#[test]
fn old_spellings_and_missing_senders_are_warned_about() {
    let hook = json!({"hook": "web_hook", "config": {"url": "http://127.0.0.1:9/", "method": "POST", "body": "/etc/hook.jsonnet"}});
    let over = json!({"selfservice": {"flows": {"login": {"before": {"hooks": [hook]}}}}});
    warned(
        over,
        "selfservice.flows.login.before.hooks[0].config.body",
        "Put file:// in front",
    );
    warned(
        json!({"courier": {"smtp": {"from_address": null}}}),
        "courier.smtp.from_address",
        "no sender",
    );
}

fn rule(rule: Value) -> Value {
    json!({"selfservice": {"methods": {"totp": {"enabled": true}}}, "bia": {"mfa": {"rules": [rule]}}})
}

#[test]
fn an_mfa_rule_that_cannot_be_understood_is_named() {
    let place = "bia.mfa.rules[0]";
    let when = |schema: Value| rule(json!({"when": schema, "require": "required"}));
    let at = format!("{place}.when");
    check(
        when(json!({"type": "employee"})),
        &at,
        "no valid JSON Schema",
    );
    check(
        when(json!({"$ref": "https://example.org/x"})),
        &at,
        "not read",
    );
    check(
        when(json!({"properties": {"credentials": {}}})),
        &at,
        "without its credentials",
    );
    check(rule(json!({"require": "required"})), &at, "required");
    let required =
        |methods: Value| rule(json!({"when": {}, "require": "required", "methods": methods}));
    let at = format!("{place}.methods[0]");
    check(
        required(json!(["password"])),
        &at,
        "not a value of this key",
    );
    let at = format!("{place}.methods");
    check(required(json!([])), &at, "needs at least 1");
    check(
        rule(json!({"when": {}, "require": "perhaps"})),
        &format!("{place}.require"),
        "perhaps",
    );
    let grace = rule(json!({"when": {}, "require": "required", "grace": "3 days"}));
    check(grace, &format!("{place}.grace"), "3 days");
}

#[test]
fn an_mfa_rule_that_nobody_could_fulfil_is_named() {
    let required =
        |methods: Value| rule(json!({"when": {}, "require": "required", "methods": methods}));
    let at = "bia.mfa.rules[0].methods";
    check(required(json!(["webauthn"])), at, "none that would do");
    // Codes are a second factor only with mfa_enabled.
    check(required(json!(["code"])), at, "none that would do");
    let totp_off = json!({"selfservice": {"methods": {"totp": {"enabled": false}}}, "bia": {"mfa": {"default": "required"}}});
    check(totp_off, "bia.mfa.default", "none that would do");
    let rp = json!({"id": "example.org", "display_name": "Example"});
    let mut passkeys = required(json!(["totp", "passkey"]));
    passkeys["selfservice"]["methods"]["passkey"] = json!({"enabled": true, "config": {"rp": rp}});
    warned(passkeys.clone(), at, "user_verification");
    let selection = json!({"user_verification": "required"});
    passkeys["selfservice"]["methods"]["passkey"]["config"]["authenticator_selection"] = selection;
    assert!(Config::from_json(with(kit_base(), passkeys)).is_ok());
}

#[test]
fn what_belongs_to_the_paid_edition_is_named_where_it_stands_and_stops_nothing() {
    let organization = json!([{
        "id": "7d0b9a43-52b1-4c3e-9a6c-1f2e3d4c5b6a", "label": "Shop", "domains": ["shop.example.org"],
    }]);
    warned(
        json!({"selfservice": {"methods": {"b2b": {"config": {"organizations": organization}}}}}),
        "selfservice.methods.b2b.config.organizations",
        "does not have them",
    );
    warned(
        json!({"organizations": [{"id": "x"}]}),
        "organizations",
        "does not have them",
    );
    warned(
        json!({"enterprise": {"identity_schema_fallback_url_template": "https://example.org/{id}"}}),
        "enterprise",
        "have no effect here",
    );
    let hooks = json!([{"hook": "b2b_sso", "config": {"any": "thing"}}]);
    warned(
        json!({"selfservice": {"flows": {"login": {"after": {"hooks": hooks}}}}}),
        "selfservice.flows.login.after.hooks[0].hook",
        "It never runs here",
    );
    let empty = json!({"organizations": [], "enterprise": {}});
    let config = Config::from_json(with(kit_base(), empty)).unwrap();
    let said = config.warnings().to_string();
    assert!(!said.contains("paid edition"), "{said}");
    check(
        json!({"selfservice": {"methods": {"saml": {"enabled": true}}}}),
        "selfservice.methods.saml",
        "a bridge from SAML to OpenID Connect",
    );
}

#[test]
fn traces_to_an_agent_need_its_address() {
    check(
        json!({"tracing": {"provider": "jaeger"}}),
        "tracing.providers.jaeger.local_agent_address",
        "its address is missing",
    );
    let agent = json!({"jaeger": {"local_agent_address": "127.0.0.1:6831"}});
    let tracing = json!({"tracing": {"provider": "jaeger", "providers": agent}});
    assert!(Config::from_json(with(kit_base(), tracing)).is_ok());
    let sampling = json!({"server_url": "http://127.0.0.1:5778/sampling"});
    let agent = json!({"jaeger": {"local_agent_address": "127.0.0.1:6831", "sampling": sampling}});
    warned(
        json!({"tracing": {"provider": "jaeger", "providers": agent}}),
        "tracing.providers.jaeger.sampling.server_url",
        "trace_id_ratio decides alone",
    );
}

#[test]
fn accounts_cannot_be_hidden_from_whoever_is_signed_in_at_once() {
    let hidden = |after: Value| {
        let after = with(json!({"password": {"hooks": []}}), after);
        json!({
            "security": {"account_enumeration": {"mitigate": true}},
            "selfservice": {"flows": {"registration": {"after": after}}},
            "bia": {"registration": {"hide_existing_accounts": true}},
        })
    };
    let session = || json!({"hooks": [{"hook": "show_verification_ui"}, {"hook": "session"}]});
    for method in ["password", "code", "webauthn", "passkey", "oidc"] {
        let key = format!("selfservice.flows.registration.after.{method}.hooks[1]");
        check(
            hidden(json!({method: session()})),
            &key,
            "signed in at once",
        );
    }
    let none = || json!({"hooks": [{"hook": "show_verification_ui"}]});
    let config = Config::from_json(with(kit_base(), hidden(json!({"password": none()})))).unwrap();
    assert!(config.bia.registration.hide_existing_accounts);
    let off = json!({
        "security": {"account_enumeration": {"mitigate": false}},
        "bia": {"registration": {"hide_existing_accounts": true}},
        "selfservice": {"flows": {"registration": {"after": {"password": none()}}}},
    });
    warned(off, "bia.registration.hide_existing_accounts", "login may");
}
