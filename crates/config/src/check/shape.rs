//! Types, forms, ranges, missing and unknown keys: what the table of keys says about each value on its own.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{paid_edition, variants};
use crate::{
    Finding, Findings,
    key::{self, Key, Kind},
    source::Tree,
};

pub(super) fn check(root: &Key, value: &Value, tree: &Tree) -> Findings {
    let mut walk = Walk {
        root,
        tree,
        findings: Findings::default(),
    };
    walk.value(root, value, "");
    walk.findings
}

struct Walk<'a> {
    root: &'a Key,
    tree: &'a Tree,
    findings: Findings,
}

impl Walk<'_> {
    fn error(&mut self, path: &str, problem: impl Into<String>, mend: impl Into<String>) {
        let place = self.tree.place(path);
        self.findings
            .push(Finding::error(path, problem, mend).at(place));
    }

    fn value(&mut self, key: &Key, value: &Value, path: &str) {
        match (key.kind, value) {
            (Kind::Any, Value::Object(map)) if !key.children.is_empty() => {
                self.object(key, map, path)
            }
            (Kind::Any, _) => {}
            (Kind::Object, Value::Object(map)) => self.object(key, map, path),
            (Kind::Array, Value::Array(list)) => self.array(key, list, path),
            (Kind::String, Value::String(text)) => self.text(key, text, path),
            (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                self.range(key, value, path)
            }
            (Kind::Number, Value::Number(_)) => self.range(key, value, path),
            _ => self.wrong_type(key, value, path),
        }
    }

    fn wrong_type(&mut self, key: &Key, value: &Value, path: &str) {
        let expected = expected(key.kind);
        if value.is_null() {
            let problem = format!("The key has no value, but takes {expected}.");
            return self.error(path, problem, "Give it a value, or remove the key.");
        }
        let problem = format!("This is {}, but the key takes {expected}.", found(value));
        let mend = match (key.kind, value) {
            (Kind::String, Value::Bool(value)) => format!("Put it in quotes: \"{value}\"."),
            (Kind::String, Value::Number(_)) => "Put it in quotes.".to_owned(),
            (Kind::Boolean, Value::String(_)) => "Write true or false without quotes.".to_owned(),
            (Kind::Integer | Kind::Number, Value::String(_)) => {
                "Write the number without quotes.".to_owned()
            }
            (Kind::Array, _) => "Write a list, with a dash before each element.".to_owned(),
            _ => format!("Replace it by {expected}."),
        };
        self.error(path, problem, mend);
    }

    fn object(&mut self, key: &Key, map: &Map<String, Value>, path: &str) {
        let key: Cow<'_, Key> = match key.variant {
            Some(variant) => {
                self.findings
                    .extend(variants::remarks(variant, map, path, self.tree));
                Cow::Owned(variants::narrowed(key, variant, map))
            }
            None => Cow::Borrowed(key),
        };
        for (name, value) in map {
            let below = key::join(path, name);
            match key.child(name) {
                Some(child) => self.value(child, value, &below),
                None if key.is_free() => {}
                None => self.unknown(&key, path, name),
            }
        }
        for (name, child) in key
            .children
            .iter()
            .filter(|(name, child)| child.required && !map.contains_key(name))
        {
            self.missing(child, &key::join(path, name));
        }
    }

    fn missing(&mut self, child: &Key, path: &str) {
        // A file without a data source name is fine: the data is then kept in a file of the data directory.
        if path == "dsn" {
            return;
        }
        let mend = match child.choices.as_slice() {
            [] => format!("Add {}.", expected(child.kind)),
            choices => format!("Add one of: {}.", choices.join(", ")),
        };
        self.error(path, "This key is required, but missing.", mend);
    }

    fn unknown(&mut self, key: &Key, parent: &str, name: &str) {
        let path = key::join(parent, name);
        if let Some((problem, mend)) = paid_edition::unknown(&path) {
            return self.error(&path, problem, mend);
        }
        let mend = match key::nearest(self.root, key, &without_indices(parent), name) {
            Some(known) => format!("Did you mean {known}?"),
            None => "Remove it, or check its spelling and indentation.".to_owned(),
        };
        let mend = mend + &known(key);
        if key.closed {
            return self.error(&path, "There is no such key.", mend);
        }
        let place = self.tree.place(&path);
        self.findings.push(
            Finding::warning(path, "There is no such key; it has no effect.", mend).at(place),
        );
    }

    fn array(&mut self, key: &Key, list: &[Value], path: &str) {
        if let Some(least) = key.min_items.filter(|least| list.len() < *least) {
            let problem = format!(
                "The list has {} elements, but needs at least {least}.",
                list.len()
            );
            self.error(path, problem, "Add what is missing.");
        }
        if key.unique {
            let twice = list
                .iter()
                .enumerate()
                .find(|(index, item)| list[..*index].contains(item));
            if let Some((index, _)) = twice {
                self.error(
                    &format!("{path}[{index}]"),
                    "The list has this element twice.",
                    "Remove one of them.",
                );
            }
        }
        if let Some(element) = &key.element {
            for (index, item) in list.iter().enumerate() {
                self.value(element, item, &format!("{path}[{index}]"));
            }
        }
    }

    fn text(&mut self, key: &Key, text: &str, path: &str) {
        if !key.choices.is_empty() {
            if !key.choices.iter().any(|choice| choice == text) {
                let problem = format!("{text:?} is not a value of this key.");
                self.error(path, problem, choice_mend(&key.choices, text));
            }
            return;
        }
        if let Some(format) = key.format.filter(|format| !format.accepts(text)) {
            let (noun, mend) = format.description();
            let problem = if format.can_be_shown() {
                format!("{text:?} is not {noun}.")
            } else {
                format!("This is not {noun}.")
            };
            return self.error(path, problem, mend);
        }
        let length = text.chars().count();
        if key.min_length.is_some_and(|least| length < least)
            || key.max_length.is_some_and(|most| length > most)
        {
            let problem = format!("The text has {length} characters.");
            self.error(path, problem, length_mend(key.min_length, key.max_length));
        }
    }

    fn range(&mut self, key: &Key, value: &Value, path: &str) {
        let Some(number) = value.as_f64() else { return };
        #[expect(
            clippy::cast_precision_loss,
            reason = "the bounds in the table are small"
        )]
        let outside = key.minimum.is_some_and(|least| number < least as f64)
            || key.maximum.is_some_and(|most| number > most as f64);
        if outside {
            let mend = match (key.minimum, key.maximum) {
                (Some(least), Some(most)) => format!("Write a number from {least} to {most}."),
                (Some(least), None) => format!("Write {least} or more."),
                (None, Some(most)) => format!("Write {most} or less."),
                (None, None) => String::new(),
            };
            self.error(path, format!("{value} is out of range."), mend);
        }
    }
}

