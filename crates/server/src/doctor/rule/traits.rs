//! Traits that are marked for nothing that is on.

use bia_model::schema::Extension;

use super::{Case, Diagnosis};

/// Traits that are marked for methods or flows, all of which are off.
pub(super) fn no_method_uses_it(case: &Case) -> Vec<Diagnosis> {
    let mut findings = Vec::new();
    for (id, schema) in &case.schemas {
        let index = case
            .config()
            .identity
            .schemas
            .iter()
            .position(|source| source.id == *id);
        for (name, extension) in schema.uses() {
            let marks = marks(case, extension);
            if marks.is_empty() || marks.iter().any(|(_, on)| *on) {
                continue;
            }
            let off: Vec<&str> = marks.iter().map(|(key, _)| *key).collect();
            let what = format!(
                "The trait {name} of the schema {id:?} is marked for {}, which is off.",
                off.join(", ")
            );
            let key = index.map_or_else(
                || "identity.schemas".to_owned(),
                |index| format!("identity.schemas[{index}].url"),
            );
            let snippet = off.first().map(|key| switch(key)).unwrap_or_default();
            findings.push(
                case.found("traits.unused", &key, what)
                    .why("It looks like an identifier or address, and is used for nothing.")
                    .mend(
                        "Switch on what it is marked for, or take the mark out of the schema.",
                        snippet,
                    ),
            );
        }
    }
    findings
}

/// What a trait is marked for, as the key that switches it on, and whether that is on.
fn marks(case: &Case, extension: &Extension) -> Vec<(&'static str, bool)> {
    let selfservice = &case.config().selfservice;
    let (methods, flows) = (&selfservice.methods, &selfservice.flows);
    let code = methods.code.passwordless_enabled || methods.code.mfa_enabled;
    let all = [
        (
            extension.password,
            "selfservice.methods.password.enabled",
            methods.password.enabled,
        ),
        (
            extension.code.is_some(),
            "selfservice.methods.code.passwordless_enabled",
            code,
        ),
        (
            extension.webauthn,
            "selfservice.methods.webauthn.enabled",
            methods.webauthn.enabled || methods.passkey.enabled,
        ),
        (
            extension.passkey_display_name,
            "selfservice.methods.passkey.enabled",
            methods.passkey.enabled,
        ),
        (
            extension.totp_account_name,
            "selfservice.methods.totp.enabled",
            methods.totp.enabled,
        ),
        (
            extension.verification.is_some(),
            "selfservice.flows.verification.enabled",
            flows.verification.enabled,
        ),
        (
            extension.recovery.is_some(),
            "selfservice.flows.recovery.enabled",
            flows.recovery.enabled,
        ),
    ];
    all.into_iter()
        .filter(|(marked, ..)| *marked)
        .map(|(_, key, on)| (key, on))
        .collect()
}

fn switch(key: &str) -> String {
    let mut text = String::new();
    let mut indent = String::new();
    for step in key.split('.') {
        text.push_str(&format!("{indent}{step}:\n"));
        indent.push_str("  ");
    }
    format!("{} true", text.trim_end())
}
