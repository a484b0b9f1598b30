//! Checks of the merged configuration. They find everything that is wrong at once.

mod abuse;
mod conditions;
mod hooks;
mod mfa;
mod paid_edition;
mod registration;
mod shape;
mod trusted_browser;
mod variants;

use serde_json::Value;

use crate::{Findings, key, source::Tree};

/// Checks `tree` against the table of keys and the rules between keys. `effective` is the same with defaults.
pub(crate) fn check(tree: &Tree, effective: &Value) -> Findings {
    let mut findings = shape::check(key::root(), effective, tree);
    findings.extend(conditions::check(effective, tree).0);
    findings.extend(mfa::check(effective, tree));
    findings.extend(hooks::check(effective, tree));
    findings.extend(paid_edition::check(tree));
    findings.extend(trusted_browser::check(effective, tree));
    findings.extend(abuse::check(effective, tree));
    findings.extend(registration::check(effective, tree));
    findings
}
