use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;

fn told(schema: &Value, words: &str) {
    let problems = problems(schema);
    assert!(
        problems.iter().any(|problem| problem.contains(words)),
        "{words:?} is not in {problems:#?}"
    );
}

#[test]
fn a_schema_has_to_describe_traits() {
    told(&json!([]), "JSON object");
    told(&json!({}), "properties.traits");
    told(
        &json!({"properties": {"traits": {"type": "object"}}}),
        "at least one trait",
    );
    told(
        &json!({"properties": {"traits": {"type": "object", "properties": {}}}}),
        "at least one trait",
    );
    told(
        &json!({"properties": {"traits": {"type": "string", "properties": {"a": {}}}}}),
        "\"object\" is expected",
    );
    told(
        &json!({"$schema": "https://example.org/own", "properties": {"traits": {"properties": {"a": {}}}}}),
        "$schema",
    );
    assert_eq!(
        problems(&json!({"properties": {"traits": {"properties": {"a": {"type": "string"}}}}})),
        Vec::<String>::new()
    );
}

#[test]
fn members_of_the_extension_are_checked_at_every_level() {
    let with = |extension: Value| {
        schema_of(
            json!({"a": {"type": "string", "ory.sh/kratos": extension}}),
            &[],
        )
    };
    told(
        &with(json!({"credential": {}})),
        "Did you mean \"credentials\"?",
    );
    told(
        &with(json!({"credentials": {"pasword": {"identifier": true}}})),
        "Did you mean \"password\"?",
    );
    told(
        &with(json!({"credentials": {"password": {"identifer": true}}})),
        "Did you mean \"identifier\"?",
    );
    told(
        &with(json!({"credentials": {"password": {"identifier": "yes"}}})),
        "true or false",
    );
    told(
        &with(json!({"verification": {"via": "phone"}})),
        "email, sms",
    );
    told(
        &with(json!({"verification": "email"})),
        "an object is expected",
    );
    told(
        &with(json!({"organizations": {"matcher": "x"}})),
        "email_domain",
    );
    let nested = schema_of(
        json!({"a": {"type": "array", "items": {"allOf": [{"ory.sh/kratos": {"recover": {}}}]}}}),
        &[],
    );
    told(&nested, "Did you mean \"recovery\"?");
    let harmless = schema_of(
        json!({"ory.sh/kratos": {"type": "string"}, "b": {"type": "object", "default": {"ory.sh/kratos": {"x": 1}}}}),
        &[],
    );
    assert_eq!(problems(&harmless), Vec::<String>::new());
}

#[test]
fn a_verified_trait_may_have_certain_formats_only() {
    let with = |format: &str| {
        schema_of(
            json!({"a": {"type": "string", "format": format, "ory.sh/kratos": {"verification": {"via": "email"}}}}),
            &[],
        )
    };
    for format in ["email", "tel", "date", "time", "date-time", "no-validate"] {
        assert_eq!(problems(&with(format)), Vec::<String>::new(), "{format}");
    }
    told(&with("email_loose"), "email, tel, date");
}

#[test]
fn what_is_no_json_schema_is_told_with_its_place() {
    told(
        &schema_of(json!({"a": {"type": "text"}}), &[]),
        "#/properties/traits/properties/a/type",
    );
    told(
        &schema_of(json!({"a": {"type": "string", "minLength": -1}}), &[]),
        "a/minLength",
    );
    told(
        &schema_of(json!({"a": {"type": "string", "pattern": "("}}), &[]),
        "a/pattern",
    );
    told(
        &schema_of(json!({"a": {"type": "string", "pattern": "(?=x)"}}), &[]),
        "a/pattern",
    );
}

#[test]
fn other_documents_are_not_read() {
    for reference in [
        "file:///etc/passwd",
        "http://127.0.0.1:9/x.json",
        "https://example.org/other.json#/a",
    ] {
        told(
            &schema_of(json!({"a": {"$ref": reference}}), &[]),
            "is not read",
        );
    }
    told(
        &schema_of(json!({"a": {"$ref": "#/definitions/missing"}}), &[]),
        "which is not there",
    );
    told(
        &schema_of(json!({"a": {"$ref": "base64://!!"}}), &[]),
        "no JSON in base64",
    );
    let unused = json!({"definitions": {"x": {"$ref": "http://127.0.0.1:9/x.json"}}, "properties": {"traits": {"properties": {"a": {"type": "string"}}}}});
    told(&unused, "is not read");
}

