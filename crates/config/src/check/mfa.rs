//! `bia.mfa`: rules that can be understood and fulfilled.

use bia_model::schema::Condition;
use serde_json::Value;

use crate::{Finding, source::Tree};

/// The most rules.
const MOST_RULES: usize = 100;

/// The second factors, as `methods` names them.
const FACTORS: [&str; 5] = ["totp", "webauthn", "passkey", "lookup_secret", "code"];

/// What is wrong with `bia.mfa`.
pub(super) fn check(value: &Value, tree: &Tree) -> Vec<Finding> {
    let Some(mfa) = value.pointer("/bia/mfa") else {
        return Vec::new();
    };
    let rules = mfa.get("rules").and_then(Value::as_array);
    let rules = rules.map_or(&[][..], Vec::as_slice);
    let mut findings = Vec::new();
    if rules.len() > MOST_RULES {
        let problem = format!(
            "There are {} rules, but at most {MOST_RULES} can be used.",
            rules.len()
        );
        let mend = "Bring rules together, for example with enum or anyOf in their conditions.";
        findings.push(Finding::error("bia.mfa.rules", problem, mend));
    }
    for (index, rule) in rules.iter().take(MOST_RULES).enumerate() {
        let path = format!("bia.mfa.rules[{index}]");
        findings.extend(condition(&path, rule));
        findings.extend(methods(value, &path, rule));
    }
    if mfa.get("default").and_then(Value::as_str) == Some("required") && second(value).is_empty() {
        findings.push(nothing_to_use("bia.mfa.default"));
    }
    let place = |finding: Finding| {
        let place = tree.place(&finding.key);
        finding.at(place)
    };
    findings.into_iter().map(place).collect()
}

fn condition(path: &str, rule: &Value) -> Vec<Finding> {
    let Some(when) = rule.get("when").filter(|when| when.is_object()) else {
        return Vec::new();
    };
    let path = format!("{path}.when");
    if when.pointer("/properties/credentials").is_some() {
        let problem = "A rule sees an identity without its credentials.";
        let mend = "Decide by schema_id, traits, metadata, state or organization_id.";
        return vec![Finding::error(path, problem, mend)];
    }
    let wrong = |problem: String| {
        let mend = "Correct the condition. It is a JSON Schema that an identity's JSON in the admin API fits.";
        Finding::error(path.clone(), problem, mend)
    };
    match Condition::compile(when) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(wrong).collect(),
    }
}

fn methods(value: &Value, path: &str, rule: &Value) -> Option<Finding> {
    let named = rule.get("methods").and_then(Value::as_array);
    let names = named.map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    if names.iter().flatten().any(|name| !FACTORS.contains(name)) {
        // The table of keys says so.
        return None;
    }
    if rule.get("require").and_then(Value::as_str) != Some("required") {
        return None;
    }
    let path = match named {
        Some(_) => format!("{path}.methods"),
        None => path.to_owned(),
    };
    let mut usable = second(value);
    if has_passkeys(value) && verifies_users(value) {
        usable.push("passkey");
    }
    let Some(names) = names else {
        return second(value).is_empty().then(|| nothing_to_use(&path));
    };
    if !names.is_empty() && !names.iter().any(|name| usable.contains(name)) {
        return Some(nothing_to_use(&path));
    }
    let unverified = names.contains(&"passkey") && has_passkeys(value) && !verifies_users(value);
    unverified.then(|| {
        let problem = "A passkey counts only where its owner is verified, which is not required here, so that passkeys do not count.";
        let mend = "Set selfservice.methods.passkey.config.authenticator_selection.user_verification to required, or leave passkey out.";
        Finding::warning(path, problem, mend)
    })
}

fn nothing_to_use(path: &str) -> Finding {
    let problem = "A second factor is required, but none that would do can be set up: the methods are switched off, or are no second factors here.";
    let mend = "Switch one on, for example selfservice.methods.totp.enabled. Codes need mfa_enabled, passkeys user_verification: required.";
    Finding::error(path, problem, mend)
}

/// The second factors that are switched on.
pub(super) fn second(value: &Value) -> Vec<&'static str> {
    let mut found = Vec::new();
    if is_on(value, "totp", "/enabled") {
        found.push("totp");
    }
    if is_on(value, "lookup_secret", "/enabled") {
        found.push("lookup_secret");
    }
    if is_on(value, "webauthn", "/enabled") && !is_on(value, "webauthn", "/config/passwordless") {
        found.push("webauthn");
    }
    if is_on(value, "code", "/mfa_enabled") {
        found.push("code");
    }
    found
}

fn has_passkeys(value: &Value) -> bool {
    is_on(value, "passkey", "/enabled")
}

fn verifies_users(value: &Value) -> bool {
    let path = "/selfservice/methods/passkey/config/authenticator_selection/user_verification";
    value.pointer(path).and_then(Value::as_str) == Some("required")
}

fn is_on(value: &Value, method: &str, key: &str) -> bool {
    let path = format!("/selfservice/methods/{method}{key}");
    value.pointer(&path) == Some(&Value::Bool(true))
}
