//! The documents a schema consists of: itself, and what it embeds or was given beside it. Nothing is read from
//! files or the network here.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::extension::{Extension, KEYWORD};
use super::{MAX_DEPTH, pointer};

/// An extension and what stands beside it.
#[derive(Clone, Debug)]
pub(super) struct Annotated {
    pub(super) extension: Extension,
    pub(super) format: Option<String>,
}

/// All documents, each extension replaced by its index into `annotated`, so that the validator hands it back.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// The schema itself is the first.
    pub(super) list: Vec<Document>,
    pub(super) annotated: Vec<Annotated>,
}

#[derive(Debug)]
pub(super) struct Document {
    pub(super) uri: String,
    pub(super) value: Value,
}

/// The name under which the validator knows a document that a `base64://` reference embeds.
fn embedded(index: usize) -> String {
    format!("urn:bia:embedded:{index}")
}

/// Members whose value maps names to schemas.
const NAMED: &[&str] = &[
    "properties",
    "patternProperties",
    "definitions",
    "$defs",
    "dependentSchemas",
    "dependencies",
];

/// Members whose value is data, not a schema.
const DATA: &[&str] = &["enum", "const", "default", "examples", KEYWORD, "bia"];

impl Documents {
    /// Collects the documents; `given` are those that references with `http`, `https` or `file` may name.
    pub(super) fn collect(
        root: Value,
        given: &BTreeMap<String, Value>,
        problems: &mut Vec<String>,
    ) -> Documents {
        let mut collector = Collector {
            documents: Documents::default(),
            references: Vec::new(),
            embedded: BTreeMap::new(),
            problems,
        };
        collector.add("", root);
        for (uri, value) in given {
            collector.add(uri.trim_end_matches('#'), value.clone());
        }
        collector.check_references();
        collector.documents
    }

    /// The schema that a reference in a document points to.
    pub(super) fn resolve(&self, document: usize, reference: &str) -> Option<(usize, &Value)> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let (index, whole) = if base.is_empty() {
            (document, &self.list.get(document)?.value)
        } else {
            self.find(document, base)?
        };
        let found = match fragment {
            "" | "/" => whole,
            _ if fragment.starts_with('/') => whole.pointer(&percent_decoded(fragment))?,
            anchor => anchored(whole, anchor, MAX_DEPTH)?,
        };
        Some((index, found))
    }

    fn find(&self, document: usize, base: &str) -> Option<(usize, &Value)> {
        if let Some(found) = self.list.iter().enumerate().find(|(_, d)| d.uri == base) {
            return Some((found.0, &found.1.value));
        }
        let own = self.list.get(document)?;
        let absolute = id_of(&own.value)
            .and_then(|id| url::Url::parse(id).ok())
            .and_then(|id| id.join(base).ok());
        let absolute = absolute.as_ref().map_or(base, url::Url::as_str);
        identified(&own.value, &[base, absolute], MAX_DEPTH).map(|value| (document, value))
    }
}

/// The other documents that a schema refers to with `http`, `https` or `file`, each once: what has to be fetched for
/// [`CompileOptions::documents`](super::CompileOptions::documents).
pub fn references_elsewhere(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_references(schema, &mut found, MAX_DEPTH);
    let own = id_of(schema).map(|id| id.trim_end_matches('#'));
    found.retain(|document| Some(document.as_str()) != own);
    found
}

fn collect_references(value: &Value, found: &mut Vec<String>, depth: usize) {
    let reference = value
        .get("$ref")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let document = reference.split('#').next().unwrap_or_default();
    if is_elsewhere(document) && !found.iter().any(|known| known == document) {
        found.push(document.to_owned());
    }
    let _: Option<&Value> = below(value, depth, |sub, depth| {
        collect_references(sub, found, depth);
        None
    });
}

fn is_elsewhere(reference: &str) -> bool {
    ["file:", "http:", "https:"]
        .iter()
        .any(|scheme| reference.starts_with(scheme))
}

struct Collector<'a> {
    documents: Documents,
    references: Vec<(usize, String, String)>,
    /// The texts of embedded documents, with their index.
    embedded: BTreeMap<String, usize>,
    problems: &'a mut Vec<String>,
}

