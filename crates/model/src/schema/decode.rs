//! Traits out of a request: form fields and JSON members become values of the types that the schema asks for
//! (spec/methods.md §0.1).

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::convert::shortest;
use super::field::{Kind, TraitPath};
use super::flatten;

/// The traits in form fields, in the order sent. Only `traits` (JSON text) and names of the schema count.
pub(super) fn form(paths: &[TraitPath], fields: &[(String, String)]) -> Value {
    let mut sent: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, value) in fields {
        sent.entry(name).or_default().push(value);
    }
    let mut decoded = Decoded::new(paths);
    for path in paths {
        let values = sent.get(path.name.as_str());
        if let Some(value) = values.and_then(|values| from_texts(path, values)) {
            decoded.set(path, value);
        }
    }
    decoded.finish()
}

/// The traits in the members of a JSON body: `traits` is taken as it is, dotted names like form fields.
pub(super) fn json(paths: &[TraitPath], body: &Map<String, Value>) -> Value {
    let mut decoded = Decoded::new(paths);
    for path in paths {
        let value = match body.get(&path.name) {
            None => None,
            Some(value @ Value::Object(_)) if path.kind == Kind::Object => Some(value.clone()),
            Some(Value::Array(items)) if is_list(path.kind) => Some(Value::Array(items.clone())),
            Some(value) => from_texts(path, &[&as_field(value)]),
        };
        if let Some(value) = value {
            decoded.set(path, value);
        }
    }
    decoded.finish()
}

struct Decoded<'p> {
    paths: &'p [TraitPath],
    body: Value,
}

impl<'p> Decoded<'p> {
    fn new(paths: &'p [TraitPath]) -> Self {
        Decoded {
            paths,
            body: Value::Object(Map::new()),
        }
    }

    fn set(&mut self, path: &TraitPath, value: Value) {
        flatten::set(&mut self.body, &path.segments, value);
    }

    /// Objects of the schema that are not there become empty ones, outer ones first.
    fn finish(mut self) -> Value {
        for path in self.paths.iter().filter(|path| path.kind == Kind::Object) {
            if at(&self.body, &path.segments).is_none() {
                self.set(path, Value::Object(Map::new()));
            }
        }
        self.body
            .get_mut("traits")
            .map_or_else(|| Value::Object(Map::new()), Value::take)
    }
}

fn at<'v>(value: &'v Value, segments: &[String]) -> Option<&'v Value> {
    segments
        .iter()
        .try_fold(value, |value, segment| value.get(segment))
}

fn is_list(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Texts | Kind::Numbers | Kind::Booleans | Kind::List | Kind::Nested
    )
}

/// A JSON value as the text of a form field; null is an empty one.
fn as_field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value of a trait whose field was sent with these texts; `None`: it counts as not sent.
fn from_texts(path: &TraitPath, texts: &[&str]) -> Option<Value> {
    let (first, last) = (*texts.first()?, *texts.last()?);
    match path.kind {
        Kind::Text | Kind::Any => (!first.is_empty()).then(|| first.into()),
        Kind::Number if first.is_empty() => path.required.then(|| 0.into()),
        Kind::Number => Some(number(first)),
        Kind::Boolean if last.is_empty() => path.required.then_some(false.into()),
        Kind::Boolean => Some(boolean(last)),
        Kind::Object => object(path, first),
        Kind::Texts | Kind::List | Kind::Nested => {
            Some(texts.iter().map(|text| Value::from(*text)).collect())
        }
        Kind::Numbers => Some(texts.iter().map(|text| number(text)).collect()),
        Kind::Booleans => Some(texts.iter().map(|text| boolean(text)).collect()),
    }
}

/// A number, or the text when it is none, so that the schema can say so.
fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => shortest(float).into(),
        _ => text.into(),
    }
}

fn boolean(text: &str) -> Value {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => true.into(),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => false.into(),
        _ => text.into(),
    }
}

/// JSON text of an object. Other text in place of all traits counts as not sent; in place of a nested object it
/// stays text, so that the schema can say so.
fn object(path: &TraitPath, text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    let whole = path.segments.len() == 1;
    match serde_json::from_str(text) {
        Ok(value) => Some(value),
        Err(_) if whole => None,
        Err(_) => Some(text.into()),
    }
}
