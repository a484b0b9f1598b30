use proptest::prelude::*;
use serde_json::json;

use super::*;

fn form(schema: &IdentitySchema, fields: &[(&str, &str)]) -> Value {
    let fields: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    schema.decode_form(&fields)
}

fn body(schema: &IdentitySchema, body: Value) -> Value {
    schema.decode_json(body.as_object().unwrap())
}

#[test]
fn form_values_become_what_the_schema_asks_for() {
    let traits = form(
        &rich(),
        &[
            ("csrf_token", "x"),
            ("method", "password"),
            ("traits.email", "a@b.org"),
            ("traits.name.first", "Ada"),
            ("traits.address.city", "London"),
            ("traits.address.flat.floor", "3"),
            ("traits.age", "36"),
            ("traits.height", "1.62"),
            ("traits.newsletter", "false"),
            ("traits.terms", "true"),
            ("traits.plan", "pro"),
            ("traits.unknown", "dropped"),
        ],
    );
    assert_eq!(
        traits,
        json!({"email": "a@b.org", "name": {"first": "Ada"}, "address": {"city": "London", "flat": {"floor": 3}}, "age": 36, "height": 1.62,
            "newsletter": false, "terms": true, "plan": "pro"})
    );
}

#[test]
fn the_last_value_of_a_checkbox_counts() {
    let newsletter = |values: &[&str]| {
        let fields: Vec<(&str, &str)> = values
            .iter()
            .map(|value| ("traits.newsletter", *value))
            .collect();
        form(&person(), &fields).get("newsletter").cloned()
    };
    assert_eq!(newsletter(&["false", "true"]), Some(json!(true)));
    assert_eq!(newsletter(&["false"]), Some(json!(false)));
    assert_eq!(newsletter(&["on"]), Some(json!("on")));
    assert_eq!(newsletter(&[""]), None);
    assert_eq!(newsletter(&[]), None);
}

#[test]
fn empty_fields_count_as_not_sent_unless_they_are_required_numbers_or_flags() {
    let source = schema_of(
        json!({"a": {"type": "string"}, "b": {"type": "number"}, "c": {"type": "boolean"}, "d": {"type": "number"}, "e": {"type": "boolean"}}),
        &["a", "b", "c"],
    );
    let empty = ["a", "b", "c", "d", "e"].map(|name| (format!("traits.{name}"), String::new()));
    assert_eq!(
        compiled(&source).decode_form(&empty),
        json!({"b": 0, "c": false})
    );
}

#[test]
fn what_is_no_number_or_flag_stays_text() {
    let traits = form(
        &rich(),
        &[
            ("traits.age", "young"),
            ("traits.height", "inf"),
            ("traits.newsletter", "perhaps"),
        ],
    );
    assert_eq!(
        (&traits["age"], &traits["height"], &traits["newsletter"]),
        (&json!("young"), &json!("inf"), &json!("perhaps"))
    );
}

#[test]
fn objects_of_the_schema_that_nobody_sent_become_empty() {
    assert_eq!(
        body(&person(), json!({"traits": {"email": "a@b.org"}})),
        json!({"email": "a@b.org", "name": {}})
    );
    assert_eq!(
        body(
            &rich(),
            json!({"traits": {"email": "a@b.org", "terms": true, "name": {"first": "Ada"}}})
        ),
        json!({"email": "a@b.org", "terms": true, "name": {"first": "Ada"}, "address": {"flat": {}}})
    );
    for nothing in [
        json!({}),
        json!({"traits": null}),
        json!({"traits": "text"}),
        json!({"traits": {}}),
    ] {
        assert_eq!(body(&person(), nothing), json!({"name": {}}));
    }
}

#[test]
fn json_traits_are_taken_at_their_word() {
    let traits = body(
        &rich(),
        json!({"traits": {"age": "42", "code": null, "admin": true, "name": "Ada", "address": "x"}}),
    );
    assert_eq!(
        traits,
        json!({"age": "42", "code": null, "admin": true, "name": "Ada", "address": {"flat": {}}})
    );
}

#[test]
fn dotted_json_members_are_like_form_fields() {
    let traits = body(
        &person(),
        json!({"traits.email": "a@b.org", "traits.name.first": "Ada", "traits.age": 7, "traits.newsletter": true}),
    );
    assert_eq!(
        traits,
        json!({"email": "a@b.org", "name": {"first": "Ada"}, "age": 7, "newsletter": true})
    );
}

