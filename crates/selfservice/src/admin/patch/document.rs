//! JSON Patch (RFC 6902) as the reference applies it: `add`, `remove` and `replace` alone; parents that
//! are missing are made; `replace` of what is missing adds it (admin.md §6.3).

use serde_json::{Map, Value};

/// The most operations of a patch.
const MOST_OPERATIONS: usize = 10_000;

/// The most parts of a path, and the depth of a document afterwards: deeper ones could not be read again.
const DEEPEST: usize = 100;

/// The highest index that missing parents are made for.
const HIGHEST_INDEX: usize = 1000;

/// What an operation does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    Add(Value),
    Remove,
    Replace(Value),
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operation {
    /// The path as it was sent.
    pub(super) path: String,
    pub(super) act: Act,
}

/// Reads a patch. The error is a sentence.
pub(super) fn read(patch: &Value) -> Result<Vec<Operation>, String> {
    let Value::Array(items) = patch else {
        return Err("A JSON patch is a list of operations.".into());
    };
    if items.len() > MOST_OPERATIONS {
        return Err(format!(
            "A patch has at most {MOST_OPERATIONS} operations, {} came.",
            items.len()
        ));
    }
    items.iter().map(read_operation).collect()
}

fn read_operation(item: &Value) -> Result<Operation, String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let path = text("path").ok_or("An operation has no path.")?.to_owned();
    let value = || {
        item.get("value")
            .cloned()
            .ok_or_else(|| format!("The operation on {path:?} has no value."))
    };
    let act = match text("op") {
        Some("add") => Act::Add(value()?),
        Some("replace") => Act::Replace(value()?),
        Some("remove") => Act::Remove,
        Some(other) => {
            return Err(format!(
                "The operation {other:?} is not supported. Use add, remove or replace."
            ));
        }
        None => return Err("An operation does not say what it does: op is missing.".into()),
    };
    Ok(Operation { path, act })
}

/// Applies an operation. The error is a sentence; the document is of no use then.
pub(super) fn apply(document: &mut Value, operation: &Operation) -> Result<(), String> {
    let segments = segments(&operation.path)?;
    let Some((last, parents)) = segments.split_last() else {
        return Err("The document as a whole cannot be patched.".into());
    };
    match &operation.act {
        Act::Add(value) => add(make_parents(document, parents, last)?, last, value.clone()),
        Act::Replace(value) => match find_mut(document, &segments) {
            Some(place) => {
                *place = value.clone();
                Ok(())
            }
            None if is_position(last) => Err(missing(&operation.path)),
            None => add(make_parents(document, parents, last)?, last, value.clone()),
        },
        Act::Remove => {
            remove(find_mut(document, parents), last).ok_or_else(|| missing(&operation.path))
        }
    }
}

fn missing(path: &str) -> String {
    format!("There is nothing at {path:?}.")
}

/// The parts of a path, with its escapes undone.
fn segments(path: &str) -> Result<Vec<String>, String> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Err(format!("The path {path:?} does not begin with a slash."));
    };
    let segments: Vec<String> = rest
        .split('/')
        .map(|s| s.replace("~1", "/").replace("~0", "~"))
        .collect();
    if segments.len() > DEEPEST {
        return Err(format!("A path has at most {DEEPEST} parts."));
    }
    Ok(segments)
}

/// Whether a part of a path is a place in a list rather than a name.
fn is_position(segment: &str) -> bool {
    segment == "-" || segment.parse::<i64>().is_ok()
}

/// The place in a list. Leading zeros and signs are none (RFC 6901 §4).
fn index(segment: &str) -> Option<usize> {
    let plain = segment == "0"
        || (!segment.starts_with('0') && segment.bytes().all(|b| b.is_ascii_digit()));
    if plain { segment.parse().ok() } else { None }
}

fn child_mut<'d>(value: &'d mut Value, segment: &str) -> Option<&'d mut Value> {
    match value {
        Value::Object(members) => members.get_mut(segment),
        Value::Array(items) => items.get_mut(index(segment)?),
        _ => None,
    }
}

fn find_mut<'d, S: AsRef<str>>(document: &'d mut Value, segments: &[S]) -> Option<&'d mut Value> {
    segments.iter().try_fold(document, |value, segment| {
        child_mut(value, segment.as_ref())
    })
}

