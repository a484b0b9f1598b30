use serde_json::json;

use super::*;
use crate::ui::InputType;

#[test]
fn a_rich_schema_gives_the_fields_that_the_reference_gives() {
    let schema = rich();
    let fields: Vec<(&str, InputType, Option<&str>, bool)> = schema
        .fields()
        .iter()
        .map(|f| (f.name.as_str(), f.input_type, f.autocomplete, f.required))
        .collect();
    assert_eq!(
        fields,
        [
            ("traits.email", InputType::Email, Some("email"), true),
            ("traits.name.first", InputType::Text, None, true),
            ("traits.name.last", InputType::Text, None, false),
            ("traits.address.city", InputType::Text, None, false),
            ("traits.address.flat.floor", InputType::Number, None, false),
            ("traits.age", InputType::Number, None, false),
            ("traits.height", InputType::Number, None, false),
            ("traits.newsletter", InputType::Checkbox, None, false),
            ("traits.terms", InputType::Checkbox, None, true),
            ("traits.plan", InputType::Text, None, false),
            ("traits.website", InputType::Url, Some("url"), false),
            ("traits.birthday", InputType::Date, None, false),
            ("traits.code", InputType::Text, None, false),
        ]
    );
    let field = |name: &str| schema.fields().iter().find(|f| f.name == name).unwrap();
    assert_eq!(field("traits.plan").options, [json!("free"), json!("pro")]);
    assert_eq!(
        field("traits.code").pattern.as_deref(),
        Some("^[A-Z]{3}[0-9]+$")
    );
    assert_eq!(
        field("traits.name.first").title.as_deref(),
        Some("First name")
    );
    assert!(schema.fields().iter().all(|f| !f.disabled));
}

#[test]
fn keys_are_the_leaves_as_they_are_written() {
    assert_eq!(
        person().keys(),
        [
            "traits.email",
            "traits.name.first",
            "traits.name.last",
            "traits.age",
            "traits.newsletter"
        ]
    );
    let mut source = person_source();
    source.as_object_mut().unwrap().remove("type");
    assert_eq!(compiled(&source).keys(), [""]);
}

#[test]
fn kinds_of_traits_that_forms_meet_rarely() {
    let many: Vec<u32> = (0..700).collect();
    let mut source = schema_of(
        json!({
            "maybe": {"type": ["string", "null"], "title": "Not shown"},
            "guess": {"type": ["string", "null"], "default": "x"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "friends": {"type": "array", "items": {"type": "object"}},
            "locked": {"type": "string", "disableFormField": true},
            "number": {"type": "integer", "enum": many},
            "phone": {"$ref": "#/definitions/phone"},
            "untyped": {"minLength": 3},
            "fixed": {"const": 7},
            "when": {"type": "string", "format": "date-time"}
        }),
        &["phone", "locked"],
    );
    source["definitions"] = json!({"phone": {"type": "string", "format": "tel", "title": "Phone"}});
    let schema = compiled(&source);
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "traits.guess",
            "traits.tags",
            "traits.locked",
            "traits.number",
            "traits.phone",
            "traits.fixed",
            "traits.when"
        ]
    );
    let field = |name: &str| schema.fields().iter().find(|f| f.name == name).unwrap();
    assert!(field("traits.locked").disabled && field("traits.locked").required);
    assert_eq!(field("traits.number").options.len(), 500);
    let phone = field("traits.phone");
    assert_eq!(
        (phone.input_type, phone.autocomplete, phone.title.as_deref()),
        (InputType::Tel, Some("tel"), Some("Phone"))
    );
    assert!(
        !phone.required,
        "behind a reference the reference loses that a trait is required"
    );
    assert_eq!(field("traits.fixed").input_type, InputType::Number);
    assert_eq!(field("traits.when").input_type, InputType::DatetimeLocal);
}

#[test]
fn the_identifier_is_named_when_there_is_exactly_one() {
    assert_eq!(
        person().identifier_label(),
        Some(("E-Mail", "traits.email"))
    );
    let login = json!({"credentials": {"password": {"identifier": true}}});
    let two = schema_of(
        json!({"username": {"type": "string", "title": "User name", "ory.sh/kratos": login}, "badge": {"type": "string", "title": "Badge", "ory.sh/kratos": login}}),
        &[],
    );
    assert_eq!(compiled(&two).identifier_label(), None);
    let untitled = schema_of(
        json!({"username": {"type": "string", "ory.sh/kratos": login}}),
        &[],
    );
    assert_eq!(compiled(&untitled).identifier_label(), None);
    assert_eq!(
        person().uses().map(|(name, _)| name).collect::<Vec<_>>(),
        ["traits.email"]
    );
}

#[test]
fn the_fields_that_name_a_passkey() {
    assert_eq!(person().passkey_display_name_fields(), ["traits.email"]);
    let none = schema_of(
        json!({"label": {"type": "string", "title": "Label"}, "note": {"type": "string"}}),
        &[],
    );
    assert_eq!(
        compiled(&none).passkey_display_name_fields(),
        ["traits.note"]
    );
    let titled = schema_of(json!({"label": {"type": "string", "title": "Label"}}), &[]);
    assert!(compiled(&titled).passkey_display_name_fields().is_empty());
}
