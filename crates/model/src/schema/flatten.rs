//! Traits as names and values of form fields, and back.

use serde_json::{Map, Value};

use super::MAX_DEPTH;
use super::pointer::escape_dots;

/// Every leaf of the traits with its dotted name below `prefix` (`traits.name.first`, `traits.list.0`); dots in
/// a member's own name are escaped (`\.`). Empty objects and lists have no leaf.
pub fn flatten(prefix: &str, traits: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    if traits.is_object() {
        collect(prefix.to_owned(), traits, &mut found);
    }
    found
}

fn collect(name: String, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(member, sub)| collect(below(&name, &escape_dots(member)), sub, found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, sub)| collect(below(&name, &index.to_string()), sub, found)),
        leaf => found.push((name, leaf.clone())),
    }
}

fn below(name: &str, segment: &str) -> String {
    if name.is_empty() {
        segment.to_owned()
    } else {
        format!("{name}.{segment}")
    }
}

/// The traits that leaves below `prefix` stand for; names that are not below it, or have more steps than a schema,
/// are passed over. A numeric step into nothing, or next in a list, makes a list.
pub fn unflatten<'a>(
    prefix: &str,
    leaves: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> Value {
    let mut traits = Value::Object(Map::new());
    for (name, value) in leaves {
        let own = if prefix.is_empty() {
            Some(name)
        } else {
            name.strip_prefix(prefix)
                .and_then(|rest| rest.strip_prefix('.'))
        };
        let place = own.map(steps).filter(|place| place.len() <= MAX_DEPTH);
        if let Some(place) = place {
            set(&mut traits, &place, value.clone());
        }
    }
    traits
}

/// The steps of a dotted name. Only dots are ever escaped, a backslash before anything else is itself.
pub(super) fn steps(name: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut escaped = false;
    for c in name.chars() {
        let Some(last) = steps.last_mut() else { break };
        match (c, escaped) {
            ('.', true) => {
                last.pop();
                last.push('.');
            }
            ('.', false) => steps.push(String::new()),
            _ => last.push(c),
        }
        escaped = c == '\\';
    }
    steps
}

/// Puts a value at a place; what stands in the way and is no object or list gives way.
pub(super) fn set(target: &mut Value, steps: &[String], value: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *target = value;
        return;
    };
    let index = step.parse::<usize>().ok();
    match target {
        Value::Array(items) => match index {
            Some(index) if index < items.len() => {
                if let Some(item) = items.get_mut(index) {
                    set(item, rest, value);
                }
            }
            Some(index) if index == items.len() => {
                let mut item = Value::Null;
                set(&mut item, rest, value);
                items.push(item);
            }
            _ => {}
        },
        Value::Object(members) => set(
            members.entry(step.clone()).or_insert(Value::Null),
            rest,
            value,
        ),
        other => {
            *other = if index == Some(0) {
                Value::Array(Vec::new())
            } else {
                Value::Object(Map::new())
            };
            set(other, steps, value);
        }
    }
}
