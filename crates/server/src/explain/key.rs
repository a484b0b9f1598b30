//! Explanations of configuration keys: which words suit a path, and an example made of the table.

use bia_config::{KeyInfo, describe};
use serde_json::Value;

use super::{Entry, Explanation, KEYS};

/// Explains the key at `path`.
///
/// # Errors
/// For a path that does not exist the path of the nearest key that does, if there is one.
pub(super) fn explain(path: &str) -> Result<Explanation, Option<String>> {
    let info = describe(path)?;
    let path = without_indices(path);
    let entry = words(&path);
    Ok(Explanation::Key { path, info, entry })
}

/// `a.b[3].c` → `a.b[].c`
fn without_indices(path: &str) -> String {
    path.chars().fold(String::new(), |mut so_far, letter| {
        let inside = so_far.ends_with('[') && letter != ']';
        if !inside {
            so_far.push(letter);
        }
        so_far
    })
}

/// What was written about the key: by its own name, else by the first pattern that it suits.
pub(super) fn words(path: &str) -> Option<&'static Entry> {
    let exact = KEYS.iter().find(|entry| entry.names.contains(&path));
    exact.or_else(|| {
        let steps: Vec<&str> = path.split('.').collect();
        let suits = |name: &&str| matches(&name.split('.').collect::<Vec<_>>(), &steps);
        KEYS.iter().find(|entry| entry.names.iter().any(suits))
    })
}

/// Whether `pattern` suits all of `steps`: `*` is any one step, `**` any number of them.
fn matches(pattern: &[&str], steps: &[&str]) -> bool {
    match (pattern.split_first(), steps.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            matches(rest, steps)
                || steps
                    .split_first()
                    .is_some_and(|(_, below)| matches(pattern, below))
        }
        (Some((wanted, rest)), Some((step, below))) => {
            (*wanted == "*" || wanted == step) && matches(rest, below)
        }
        _ => false,
    }
}

/// A piece of configuration that sets the key, as YAML.
pub(super) fn example(path: &str, info: &KeyInfo) -> String {
    let mut text = String::new();
    let mut indent = String::new();
    let mut dash = "";
    let parts: Vec<&str> = path.split('.').collect();
    for (index, part) in parts.iter().enumerate() {
        let name = if part.starts_with('*') {
            "name"
        } else {
            part.trim_end_matches("[]")
        };
        let last = index + 1 == parts.len();
        let in_list = part.ends_with("[]");
        let value = match (last, in_list) {
            (true, false) => value(name, info),
            _ => String::new(),
        };
        text.push_str(&format!("{indent}{dash}{name}:{value}\n"));
        if !dash.is_empty() {
            indent.push_str("  ");
            dash = "";
        }
        if in_list && name == "hooks" && !last && parts.get(index + 1) != Some(&"hook") {
            text.push_str(&format!("{indent}  - hook: web_hook\n"));
            indent.push_str("    ");
        } else {
            indent.push_str("  ");
            dash = if in_list { "- " } else { "" };
            if in_list && last {
                text.push_str(&format!("{indent}-{}\n", value_of_element(name, info)));
            }
        }
    }
    text
}

fn value_of_element(name: &str, info: &KeyInfo) -> String {
    if info.kind == "object" {
        " {}".to_owned()
    } else {
        value(name, info)
    }
}

/// What could stand behind the colon, with a blank before it; nothing for an object, whose keys follow.
fn value(name: &str, info: &KeyInfo) -> String {
    let shown = match (&info.default, info.choices.first()) {
        (Some(default), _) => yaml(default),
        (None, Some(choice)) => choice.clone(),
        (None, None) => by_form(name, info).to_owned(),
    };
    if shown.is_empty() {
        shown
    } else {
        format!(" {shown}")
    }
}

fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() || text.contains([':', '#', '*', ' ']) => {
            format!("{text:?}")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn by_form(name: &str, info: &KeyInfo) -> &'static str {
    match (info.kind, info.form) {
        ("boolean", _) => "true",
        ("integer", _) => "10",
        ("number", _) => "0.5",
        ("array", _) => "[]",
        ("object", _) => "",
        (_, Some("a duration")) => "1h",
        (_, Some("a size")) => "128MB",
        (_, Some("an e-mail address")) => "no-reply@example.org",
        (_, Some("host and port")) => "collector.example.org:4317",
        (_, Some("the address of a mail server")) => "smtps://user:password@mail.example.org:465/",
        (_, Some("the address of a content")) => "file:///etc/bia/body.jsonnet",
        (_, Some("a version")) => "v26.2.0",
        (_, Some(form))
            if form.contains("URL") || form.contains("address") || form.contains("origin") =>
        {
            "https://example.org/"
        }
        _ if name.ends_with("secure") => "\"true\"",
        _ => "some-text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_configuration_that_holds_the_key() {
        let made = |path: &str| example(path, &describe(path).unwrap());
        assert_eq!(
            made("selfservice.flows.login.lifespan"),
            "selfservice:\n  flows:\n    login:\n      lifespan: 1h\n"
        );
        assert_eq!(
            made("identity.schemas[].id"),
            "identity:\n  schemas:\n    - id: some-text\n"
        );
        assert_eq!(
            made("selfservice.flows.login.after.hooks[].config.can_interrupt"),
            "selfservice:\n  flows:\n    login:\n      after:\n        hooks:\n          - hook: web_hook\n            config:\n              can_interrupt: false\n"
        );
        assert_eq!(
            made("selfservice.flows.login.after.hooks[].hook")
                .lines()
                .last(),
            Some("          - hook: revoke_active_sessions")
        );
        assert_eq!(
            made("secrets.cookie[]"),
            "secrets:\n  cookie:\n    - some-text\n"
        );
    }

    #[test]
    fn patterns_take_one_step_or_any() {
        let suits = |pattern: &str, path: &str| {
            matches(
                &pattern.split('.').collect::<Vec<_>>(),
                &path.split('.').collect::<Vec<_>>(),
            )
        };
        assert!(suits("serve.*.port", "serve.admin.port"));
        assert!(!suits("serve.*.port", "serve.admin.tls.port"));
        assert!(suits(
            "**.hooks[].hook",
            "selfservice.flows.login.after.hooks[].hook"
        ));
        assert!(!suits(
            "**.hooks[].hook",
            "selfservice.flows.login.after.hooks[]"
        ));
    }
}
