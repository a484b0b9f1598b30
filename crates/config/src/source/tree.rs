//! A configuration as JSON, with the place where each key was written.

use std::{collections::HashMap, fmt::Write as _};

use serde_json::{Map, Value};

use crate::Place;

/// One step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// A path for people: `selfservice.flows.login.after.hooks[0].hook`.
pub(crate) fn display(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        push_step(&mut text, step);
    }
    text
}

pub(crate) fn push_step(path: &mut String, step: &Step) {
    match step {
        Step::Key(key) => {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
        }
        // Writing to a string cannot fail.
        Step::Index(index) => drop(write!(path, "[{index}]")),
    }
}

/// The merged values, and by path (see [`display`]) where each was written.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) value: Value,
    places: HashMap<String, Place>,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            value: Value::Object(Map::new()),
            places: HashMap::new(),
        }
    }
}

impl Tree {
    pub(crate) fn new(value: Value, places: HashMap<String, Place>) -> Self {
        Self { value, places }
    }

    /// Where `path` was written; for a path that was not, where the nearest thing around it was.
    pub(crate) fn place(&self, path: &str) -> Option<Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(place.clone());
            }
            let cut = path.rfind(['.', '['])?;
            path = &path[..cut];
        }
    }

    /// Lays `over` over this: objects key by key, everything else (arrays, too) replaces what was there.
    pub(crate) fn merge(&mut self, over: Self) {
        merge(&mut self.value, over.value);
        self.places.extend(over.places);
    }

    /// Sets one value; objects and array elements on the way there are made as needed.
    pub(crate) fn set(&mut self, path: &[Step], value: Value, place: &Place) {
        let mut here = &mut self.value;
        for step in path {
            here = match step {
                Step::Key(key) => entry(here, key),
                Step::Index(index) => element(here, *index),
            };
        }
        *here = value;
        self.places.insert(display(path), place.clone());
    }

    /// Puts `defaults` below everything that is written.
    pub(crate) fn with_defaults(&self, defaults: Value) -> Value {
        let mut value = defaults;
        merge(&mut value, self.value.clone());
        value
    }
}

fn entry<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map.entry(key).or_insert(Value::Null),
        other => other,
    }
}

fn element(value: &mut Value, index: usize) -> &mut Value {
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(list) => {
            if list.len() <= index {
                list.resize(index + 1, Value::Null);
            }
            &mut list[index]
        }
        other => other,
    }
}

fn merge(below: &mut Value, over: Value) {
    match (below, over) {
        (Value::Object(below), Value::Object(over)) => {
            for (key, value) in over {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, over) => *below = over,
    }
}
