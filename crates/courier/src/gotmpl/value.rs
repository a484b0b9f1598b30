//! Values of templates: from JSON, to JSON, as texts, as Go does each of these.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use gotmpl::Value;

use super::structure;

/// How deep values may be nested when they are written as JSON.
const MAX_DEPTH: usize = 100;

/// A JSON value as Go reads it: every number is a float.
pub(crate) fn from_json(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Float(n.as_f64().unwrap_or_default()),
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(members) => map(members.iter().map(|(k, v)| (k.as_str(), from_json(v)))),
    }
}

/// A dictionary.
pub(crate) fn map<'k>(members: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let members: BTreeMap<Arc<str>, Value> = members
        .into_iter()
        .map(|(name, value)| (Arc::from(name), value))
        .collect();
    Value::from(members)
}

/// A value as text, as Go's `%v` prints it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Float(n) => float(*n),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(members) => dictionary(members),
        other => other.to_string(),
    }
}

fn dictionary(members: &BTreeMap<Arc<str>, Value>) -> String {
    if let Some(fields) = structure::fields(members) {
        let fields: Vec<String> = fields.into_iter().map(text).collect();
        return format!("{{{}}}", fields.join(" "));
    }
    match members.get("Original") {
        // What `semver` gave prints as the version that it is.
        Some(Value::String(version)) if members.contains_key("Prerelease") => version.to_string(),
        _ => {
            let pairs = members.iter().map(|(k, v)| format!("{k}:{}", text(v)));
            format!("map[{}]", pairs.collect::<Vec<_>>().join(" "))
        }
    }
}

/// The shortest form, with an exponent from a million on and below a ten-thousandth.
fn float(n: f64) -> String {
    if n.is_nan() {
        return "NaN".to_owned();
    }
    if n.is_infinite() {
        return if n > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{n:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if n != 0.0 && !(-4..=5).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    n.to_string()
}

/// How JSON is written.
#[derive(Clone, Copy)]
pub(crate) struct JsonStyle {
    /// Whether `<`, `>` and `&` become escapes.
    pub(crate) html_safe: bool,
    /// Whether members stand on lines of their own.
    pub(crate) pretty: bool,
}

/// A value as JSON, its members sorted. `None` for what JSON cannot hold.
pub(crate) fn to_json(value: &Value, style: JsonStyle) -> Option<String> {
    let mut out = String::new();
    write_json(&mut out, value, style, 0)?;
    Some(out)
}

fn write_json(out: &mut String, value: &Value, style: JsonStyle, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => write!(out, "{n}").ok()?,
        Value::Uint(n) => write!(out, "{n}").ok()?,
        Value::Float(n) => write_number(out, *n)?,
        Value::String(s) | Value::Safe { s, .. } => write_text(out, s, style.html_safe),
        Value::List(items) => {
            let each = |out: &mut String, item: &Value| write_json(out, item, style, depth + 1);
            write_all(out, ('[', ']'), style, depth, items.iter(), each)?;
        }
        Value::Map(members) => {
            let members = structure::in_json(members);
            let each = |out: &mut String, (name, value): (&str, &Value)| {
                write_text(out, name, style.html_safe);
                out.push_str(if style.pretty { ": " } else { ":" });
                write_json(out, value, style, depth + 1)
            };
            write_all(out, ('{', '}'), style, depth, members.into_iter(), each)?;
        }
        Value::Function(_) => return None,
    }
    Some(())
}

fn write_all<T>(
    out: &mut String,
    (open, close): (char, char),
    style: JsonStyle,
    depth: usize,
    items: impl ExactSizeIterator<Item = T>,
    mut each: impl FnMut(&mut String, T) -> Option<()>,
) -> Option<()> {
    let is_empty = items.len() == 0;
    let line = |out: &mut String, depth: usize| {
        if style.pretty && !is_empty {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    };
    out.push(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        each(out, item)?;
    }
    line(out, depth);
    out.push(close);
    Some(())
}

/// Exponents stand only in very large and very small numbers.
fn write_number(out: &mut String, n: f64) -> Option<()> {
    if !n.is_finite() {
        return None;
    }
    if n == 0.0 || (1e-6..1e21).contains(&n.abs()) {
        write!(out, "{n}").ok()
    } else {
        out.push_str(&float(n));
        Some(())
    }
}

fn write_text(out: &mut String, text: &str, html_safe: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if html_safe => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if c.is_control() && c.is_ascii() && c != '\u{7f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
