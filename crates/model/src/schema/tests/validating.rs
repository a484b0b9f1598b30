use serde_json::json;

use super::*;
use ViolationKind as K;

/// Field names and what is wrong with them.
fn wrong(schema: &IdentitySchema, traits: Value) -> Vec<(String, ViolationKind)> {
    let violations = schema.validate(&traits).expect_err("the traits do not fit");
    violations
        .into_iter()
        .map(|violation| (violation.name(), violation.kind))
        .collect()
}

fn one(name: &str, kind: ViolationKind) -> Vec<(String, ViolationKind)> {
    vec![(name.to_owned(), kind)]
}

fn other(found: &(String, ViolationKind), name: &str) -> bool {
    found.0 == name && matches!(found.1, K::Other { .. })
}

#[test]
fn every_broken_rule_is_told_at_its_field_in_the_order_of_the_schema() {
    let found = wrong(
        &rich(),
        json!({
            "code": "abc", "birthday": "yesterday", "website": "nowhere", "plan": "gold", "terms": false, "height": 0, "age": 17,
            "name": {"first": "A", "last": "B"}, "email": "not-an-address"
        }),
    );
    assert_eq!(
        found[0],
        (
            "traits.email".into(),
            K::Email {
                value: "not-an-address".into()
            }
        )
    );
    assert_eq!(
        found[1],
        (
            "traits.name.first".into(),
            K::MinLength {
                min_length: 2,
                actual_length: 1
            }
        )
    );
    assert_eq!(
        found[2],
        (
            "traits.age".into(),
            K::Minimum {
                minimum: 18.into(),
                actual: 17.into()
            }
        )
    );
    assert_eq!(
        found[3],
        (
            "traits.height".into(),
            K::ExclusiveMinimum {
                minimum: 0.into(),
                actual: 0.into()
            }
        )
    );
    assert_eq!(
        found[4],
        (
            "traits.terms".into(),
            K::Const {
                expected: "true".into()
            }
        )
    );
    assert!(
        other(&found[5], "traits.plan")
            && other(&found[6], "traits.website")
            && other(&found[7], "traits.birthday"),
        "{found:?}"
    );
    assert_eq!(
        found[8],
        (
            "traits.code".into(),
            K::Pattern {
                pattern: "^[A-Z]{3}[0-9]+$".into()
            }
        )
    );
    assert_eq!(found.len(), 9);
}

#[test]
fn upper_limits_are_told_with_what_came() {
    let found = wrong(
        &rich(),
        json!({"email": "a@b.org", "terms": true, "age": 121, "name": {"first": "Abcdefghijklmnop"}}),
    );
    assert_eq!(
        found,
        [
            (
                "traits.name.first".to_owned(),
                K::MaxLength {
                    max_length: 12,
                    actual_length: 16
                }
            ),
            (
                "traits.age".to_owned(),
                K::Maximum {
                    maximum: 120.into(),
                    actual: 121.into()
                }
            ),
        ]
    );
}

#[test]
fn of_a_value_of_the_wrong_type_nothing_else_is_told() {
    let wrong_type = |name: &str, allowed: &str, actual| {
        one(
            name,
            K::Type {
                allowed_types: vec![allowed.into()],
                actual_type: actual,
            },
        )
    };
    let base = json!({"email": "a@b.org", "terms": true, "name": {"first": "Ada"}});
    for (name, value, allowed, actual) in [
        ("age", json!("42"), "integer", "string"),
        ("newsletter", json!("true"), "boolean", "string"),
        ("plan", json!(3), "string", "number"),
        ("age", json!(20.5), "integer", "number"),
        ("code", json!(null), "string", "null"),
        ("terms", json!("on"), "boolean", "string"),
        ("name", json!("Ada"), "object", "string"),
        ("email", json!([]), "string", "array"),
    ] {
        let mut traits = base.clone();
        traits[name] = value;
        assert_eq!(
            wrong(&rich(), traits),
            wrong_type(&format!("traits.{name}"), allowed, actual)
        );
    }
    assert_eq!(
        wrong(&rich(), json!("text")),
        wrong_type("traits", "object", "string")
    );
    assert_eq!(
        wrong(&rich(), json!(null)),
        wrong_type("traits", "object", "null")
    );
}

#[test]
fn a_missing_trait_is_asked_for_where_it_would_stand() {
    assert_eq!(
        wrong(&person(), json!({})),
        one(
            "traits.email",
            K::Required {
                property: "email".into()
            }
        )
    );
    let nested = wrong(
        &rich(),
        json!({"email": "a@b.org", "terms": true, "name": {"last": "L"}}),
    );
    assert_eq!(
        nested,
        one(
            "traits.name.first",
            K::Required {
                property: "first".into()
            }
        )
    );
}

