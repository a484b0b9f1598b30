//! The documents of the API (OpenAPI 3.1) at `/openapi.json`, one for each listener.
//!
//! They are written by hand, in the files of `crates/server/openapi`, because what clients rely on should not change
//! with the code unnoticed. Tests hold them against the routes (`tests/it/openapi.rs`) and against what the server
//! answers (the ring `openapi` of `./test`).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::response::Response;
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::respond;

/// What both documents may use.
const SHARED: [&str; 3] = [
    include_str!("../openapi/common.yaml"),
    include_str!("../openapi/identities.yaml"),
    include_str!("../openapi/flows.yaml"),
];

const PUBLIC: [&str; 3] = [
    include_str!("../openapi/public.yaml"),
    include_str!("../openapi/public-flows.yaml"),
    include_str!("../openapi/forms.yaml"),
];

const ADMIN: [&str; 2] = [
    include_str!("../openapi/admin.yaml"),
    include_str!("../openapi/admin-bodies.yaml"),
];

/// As they are sent. They are put together when somebody asks for the first time.
static PUBLIC_BODY: LazyLock<Bytes> = LazyLock::new(|| body(&PUBLIC));
static ADMIN_BODY: LazyLock<Bytes> = LazyLock::new(|| body(&ADMIN));

/// The document of the public listener.
pub(crate) fn public_document() -> Value {
    document(&PUBLIC)
}

/// The document of the admin listener.
pub(crate) fn admin_document() -> Value {
    document(&ADMIN)
}

/// The route's handlers on the public listener.
pub(crate) fn public<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(async || answer(PUBLIC_BODY.clone()))
}

/// The route's handlers on the admin listener.
pub(crate) fn admin<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(async || answer(ADMIN_BODY.clone()))
}

fn answer(body: Bytes) -> Response {
    respond::asset(body, "application/json; charset=utf-8")
}

fn body(own: &[&str]) -> Bytes {
    crate::json::body(&document(own)).into()
}

/// The document that files give together. A file that is no YAML leaves its part out, which tests would see.
fn document(own: &[&str]) -> Value {
    let mut whole = Map::new();
    for text in SHARED.iter().chain(own) {
        match serde_saphyr::from_str::<Map<String, Value>>(text) {
            Ok(part) => merge(&mut whole, part),
            Err(error) => tracing::error!(%error, "a part of the API's document cannot be read"),
        }
    }
    keep_used_components(&mut whole);
    Value::Object(whole)
}

/// Adds members, object by object.
fn merge(into: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// Leaves out what no path reaches.
fn keep_used_components(document: &mut Map<String, Value>) {
    let Some(Value::Object(mut components)) = document.remove("components") else {
        return;
    };
    let schemes = components.get("securitySchemes").cloned();
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    references(&Value::Object(document.clone()), &mut found);
    while let Some(name) = found.pop() {
        if used.insert(name.clone())
            && let Some(component) = component(&components, &name)
        {
            references(component, &mut found);
        }
    }
    for (kind, members) in &mut components {
        if let Value::Object(members) = members {
            members.retain(|name, _| used.contains(&format!("{kind}/{name}")));
        }
    }
    // Security schemes are named, not referred to; only the public listener knows any.
    if document_names_security(document)
        && let Some(schemes) = schemes
    {
        components.insert("securitySchemes".into(), schemes);
    }
    components.retain(|_, members| {
        members
            .as_object()
            .is_some_and(|members| !members.is_empty())
    });
    document.insert("components".into(), Value::Object(components));
}

fn document_names_security(document: &Map<String, Value>) -> bool {
    let paths = document.get("paths").and_then(Value::as_object);
    let operations = paths
        .into_iter()
        .flatten()
        .filter_map(|(_, item)| item.as_object())
        .flatten();
    operations
        .into_iter()
        .any(|(_, operation)| operation.get("security").is_some())
}

/// A component by `kind/name`.
fn component<'c>(components: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    let (kind, name) = name.split_once('/')?;
    components.get(kind)?.get(name)
}

/// All components that a value refers to, as `kind/name`: by `$ref`, or in the mapping of a discriminator.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            found.extend(text.strip_prefix("#/components/").map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => members.values().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_no_reference_leads_nowhere() {
        for text in SHARED.iter().chain(&PUBLIC).chain(&ADMIN) {
            serde_saphyr::from_str::<Map<String, Value>>(text).unwrap();
        }
        for own in [PUBLIC.as_slice(), ADMIN.as_slice()] {
            let document = document(own);
            let mut names = Vec::new();
            references(&document, &mut names);
            assert!(names.len() > 100);
            let components = document["components"].as_object().unwrap();
            for name in names {
                assert!(component(components, &name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_document_holds_only_the_components_that_it_uses() {
        let (public, admin) = (document(&PUBLIC), document(&ADMIN));
        let has =
            |document: &Value, name: &str| document["components"]["schemas"].get(name).is_some();
        assert!(has(&public, "loginFlow") && !has(&public, "message"));
        assert!(has(&admin, "message") && !has(&admin, "registrationFlow"));
        assert!(public["components"].get("securitySchemes").is_some());
        assert!(admin["components"].get("securitySchemes").is_none());
    }
}
