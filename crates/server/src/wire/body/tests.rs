use proptest::prelude::*;
use serde_json::json;

use super::*;

fn decode(content_type: &str, body: &str) -> Result<Form, BodyError> {
    Form::decode(Some(content_type), &Bytes::from(body.to_owned()))
}

fn urlencoded(body: &str) -> Form {
    decode("application/x-www-form-urlencoded", body).unwrap()
}

fn texts(form: &Form) -> Vec<(&str, String)> {
    form.fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_text().into_owned()))
        .collect()
}

#[test]
fn a_login_reads_the_same_in_all_three_encodings() {
    let json = r#"{"method":"password","identifier":"user-1@example.org","password":"a b+c%"}"#;
    let form = "method=password&identifier=user-1%40example.org&password=a+b%2Bc%25";
    let parts = "--x\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\npassword\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"identifier\"\r\n\r\nuser-1@example.org\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\na b+c%\r\n--x--\r\n";
    let bodies = [
        ("application/json; charset=utf-8", json),
        ("Application/X-WWW-Form-Urlencoded", form),
        ("multipart/form-data; boundary=x", parts),
    ];
    for (content_type, body) in bodies {
        let form = decode(content_type, body).unwrap();
        let expected = [
            ("method", "password"),
            ("identifier", "user-1@example.org"),
            ("password", "a b+c%"),
        ];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(texts(&form), expected, "{content_type}");
    }
}

#[test]
fn json_keeps_types_and_offers_texts() {
    let form = decode(
        "application/json",
        r#"{"traits":{"email":"user-1@example.org"},"n":1.5,"yes":true,"nothing":null,"list":[1,"a"]} trailing"#,
    )
    .unwrap();
    assert_eq!(form.encoding, Encoding::Json);
    assert_eq!(
        form.get("traits"),
        Some(&FieldValue::Json(json!({"email": "user-1@example.org"})))
    );
    assert_eq!(
        form.text("traits").unwrap(),
        r#"{"email":"user-1@example.org"}"#
    );
    assert_eq!(form.text("n").unwrap(), "1.5");
    assert_eq!(form.text("yes").unwrap(), "true");
    assert_eq!(form.text("nothing"), None);
    assert_eq!(form.text("list").unwrap(), r#"[1,"a"]"#);
}

#[test]
fn a_checked_checkbox_wins_over_its_hidden_companion() {
    let form = urlencoded(
        "traits.newsletter=false&traits.newsletter=true&traits.tags=a&traits.tags=b&empty=",
    );
    assert_eq!(form.last_text("traits.newsletter").unwrap(), "true");
    assert_eq!(form.text("traits.newsletter").unwrap(), "false");
    assert_eq!(form.all_texts("traits.tags"), ["a", "b"]);
    assert_eq!(form.text("empty"), None);
    assert!(form.get("empty").is_some());
    assert_eq!(form.to_object()["traits.newsletter"], json!("true"));
}

#[test]
fn a_query_adds_to_a_form_and_replaces_json() {
    let query = Form::from_query("provider=other&flow=1").unwrap();
    let form = urlencoded("provider=github").with_query(&query);
    assert_eq!(form.text("provider").unwrap(), "github");
    assert_eq!(form.text("flow").unwrap(), "1");
    let json = decode("application/json", r#"{"provider":"github","traits":{}}"#)
        .unwrap()
        .with_query(&query);
    assert_eq!(json.text("provider").unwrap(), "other");
    assert_eq!(json.fields.len(), 3);
}

#[test]
fn other_content_types_and_empty_bodies_are_refused() {
    let refused =
        |content_type| Form::decode(content_type, &Bytes::from_static(b"{}")).unwrap_err();
    assert_eq!(
        refused(Some("text/plain")),
        BodyError::UnsupportedContentType("text/plain".to_owned())
    );
    assert_eq!(
        refused(None),
        BodyError::UnsupportedContentType(String::new())
    );
    assert_eq!(decode("application/json", ""), Err(BodyError::Empty));
}

#[test]
fn json_that_is_no_object_is_named() {
    let kinds = [
        ("[]", "an array"),
        ("\"a\"", "a text"),
        ("null", "null"),
        ("1", "a number"),
        ("true", "a boolean"),
    ];
    for (body, kind) in kinds {
        assert_eq!(
            decode("application/json", body),
            Err(BodyError::NotAnObject(kind))
        );
    }
}

#[test]
fn broken_encodings_are_malformed() {
    let bodies = [
        ("application/json", "{\"a\":"),
        ("application/json", "{'a':1}"),
        ("application/x-www-form-urlencoded", "a=%"),
        ("application/x-www-form-urlencoded", "a=%4"),
        ("application/x-www-form-urlencoded", "a=%zz"),
        ("application/x-www-form-urlencoded", "a=%ff"),
        ("application/x-www-form-urlencoded", "a=1;b=2"),
        ("multipart/form-data", "--x--"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno end",
        ),
    ];
    for (content_type, body) in bodies {
        let refused = decode(content_type, body);
        assert!(
            matches!(refused, Err(BodyError::Malformed(_))),
            "{content_type} {body:?} {refused:?}"
        );
    }
    let invalid = Bytes::from_static(b"{\"a\":\"\xff\"}");
    assert!(matches!(
        Form::decode(Some("application/json"), &invalid),
        Err(BodyError::Malformed(_))
    ));
}

#[test]
fn an_error_never_repeats_what_was_sent() {
    let Err(error) = decode("application/json", r#"{"password":"hunter2-secret" x}"#) else {
        panic!("accepted")
    };
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let form = urlencoded("password=hunter2-secret");
    assert!(!format!("{form:?}").contains("hunter2"));
}

#[test]
fn fields_names_and_depth_are_bounded() {
    let many = (0..=MAX_FIELDS)
        .map(|n| format!("f{n}=1"))
        .collect::<Vec<_>>()
        .join("&");
    let long = format!("{}=1", "x".repeat(MAX_NAME_BYTES + 1));
    let dotted = format!("{}=1", "a.".repeat(MAX_DEPTH + 1));
    for body in [many, long, dotted] {
        assert!(matches!(
            decode("application/x-www-form-urlencoded", &body),
            Err(BodyError::Malformed(_))
        ));
    }
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(decode("application/json", &nested(MAX_DEPTH)).is_ok());
    for levels in [MAX_DEPTH + 1, 5_000, 500_000] {
        assert!(matches!(
            decode("application/json", &nested(levels)),
            Err(BodyError::Malformed(_))
        ));
    }
}

proptest! {
    #[test]
    fn whatever_a_browser_encodes_is_read_back(fields in prop::collection::vec((".{1,20}", ".{0,40}"), 0..10)) {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let form = Form::from_query(&encoded).unwrap();
        let fields: Vec<(&str, String)> = fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        prop_assert_eq!(texts(&form), fields);
    }

    #[test]
    fn any_bytes_are_answered(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        kind in prop::sample::select(vec!["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]),
    ) {
        let _ = Form::decode(Some(kind), &Bytes::from(bytes));
    }

    #[test]
    fn damaged_parts_are_answered(at in 0_usize..90, byte: u8) {
        let mut bytes = b"--x\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\npassword\r\n--x--\r\n".to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = Form::decode(Some("multipart/form-data; boundary=x"), &Bytes::from(bytes));
    }
}
