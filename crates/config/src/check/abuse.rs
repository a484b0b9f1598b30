//! `bia.abuse`: waits that make guessing slow, and lock nobody out for good.

use std::time::Duration;

use serde_json::Value;

use crate::{Finding, duration, source::Tree};

/// The longest wait that can be configured: who guesses at somebody's secret must not be able to keep them out.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest first wait. Not every database keeps parts of a second.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The longest time that wrong attempts are remembered.
const LONGEST_WINDOW: Duration = Duration::from_secs(31 * 24 * 60 * 60);

const SECTIONS: [&str; 6] = [
    "password",
    "totp",
    "lookup_secret",
    "code",
    "address",
    "network",
];

/// What is wrong with the limits.
pub(super) fn check(value: &Value, tree: &Tree) -> Vec<Finding> {
    let Some(abuse) = value.pointer("/bia/abuse") else {
        return Vec::new();
    };
    let written = |name: &'static str| abuse.get(name).map(|limit| (name, limit));
    let sections = SECTIONS.into_iter().filter_map(written);
    let findings = sections.flat_map(|(name, limit)| of_limit(&format!("bia.abuse.{name}"), limit));
    let place = |finding: Finding| {
        let place = tree.place(&finding.key);
        finding.at(place)
    };
    findings.map(place).collect()
}

fn of_limit(path: &str, limit: &Value) -> Vec<Finding> {
    let time = |name: &str| {
        let text = limit.get(name).and_then(Value::as_str);
        text.and_then(|text| duration::parse(text).ok())
    };
    let (window, delay, max_delay) = (time("window"), time("delay"), time("max_delay"));
    let mut findings = Vec::new();
    let mut wrong = |key: &str, problem: &str, mend: &str| {
        findings.push(Finding::error(format!("{path}.{key}"), problem, mend));
    };
    if window.is_some_and(|window| window > LONGEST_WINDOW) {
        wrong(
            "window",
            "Wrong attempts can be remembered for 31 days (744h) at most.",
            "Write a shorter time, such as 1h.",
        );
    }
    for (key, wait) in [("delay", delay), ("max_delay", max_delay)] {
        if wait.is_some_and(|wait| wait > LONGEST_WAIT) {
            wrong(
                key,
                "A wait of more than a day would let anybody keep others out of their accounts.",
                "Write 24h or less; 15m is long enough to make guessing hopeless.",
            );
        }
    }
    if delay.is_some_and(|delay| delay < SHORTEST_WAIT) {
        wrong(
            "delay",
            "A wait of less than a second is none.",
            "Write 1s or more. To switch the limit off write attempts: 0.",
        );
    }
    if delay.zip(max_delay).is_some_and(|(delay, max)| delay > max) {
        wrong(
            "max_delay",
            "The longest wait is shorter than the first one.",
            "Write at least what delay says.",
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(limit: Value) -> Vec<String> {
        let found = of_limit("bia.abuse.code", &limit);
        found.into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn waits_are_bounded_and_in_order() {
        let good = json!({"attempts": 3, "window": "24h", "delay": "1s", "max_delay": "24h"});
        assert!(keys(good).is_empty());
        assert!(keys(json!({})).is_empty());
        for (limit, key) in [
            (json!({"window": "745h"}), "bia.abuse.code.window"),
            (json!({"delay": "0s"}), "bia.abuse.code.delay"),
            (json!({"delay": "25h"}), "bia.abuse.code.delay"),
            (json!({"max_delay": "25h"}), "bia.abuse.code.max_delay"),
            (
                json!({"delay": "2m", "max_delay": "1m"}),
                "bia.abuse.code.max_delay",
            ),
        ] {
            assert_eq!(keys(limit), [key]);
        }
    }
}
