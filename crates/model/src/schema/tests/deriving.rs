use serde_json::json;

use super::*;
use crate::Channel::{Email, Sms};

fn address(value: &str, via: crate::Channel) -> DerivedAddress {
    DerivedAddress {
        value: value.into(),
        via,
    }
}

#[test]
fn an_address_for_everything_gives_everything() {
    let derived = person()
        .validate(&json!({"email": "Foo+Bar@X.ORG"}))
        .unwrap();
    assert_eq!(derived.traits, json!({"email": "Foo+Bar@X.ORG"}));
    let own = strings(&["foo+bar@x.org"]);
    assert_eq!(
        (&derived.password, &derived.webauthn, &derived.code),
        (&own, &own, &own)
    );
    let address = vec![address("foo+bar@x.org", Email)];
    assert_eq!(
        (
            &derived.code_addresses,
            &derived.verifiable_addresses,
            &derived.recovery_addresses
        ),
        (&address, &address, &address)
    );
    assert_eq!(derived.totp_account_name.as_deref(), Some("Foo+Bar@X.ORG"));
    assert_eq!(
        derived.passkey_display_name.as_deref(),
        Some("Foo+Bar@X.ORG")
    );
}

#[test]
fn a_quoted_local_part_differs_between_password_and_code() {
    let derived = person()
        .validate(&json!({"email": "\"a b\"@x.org"}))
        .unwrap();
    assert_eq!(derived.password, ["\"a b\"@x.org"]);
    assert_eq!(derived.code, ["a b@x.org"]);
    assert_eq!(derived.verifiable_addresses, [address("a b@x.org", Email)]);
    assert_eq!(
        derived.recovery_addresses,
        [address("\"a b\"@x.org", Email)]
    );
}

#[test]
fn an_invisible_character_in_an_address_is_refused() {
    let violations = person()
        .validate(&json!({"email": "a\u{200B}b@x.org"}))
        .unwrap_err();
    assert_eq!(violations[0].name(), "traits.email");
    assert!(matches!(violations[0].kind, ViolationKind::Other { .. }));
}

fn phone() -> IdentitySchema {
    compiled(&schema_of(
        json!({
            "phone": {"type": "string", "format": "tel", "title": "Phone", "ory.sh/kratos": {
                "credentials": {"code": {"identifier": true, "via": "sms"}}, "verification": {"via": "sms"}, "recovery": {"via": "sms"}}},
            "work": {"type": "object", "properties": {"numbers": {"type": "array", "items": {"type": "string", "ory.sh/kratos": {"recovery": {"via": "sms"}}}}}}
        }),
        &[],
    ))
}

#[test]
fn phone_numbers_are_kept_in_e164_in_the_traits_too() {
    for text in ["tel:+14155552671", "+1 415 555 2671"] {
        let derived = phone()
            .validate(&json!({"phone": text, "work": {"numbers": ["+49 176 671 11 638"]}}))
            .unwrap();
        assert_eq!(
            derived.traits,
            json!({"phone": "+14155552671", "work": {"numbers": ["+4917667111638"]}})
        );
        assert_eq!(derived.code_addresses, [address("+14155552671", Sms)]);
        assert_eq!(derived.verifiable_addresses, [address("+14155552671", Sms)]);
        assert_eq!(
            derived.recovery_addresses,
            [address("+14155552671", Sms), address("+4917667111638", Sms)]
        );
    }
    let violations = phone()
        .validate(&json!({"work": {"numbers": ["nobody"]}}))
        .unwrap_err();
    assert_eq!(
        (violations[0].name().as_str(), &violations[0].kind),
        (
            "traits.work.numbers.0",
            &ViolationKind::Phone {
                value: "nobody".into()
            }
        )
    );
}

#[test]
fn a_trait_without_a_value_gives_nothing() {
    let derived = phone().validate(&json!({})).unwrap();
    assert_eq!(
        derived,
        Derived {
            traits: json!({}),
            ..Derived::default()
        }
    );
}

#[test]
fn two_spellings_are_one_identifier_and_a_blank_one_stays_visible() {
    let use_it = json!({"credentials": {"password": {"identifier": true}}});
    let source = schema_of(
        json!({"username": {"type": "string", "ory.sh/kratos": use_it}, "email": {"type": "string", "format": "email", "ory.sh/kratos": use_it},
            "badge": {"type": "integer", "ory.sh/kratos": use_it}}),
        &[],
    );
    let schema = compiled(&source);
    let password = |traits: Value| schema.validate(&traits).unwrap().password;
    assert_eq!(
        password(json!({"email": "a@b.org", "username": "A@B.org"})),
        ["a@b.org"]
    );
    assert_eq!(
        password(json!({"badge": 7, "username": "Ünï Ｃode"})),
        ["ünï code", "7"]
    );
    assert_eq!(password(json!({"username": "  "})), [""]);
}

