//! The identity schemas of a configuration, compiled, with the documents that they refer to.

use std::collections::BTreeMap;
use std::sync::Arc;

use bia_config::{Config, SchemaSource, fetch};
use bia_model::schema::{CompileOptions, IdentitySchema, references_elsewhere};
use bia_selfservice::cx::Schemas;
use serde_json::Value;

/// The most documents that one schema may draw in, over all steps.
const MAX_DOCUMENTS: usize = 32;

/// Whether a schema can be compiled, as far as that shows without other documents.
///
/// # Errors
/// Everything that is wrong with it, as sentences.
pub fn check(source: &SchemaSource) -> Result<(), Vec<String>> {
    if !references_elsewhere(&source.json).is_empty() {
        // What they refer to is fetched later, in `compile_all`, which then finds the rest.
        return Ok(());
    }
    IdentitySchema::compile(&source.json, &CompileOptions::default()).map(drop)
}

/// Compiles all schemas of a configuration; fetches the documents that they refer to.
///
/// # Errors
/// Everything that is wrong with the first schema that cannot be used, as sentences.
pub async fn compile_all(config: &Config) -> anyhow::Result<Schemas> {
    let disallow_ref = config.security.disallow_ref_in_identity_schemas;
    let mut schemas = Vec::new();
    for source in &config.identity.schemas {
        let compiled = compile(&source.json, disallow_ref)
            .await
            .map_err(|problems| {
                anyhow::anyhow!(
                    "The identity schema {:?} cannot be used. {}",
                    source.id,
                    problems.join(" ")
                )
            })?;
        schemas.push((source.id.clone(), Arc::new(compiled)));
    }
    Ok(Schemas::new(schemas))
}

/// Compiles one schema; fetches the documents that it refers to.
///
/// # Errors
/// Everything that is wrong with it, as sentences.
pub(crate) async fn compile(
    schema: &Value,
    disallow_ref: bool,
) -> Result<IdentitySchema, Vec<String>> {
    let documents = match disallow_ref {
        true => BTreeMap::new(),
        false => documents(schema).await.map_err(|problem| vec![problem])?,
    };
    let options = CompileOptions {
        disallow_ref,
        documents,
    };
    IdentitySchema::compile(schema, &options)
}

/// What a schema refers to, and what that refers to, and so on.
async fn documents(schema: &Value) -> Result<BTreeMap<String, Value>, String> {
    let mut wanted = references_elsewhere(schema);
    let mut found = BTreeMap::new();
    while let Some(url) = wanted.pop() {
        if found.contains_key(&url) {
            continue;
        }
        if found.len() == MAX_DOCUMENTS {
            return Err(format!(
                "It refers to more than {MAX_DOCUMENTS} other documents."
            ));
        }
        let bytes = fetch::fetch(&url).await;
        let bytes = bytes
            .map_err(|error| format!("It refers to {url}, which could not be loaded: {error}."))?;
        let document: Value = serde_json::from_slice(&bytes).map_err(|error| {
            format!("It refers to {url}, which is not well-formed JSON: {error}.")
        })?;
        wanted.extend(references_elsewhere(&document));
        found.insert(url, document);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(email: &Value) -> SchemaSource {
        let json = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {"traits": {"type": "object", "properties": {"email": email}}},
        });
        SchemaSource {
            id: "default".into(),
            url: String::new(),
            text: json.to_string().into(),
            json: Arc::new(json),
            selfservice_selectable: false,
        }
    }

    #[tokio::test]
    async fn a_schema_may_refer_to_files_that_refer_to_files() {
        let folder = tempfile::tempdir().unwrap();
        let url = |name: &str| format!("file://{}", folder.path().join(name).display());
        let write = |name: &str, json: Value| {
            std::fs::write(folder.path().join(name), json.to_string()).unwrap()
        };
        write(
            "outer.json",
            json!({"definitions": {"email": {"$ref": url("inner.json")}}}),
        );
        write("inner.json", json!({"type": "string", "format": "email"}));
        let source = source(&json!({"$ref": format!("{}#/definitions/email", url("outer.json"))}));
        assert_eq!(check(&source), Ok(()));
        let compiled = compile(&source.json, false).await.unwrap();
        assert!(
            compiled
                .validate(&json!({"email": "user-1@example.org"}))
                .is_ok()
        );
        assert!(compiled.validate(&json!({"email": "nobody"})).is_err());
        assert!(
            compile(&source.json, true).await.is_err(),
            "forbidden by the configuration"
        );
    }

    #[tokio::test]
    async fn a_document_that_is_not_there_is_named() {
        let source = source(&json!({"$ref": "file:///there/is/no/such/document.json"}));
        let problems = compile(&source.json, false).await.unwrap_err();
        assert!(
            problems
                .iter()
                .any(|p| p.contains("/there/is/no/such/document.json")),
            "{problems:?}"
        );
    }
}
