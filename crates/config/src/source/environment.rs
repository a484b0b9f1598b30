//! Environment variables that set configuration keys: `SERVE_PUBLIC_PORT` for `serve.public.port`.

use serde_json::Value;

use super::tree::{Step, Tree, display};
use crate::{
    Finding, Findings, Place,
    key::{self, Key, Kind},
};

/// The highest index of an array's element that a variable can name; more is a typing error.
const MAX_INDEX: usize = 999;

/// Lays the variables that name known keys over `tree`, leaf by leaf; the others are ignored.
pub(super) fn apply(variables: &[(String, String)], tree: &mut Tree, remarks: &mut Findings) {
    for (name, text) in variables {
        let lower = name.to_lowercase();
        let parts: Vec<&str> = lower.split('_').collect();
        let mut path = Vec::new();
        let Some(key) = find(key::root(), &parts, &mut path) else {
            continue;
        };
        let place = Place::Variable(name.clone());
        let (value, doubt) = coerce(key, text);
        if let Some(doubt) = doubt {
            remarks.push(
                Finding::warning(display(&path), doubt.problem, doubt.mend).at(Some(place.clone())),
            );
        }
        tree.set(&path, value, &place);
    }
}

/// The key that the parts of a variable's name lead to. A key with underscores takes several parts; an
/// array's element takes a number.
fn find<'a>(key: &'a Key, parts: &[&str], path: &mut Vec<Step>) -> Option<&'a Key> {
    let Some((first, below)) = parts.split_first() else {
        return Some(key);
    };
    if let (Some(element), Some(index)) = (
        &key.element,
        first
            .parse::<usize>()
            .ok()
            .filter(|index| *index <= MAX_INDEX),
    ) {
        path.push(Step::Index(index));
        if let Some(found) = find(element, below, path) {
            return Some(found);
        }
        path.pop();
    }
    key.children.iter().find_map(|(name, child)| {
        let rest = strip_parts(parts, name)?;
        path.push(Step::from(name.as_str()));
        let found = find(child, rest, path);
        if found.is_none() {
            path.pop();
        }
        found
    })
}

/// What is left of `parts` after the ones that spell `name`.
fn strip_parts<'a, 'b>(parts: &'a [&'b str], name: &str) -> Option<&'a [&'b str]> {
    let mut rest = parts;
    for part in name.split('_') {
        let (first, below) = rest.split_first()?;
        if *first != part {
            return None;
        }
        rest = below;
    }
    Some(rest)
}

/// A value that was read as something that may not be what was meant.
struct Doubt {
    problem: &'static str,
    mend: &'static str,
}

/// Reads a variable's text as what the key takes. Numbers and booleans that cannot be read count as 0 and
/// false, as with the reference, which is worth a remark.
fn coerce(key: &Key, text: &str) -> (Value, Option<Doubt>) {
    match key.kind {
        Kind::String => (Value::from(text), None),
        Kind::Boolean => match parse_bool(text) {
            Some(value) => (Value::from(value), None),
            None => (
                Value::from(false),
                Some(Doubt {
                    problem: "This is neither true nor false, and counts as false.",
                    mend: "Set it to true or false.",
                }),
            ),
        },
        Kind::Integer => number(text.trim().parse::<i64>().ok().map(Value::from)),
        Kind::Number => number(
            text.trim()
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite())
                .map(Value::from),
        ),
        Kind::Array if takes_texts(key) => (list(text), None),
        Kind::Array | Kind::Object => (json(text), None),
        Kind::Any => (
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
            None,
        ),
    }
}

fn number(parsed: Option<Value>) -> (Value, Option<Doubt>) {
    match parsed {
        Some(value) => (value, None),
        None => (
            Value::from(0),
            Some(Doubt {
                problem: "This is not a number, and counts as 0.",
                mend: "Set it to a number.",
            }),
        ),
    }
}

/// Go's `strconv.ParseBool`.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn takes_texts(key: &Key) -> bool {
    key.element
        .as_ref()
        .is_some_and(|element| element.kind == Kind::String)
}

/// A list of texts: a JSON array, or one record of comma-separated values. JSON of another type stays as it
/// is, for the check to refuse.
fn list(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value,
        Err(_) => Value::Array(record(text).into_iter().map(Value::from).collect()),
    }
}

/// JSON for arrays and objects; null, which the check refuses, for everything else.
fn json(text: &str) -> Value {
    serde_json::from_str::<Value>(text)
        .ok()
        .filter(|v| v.is_array() || v.is_object())
        .unwrap_or(Value::Null)
}

/// The fields of one CSV record (RFC 4180): commas separate, double quotes protect, a doubled one is a quote.
fn record(text: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let (mut field, mut quoted) = (String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    if !(fields.is_empty() && field.is_empty()) {
        fields.push(field);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_split_at_commas_outside_quotes() {
        assert_eq!(record("a,b"), ["a", "b"]);
        assert_eq!(record(r#""a,b",c"#), ["a,b", "c"]);
        assert_eq!(record(r#""say ""hi""",x"#), [r#"say "hi""#, "x"]);
        assert_eq!(record(""), Vec::<String>::new());
        assert_eq!(record("a,"), ["a", ""]);
    }
}
