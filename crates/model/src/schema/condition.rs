//! Conditions: JSON Schemas that a document does or does not fit. Nothing is derived from them, and nothing is read
//! from elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::document::Documents;
use super::walk::Walker;
use super::{check, validator};

/// The largest condition, in bytes of JSON.
const MAX_CONDITION_BYTES: usize = 1 << 16;

/// A compiled JSON Schema that decides about a document. Cloning is cheap.
#[derive(Clone)]
pub struct Condition(Arc<Inner>);

struct Inner {
    source: Value,
    validator: jsonschema::Validator,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Condition").field(&self.0.source).finish()
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Condition) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Condition {}

impl Condition {
    /// Compiles a schema, draft-07 unless it names another one. It refers to nothing but itself, and is bounded as
    /// identity schemas are. The error is everything that is wrong with it, as sentences.
    pub fn compile(schema: &Value) -> Result<Condition, Vec<String>> {
        let bytes = serde_json::to_vec(schema).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_CONDITION_BYTES {
            return Err(vec![format!(
                "The schema is larger than {MAX_CONDITION_BYTES} bytes."
            )]);
        }
        if !schema.is_object() {
            return Err(vec!["A condition is a JSON object.".into()]);
        }
        let draft = check::draft(schema).map_err(|problem| vec![problem])?;
        let mut root = schema.clone();
        root["$schema"] = check::name_of(draft).into();
        let mut problems = Vec::new();
        check::against_draft(&root, &mut problems);
        let documents = Documents::collect(root, &BTreeMap::new(), &mut problems);
        if problems.is_empty() {
            let walker = Walker {
                documents: &documents,
                draft,
            };
            walker.check_ends(&mut problems);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let validator = validator::build(&documents, draft).map_err(|problem| vec![problem])?;
        let source = schema.clone();
        Ok(Condition(Arc::new(Inner { source, validator })))
    }

    /// Whether a document fits.
    pub fn holds(&self, document: &Value) -> bool {
        self.0.validator.is_valid(document)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_fits_or_does_not() {
        let employees =
            json!({"properties": {"schema_id": {"const": "employee"}}, "required": ["schema_id"]});
        let condition = Condition::compile(&employees).unwrap();
        assert!(condition.holds(&json!({"schema_id": "employee", "state": "active"})));
        assert!(!condition.holds(&json!({"schema_id": "customer"})));
        assert!(!condition.holds(&json!({})));
        assert!(Condition::compile(&json!({})).unwrap().holds(&json!(null)));
    }

    #[test]
    fn what_is_no_schema_of_its_own_is_refused() {
        let mut deep = json!({});
        for _ in 0..200 {
            deep = json!({ "not": deep });
        }
        for (schema, why) in [
            (json!({"type": "employee"}), "no valid JSON Schema"),
            (json!({"$ref": "https://example.org/x.json"}), "not read"),
            (json!({"$ref": "file:///etc/passwd"}), "not read"),
            (json!({"$ref": "#/definitions/x"}), "not there"),
            (json!({"$ref": "#"}), ""),
            (json!({"pattern": "("}), ""),
            (json!({"$schema": "https://example.org/draft"}), "not known"),
            (json!({"const": "x".repeat(70_000)}), "larger"),
            (deep, "deep"),
            (json!([]), "object"),
        ] {
            let problems = Condition::compile(&schema).unwrap_err().join(" ");
            assert!(problems.contains(why), "{why}: {problems}");
        }
    }
}
