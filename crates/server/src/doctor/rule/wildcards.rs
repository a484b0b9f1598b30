//! Patterns that match more than anybody can have meant.

use bia_config::is_unsafe_wildcard;
use serde_json::Value;

use super::{Case, Diagnosis};

const ORIGINS: &str = "serve.public.cors.allowed_origins";

/// Every page in the world may call, and with the visitor's cookies.
pub(super) fn any_origin_with_cookies(case: &Case) -> Vec<Diagnosis> {
    let cors = &case.config().serve.cors;
    if !cors.enabled || !cors.allow_credentials || !cors.origins.allows_any() {
        return Vec::new();
    }
    let found = case.found(
        "wildcards.cors",
        ORIGINS,
        "Scripts of any page in the world may call the public API with their visitors' cookies.",
    );
    vec![found
        .why("A page that somebody is lured to can read who they are and change their account.")
        .mend("List the origins of your pages.", "serve:\n  public:\n    cors:\n      enabled: true\n      allowed_origins:\n        - https://app.example.org")]
}

/// Wildcards over names that anybody can register. Return URLs of that kind are left out, and said to be, by the check
/// of the configuration unless a switch allows them; origins are left out in silence.
pub(super) fn unbounded(case: &Case) -> Vec<Diagnosis> {
    let legacy = case.config().feature_flags.legacy_allow_insecure_origins;
    let returns = if legacy {
        case.written_list("selfservice.allowed_return_urls")
    } else {
        &[]
    };
    let returns = named("selfservice.allowed_return_urls", returns);
    let origins = if case.config().serve.cors.enabled {
        case.written_list(ORIGINS)
    } else {
        &[]
    };
    let wide = |(_, pattern): &(String, &str)| {
        *pattern != "*"
            && is_unsafe_wildcard(pattern.split_once("://").map_or(pattern, |(_, host)| host))
    };
    let finding = |(key, pattern): (String, &str)| {
        let what = format!("The pattern {pattern:?} also matches hosts that anybody can register.");
        let why = if legacy {
            "Strangers' pages may receive people after a login, or read their answers."
        } else {
            "The entry is left out, so the pages that it was meant for are refused."
        };
        case.found("wildcards.unbounded", &key, what).why(why).mend(
            "Put the * in front of a domain of yours.",
            format!("- https://*.{}", "example.org"),
        )
    };
    let mut findings: Vec<Diagnosis> = returns
        .into_iter()
        .chain(named(ORIGINS, origins))
        .filter(wide)
        .map(finding)
        .collect();
    findings.extend(exceptions(case));
    findings
}

fn named<'a>(path: &str, list: &'a [Value]) -> Vec<(String, &'a str)> {
    let entries = list.iter().enumerate();
    entries
        .filter_map(|(index, entry)| Some((format!("{path}[{index}]"), entry.as_str()?)))
        .collect()
}

/// Exceptions from the protection of inside addresses that take in all of them.
fn exceptions(case: &Case) -> Vec<Diagnosis> {
    const EXCEPTIONS: &str = "clients.http.private_ip_exception_urls";
    if !case.config().clients.http.disallow_private_ip_ranges {
        return Vec::new();
    }
    let all = |(_, pattern): &(String, &str)| {
        pattern
            .trim_start_matches("http://")
            .trim_start_matches("https://")
            .starts_with("**")
            || *pattern == "*"
    };
    let finding = |(key, pattern): (String, &str)| {
        case.found("wildcards.exceptions", &key, format!("The pattern {pattern:?} takes every address out of the protection of inside addresses."))
            .why("Whoever can choose a URL, of a hook or a provider, can make the server call what is inside your network.")
            .mend("Name the one service.", "clients:\n  http:\n    private_ip_exception_urls:\n      - http://hooks.internal.example.org/**")
    };
    named(EXCEPTIONS, case.written_list(EXCEPTIONS))
        .into_iter()
        .filter(all)
        .map(finding)
        .collect()
}
