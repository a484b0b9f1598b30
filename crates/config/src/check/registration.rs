//! `bia.registration`: what cannot be hidden, and what would not be.

use serde_json::Value;

use super::hooks::{at, hooks, name};
use crate::{Finding, source::Tree};

const KEY: &str = "bia.registration.hide_existing_accounts";
const AFTER: &str = "selfservice.flows.registration.after";

/// What is wrong with `bia.registration`.
pub(super) fn check(value: &Value, tree: &Tree) -> Vec<Finding> {
    if at(value, KEY) != Some(&Value::Bool(true)) {
        return Vec::new();
    }
    let mut findings = signs_in(value, tree);
    findings.extend(told_by_nobody(value, tree));
    findings
}

/// Lists with the hook `session`: nobody can be signed in to an account that is somebody else's.
fn signs_in(value: &Value, tree: &Tree) -> Vec<Finding> {
    let Some(after) = at(value, AFTER).and_then(Value::as_object) else {
        return Vec::new();
    };
    // The list of the flow as a whole takes web hooks alone.
    let with_session = |(method, own): (&String, &Value)| {
        let list = hooks(own.as_object()?.get("hooks"));
        let index = list.iter().position(|hook| name(hook) == "session")?;
        let path = format!("{AFTER}.{method}.hooks");
        let here = format!("{path}[{index}]");
        let problem = format!(
            "Whoever signs up is signed in at once. With {KEY} that would tell who has an account already: nobody can be signed in to the account of somebody else."
        );
        let mend = "Take the hook session out of this list, so that people sign in after signing up, or leave that key out.";
        Some(Finding::error(here.clone(), problem, mend).at(tree.place(&here)))
    };
    after.iter().filter_map(with_session).collect()
}

/// Login forms that tell it all the same.
fn told_by_nobody(value: &Value, tree: &Tree) -> Option<Finding> {
    let mitigates = at(value, "security.account_enumeration.mitigate") == Some(&Value::Bool(true));
    (!mitigates).then(|| {
        let problem = "Registration does not tell who has an account, but login may: security.account_enumeration.mitigate is off.";
        let mend = "Set security.account_enumeration.mitigate to true as well.";
        Finding::warning(KEY, problem, mend).at(tree.place(KEY))
    })
}
