//! `bia.trusted_browser`: a trust that can be given, and ends.

use std::time::Duration;

use serde_json::Value;

use super::mfa::second;
use crate::{Finding, duration, source::Tree};

/// Browsers keep no cookie longer.
const LONGEST: Duration = Duration::from_secs(400 * 24 * 3600);

/// What is wrong with `bia.trusted_browser`.
pub(super) fn check(value: &Value, tree: &Tree) -> Vec<Finding> {
    let Some(section) = value.pointer("/bia/trusted_browser") else {
        return Vec::new();
    };
    if section.get("enabled") != Some(&Value::Bool(true)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(lifespan(section));
    findings.extend(cookie_name(value, section));
    if second(value).is_empty() {
        let problem = "Browsers are to be trusted where a second factor was given, but no method is one here, so that this has no effect.";
        let mend = "Switch a second factor on, for example selfservice.methods.totp.enabled, or leave bia.trusted_browser out.";
        findings.push(Finding::warning(
            "bia.trusted_browser.enabled",
            problem,
            mend,
        ));
    }
    let place = |finding: Finding| {
        let place = tree.place(&finding.key);
        finding.at(place)
    };
    findings.into_iter().map(place).collect()
}

fn lifespan(section: &Value) -> Option<Finding> {
    let text = section.get("lifespan").and_then(Value::as_str)?;
    let key = "bia.trusted_browser.lifespan";
    // What is no duration at all is found by the table of keys.
    let lifespan = duration::parse(text).ok()?;
    if lifespan < Duration::from_secs(1) {
        let problem = "A browser would be trusted for no time at all.";
        let mend =
            "Say for how long, for example 720h, or set bia.trusted_browser.enabled to false.";
        return Some(Finding::error(key, problem, mend));
    }
    (lifespan > LONGEST).then(|| {
        let problem = "Browsers keep a cookie for 400 days at most, so that they are not trusted for so long.";
        Finding::error(key, problem, "Set it to 9600h or less.")
    })
}

/// A name that cookies can have, and no other cookie of the server has.
fn cookie_name(value: &Value, section: &Value) -> Option<Finding> {
    let name = section.get("cookie_name").and_then(Value::as_str)?;
    let key = "bia.trusted_browser.cookie_name";
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.chars().all(fits) {
        let problem = "This is no name for a cookie.";
        let mend = "Use letters, digits, hyphens, dots and underscores.";
        return Some(Finding::error(key, problem, mend));
    }
    let session = value
        .pointer("/session/cookie/name")
        .and_then(Value::as_str);
    (session == Some(name)).then(|| {
        let problem = "The session cookie has this name.";
        Finding::error(
            key,
            problem,
            "Give the cookies of trusted browsers another name.",
        )
    })
}
