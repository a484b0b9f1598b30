//! The traits as fields of a form, and the order of the fields (spec/flows.md §4, §4.1).

use serde_json::Value;

use super::pointer;
use super::walk::{Place, Step, Walker};
use crate::ui::InputType;

/// The most choices that one field offers.
const MAX_OPTIONS: usize = 500;

/// A trait as a field of a form. Nested traits have dotted names; objects themselves are no fields.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitField {
    /// The field's name, from `traits.` on.
    pub name: String,
    /// What kind of input it is.
    pub input_type: InputType,
    /// HTML's autocomplete.
    pub autocomplete: Option<&'static str>,
    /// The pattern of its text, as the schema has it.
    pub pattern: Option<String>,
    /// Whether the schema requires it where it stands.
    pub required: bool,
    /// Whether the schema says `disableFormField`.
    pub disabled: bool,
    /// The schema's title.
    pub title: Option<String>,
    /// The values of the schema's `enum`, the first 500.
    pub options: Vec<Value>,
}

/// What a trait holds, as far as forms are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    Object,
    Texts,
    Numbers,
    Booleans,
    /// A list of what one form value cannot say.
    List,
    /// A list of objects or lists.
    Nested,
    /// No single type, but a default.
    Any,
}

/// A trait and how the schema describes it.
#[derive(Clone, Debug)]
pub(super) struct TraitPath {
    /// Dotted, from `traits` on (which is a path itself).
    pub(super) name: String,
    pub(super) segments: Vec<String>,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) title: Option<String>,
    /// Index of its extension.
    pub(super) annotated: Option<usize>,
    has_default: bool,
    format: Option<String>,
    pattern: Option<String>,
    options: Vec<Value>,
    disabled: bool,
}

impl TraitPath {
    /// The field of the trait; `None` for what a form shows by its parts.
    pub(super) fn field(&self) -> Option<TraitField> {
        if matches!(self.kind, Kind::Object | Kind::Nested) {
            return None;
        }
        let by_kind = match self.kind {
            Kind::Number => InputType::Number,
            Kind::Boolean => InputType::Checkbox,
            _ => InputType::Text,
        };
        let (input_type, autocomplete) = match self.format.as_deref() {
            Some("date-time") => (InputType::DatetimeLocal, None),
            Some("email") => (InputType::Email, Some("email")),
            Some("tel") => (InputType::Tel, Some("tel")),
            Some("date") => (InputType::Date, None),
            Some("uri") => (InputType::Url, Some("url")),
            Some("regex") => (InputType::Text, None),
            _ => (by_kind, None),
        };
        Some(TraitField {
            name: self.name.clone(),
            input_type,
            autocomplete,
            pattern: self.pattern.clone(),
            required: self.required,
            disabled: self.disabled,
            title: self.title.clone(),
            options: self.options.clone(),
        })
    }
}

/// The traits of a schema, sorted by name. Of several descriptions of a trait the last one counts, unless an
/// earlier one has a default.
pub(super) fn list(walker: &Walker<'_>) -> Vec<TraitPath> {
    let mut found = Vec::new();
    if let Some(root) = walker.root() {
        collect(walker, root, None, &mut Vec::new(), &mut found);
    }
    found.sort_by(|a: &TraitPath, b| a.name.cmp(&b.name));
    let mut unique: Vec<TraitPath> = Vec::new();
    for path in found {
        match unique.last_mut() {
            Some(last) if last.name == path.name => {
                if !last.has_default {
                    *last = path;
                }
            }
            _ => unique.push(path),
        }
    }
    unique
}

fn collect<'d>(
    walker: &Walker<'d>,
    place: Place<'d>,
    parent: Option<&'d Value>,
    segments: &mut Vec<String>,
    found: &mut Vec<TraitPath>,
) {
    if segments.first().is_some_and(|first| first != "traits") {
        return;
    }
    found.extend(describe(walker, place, parent, segments));
    for (step, sub) in walker.inside(place) {
        match step {
            Step::Same => collect(walker, sub, Some(place.schema), segments, found),
            Step::Property(name) => {
                segments.push(name.to_owned());
                collect(walker, sub, Some(place.schema), segments, found);
                segments.pop();
            }
            Step::EachItem | Step::Item(_) | Step::Elsewhere => {}
        }
    }
}