#[test]
fn addresses_with_other_formats_follow_the_looser_rules() {
    let source = schema_of(
        json!({
            "loose": {"type": "string", "format": "no-validate", "ory.sh/kratos": {
                "credentials": {"code": {"identifier": true, "via": "email"}}, "verification": {"via": "email"}, "recovery": {"via": "email"}}},
            "plain": {"type": "string", "ory.sh/kratos": {"verification": {"via": "email"}}},
            "mobile": {"type": "string", "ory.sh/kratos": {"verification": {"via": "sms"}}}
        }),
        &[],
    );
    let schema = compiled(&source);
    let derived = schema
        .validate(&json!({"loose": " Foo.@Docomo.ne.jp "}))
        .unwrap();
    let expected = [address("foo.@docomo.ne.jp", Email)];
    assert_eq!(
        (
            &derived.code_addresses[..],
            &derived.verifiable_addresses[..],
            &derived.recovery_addresses[..]
        ),
        (&expected[..], &expected[..], &expected[..])
    );
    let violations = schema
        .validate(&json!({"plain": "no address"}))
        .unwrap_err();
    assert_eq!(
        violations[0].kind,
        ViolationKind::Email {
            value: "no address".into()
        }
    );
    assert!(violations[0].schema_pointer.ends_with("/plain/format"));
    let violations = schema
        .validate(&json!({"mobile": "+14155552671"}))
        .unwrap_err();
    assert!(matches!(violations[0].kind, ViolationKind::Other { .. }));
}

#[test]
fn a_code_identifier_without_a_channel_names_the_identity_only() {
    let source = schema_of(
        json!({"username": {"type": "string", "ory.sh/kratos": {"credentials": {"code": {"identifier": true}}}}}),
        &[],
    );
    let derived = compiled(&source)
        .validate(&json!({"username": "TestAccount"}))
        .unwrap();
    assert_eq!(derived.code, ["testaccount"]);
    assert!(derived.code_addresses.is_empty());
}

#[test]
fn uses_count_through_references_combinations_and_lists() {
    let address_of = |via: &str| json!({"type": "string", "format": "email", "ory.sh/kratos": {"verification": {"via": via}}});
    let mut source = schema_of(
        json!({
            "first": {"$ref": "#/definitions/address"},
            "all": {"allOf": [{"$ref": "#/definitions/address"}, {"maxLength": 50}]},
            "any": {"anyOf": [{"type": "integer"}, {"$ref": "#/definitions/address"}]},
            "one": {"oneOf": [{"type": "integer"}, address_of("email")]},
            "list": {"type": "array", "items": {"$ref": "#/definitions/address"}},
            "kind": {"type": "string"}, "extra": {"type": "string"}
        }),
        &[],
    );
    source["definitions"] = json!({"address": address_of("email")});
    source["properties"]["traits"]["if"] =
        json!({"properties": {"kind": {"const": "x"}}, "required": ["kind"]});
    source["properties"]["traits"]["then"] = json!({"properties": {"extra": address_of("email")}});
    source["properties"]["traits"]["else"] = json!({"properties": {"extra": {"ory.sh/kratos": {"credentials": {"password": {"identifier": true}}}}}});
    let schema = compiled(&source);
    let derived = schema
        .validate(&json!({"list": ["l0@x.org", "l1@x.org"], "one": "o@x.org", "any": "n@x.org", "all": "a@x.org", "first": "f@x.org",
            "kind": "x", "extra": "e@x.org"}))
        .unwrap();
    let values: Vec<&str> = derived
        .verifiable_addresses
        .iter()
        .map(|a| a.value.as_str())
        .collect();
    assert_eq!(
        values,
        [
            "f@x.org", "a@x.org", "n@x.org", "o@x.org", "l0@x.org", "l1@x.org", "e@x.org"
        ]
    );
    assert!(derived.password.is_empty());
    let derived = schema.validate(&json!({"extra": "Somebody"})).unwrap();
    assert_eq!(
        (derived.password, derived.verifiable_addresses),
        (strings(&["somebody"]), vec![])
    );
}

#[test]
fn the_name_of_a_passkey_comes_from_a_half_filled_form_too() {
    assert_eq!(
        person()
            .passkey_display_name(&json!({"email": "Half@"}))
            .as_deref(),
        Some("Half@")
    );
    assert_eq!(person().passkey_display_name(&json!({"email": ""})), None);
    let key = schema_of(
        json!({"login": {"type": "string", "ory.sh/kratos": {"credentials": {"webauthn": {"identifier": true}}}}}),
        &[],
    );
    assert_eq!(
        compiled(&key)
            .passkey_display_name(&json!({"login": "ADA"}))
            .as_deref(),
        Some("ada")
    );
    assert_eq!(
        compiled(&key)
            .validate(&json!({"login": "ADA"}))
            .unwrap()
            .passkey_display_name
            .as_deref(),
        Some("ada")
    );
}

#[test]
fn whole_numbers_are_kept_as_integers_where_only_those_fit() {
    let schema = compiled(&schema_of(
        json!({
            "age": {"type": "integer"},
            "size": {"type": "number"},
            "either": {"type": ["integer", "number"]},
            "marks": {"type": "array", "items": {"type": "integer"}}
        }),
        &[],
    ));
    let traits = json!({"age": 36.0, "size": 2.0, "either": 3.0, "marks": [1.0, 2, -1e2]});
    let derived = schema.validate(&traits).unwrap();
    assert_eq!(
        derived.traits.to_string(),
        r#"{"age":36,"size":2.0,"either":3.0,"marks":[1,2,-100]}"#
    );
    assert!(schema.validate(&json!({"age": 36.5})).is_err());
}

#[test]
fn a_schema_says_for_which_methods_it_has_identifiers() {
    use crate::MethodName::{Code, Oidc, Password, Webauthn};
    let kinds = [Password, Webauthn, Code, Oidc];
    let of = |schema: IdentitySchema| kinds.map(|kind| schema.has_identifiers_of(kind));
    assert_eq!(of(person()), [true, true, true, false]);
    assert_eq!(of(rich()), [true, false, false, false]);
}
