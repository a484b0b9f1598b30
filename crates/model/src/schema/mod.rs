//! Identity schemas: what traits an identity may have, and what follows from them.
//!
//! A schema is compiled once ([`IdentitySchema::compile`]) and then shared: cloning is cheap. It checks traits and
//! derives identifiers and addresses ([`IdentitySchema::validate`]), lists the fields of a form
//! ([`IdentitySchema::fields`]) and reads traits out of a request ([`IdentitySchema::decode_form`]). Nothing is
//! read from files or the network. Facts: `spec/identity.md` §2–4, `spec/flows.md` §4, `spec/methods.md` §0.1.

mod check;
mod condition;
mod convert;
mod decode;
mod derive;
mod document;
mod extension;
mod field;
mod flatten;
mod format;
mod pointer;
mod validator;
mod violation;
mod walk;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::MethodName;

pub use condition::Condition;
pub use derive::{Derived, DerivedAddress};
pub use document::references_elsewhere;
pub use extension::{CodeIdentifier, Extension};
pub use field::TraitField;
pub use flatten::{flatten, unflatten};
pub use format::{is_email, is_loose_email};
pub use violation::{Violation, ViolationKind, reason};

use derive::Used;
use document::{Annotated, Documents};
use field::TraitPath;
use walk::{ValueStep, Walker};

/// The largest schema, in bytes of JSON.
const MAX_BYTES: usize = 1 << 20;

/// How deep a schema may nest.
const MAX_DEPTH: usize = 100;

/// How many parts a schema may have once every reference is followed.
const MAX_VISITS: usize = 20_000;

/// How a schema is compiled.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// `security.disallow_ref_in_identity_schemas`: only `#/…` and `base64://…` may be referred to.
    pub disallow_ref: bool,
    /// Other documents that the schema may refer to, by URL, already fetched. Not used with `disallow_ref`.
    pub documents: BTreeMap<String, Value>,
}

/// A compiled identity schema.
#[derive(Clone)]
pub struct IdentitySchema(Arc<Inner>);

struct Inner {
    validator: jsonschema::Validator,
    annotated: Vec<Annotated>,
    /// Sorted by name.
    paths: Vec<TraitPath>,
    keys: Vec<String>,
    fields: Vec<TraitField>,
    phones: Vec<Vec<ValueStep>>,
    integers: Vec<Vec<ValueStep>>,
}

impl std::fmt::Debug for IdentitySchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentitySchema")
            .field("keys", &self.0.keys)
            .finish_non_exhaustive()
    }
}