fn describe(
    walker: &Walker<'_>,
    place: Place<'_>,
    parent: Option<&Value>,
    segments: &[String],
) -> Option<TraitPath> {
    let schema = place.schema.as_object()?;
    let own = segments.last()?;
    if walker.reference_stands_alone() && schema.contains_key("$ref") {
        return None;
    }
    let has_default = schema
        .get("default")
        .is_some_and(|default| !default.is_null());
    let kind = kind(walker, place).or(has_default.then_some(Kind::Any))?;
    let required = parent
        .and_then(|p| p.get("required"))
        .and_then(Value::as_array);
    let text = |name: &str| schema.get(name).and_then(Value::as_str).map(str::to_owned);
    let options = schema
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Some(TraitPath {
        name: segments.join("."),
        segments: segments.to_vec(),
        kind,
        required: required.is_some_and(|names| names.iter().any(|name| name.as_str() == Some(own))),
        title: text("title").filter(|title| !title.is_empty()),
        annotated: walker.extension(place).map(|(index, _)| index),
        has_default,
        format: text("format"),
        pattern: text("pattern"),
        options: options.take(MAX_OPTIONS).cloned().collect(),
        disabled: schema.get("disableFormField") == Some(&Value::Bool(true)),
    })
}

fn kind(walker: &Walker<'_>, place: Place<'_>) -> Option<Kind> {
    if let Some(constant) = place.schema.get("const") {
        return match constant {
            Value::Number(_) => Some(Kind::Number),
            Value::String(_) => Some(Kind::Text),
            Value::Bool(_) => Some(Kind::Boolean),
            Value::Null => None,
            Value::Array(_) => Some(Kind::Nested),
            Value::Object(_) => Some(Kind::Object),
        };
    }
    match types(place.schema).as_slice() {
        ["boolean"] => Some(Kind::Boolean),
        ["number" | "integer"] => Some(Kind::Number),
        ["string"] => Some(Kind::Text),
        ["object"] => Some(Kind::Object),
        ["array"] => Some(list_kind(walker, place)),
        _ => None,
    }
}

fn list_kind(walker: &Walker<'_>, place: Place<'_>) -> Kind {
    let mut found: Vec<&str> = Vec::new();
    for (step, sub) in walker.inside(place) {
        if matches!(step, Step::EachItem | Step::Item(_)) {
            found.extend(types(sub.schema));
            found.extend(
                walker
                    .reference(sub)
                    .map(|target| types(target.schema))
                    .unwrap_or_default(),
            );
        }
    }
    found.dedup();
    match found.as_slice() {
        ["boolean"] => Kind::Booleans,
        ["number" | "integer"] => Kind::Numbers,
        ["string"] => Kind::Texts,
        [_] => Kind::Nested,
        _ => Kind::List,
    }
}

pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The fields of the traits, in the order of the keys, then by name.
pub(super) fn in_form_order(paths: &[TraitPath], keys: &[String]) -> Vec<TraitField> {
    let mut fields: Vec<TraitField> = paths.iter().filter_map(TraitPath::field).collect();
    fields.sort_by_key(|field| {
        keys.iter()
            .position(|key| field.name.starts_with(key.as_str()))
            .unwrap_or(usize::MAX)
    });
    fields
}

/// The names by which nodes are ordered: every leaf of the schema as it is written, in document order. References
/// and combinations are not followed, a schema without `type: object` is one leaf.
pub(super) fn keys(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_keys(schema, &mut Vec::new(), &mut found);
    found
}

fn collect_keys(schema: &Value, names: &mut Vec<String>, found: &mut Vec<String>) {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        found.push(names.join("."));
        return;
    }
    for (name, sub) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        names.push(pointer::escape_dots(name));
        collect_keys(sub, names, found);
        names.pop();
    }
}
