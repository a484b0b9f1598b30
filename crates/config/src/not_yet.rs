//! Keys that the table knows and the server does not honour yet. One warning names those that are set.
//!
//! Whoever makes the server honour a key takes it out of this list.

use serde_json::Value;

use crate::{Finding, source::Tree};

/// What a setting must look like to be named.
enum Pattern {
    /// The key is there, with anything but `null` and an empty value.
    Set(&'static str),
    /// A hook list has this hook.
    Hook(&'static str),
}

const NOT_YET: &[Pattern] = &[
    Pattern::Set("selfservice.methods.b2b.config.organizations"),
    Pattern::Hook("b2b_sso"),
    Pattern::Hook("organization"),
    Pattern::Set("tracing.provider"),
    Pattern::Set("organizations"),
    Pattern::Set("enterprise"),
];

/// One warning with all keys that are set and not honoured.
pub(crate) fn check(tree: &Tree) -> Option<Finding> {
    let mut named: Vec<String> = Vec::new();
    for pattern in NOT_YET {
        match pattern {
            Pattern::Set(path) => named.extend(set(tree, path)),
            Pattern::Hook(name) => hooks(&tree.value, "", name, &mut named),
        }
    }
    let first = named.first()?;
    let place = tree.place(first);
    let problem = format!(
        "This server does not honour these settings yet: {}.",
        named.join(", ")
    );
    let mend =
        "It works as if they were not there. Remove them, or do without what they configure.";
    Some(Finding::warning("", problem, mend).at(place))
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
fn hooks(value: &Value, path: &str, name: &str, named: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if map.get("hook").is_some_and(|hook| hook == name) {
                named.push(format!("{path} ({name})"));
            }
            for (key, below) in map {
                hooks(below, &crate::key::join(path, key), name, named);
            }
        }
        Value::Array(list) => {
            for (index, below) in list.iter().enumerate() {
                hooks(below, &format!("{path}[{index}]"), name, named);
            }
        }
        _ => {}
    }
}