#[test]
fn a_trait_that_the_schema_does_not_know_is_refused_at_the_traits() {
    let found = wrong(&person(), json!({"email": "a@b.org", "admin": true}));
    assert!(found.len() == 1 && other(&found[0], "traits"), "{found:?}");
}

#[test]
fn alternatives_tell_what_each_of_them_misses() {
    let mut source = schema_of(
        json!({"email": {"type": "string"}, "phone": {"type": "string"}}),
        &[],
    );
    source["properties"]["traits"]["anyOf"] =
        json!([{"required": ["email"]}, {"required": ["phone"]}]);
    let found = wrong(&compiled(&source), json!({}));
    assert_eq!(
        found,
        [
            (
                "traits.email".to_owned(),
                K::Required {
                    property: "email".into()
                }
            ),
            (
                "traits.phone".to_owned(),
                K::Required {
                    property: "phone".into()
                }
            )
        ]
    );
    source["properties"]["traits"]["oneOf"] = source["properties"]["traits"]["anyOf"].take();
    source["properties"]["traits"]
        .as_object_mut()
        .unwrap()
        .remove("anyOf");
    let both = wrong(&compiled(&source), json!({"email": "a", "phone": "b"}));
    assert!(both.len() == 1 && other(&both[0], "traits"), "{both:?}");
}

#[test]
fn conditions_tell_the_rule_that_they_bring() {
    let mut source = schema_of(
        json!({"kind": {"type": "string"}, "vat": {"type": "string"}}),
        &[],
    );
    source["properties"]["traits"]["if"] =
        json!({"properties": {"kind": {"const": "company"}}, "required": ["kind"]});
    source["properties"]["traits"]["then"] =
        json!({"required": ["vat"], "properties": {"vat": {"minLength": 8}}});
    let schema = compiled(&source);
    assert_eq!(
        wrong(&schema, json!({"kind": "company"})),
        one(
            "traits.vat",
            K::Required {
                property: "vat".into()
            }
        )
    );
    assert_eq!(
        wrong(&schema, json!({"kind": "company", "vat": "DE1"})),
        one(
            "traits.vat",
            K::MinLength {
                min_length: 8,
                actual_length: 3
            }
        )
    );
    assert!(schema.validate(&json!({"kind": "person"})).is_ok());
}

#[test]
fn lists_tell_counts_and_equal_items() {
    let source = schema_of(
        json!({"tags": {"type": "array", "items": {"type": "string", "minLength": 2}, "minItems": 1, "maxItems": 3, "uniqueItems": true}}),
        &[],
    );
    let schema = compiled(&source);
    assert_eq!(
        wrong(&schema, json!({"tags": []})),
        one(
            "traits.tags",
            K::MinItems {
                min_items: 1,
                actual_items: 0
            }
        )
    );
    assert_eq!(
        wrong(&schema, json!({"tags": ["aa", "bb", "aa", "cc"]})),
        [
            (
                "traits.tags".to_owned(),
                K::MaxItems {
                    max_items: 3,
                    actual_items: 4
                }
            ),
            (
                "traits.tags".to_owned(),
                K::UniqueItems {
                    index_a: 0,
                    index_b: 2
                }
            )
        ]
    );
    assert_eq!(
        wrong(&schema, json!({"tags": ["aa", "b"]})),
        one(
            "traits.tags.1",
            K::MinLength {
                min_length: 2,
                actual_length: 1
            }
        )
    );
}

