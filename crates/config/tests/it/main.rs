//! Whole configurations, from text to types.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod environment;
mod findings;
mod kit;
mod loading;
mod reloading;
mod table;

use std::path::{Path, PathBuf};

use bia_config::{Config, Findings, Flags, Sources};
use serde_json::{Value, json};

/// The identity schema of the tests: an e-mail address that identifies, is verified and recovers.
pub(crate) fn email_schema() -> String {
    let schema = json!({
        "$id": "https://example.org/person.schema.json",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Person",
        "type": "object",
        "properties": {"traits": {
            "type": "object",
            "properties": {"email": {
                "type": "string", "format": "email", "title": "E-Mail", "minLength": 3,
                "ory.sh/kratos": {
                    "credentials": {"password": {"identifier": true}, "code": {"identifier": true, "via": "email"}},
                    "verification": {"via": "email"}, "recovery": {"via": "email"},
                },
            }},
            "required": ["email"],
            "additionalProperties": false,
        }},
    });
    base64_url(&schema.to_string())
}

pub(crate) fn base64_url(text: &str) -> String {
    use base64::Engine as _;
    format!(
        "base64://{}",
        base64::engine::general_purpose::STANDARD.encode(text)
    )
}

/// The base of the conformance kit, with its placeholders filled in.
pub(crate) fn kit_base() -> Value {
    let mut base: Value = serde_json::from_str(include_str!("../fixtures/kit-base.json")).unwrap();
    base["identity"]["schemas"] = json!([{"id": "default", "url": email_schema()}]);
    base
}

/// Merges `over` into `base`; null removes a key.
pub(crate) fn with(mut base: Value, over: Value) -> Value {
    merge(&mut base, over);
    base
}

fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    base.remove(&key);
                } else {
                    merge(base.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (base, over) => *base = over,
    }
}

/// Files in a folder of their own.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

pub(crate) async fn load(sources: &Sources) -> Result<Config, Findings> {
    bia_config::load(sources, &|_| Ok(())).await
}

pub(crate) async fn load_with_env(
    config: &Value,
    env: &[(&str, &str)],
) -> Result<Config, Findings> {
    let folder = Folder::new();
    let file = folder.write("kratos.json", &config.to_string());
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    load(&Sources {
        files: vec![file],
        env,
        flags: Flags {
            dev: Some(true),
            ..Flags::default()
        },
        ..Sources::default()
    })
    .await
}