/// The keys that can stand here, where they are few enough to be read.
fn known(key: &Key) -> String {
    const READABLE: usize = 12;
    let names: Vec<&str> = key.children.iter().map(|(name, _)| name.as_str()).collect();
    match names.len() {
        1..=READABLE => format!(" Keys that can stand here: {}.", names.join(", ")),
        _ => String::new(),
    }
}

fn choice_mend(choices: &[String], text: &str) -> String {
    let list = choices.join(", ");
    let near = choices.iter().map(|choice| {
        (
            strsim::jaro_winkler(&text.to_lowercase(), &choice.to_lowercase()),
            choice,
        )
    });
    match near
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
    {
        Some((_, choice)) => format!("Did you mean {choice}? It takes one of: {list}."),
        None => format!("Write one of: {list}."),
    }
}

fn length_mend(least: Option<usize>, most: Option<usize>) -> String {
    match (least, most) {
        (Some(least), Some(most)) if least == most => format!("It must have exactly {least}."),
        (Some(least), Some(most)) => format!("It must have {least} to {most}."),
        (Some(least), None) => format!("It must have at least {least}."),
        (None, Some(most)) => format!("It must have at most {most}."),
        (None, None) => String::new(),
    }
}

/// `a.b[3].c` → `a.b[].c`, the spelling of the table.
fn without_indices(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|letter| {
            inside = *letter == '[' || (inside && *letter != ']');
            !(inside && letter.is_ascii_digit())
        })
        .collect()
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "an object with keys",
        Kind::Array => "a list",
        Kind::String => "a text",
        Kind::Boolean => "true or false",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Any => "a value",
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