#[test]
fn constants_are_shown_as_the_wire_has_always_shown_them() {
    let source = schema_of(
        json!({"a": {"const": "x"}, "b": {"const": 5}, "c": {"const": null}, "d": {"const": [1]}, "e": {"type": "number", "multipleOf": 0.5}}),
        &[],
    );
    let found = wrong(
        &compiled(&source),
        json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 0.7}),
    );
    let expected: Vec<ViolationKind> = vec![
        K::Const {
            expected: "\"x\"".into(),
        },
        K::Const {
            expected: "\"5\"".into(),
        },
        K::Const {
            expected: "<nil>".into(),
        },
        K::ConstGeneric,
        K::MultipleOf {
            base: serde_json::Number::from_f64(0.5).unwrap(),
            actual: serde_json::Number::from_f64(0.7).unwrap(),
        },
    ];
    assert_eq!(
        found.into_iter().map(|(_, kind)| kind).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn the_formats_take_what_the_reference_takes() {
    let source = schema_of(
        json!({
            "email": {"type": "string", "format": "email"}, "loose": {"type": "string", "format": "email_loose"},
            "tel": {"type": "string", "format": "tel"}, "any": {"type": "string", "format": "no-validate"},
            "uri": {"type": "string", "format": "uri"}, "when": {"type": "string", "format": "date-time"},
            "unknown": {"type": "string", "format": "colour"}, "intl": {"type": "string", "format": "idn-email"}
        }),
        &[],
    );
    let schema = compiled(&source);
    let fits = |name: &str, value: &str| schema.validate(&json!({name: value})).is_ok();
    for email in [
        "Foo+Bar@X.ORG",
        " sp@x.org",
        "ÄÖ@x.org",
        "foo@x",
        "\"a b\"@x.org",
        "İstanbul@x.org",
        "a\u{200B}b@x.org",
    ] {
        assert!(fits("email", email), "{email:?}");
    }
    for email in [
        "a@BÜCHER.example",
        "Name <n@x.org>",
        "a@x.org, b@y.org",
        "nothing",
        "",
        "a@-x.org",
        "a..b@x.org",
        "foo.@x.org",
    ] {
        assert!(!fits("email", email), "{email:?}");
    }
    assert!(!fits("email", &format!("{}@x.org", "a".repeat(65))));
    for loose in ["foo.@docomo.ne.jp", "a..b@x.tld", "ä@bücher.example"] {
        assert!(fits("loose", loose), "{loose:?}");
    }
    for loose in [
        "a b@x.org",
        "a@b@c",
        "a,b@x.org",
        "a\r\n@x.org",
        "@x.org",
        "a@",
        "a@x y",
    ] {
        assert!(!fits("loose", loose), "{loose:?}");
    }
    assert!(fits("tel", "+1 415 555 2671") && fits("tel", "tel:+14155552671"));
    assert!(!fits("tel", "4155552671") && !fits("tel", "+49 1"));
    assert!(fits("any", "whatever") && fits("unknown", "red") && fits("intl", "anything"));
    assert!(
        fits("uri", "https://example.org/ä")
            && fits("uri", "mailto:a@b")
            && !fits("uri", "nowhere")
            && !fits("uri", "a b:c")
    );
    assert!(fits("when", "2026-07-29T10:00:00Z") && !fits("when", "2026-07-29"));
    let empty = wrong(&schema, json!({"email": "", "tel": ""}));
    assert!(other(&empty[0], "traits.email") && other(&empty[1], "traits.tel"));
    assert_eq!(
        wrong(&schema, json!({"tel": "123"})),
        one(
            "traits.tel",
            K::Phone {
                value: "123".into()
            }
        )
    );
}

#[test]
fn the_admin_reason_names_the_place_in_the_identity_and_in_the_schema() {
    let violations = rich()
        .validate(&json!({"email": "x", "terms": true}))
        .unwrap_err();
    assert_eq!(
        reason(&violations),
        "I[#/traits/email] S[#/properties/traits/properties/email/format] \"x\" is no e-mail address."
    );
    let violations = rich().validate(&json!({"age": 1})).unwrap_err();
    let lines: Vec<String> = reason(&violations).lines().map(str::to_owned).collect();
    assert_eq!(
        lines[0],
        "I[#] S[#] The traits do not fit the identity schema in 3 places."
    );
    assert!(
        lines.contains(
            &"  I[#/traits] S[#/properties/traits/required] The property \"email\" is missing."
                .to_owned()
        ),
        "{lines:?}"
    );
}

#[test]
fn names_with_dots_and_slashes_stay_distinct() {
    let source = schema_of(
        json!({"a.b": {"type": "string", "minLength": 2}, "c/d~e": {"type": "string", "minLength": 2}}),
        &[],
    );
    let found = wrong(&compiled(&source), json!({"a.b": "x", "c/d~e": "x"}));
    assert_eq!(
        (found[0].0.as_str(), found[1].0.as_str()),
        ("traits.a\\.b", "traits.c/d~e")
    );
}

#[test]
fn what_was_sent_is_repeated_in_part_only() {
    let (long, short) = ("x".repeat(100_000), format!("{}…", "x".repeat(200)));
    assert_eq!(
        wrong(&person(), json!({"email": long})),
        one("traits.email", K::Email { value: short })
    );
    let hidden = json!({"email": format!("{long}\u{200B}@x.org")});
    for traits in [hidden, json!({"email": "user-1@example.org", "age": &long})] {
        let told = reason(&person().validate(&traits).unwrap_err());
        assert!(told.len() < 1000, "{}", told.len());
    }
    let mut traits = json!({"email": "user-1@example.org", &long: 1});
    for n in 0..1000 {
        traits[format!("name-{n}")] = json!(n);
    }
    let violations = person().validate(&traits).unwrap_err();
    let told = reason(&violations);
    assert!(told.contains("and 981 more"), "{}", told.len());
    assert!(told.len() < 1000, "{}", told.len());
}
