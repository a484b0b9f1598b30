//! Methods and flows that no trait of the identity schemas can be used with.

use super::{Case, Diagnosis};

/// The extension of a trait, as a piece of a schema.
fn mark(trait_name: &str, marks: &str) -> String {
    format!("\"{trait_name}\": {{\n  \"type\": \"string\",\n  \"ory.sh/kratos\": {marks}\n}}")
}

/// A method whose enabling key, name and missing mark are known.
struct Wanting {
    key: &'static str,
    what: &'static str,
    snippet: String,
}

/// Methods that are on and find their identifier in no trait of any schema.
pub(super) fn no_trait_for_it(case: &Case) -> Vec<Diagnosis> {
    let methods = &case.config().selfservice.methods;
    let mut wanting = Vec::new();
    if methods.password.enabled && !case.any_trait(|extension| extension.password) {
        wanting.push(Wanting {
            key: "selfservice.methods.password.enabled",
            what: "Passwords are switched on, but no trait of an identity schema is an identifier for them.",
            snippet: mark("username", r#"{"credentials": {"password": {"identifier": true}}}"#),
        });
    }
    if methods.code.passwordless_enabled && !case.any_trait(|extension| extension.code.is_some()) {
        wanting.push(Wanting {
            key: "selfservice.methods.code.passwordless_enabled",
            what: "Signing in by code is switched on, but no trait of an identity schema is an identifier for it: every name ends in message 4000035.",
            snippet: format!("{},\n{}",
                mark("username", r#"{"credentials": {"code": {"identifier": true}}}"#),
                mark("email", r#"{"credentials": {"code": {"identifier": true, "via": "email"}}}"#)),
        });
    }
    if methods.webauthn.enabled
        && methods.webauthn.config.passwordless
        && !case.any_trait(|extension| extension.webauthn)
    {
        wanting.push(Wanting {
            key: "selfservice.methods.webauthn.config.passwordless",
            what: "Security keys are the first factor, but no trait of an identity schema is an identifier for them.",
            snippet: mark("email", r#"{"credentials": {"webauthn": {"identifier": true}}}"#),
        });
    }
    if methods.passkey.enabled
        && !case.any_trait(|extension| extension.passkey_display_name || extension.webauthn)
    {
        wanting.push(Wanting {
            key: "selfservice.methods.passkey.enabled",
            what: "Passkeys are switched on, but no trait of an identity schema names the account beside them.",
            snippet: mark("email", r#"{"credentials": {"passkey": {"display_name": true}}}"#),
        });
    }
    let finding = |wanting: Wanting| {
        case.found("methods.no_trait", wanting.key, wanting.what)
            .why("People see a way to sign in or up that cannot succeed.")
            .mend(
                "Mark a trait in the identity schema, or switch the method off.",
                wanting.snippet,
            )
    };
    wanting.into_iter().map(finding).collect()
}

/// Codes are asked for by a name alone, and the identity has no address to send them to.
pub(super) fn no_address_for_the_code(case: &Case) -> Vec<Diagnosis> {
    let code = &case.config().selfservice.methods.code;
    if !code.passwordless_enabled && !code.mfa_enabled {
        return Vec::new();
    }
    let lacking = |(id, schema): &&(String, bia_model::schema::IdentitySchema)| {
        let named = code.mfa_enabled && *id == case.config().identity.default_schema_id
            || schema
                .uses()
                .any(|(_, extension)| extension.code.is_some_and(|code| code.via.is_none()));
        let addressed = schema.uses().any(|(_, extension)| {
            extension.code.is_some_and(|code| code.via.is_some())
                || extension.verification.is_some()
                || extension.recovery.is_some()
        });
        named && !addressed
    };
    let key = if code.mfa_enabled {
        "selfservice.methods.code.mfa_enabled"
    } else {
        "selfservice.methods.code.passwordless_enabled"
    };
    let finding = |(id, _): &(String, bia_model::schema::IdentitySchema)| {
        case.found("methods.no_address", key, format!("Codes are sent to people of the schema {id:?}, which has no address to send them to."))
            .why("The code has nowhere to go, so nobody can sign in with it.")
            .mend("Add a trait with an address to the schema.", mark("email", r#"{"credentials": {"code": {"identifier": true, "via": "email"}}, "verification": {"via": "email"}}"#))
    };
    case.schemas.iter().filter(lacking).map(finding).collect()
}

/// Recovery or verification is on, and no trait says which address it is about.
pub(super) fn flow_without_its_address(case: &Case) -> Vec<Diagnosis> {
    let flows = &case.config().selfservice.flows;
    let mut findings = Vec::new();
    let mut wanting = |flow: &str, why: &str| {
        let what = format!(
            "The {flow} flow is switched on, but no trait of an identity schema is an address for it."
        );
        let snippet = mark("email", &format!(r#"{{"{flow}": {{"via": "email"}}}}"#));
        findings.push(
            case.found(
                "flows.no_address",
                &format!("selfservice.flows.{flow}.enabled"),
                what,
            )
            .why(why)
            .mend("Mark a trait in the identity schema.", snippet),
        );
    };
    if flows.recovery.enabled && !case.any_trait(|extension| extension.recovery.is_some()) {
        wanting(
            "recovery",
            "The flow says that a mail was sent, and never sends one.",
        );
    }
    if flows.verification.enabled && !case.any_trait(|extension| extension.verification.is_some()) {
        wanting("verification", "No address is ever verified.");
    }
    findings
}

/// Recovery or verification uses a method that is off.
pub(super) fn flow_uses_a_disabled_method(case: &Case) -> Vec<Diagnosis> {
    let selfservice = &case.config().selfservice;
    let flows = [
        ("recovery", selfservice.flows.recovery.enabled),
        ("verification", selfservice.flows.verification.enabled),
    ];
    let finding = |(flow, _): (&str, bool)| {
        let key = format!("selfservice.flows.{flow}.use");
        let used = case
            .survey
            .get(&key)
            .and_then(serde_json::Value::as_str)
            .unwrap_or("code")
            .to_owned();
        let on = if used == "link" {
            selfservice.methods.link.enabled
        } else {
            selfservice.methods.code.enabled
        };
        let what = format!("The {flow} flow uses the method {used}, which is switched off.");
        (!on).then(|| {
            case.found("flows.method_off", &key, what)
                .why("The form has nothing to send, and every submission ends in 4010005 or 4010006.")
                .mend("Switch the method on.", format!("selfservice:\n  methods:\n    {used}:\n      enabled: true"))
        })
    };
    flows
        .into_iter()
        .filter(|(_, enabled)| *enabled)
        .filter_map(finding)
        .collect()
}

/// Authenticator apps would show an entry without a name.
pub(super) fn totp_without_account_name(case: &Case) -> Vec<Diagnosis> {
    let config = case.config();
    let default = &config.identity.default_schema_id;
    let named = |(_, schema): &(String, bia_model::schema::IdentitySchema)| {
        schema
            .uses()
            .any(|(_, extension)| extension.totp_account_name)
    };
    let schema = case.schemas.iter().find(|(id, _)| id == default);
    if !config.selfservice.methods.totp.enabled || schema.is_none_or(named) {
        return Vec::new();
    }
    let found = case.found("methods.totp_name", "selfservice.methods.totp.enabled", format!("Authenticator apps can be set up, but no trait of the schema {default:?} is the account's name in them."));
    vec![found
        .why("People with two accounts cannot tell the entries of their app apart, and type the code of the wrong one.")
        .mend("Mark a trait in the identity schema.", mark("email", r#"{"credentials": {"totp": {"account_name": true}}}"#))]
}