#[test]
fn lists_take_every_value_of_their_field() {
    let source = schema_of(
        json!({"tags": {"type": "array", "items": {"type": "string"}}, "counts": {"type": "array", "items": {"type": "integer"}},
            "friends": {"type": "array", "items": {"type": "object"}}}),
        &[],
    );
    let schema = compiled(&source);
    assert_eq!(
        form(
            &schema,
            &[
                ("traits.tags", "a"),
                ("traits.counts", "1"),
                ("traits.tags", "b"),
                ("traits.counts", "two")
            ]
        ),
        json!({"tags": ["a", "b"], "counts": [1, "two"]})
    );
    assert_eq!(
        body(&schema, json!({"traits.tags": ["a", "b"]})),
        json!({"tags": ["a", "b"]})
    );
    assert_eq!(body(&schema, json!({})), json!({}));
}

#[test]
fn traits_may_be_json_text_in_a_form() {
    assert_eq!(
        form(&person(), &[("traits", "{\"email\":\"a@b.org\"}")]),
        json!({"email": "a@b.org", "name": {}})
    );
    assert_eq!(
        form(&person(), &[("traits.name", "Ada")]),
        json!({"name": "Ada"})
    );
}

#[test]
fn leaves_have_dotted_names() {
    let traits = json!({"email": "a@b.org", "name": {"first": "Ada"}, "tags": ["x", "y"], "a.b": 1, "empty": {}, "none": null});
    let leaves = flatten("traits", &traits);
    let names: Vec<&str> = leaves.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "traits.email",
            "traits.name.first",
            "traits.tags.0",
            "traits.tags.1",
            "traits.a\\.b",
            "traits.none"
        ]
    );
    let back = unflatten(
        "traits",
        leaves.iter().map(|(name, value)| (name.as_str(), value)),
    );
    assert_eq!(
        back,
        json!({"email": "a@b.org", "name": {"first": "Ada"}, "tags": ["x", "y"], "a.b": 1, "none": null})
    );
    assert!(flatten("traits", &json!("text")).is_empty());
    let (dot, backslash) = (
        json!({"a.b": {"c\\d": 1}}),
        flatten("", &json!({"a.b": {"c\\d": 1}})),
    );
    assert_eq!(
        unflatten(
            "",
            backslash.iter().map(|(name, value)| (name.as_str(), value))
        ),
        dot
    );
}

/// JSON without empty objects and lists, and without names that look like an index.
fn leafy() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from)
    ];
    let nested = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z.]{1,6}x", inner, 1..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-z.]{1,6}x", nested, 0..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn flattening_loses_no_leaf(traits in leafy()) {
        let leaves = flatten("traits", &traits);
        prop_assert_eq!(unflatten("traits", leaves.iter().map(|(name, value)| (name.as_str(), value))), traits);
    }

    #[test]
    fn any_form_gives_an_object(fields in prop::collection::vec(("(traits(\\.(email|name|name\\.first|age|newsletter|address\\.flat|tags))?|csrf_token)", "\\PC{0,12}|[0-9.eE+-]{0,8}|\\{\\}|\\[\\]"), 0..8)) {
        let decoded = rich().decode_form(&fields);
        let whole_is_json = fields.iter().any(|(name, value)| name == "traits" && serde_json::from_str::<Value>(value).is_ok());
        prop_assert!(decoded.is_object() || whole_is_json);
        let _ = rich().validate(&decoded);
    }

    #[test]
    fn numbers_in_a_form_arrive_as_numbers(number in any::<i32>(), fraction in -1.0e6..1.0e6f64) {
        let traits = form(&rich(), &[("traits.age", &number.to_string()), ("traits.height", &fraction.to_string())]);
        prop_assert_eq!(traits["age"].as_i64(), Some(i64::from(number)));
        prop_assert_eq!(traits["height"].as_f64(), Some(fraction));
    }

    #[test]
    fn what_a_form_shows_can_be_sent_back(email in "[a-z]{1,8}@[a-z]{1,8}\\.org", first in "[A-Za-z ]{2,12}", age in 18..120i32, terms in any::<bool>()) {
        let traits = json!({"email": email, "name": {"first": first}, "age": age, "terms": terms, "address": {"flat": {}}});
        let shown: Vec<(String, String)> = flatten("traits", &traits).into_iter()
            .map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect();
        prop_assert_eq!(rich().decode_form(&shown), traits);
    }
}