/// The container in which `last` is to stand. What is missing on the way is made: a list where the next
/// part is a place in one, else an object.
fn make_parents<'d>(
    document: &'d mut Value,
    parents: &[String],
    last: &str,
) -> Result<&'d mut Value, String> {
    let mut at = document;
    let following = parents.iter().skip(1).map(String::as_str).chain([last]);
    for (segment, next) in parents.iter().zip(following) {
        let fresh = || {
            if is_position(next) {
                Value::Array(Vec::new())
            } else {
                Value::Object(Map::new())
            }
        };
        at = match at {
            Value::Object(members) => {
                let child = members.entry(segment.clone()).or_insert(Value::Null);
                if child.is_null() {
                    *child = fresh();
                }
                child
            }
            Value::Array(items) => {
                let place = if segment == "-" {
                    Some(items.len())
                } else {
                    index(segment)
                };
                let place = place
                    .filter(|i| *i <= HIGHEST_INDEX)
                    .ok_or_else(|| missing(segment))?;
                if items.len() <= place {
                    items.resize(place + 1, Value::Null);
                }
                let child = items.get_mut(place).ok_or_else(|| missing(segment))?;
                if child.is_null() {
                    *child = fresh();
                }
                child
            }
            _ => return Err(missing(segment)),
        };
    }
    Ok(at)
}

fn add(container: &mut Value, segment: &str, value: Value) -> Result<(), String> {
    match container {
        Value::Object(members) => {
            members.insert(segment.to_owned(), value);
            Ok(())
        }
        Value::Array(items) => {
            let place = if segment == "-" {
                Some(items.len())
            } else {
                index(segment)
            };
            let place = place.filter(|i| *i <= items.len());
            let place = place.ok_or_else(|| format!("The list has no place {segment}."))?;
            items.insert(place, value);
            Ok(())
        }
        _ => Err(format!(
            "Nothing can be added at {segment:?}: its parent is neither an object nor a list."
        )),
    }
}

fn remove(container: Option<&mut Value>, segment: &str) -> Option<()> {
    match container? {
        Value::Object(members) => members.shift_remove(segment).map(drop),
        Value::Array(items) => {
            let place = index(segment).filter(|i| *i < items.len())?;
            items.remove(place);
            Some(())
        }
        _ => None,
    }
}

/// Whether a document nests no deeper than what can be read again.
pub(super) fn is_shallow(value: &Value) -> bool {
    fn within(value: &Value, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else {
            return false;
        };
        match value {
            Value::Array(items) => items.iter().all(|item| within(item, left)),
            Value::Object(members) => members.values().all(|member| within(member, left)),
            _ => true,
        }
    }
    within(value, DEEPEST)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(mut document: Value, patch: Value) -> Result<Value, String> {
        for operation in read(&patch)? {
            apply(&mut document, &operation)?;
        }
        Ok(document)
    }

    fn op(op: &str, path: &str, value: Value) -> Value {
        json!([{"op": op, "path": path, "value": value}])
    }

    #[test]
    fn what_is_missing_is_made_on_the_way_to_an_added_value() {
        let document = || json!({"a": null, "list": [1]});
        assert_eq!(
            patched(document(), op("add", "/a/b/c", json!(1))),
            Ok(json!({"a": {"b": {"c": 1}}, "list": [1]}))
        );
        assert_eq!(
            patched(document(), op("add", "/n/-", json!(1))),
            Ok(json!({"a": null, "list": [1], "n": [1]}))
        );
        assert_eq!(
            patched(document(), op("replace", "/n", json!(1))),
            Ok(json!({"a": null, "list": [1], "n": 1}))
        );
        assert_eq!(
            patched(document(), op("add", "/x~1y/~0", json!(1))),
            Ok(json!({"a": null, "list": [1], "x/y": {"~": 1}}))
        );
    }

    #[test]
    fn lists_grow_at_their_places_and_have_no_others() {
        let document = || json!({"l": ["a", "b"]});
        assert_eq!(
            patched(document(), op("add", "/l/0", json!("x"))),
            Ok(json!({"l": ["x", "a", "b"]}))
        );
        assert_eq!(
            patched(document(), op("add", "/l/2", json!("x"))),
            Ok(json!({"l": ["a", "b", "x"]}))
        );
        for (kind, path) in [
            ("add", "/l/3"),
            ("replace", "/l/2"),
            ("remove", "/l/2"),
            ("add", "/l/01"),
            ("add", "/l/-1"),
            ("replace", "/l/-"),
        ] {
            assert!(
                patched(document(), op(kind, path, json!("x"))).is_err(),
                "{kind} {path}"
            );
        }
    }

    #[test]
    fn hostile_patches_are_refused() {
        let deep = "/a".repeat(DEEPEST + 1);
        let nested = (0..DEEPEST).fold(json!(1), |inner, _| json!([inner]));
        assert!(patched(json!({}), op("add", &deep, json!(1))).is_err());
        assert!(patched(json!({}), op("add", "/a/999999999/b", json!(1))).is_err());
        assert!(patched(json!({}), op("replace", "", json!({}))).is_err());
        assert!(patched(json!({}), op("add", "a", json!(1))).is_err());
        assert!(!is_shallow(&nested));
        for wrong in [
            json!({}),
            json!([1]),
            json!([null]),
            json!([{"op": "test", "path": "/a", "value": 1}]),
            json!([{"op": "add", "path": "/a"}]),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }
}