impl Collector<'_> {
    fn add(&mut self, uri: &str, mut value: Value) -> usize {
        let index = self.documents.list.len();
        self.documents.list.push(Document {
            uri: uri.to_owned(),
            value: Value::Null,
        });
        let at = if uri.is_empty() {
            "#".to_owned()
        } else {
            format!("{uri}#")
        };
        self.visit(index, &mut value, &at, 0);
        if let Some(document) = self.documents.list.get_mut(index) {
            document.value = value;
        }
        index
    }

    fn visit(&mut self, document: usize, value: &mut Value, at: &str, depth: usize) {
        if depth > MAX_DEPTH {
            self.problems.push(format!(
                "The schema is nested more than {MAX_DEPTH} levels deep, at {}.",
                at.get(..120).unwrap_or(at)
            ));
            return;
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.visit(
                        document,
                        item,
                        &pointer::join(at, &index.to_string()),
                        depth + 1,
                    );
                }
            }
            Value::Object(_) => self.visit_schema(document, value, at, depth),
            _ => {}
        }
    }

    fn visit_schema(&mut self, document: usize, value: &mut Value, at: &str, depth: usize) {
        let Value::Object(schema) = value else { return };
        if let Some(found) = schema.get(KEYWORD) {
            let extension = Extension::read(found, &pointer::join(at, KEYWORD), self.problems);
            let format = schema
                .get("format")
                .and_then(Value::as_str)
                .map(str::to_owned);
            schema.insert(KEYWORD.to_owned(), self.documents.annotated.len().into());
            self.documents
                .annotated
                .push(Annotated { extension, format });
        }
        for dynamic in ["$dynamicRef", "$recursiveRef"] {
            if schema.contains_key(dynamic) {
                self.problems.push(format!(
                    "At {at} the keyword {dynamic} cannot be used in an identity schema; use $ref."
                ));
            }
        }
        if let Some(Value::String(reference)) = schema.get_mut("$ref") {
            self.reference(document, reference, at);
        }
        for (name, member) in schema
            .iter_mut()
            .filter(|(name, _)| !DATA.contains(&name.as_str()))
        {
            let at = pointer::join(at, name);
            match member {
                Value::Object(named) if NAMED.contains(&name.as_str()) => {
                    for (key, sub) in named.iter_mut() {
                        self.visit(document, sub, &pointer::join(&at, key), depth + 2);
                    }
                }
                _ => self.visit(document, member, &at, depth + 1),
            }
        }
    }

    fn reference(&mut self, document: usize, reference: &mut String, at: &str) {
        if let Some(embedded_at) = reference.strip_prefix("base64://") {
            let (text, fragment) = embedded_at.split_once('#').unwrap_or((embedded_at, ""));
            let Some(index) = self.embed(text, at) else {
                return;
            };
            *reference = format!("{}#{fragment}", embedded(index));
        }
        self.references
            .push((document, at.to_owned(), reference.clone()));
    }

    fn embed(&mut self, text: &str, at: &str) -> Option<usize> {
        if let Some(index) = self.embedded.get(text) {
            return Some(*index);
        }
        let bytes = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
            .iter()
            .find_map(|engine| engine.decode(text).ok());
        let Some(value) = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        else {
            self.problems.push(format!(
                "At {at} the embedded document of $ref is no JSON in base64."
            ));
            return None;
        };
        let index = self.documents.list.len();
        self.embedded.insert(text.to_owned(), index);
        self.add(&embedded(index), value);
        Some(index)
    }

    fn check_references(&mut self) {
        for (document, at, reference) in &self.references {
            if self.documents.resolve(*document, reference).is_some() {
                continue;
            }
            let shown: String = reference.chars().take(200).collect();
            self.problems.push(if is_elsewhere(&shown) {
                format!(
                    "At {at} the schema refers to \"{shown}\", which is not read. Copy what it needs into \"definitions\" and refer \
                     to it as #/definitions/…, or embed the other document as base64://…."
                )
            } else {
                format!("At {at} the schema refers to \"{shown}\", which is not there.")
            });
        }
    }
}

fn id_of(schema: &Value) -> Option<&str> {
    ["$id", "id"]
        .iter()
        .find_map(|name| schema.get(*name))
        .and_then(Value::as_str)
}

/// The schema with one of these ids.
fn identified<'v>(value: &'v Value, ids: &[&str], depth: usize) -> Option<&'v Value> {
    if id_of(value).is_some_and(|id| ids.contains(&id.trim_end_matches('#'))) {
        return Some(value);
    }
    below(value, depth, |sub, depth| identified(sub, ids, depth))
}

/// The schema with an anchor: `$id: "#name"`, or `$anchor: "name"`.
fn anchored<'v>(value: &'v Value, anchor: &str, depth: usize) -> Option<&'v Value> {
    let is_it = id_of(value).and_then(|id| id.strip_prefix('#')) == Some(anchor)
        || value.get("$anchor").and_then(Value::as_str) == Some(anchor);
    if is_it {
        return Some(value);
    }
    below(value, depth, |sub, depth| anchored(sub, anchor, depth))
}

fn below<'v>(
    value: &'v Value,
    depth: usize,
    mut search: impl FnMut(&'v Value, usize) -> Option<&'v Value>,
) -> Option<&'v Value> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Array(items) => items.iter().find_map(|item| search(item, depth)),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !DATA.contains(&name.as_str()))
            .find_map(|(_, sub)| search(sub, depth)),
        _ => None,
    }
}

fn percent_decoded(fragment: &str) -> String {
    if !fragment.contains('%') {
        return fragment.to_owned();
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
