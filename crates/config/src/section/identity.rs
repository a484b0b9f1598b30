//! `identity`: which schemas identities have.

use std::sync::Arc;

use serde_json::Value;

/// Which schemas identities have.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The schema of identities that do not name one. It is always one of `schemas`.
    pub default_schema_id: String,
    /// The schemas in the order of the configuration, with their contents.
    pub schemas: Vec<SchemaSource>,
}

/// An identity schema as it was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaSource {
    /// The id that identities name it by.
    pub id: String,
    /// Where it came from.
    pub url: String,
    /// Its text, as it is served to clients.
    pub text: Arc<str>,
    /// The same, parsed.
    pub json: Arc<Value>,
    /// Whether clients can ask for it by name.
    pub selfservice_selectable: bool,
}

impl Identity {
    /// The schema with this id.
    #[must_use]
    pub fn schema(&self, id: &str) -> Option<&SchemaSource> {
        self.schemas.iter().find(|schema| schema.id == id)
    }

    /// Whether clients can ask for this schema by name: the default one always, others when they are selectable.
    #[must_use]
    pub fn is_selectable(&self, id: &str) -> bool {
        id == self.default_schema_id
            || self
                .schema(id)
                .is_some_and(|schema| schema.selfservice_selectable)
    }
}
