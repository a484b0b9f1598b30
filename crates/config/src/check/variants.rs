//! Hooks and credentials of requests: objects in which one key decides about the others.

use serde_json::{Map, Value};

use crate::{
    Finding, fetch,
    key::{self, Key, Variant},
    source::Tree,
};

/// The key with only what applies to this value.
pub(super) fn narrowed(key: &Key, variant: Variant, map: &Map<String, Value>) -> Key {
    let mut key = key.clone();
    key.closed = true;
    match variant {
        Variant::Hook => narrow_hook(
            &mut key,
            map.get("hook").and_then(Value::as_str).unwrap_or(""),
        ),
        Variant::Auth => narrow_auth(
            &mut key,
            map.get("type").and_then(Value::as_str).unwrap_or(""),
        ),
    }
    key
}

fn config_of(key: &mut Key) -> Option<&mut Key> {
    key.children
        .iter_mut()
        .find(|(name, _)| name == "config")
        .map(|(_, child)| child)
}

fn narrow_hook(key: &mut Key, hook: &str) {
    let Some(config) = config_of(key) else { return };
    match hook {
        "web_hook" => {
            config.required = true;
            config.children.retain(|(name, _)| name != "recipients");
        }
        "notify_previous_addresses" => config.children.retain(|(name, _)| name == "recipients"),
        // An unknown hook is a finding of its own; what it is given is not looked at.
        "session"
        | "revoke_active_sessions"
        | "require_verified_address"
        | "verification"
        | "show_verification_ui"
        | "verify_new_address" => key.children.retain(|(name, _)| name != "config"),
        _ => free(config),
    }
}

fn narrow_auth(key: &mut Key, kind: &str) {
    let Some(config) = config_of(key) else { return };
    match kind {
        "api_key" => config
            .children
            .retain(|(name, _)| matches!(name.as_str(), "name" | "value" | "in")),
        "basic_auth" => config
            .children
            .retain(|(name, _)| matches!(name.as_str(), "user" | "password")),
        _ => free(config),
    }
}

fn free(key: &mut Key) {
    key.closed = false;
    key.children.clear();
}

/// What is odd about the settings of a web hook.
pub(super) fn remarks(
    variant: Variant,
    map: &Map<String, Value>,
    path: &str,
    tree: &Tree,
) -> Vec<Finding> {
    let Some(config) = map.get("config").filter(|_| variant == Variant::Hook) else {
        return Vec::new();
    };
    let mut findings = contradictions(config, path, tree);
    let body = config.get("body").and_then(Value::as_str).unwrap_or("");
    if !body.is_empty() && fetch::is_bare_path(body) {
        let here = key::join(path, "config.body");
        let problem = "A path without a scheme is an old spelling that is going away.";
        let mend = "Put file:// in front of it.";
        findings.push(Finding::warning(here.clone(), problem, mend).at(tree.place(&here)));
    }
    findings
}

/// Settings that exclude each other.
fn contradictions(config: &Value, path: &str, tree: &Tree) -> Vec<Finding> {
    let is_on = |value: Option<&Value>| value == Some(&Value::Bool(true));
    let response = config.get("response");
    if !is_on(response.and_then(|response| response.get("ignore"))) {
        return Vec::new();
    }
    let here = key::join(path, "config.response.ignore");
    let found = |problem: &str| {
        let mend = "Remove one of the two: a call whose response is ignored runs beside the flow and cannot change it.";
        Finding::error(here.clone(), problem, mend).at(tree.place(&here))
    };
    let mut findings = Vec::new();
    if is_on(response.and_then(|response| response.get("parse"))) {
        findings.push(found("A response cannot be both ignored and parsed."));
    }
    if is_on(config.get("can_interrupt")) {
        findings.push(found("A call whose response is ignored cannot interrupt the flow, but can_interrupt is true."));
    }
    findings
}