#[test]
fn embedded_and_given_documents_are_followed() {
    let address = json!({"definitions": {"mail": {"type": "string", "format": "email", "title": "E-Mail", "ory.sh/kratos": {"recovery": {"via": "email"}}}}});
    let embedded = format!(
        "base64://{}#/definitions/mail",
        STANDARD.encode(address.to_string())
    );
    let schema = compiled(&schema_of(json!({"a": {"$ref": embedded}}), &[]));
    assert_eq!(schema.fields()[0].title.as_deref(), Some("E-Mail"));
    assert_eq!(
        schema
            .validate(&json!({"a": "A@b.org"}))
            .unwrap()
            .recovery_addresses[0]
            .value,
        "a@b.org"
    );
    assert!(schema.validate(&json!({"a": "x"})).is_err());

    let mut options = CompileOptions::default();
    options
        .documents
        .insert("https://example.org/address.json".into(), address);
    let source = schema_of(
        json!({"a": {"$ref": "https://example.org/address.json#/definitions/mail"}}),
        &[],
    );
    let schema = IdentitySchema::compile(&source, &options).unwrap();
    assert_eq!(
        schema
            .validate(&json!({"a": "A@b.org"}))
            .unwrap()
            .recovery_addresses[0]
            .value,
        "a@b.org"
    );
    assert_eq!(
        references_elsewhere(&source),
        ["https://example.org/address.json"]
    );
    options.disallow_ref = true;
    assert!(IdentitySchema::compile(&source, &options).is_err());
}

#[test]
fn ids_and_anchors_inside_the_document_are_followed() {
    let mut source = schema_of(
        json!({"a": {"$ref": "https://example.org/person.schema.json#/definitions/mail"}, "b": {"$ref": "#mail"}}),
        &[],
    );
    source["definitions"] = json!({"mail": {"$id": "#mail", "type": "string", "title": "E-Mail"}});
    let schema = compiled(&source);
    assert_eq!(schema.fields().len(), 2);
    assert!(schema.validate(&json!({"a": "x", "b": "y"})).is_ok());
    assert!(schema.validate(&json!({"b": 1})).is_err());
}

#[test]
fn schemas_that_contain_themselves_are_refused_unless_a_list_ends_them() {
    told(
        &schema_of(
            json!({"a": {"$ref": "#/properties/traits/properties/a"}}),
            &[],
        ),
        "contains itself",
    );
    told(
        &schema_of(json!({"a": {"$ref": "#/properties/traits"}}), &[]),
        "contains itself",
    );
    told(
        &schema_of(json!({"a": {"allOf": [{"$ref": "#"}]}}), &[]),
        "contains itself",
    );
    let mut tree = schema_of(json!({"tree": {"$ref": "#/definitions/node"}}), &[]);
    tree["definitions"] = json!({"node": {"type": "object", "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/definitions/node"}}}}});
    let schema = compiled(&tree);
    assert!(
        schema
            .validate(&json!({"tree": {"children": [{"children": [{"name": "x"}]}]}}))
            .is_ok()
    );
    assert!(
        schema
            .validate(&json!({"tree": {"children": [{"children": [{"name": 1}]}]}}))
            .is_err()
    );
}

#[test]
fn size_depth_and_growth_have_limits() {
    let large = "x".repeat(MAX_BYTES);
    told(
        &schema_of(json!({"a": {"type": "string", "description": large}}), &[]),
        "larger than",
    );
    let mut deep = json!({"type": "string"});
    for _ in 0..60 {
        deep = json!({"type": "object", "properties": {"a": deep}});
    }
    told(&schema_of(json!({"a": deep}), &[]), "levels deep");
    let mut doubling = serde_json::Map::from_iter([("d0".to_owned(), json!({"type": "string"}))]);
    for n in 1..30 {
        let before = json!({"$ref": format!("#/definitions/d{}", n - 1)});
        doubling.insert(format!("d{n}"), json!({"allOf": [before, before]}));
    }
    let mut source = schema_of(json!({"a": {"$ref": "#/definitions/d29"}}), &[]);
    source["definitions"] = Value::Object(doubling);
    told(&source, "parts");
}

#[test]
fn later_drafts_look_beside_a_reference_and_earlier_ones_do_not() {
    let mut source = schema_of(
        json!({"a": {"$ref": "#/definitions/text", "title": "Beside", "minLength": 3}}),
        &[],
    );
    source["definitions"] = json!({"text": {"type": "string"}});
    assert!(compiled(&source).validate(&json!({"a": "x"})).is_ok());
    for later in [
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ] {
        source["$schema"] = later.into();
        assert!(
            compiled(&source).validate(&json!({"a": "x"})).is_err(),
            "{later}"
        );
    }
    for known in [
        "http://json-schema.org/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema",
    ] {
        source["$schema"] = known.into();
        assert!(
            compiled(&source).validate(&json!({"a": "x"})).is_ok(),
            "{known}"
        );
    }
}