impl IdentitySchema {
    /// Compiles a schema. The error is everything that is wrong with it, as sentences.
    pub fn compile(
        schema: &Value,
        options: &CompileOptions,
    ) -> Result<IdentitySchema, Vec<String>> {
        let mut problems = Vec::new();
        let bytes = serde_json::to_vec(schema).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_BYTES {
            return Err(vec![format!(
                "The schema is larger than {MAX_BYTES} bytes."
            )]);
        }
        if !schema.is_object() {
            return Err(vec!["An identity schema is a JSON object.".into()]);
        }
        let draft = check::draft(schema).map_err(|problem| vec![problem])?;
        let mut root = schema.clone();
        root["$schema"] = check::name_of(draft).into();
        check::against_draft(&root, &mut problems);
        check::traits(&root, &mut problems);
        let none = BTreeMap::new();
        let given = if options.disallow_ref {
            &none
        } else {
            &options.documents
        };
        let documents = Documents::collect(root, given, &mut problems);
        let walker = Walker {
            documents: &documents,
            draft,
        };
        if problems.is_empty() {
            walker.check_ends(&mut problems);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let validator = validator::build(&documents, draft).map_err(|problem| vec![problem])?;
        let paths = field::list(&walker);
        let keys = field::keys(schema);
        let fields = field::in_form_order(&paths, &keys);
        let (phones, integers) = (walker.phones(), walker.integers());
        Ok(IdentitySchema(Arc::new(Inner {
            validator,
            annotated: documents.annotated,
            paths,
            keys,
            fields,
            phones,
            integers,
        })))
    }

    /// Checks traits and derives what follows from them. Phone numbers are brought to E.164 first, and integers
    /// written without a fraction. The error is everything that does not fit, in the order of the schema.
    pub fn validate(&self, traits: &Value) -> Result<Derived, Vec<Violation>> {
        let mut traits = traits.clone();
        for place in &self.0.phones {
            walk::rewrite_phones(&mut traits, place);
        }
        for place in &self.0.integers {
            walk::rewrite_integers(&mut traits, place);
        }
        let document = Value::Object(Map::from_iter([("traits".to_owned(), traits.clone())]));
        let mut violations = convert::violations(self.0.validator.iter_errors(&document));
        if !violations.is_empty() {
            violations.sort_by_key(|violation| self.rank(&violation.pointer));
            return Err(violations);
        }
        derive::derive(traits, &self.used(&document))
    }

    /// What traits give that need not fit the schema: the identifiers and addresses among them that are good for one.
    /// For finding out whether somebody has them already, never for keeping. Beside them, what no address can be
    /// made of.
    pub fn presume(&self, traits: &Value) -> (Derived, Vec<Violation>) {
        let used: Vec<Used<'_>> = self
            .0
            .paths
            .iter()
            .filter_map(|path| {
                let segments = path.segments.iter().skip(1);
                let value = segments
                    .into_iter()
                    .try_fold(traits, |value, s| value.get(s))?;
                Some(Used {
                    pointer: format!("#/{}", path.segments.join("/")),
                    schema_pointer: String::new(),
                    annotated: self.0.annotated.get(path.annotated?)?,
                    value,
                })
            })
            .collect();
        derive::presume(traits.clone(), &used)
    }

    /// The fields of a form, in the order of [`IdentitySchema::keys`], then by name.
    pub fn fields(&self) -> &[TraitField] {
        &self.0.fields
    }

    /// The names by which a form's nodes are ordered: the leaves of the schema in document order, dotted. A node
    /// stands at the first key that its own name begins with (spec/flows.md §4.1).
    pub fn keys(&self) -> &[String] {
        &self.0.keys
    }

    /// The trait that people log in by: title and field name, when there is exactly one and it has a title.
    pub fn identifier_label(&self) -> Option<(&str, &str)> {
        let mut named = self.0.paths.iter().filter(|path| {
            self.extension(path)
                .is_some_and(Extension::names_the_account)
        });
        let (only, None) = (named.next()?, named.next()) else {
            return None;
        };
        Some((only.title.as_deref()?, &only.name))
    }

    /// What the traits are used for: field name and use, by name. Traits without a use are left out.
    pub fn uses(&self) -> impl Iterator<Item = (&str, &Extension)> {
        self.0
            .paths
            .iter()
            .filter_map(|path| Some((path.name.as_str(), self.extension(path)?)))
    }

    /// Whether any trait is an identifier of a method: then all identifiers of that method are those of the traits.
    pub fn has_identifiers_of(&self, kind: MethodName) -> bool {
        self.0.annotated.iter().any(|annotated| match kind {
            MethodName::Password => annotated.extension.password,
            MethodName::Webauthn => annotated.extension.webauthn,
            MethodName::Code => annotated.extension.code.is_some(),
            _ => false,
        })
    }

    /// The fields that may name a passkey, by name. If no trait is meant for it: the first trait without a title.
    pub fn passkey_display_name_fields(&self) -> Vec<&str> {
        let meant: Vec<&str> = self
            .uses()
            .filter(|(_, extension)| extension.webauthn || extension.passkey_display_name)
            .map(|(name, _)| name)
            .collect();
        if !meant.is_empty() {
            return meant;
        }
        let untitled = self
            .0
            .paths
            .iter()
            .find(|path| path.segments.len() > 1 && path.title.is_none());
        untitled
            .map(|path| path.name.as_str())
            .into_iter()
            .collect()
    }

    /// The name for a passkey in traits that need not be valid yet (a half-filled form).
    pub fn passkey_display_name(&self, traits: &Value) -> Option<String> {
        let value = |path: &TraitPath| {
            path.segments
                .iter()
                .skip(1)
                .try_fold(traits, |value, segment| value.get(segment))
                .and_then(derive::as_text)
        };
        let first = |wanted: fn(&Extension) -> bool| {
            let mut paths = self
                .0
                .paths
                .iter()
                .filter(|path| self.extension(path).is_some_and(wanted));
            paths.find_map(|path| value(path).filter(|text| !text.is_empty()))
        };
        first(|e| e.passkey_display_name)
            .or_else(|| first(|e| e.webauthn).map(|text| text.to_lowercase()))
    }

    /// The traits in form fields (all fields of the request; others are passed over). Texts become the types of
    /// the schema, empty fields count as not sent, objects that are missing become `{}`.
    pub fn decode_form(&self, fields: &[(String, String)]) -> Value {
        decode::form(&self.0.paths, fields)
    }

    /// The traits in a JSON body: the member `traits` as it is (members that the schema does not know included: the
    /// schema decides about them), members with dotted names like form fields. Missing objects become `{}`.
    pub fn decode_json(&self, body: &Map<String, Value>) -> Value {
        decode::json(&self.0.paths, body)
    }

    fn extension(&self, path: &TraitPath) -> Option<&Extension> {
        Some(&self.0.annotated.get(path.annotated?)?.extension)
    }

    /// Where a value stands in the order of the schema.
    fn rank(&self, at: &str) -> usize {
        let name = pointer::dotted(at);
        let within = |key: &String| {
            name.strip_prefix(key.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.0.keys.iter().position(within).unwrap_or(usize::MAX)
    }

    /// The values that have a use, in the order of the schema, each use once.
    fn used<'a>(&'a self, document: &'a Value) -> Vec<Used<'a>> {
        let evaluation = self.0.validator.evaluate(document);
        let mut found: Vec<(usize, Used<'a>)> = Vec::new();
        let mut seen = HashSet::new();
        for entry in evaluation.iter_annotations() {
            let index = entry
                .annotations
                .value()
                .get(extension::KEYWORD)
                .and_then(Value::as_u64);
            let Some(index) = index.and_then(|index| usize::try_from(index).ok()) else {
                continue;
            };
            let at = entry.instance_location.as_str();
            let (Some(annotated), Some(value)) =
                (self.0.annotated.get(index), document.pointer(at))
            else {
                continue;
            };
            if !seen.insert((index, at)) {
                continue;
            }
            let schema_pointer = format!("#{}", entry.schema_location.trim_start_matches('#'));
            let used = Used {
                pointer: format!("#{at}"),
                schema_pointer,
                annotated,
                value,
            };
            found.push((self.rank(at), used));
        }
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, used)| used).collect()
    }
}

#[cfg(test)]
mod tests;
