//! What hook lists, and the settings of all web hooks, mean together.

use serde_json::{Map, Value};

use crate::section::bia::signing_key;
use crate::{Finding, duration, source::Tree};

/// The hooks that run when their list is looked at after a login (hooks.md §1).
const AFTER_LOGIN: &[&str] = &[
    "web_hook",
    "revoke_active_sessions",
    "require_verified_address",
    "verification",
    "show_verification_ui",
];
/// The hooks that run when their list is looked at after something was stored.
const AFTER_STORING: &[&str] = &[
    "web_hook",
    "session",
    "revoke_active_sessions",
    "show_verification_ui",
    "notify_previous_addresses",
];

/// How long all attempts of a hook may take together: requests are answered within a minute.
const LONGEST_WAIT_SECONDS: u64 = 55;

pub(super) fn check(value: &Value, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (flow, runs) in [
        ("login", AFTER_LOGIN),
        ("registration", AFTER_STORING),
        ("settings", AFTER_STORING),
    ] {
        let path = format!("selfservice.flows.{flow}.after");
        if let Some(after) = at(value, &path).and_then(Value::as_object) {
            findings.extend(hidden(after, (&path, flow), runs, value, tree));
            if flow != "login" {
                findings.extend(unasked(after, &path, flow, tree));
            }
        }
    }
    findings.extend(timeout(value, tree));
    findings.extend(signing_secrets(value, tree));
    findings
}

pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

pub(super) fn hooks(holder: Option<&Value>) -> &[Value] {
    holder.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn name(hook: &Value) -> &str {
    hook.get("hook").and_then(Value::as_str).unwrap_or("")
}

/// Lists of methods in whose place the flow's own list does not run, though it has hooks that they lack.
fn hidden(
    after: &Map<String, Value>,
    (path, flow): (&str, &str),
    runs: &[&str],
    value: &Value,
    tree: &Tree,
) -> Vec<Finding> {
    let general = hooks(after.get("hooks"));
    let is_off = |method: &str| {
        let enabled = at(value, &format!("selfservice.methods.{method}.enabled"));
        enabled == Some(&Value::Bool(false))
    };
    let hides = |(method, own): (&String, &Value)| {
        let own = hooks(own.get("hooks"));
        let lost = general.iter().filter(|hook| !own.contains(hook));
        let lost: Vec<&str> = lost.map(name).collect();
        let replaces = own.iter().any(|hook| runs.contains(&name(hook)));
        if lost.is_empty() || !replaces || is_off(method) {
            return None;
        }
        let here = format!("{path}.{method}.hooks");
        let problem = format!(
            "After {flow} by {method} only the hooks of this list run; those of {path}.hooks ({}) do not.",
            lost.join(", ")
        );
        let mend = "Repeat in this list what is to run after every method.";
        Some(Finding::warning(here.clone(), problem, mend).at(tree.place(&here)))
    };
    after.iter().filter_map(hides).collect()
}

/// Web hooks that would decide before something is stored, in a list that is only looked at afterwards.
fn unasked(after: &Map<String, Value>, path: &str, flow: &str, tree: &Tree) -> Vec<Finding> {
    let is_on = |value: Option<&Value>| value == Some(&Value::Bool(true));
    let decides = |hook: &Value| {
        let config = hook.get("config");
        let parses = config.and_then(|c| c.get("response")?.get("parse"));
        is_on(parses) || is_on(config.and_then(|c| c.get("can_interrupt")))
    };
    let list = hooks(after.get("hooks")).iter().enumerate();
    let found = |(index, _)| {
        let here = format!("{path}.hooks[{index}]");
        let problem = format!(
            "This web hook is never called: before a {flow} is stored, only the lists of methods are looked at."
        );
        let mend =
            format!("Move it to {path}.METHOD.hooks, for each method that it is to decide about.");
        Finding::warning(here.clone(), problem, mend).at(tree.place(&here))
    };
    list.filter(|(_, hook)| name(hook) == "web_hook" && decides(hook))
        .map(found)
        .collect()
}

fn timeout(value: &Value, tree: &Tree) -> Option<Finding> {
    let path = "bia.hooks.timeout";
    let wait = duration::parse(at(value, path)?.as_str()?).ok()?;
    if !wait.is_zero() && wait.as_secs() <= LONGEST_WAIT_SECONDS {
        return None;
    }
    let problem = "A flow cannot wait for a hook that long, or not at all: requests are answered within a minute.";
    let mend = format!("Write a time up to {LONGEST_WAIT_SECONDS}s.");
    Some(Finding::error(path, problem, mend).at(tree.place(path)))
}

/// The texts are secrets and are not repeated.
fn signing_secrets(value: &Value, tree: &Tree) -> Vec<Finding> {
    let secrets = hooks(at(value, "bia.hooks.signing_secrets"))
        .iter()
        .enumerate();
    let wrong = |(index, secret): (usize, &Value)| {
        signing_key(secret.as_str()?).is_none().then(|| {
            let path = format!("bia.hooks.signing_secrets[{index}]");
            let problem = "This is no signing secret: whsec_ and then base64 of 24 to 64 bytes.";
            let mend = "Make one, for example with: echo whsec_$(openssl rand -base64 32)";
            Finding::error(path.clone(), problem, mend).at(tree.place(&path))
        })
    };
    secrets.filter_map(wrong).collect()
}
