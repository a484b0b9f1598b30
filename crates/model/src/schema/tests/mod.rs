use serde_json::{Value, json};

use super::*;

mod compiling;
mod decoding;
mod deriving;
mod fields;
mod validating;

/// A schema over trait properties.
fn schema_of(properties: Value, required: &[&str]) -> Value {
    json!({
        "$id": "https://example.org/person.schema.json", "$schema": "http://json-schema.org/draft-07/schema#", "title": "Person",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": properties, "required": required, "additionalProperties": false}}
    })
}

fn compiled(schema: &Value) -> IdentitySchema {
    IdentitySchema::compile(schema, &CompileOptions::default())
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn problems(schema: &Value) -> Vec<String> {
    IdentitySchema::compile(schema, &CompileOptions::default())
        .err()
        .unwrap_or_default()
}

/// An address that is used for everything, a nested name, a number and a flag.
fn person() -> IdentitySchema {
    compiled(&person_source())
}

fn person_source() -> Value {
    schema_of(
        json!({
            "email": {"type": "string", "format": "email", "title": "E-Mail", "minLength": 3, "ory.sh/kratos": {
                "credentials": {
                    "password": {"identifier": true}, "code": {"identifier": true, "via": "email"}, "webauthn": {"identifier": true},
                    "passkey": {"display_name": true}, "totp": {"account_name": true}
                },
                "verification": {"via": "email"}, "recovery": {"via": "email"}
            }},
            "name": {"type": "object", "title": "Name", "properties": {
                "first": {"type": "string", "title": "First name"}, "last": {"type": "string", "title": "Last name"}
            }},
            "age": {"type": "integer", "title": "Age", "minimum": 0},
            "newsletter": {"type": "boolean", "title": "Newsletter"}
        }),
        &["email"],
    )
}

/// Many kinds of traits.
fn rich() -> IdentitySchema {
    compiled(&schema_of(
        json!({
            "email": {"type": "string", "format": "email", "title": "E-Mail", "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}}},
            "name": {"type": "object", "title": "Name", "properties": {
                "first": {"type": "string", "title": "First name", "minLength": 2, "maxLength": 12},
                "last": {"type": "string", "title": "Last name"}}, "required": ["first"]},
            "address": {"type": "object", "title": "Address", "properties": {
                "city": {"type": "string", "title": "City"},
                "flat": {"type": "object", "properties": {"floor": {"type": "integer", "title": "Floor"}}}}},
            "age": {"type": "integer", "title": "Age", "minimum": 18, "maximum": 120},
            "height": {"type": "number", "title": "Height", "exclusiveMinimum": 0},
            "newsletter": {"type": "boolean", "title": "Newsletter"},
            "terms": {"type": "boolean", "title": "Terms", "const": true},
            "plan": {"type": "string", "title": "Plan", "enum": ["free", "pro"]},
            "website": {"type": "string", "title": "Website", "format": "uri"},
            "birthday": {"type": "string", "title": "Birthday", "format": "date"},
            "code": {"type": "string", "title": "Code", "pattern": "^[A-Z]{3}[0-9]+$"}
        }),
        &["email", "terms"],
    ))
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| (*s).to_owned()).collect()
}
