//! The validator behind a schema: offline, with our formats, with patterns that run in linear time.

use std::collections::HashMap;

use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value;

use super::document::Documents;
use super::format;

/// The largest compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Builds the validator of documents whose references were checked.
pub(super) fn build(documents: &Documents, draft: Draft) -> Result<Validator, String> {
    let root = documents
        .list
        .first()
        .map_or(&Value::Null, |document| &document.value);
    let others = documents
        .list
        .iter()
        .skip(1)
        .map(|document| (document.uri.clone(), document.value.clone()));
    let mut options = jsonschema::options()
        .with_draft(draft)
        .offline()
        .with_retriever(Given(others.collect()))
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(PATTERN_BYTES)
                .dfa_size_limit(PATTERN_BYTES),
        )
        .with_format("email", format::is_email)
        .with_format("email_loose", format::is_loose_email)
        .with_format("tel", format::is_tel)
        .with_format("no-validate", |_: &str| true)
        .with_format("uri", format::is_uri)
        .with_format("iri", format::is_uri)
        .with_format("uri-reference", format::is_reference)
        .with_format("iri-reference", format::is_reference);
    if matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7) {
        // Schemas of these drafts have always run where these formats meant nothing.
        options = options
            .with_format("idn-email", |_: &str| true)
            .with_format("idn-hostname", |_: &str| true);
    }
    options.build(root).map_err(|error| {
        let at = error.instance_path().as_str();
        let at = if at.is_empty() {
            error.schema_path().as_str()
        } else {
            at
        };
        format!("The schema cannot be used, at #{at}: {error}.")
    })
}

/// The documents at hand, and nothing else.
struct Given(HashMap<String, Value>);

impl Retrieve for Given {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        self.0
            .get(uri.as_str())
            .cloned()
            .ok_or_else(|| format!("{uri} is not at hand").into())
    }
}
