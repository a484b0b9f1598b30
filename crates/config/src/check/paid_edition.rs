//! What the reference's paid edition has and its open one does not. The open one starts with these keys and ignores
//! them, and so does this server; but it says so, with what to use instead.

use serde_json::Value;

use crate::{Finding, key, source::Tree};

/// What a setting must look like to be named.
enum Pattern {
    /// The key is there, with anything but `null` and an empty value.
    Set(&'static str),
    /// A hook list has one of these hooks.
    Hooks(&'static [&'static str]),
}

/// Something of the paid edition: how it is recognised, what it is, what to do instead.
type Entry = (Pattern, &'static str, &'static str);

const ORGANIZATIONS: &str = "Organizations, whose people sign in at a provider of their own, belong to the reference's paid edition. \
    This server does not have them: nobody is led to a provider by their mail domain, and no session is shorter because of it.";
const INSTEAD_OF_ORGANIZATIONS: &str = "Remove the key. A provider in selfservice.methods.oidc that everybody sees serves the same people; \
    who may use it is for that provider to decide, or for a web hook after login.";

const ENTRIES: &[Entry] = &[
    (
        Pattern::Set("selfservice.methods.b2b.config.organizations"),
        ORGANIZATIONS,
        INSTEAD_OF_ORGANIZATIONS,
    ),
    (
        Pattern::Set("organizations"),
        ORGANIZATIONS,
        INSTEAD_OF_ORGANIZATIONS,
    ),
    (
        Pattern::Hooks(&["b2b_sso", "organization"]),
        "This hook, which ties people to an organization, belongs to the reference's paid edition. It never runs here.",
        "Remove it. Where it kept people out, use a web_hook that can interrupt the flow: this one keeps out nobody.",
    ),
    (
        Pattern::Set("enterprise"),
        "The keys of enterprise belong to the reference's paid edition. They have no effect here.",
        "Remove them. Identities whose schema is missing are shown all the same; add their schemas to identity.schemas.",
    ),
];

/// A warning for each of them that is configured.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pattern, problem, mend) in ENTRIES {
        let mut named = Vec::new();
        match pattern {
            Pattern::Set(path) => named.extend(set(tree, path)),
            Pattern::Hooks(names) => hooks(&tree.value, "", names, &mut named),
        }
        for path in named {
            let place = tree.place(&path);
            findings.push(Finding::warning(path, *problem, *mend).at(place));
        }
    }
    findings
}

/// What to say of a key that neither edition's schema has, though people look for it.
pub(super) fn unknown(path: &str) -> Option<(&'static str, &'static str)> {
    (path == "selfservice.methods.saml").then_some((
        "Sign-in by SAML belongs to the reference's paid edition, and this server does not have it.",
        "Put a bridge from SAML to OpenID Connect in front of the SAML server, and add it to selfservice.methods.oidc with provider: generic.",
    ))
}

fn set(tree: &Tree, path: &str) -> Option<String> {
    let value = path
        .split('.')
        .try_fold(&tree.value, |value, key| value.get(key))?;
    (!is_empty(value)).then(|| path.to_owned())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The paths of all entries `{hook: name}` below `value`.
fn hooks(value: &Value, path: &str, names: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let hook = map.get("hook").and_then(Value::as_str);
            if hook.is_some_and(|hook| names.contains(&hook)) {
                found.push(key::join(path, "hook"));
            }
            for (name, below) in map {
                hooks(below, &key::join(path, name), names, found);
            }
        }
        Value::Array(list) => {
            for (index, below) in list.iter().enumerate() {
                hooks(below, &format!("{path}[{index}]"), names, found);
            }
        }
        _ => {}
    }
}
