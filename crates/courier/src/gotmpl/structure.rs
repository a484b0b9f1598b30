//! What Go would have as a structure: fields with one name in templates and another in JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::Value;

/// The member that keeps what the fields are called in JSON. It has no letter, so no template can name it.
const TAGS: &str = "\u{0}";

/// One field: its name in templates, its tag, its value. A tag is the name in JSON, with `,omitempty` behind it where
/// an empty field is left out.
pub(crate) type Field = (&'static str, &'static str, Value);

/// A structure. Its fields are printed in the order of their names.
pub(crate) fn structure(fields: impl IntoIterator<Item = Field>) -> Value {
    let mut members: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    let mut tags: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for (name, tag, value) in fields {
        tags.insert(Arc::from(name), Value::from(tag));
        members.insert(Arc::from(name), value);
    }
    members.insert(Arc::from(TAGS), Value::from(tags));
    Value::from(members)
}

/// The values of a structure's fields. `None` for a dictionary.
pub(super) fn fields(members: &BTreeMap<Arc<str>, Value>) -> Option<Vec<&Value>> {
    let fields = members.iter().filter(|(name, _)| name.as_ref() != TAGS);
    members
        .contains_key(TAGS)
        .then(|| fields.map(|(_, value)| value).collect())
}

/// What of a dictionary or structure goes into JSON, under the names that it has there.
pub(super) fn in_json(members: &BTreeMap<Arc<str>, Value>) -> Vec<(&str, &Value)> {
    let Some(Value::Map(tags)) = members.get(TAGS) else {
        return members.iter().map(|(k, v)| (k.as_ref(), v)).collect();
    };
    let mut shown = Vec::new();
    for (name, tag) in tags.iter() {
        let (Value::String(tag), Some(value)) = (tag, members.get(name)) else {
            continue;
        };
        match tag.split_once(',') {
            Some(_) if is_empty(value) => {}
            Some((name, _)) => shown.push((name, value)),
            None => shown.push((tag.as_ref(), value)),
        }
    }
    shown
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
