//! Small things of the admin API: what is expected is what the reference answers, where nothing else is said.

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::folk::{MAIL, PASSWORD, authenticator, person, town};
use crate::world::{World, as_url, schema};

const NOBODY: &str = "9c2f3f0e-5d0b-4a5e-8a6f-0d6f6a1f7a11";

fn replace(path: &str, value: &Value) -> Value {
    json!({"op": "replace", "path": path, "value": value})
}

async fn patched(world: &World, id: &str, operation: Value) -> (StatusCode, Value) {
    let path = format!("/admin/identities/{id}");
    let body = json!([operation]).to_string();
    let answer = world.call("PATCH", &path, body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_patch_has_to_fit_the_types_also_of_what_it_cannot_change() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let before = world.whole(&id).await;
    for (path, value) in [
        ("/recovery_addresses", json!("x")),
        ("/recovery_addresses", json!({})),
        ("/recovery_addresses", json!([7])),
        ("/recovery_addresses", json!([{"value": 7}])),
        ("/recovery_addresses", json!([{"id": "x"}])),
        ("/recovery_addresses", json!([{"created_at": "x"}])),
        ("/verifiable_addresses", json!([{"created_at": "x"}])),
        ("/updated_at", json!("")),
        ("/updated_at", json!(7)),
        ("/updated_at", json!([])),
        ("/state_changed_at", json!("")),
        ("/credentials/password/created_at", json!("x")),
    ] {
        let (status, answer) = patched(&world, &id, replace(path, &value)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {value}: {answer}");
        assert_eq!(world.whole(&id).await, before);
    }
    let address = json!([{"value": "user-2@example.org", "via": "email"}]);
    for (path, value) in [
        ("/recovery_addresses", json!(null)),
        ("/recovery_addresses", json!([null, {}])),
        ("/recovery_addresses", address),
        ("/updated_at", json!("2020-01-02T03:04:05Z")),
        ("/updated_at", json!(null)),
    ] {
        let (status, answer) = patched(&world, &id, replace(path, &value)).await;
        assert_eq!(status, StatusCode::OK, "{path} {value}: {answer}");
        let now = world.whole(&id).await;
        assert_eq!(now["recovery_addresses"], before["recovery_addresses"]);
        assert_ne!(now["updated_at"], "2020-01-02T03:04:05Z");
    }
}

#[tokio::test]
async fn the_time_of_the_state_can_be_taken_away() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let remove = json!({"op": "remove", "path": "/state_changed_at"});
    let (status, answer) = patched(&world, &id, remove).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer.get("state_changed_at"), None);
    assert_eq!(world.whole(&id).await.get("state_changed_at"), None);
}

#[tokio::test]
async fn credentials_are_shown_in_the_order_of_their_names() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let whole = world.whole(&id).await;
    let names: Vec<&String> = whole["credentials"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["code", "password", "totp"]);
}

/// In the reference the last name of an account goes on signing in after its trait is gone. Here it does not.
#[tokio::test]
async fn who_loses_the_trait_loses_the_name() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let body = json!({"schema_id": "default", "traits": {}, "state": "active"});
    let path = format!("/admin/identities/{id}");
    let answer = world.call("PUT", &path, body.to_string()).await;
    let credentials = &answer.json()["credentials"];
    assert_eq!(credentials["password"]["identifiers"], json!([]));
    assert_eq!(credentials["code"]["identifiers"], json!([]));
    let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
}

/// Nothing in the traits gives a name there, so that no change of them takes one.
#[tokio::test]
async fn names_that_an_operator_gave_stay_where_the_schema_knows_none() {
    let plain = json!([{"id": "default", "url": as_url(&schema("label"))}]);
    let world = town(json!({"identity": {"schemas": plain}})).await;
    let id = world
        .create(&person(json!({"label": "x"}), json!({})))
        .await;
    let name = replace("/credentials/password/identifiers", &json!([MAIL]));
    let (status, answer) = patched(&world, &id, name).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let body = json!({"schema_id": "default", "traits": {"label": "y"}, "state": "active"});
    let path = format!("/admin/identities/{id}");
    let answer = world.call("PUT", &path, body.to_string()).await.json();
    assert_eq!(
        answer["credentials"]["password"]["identifiers"],
        json!([MAIL])
    );
    let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn an_error_repeats_no_more_than_the_beginning_of_what_was_sent() {
    let world = town(json!({"bia": {"help": true}})).await;
    let long = "x".repeat(1 << 20);
    for body in [
        json!({"schema_id": long}),
        json!({"state": long}),
        json!({"region": long}),
        json!({"schema_id": "default", "traits": {"age": long}}),
        json!({"schema_id": "default", "traits": {"phone": long}}),
        json!({&long: 1}),
        json!({"organization_id": long}),
        json!({"credentials": {"password": {"config": {&long: 1}}}}),
        json!({"credentials": {"totp": {"config": {"totp_url": [long]}}}}),
        json!({"credentials": {&long: {}}}),
    ] {
        let answer = world
            .call("POST", "/admin/identities", body.to_string())
            .await;
        let keys = body.as_object().unwrap().keys().next().unwrap();
        let about = keys.get(..keys.len().min(20)).unwrap();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{about}");
        assert!(answer.body.len() < 3000, "{about}: {}", answer.body.len());
    }
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    for operation in [
        json!({"op": long, "path": "/traits"}),
        json!({"op": "add", "path": long, "value": 1}),
        json!({"op": "remove", "path": format!("/{long}")}),
        json!({"op": "add", "path": "/state", "value": long}),
        json!({"op": "add", "path": "/state_changed_at", "value": long}),
        json!({"op": "add", "path": format!("/credentials/{long}"), "value": {"type": "totp"}}),
    ] {
        let (status, answer) = patched(&world, &id, operation).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer.to_string().len() < 3000);
    }
    let form = json!({"method": "password", "password": PASSWORD, "traits": {"email": MAIL, "phone": long}});
    let mut somebody = Client::app(&world);
    let flow = somebody.begin("registration", "").await;
    let answer = somebody.submit(&flow, form).await.json();
    let nodes = answer["ui"]["nodes"].as_array().unwrap();
    let messages: String = nodes.iter().map(|n| n["messages"].to_string()).collect();
    assert!(messages.contains("4000041"), "{}", messages.len());
    assert!(messages.len() < 3000, "{}", messages.len());
}

#[tokio::test]
async fn a_saml_connection_is_not_linked_by_itself() {
    let world = town(json!({})).await;
    let connection = json!({"provider": "p", "subject": "s", "use_auto_link": true});
    for (kind, status) in [
        ("saml", StatusCode::BAD_REQUEST),
        ("oidc", StatusCode::CREATED),
    ] {
        let body = json!({"credentials": {kind: {"config": {"providers": [connection]}}}});
        let answer = world
            .call("POST", "/admin/identities", body.to_string())
            .await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_hash_that_was_wrapped_is_imported_in_one_line() {
    let world = town(json!({})).await;
    // Of the word "password".
    let wrapped = json!({"config": {"hashed_password": "$md5$X03MO1qn\nZdYdgyfeuILPmQ==\n"}});
    let body = json!({"traits": {"email": MAIL}, "credentials": {"password": wrapped}});
    let id = world.create(&body).await;
    let path = format!("/admin/identities/{id}?include_credential=password");
    let whole = world.admin("GET", &path, &[]).await.json();
    assert_eq!(
        whole["credentials"]["password"]["config"]["hashed_password"],
        "$md5$X03MO1qnZdYdgyfeuILPmQ=="
    );
    let answer = Client::app(&world).sign_in(MAIL, "password").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

/// JSON Schema says so. The reference, which may serve the same database, does not, and finds `36` there.
#[tokio::test]
async fn a_whole_number_is_kept_as_an_integer_where_the_schema_wants_one() {
    let world = town(json!({})).await;
    for (written, kept) in [("36.0", "36"), ("3.6e1", "36"), ("36", "36"), ("-0.0", "0")] {
        let body = format!(r#"{{"traits":{{"age":{written}}}}}"#);
        let answer = world.call("POST", "/admin/identities", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!(answer.json()["traits"]["age"].to_string(), kept);
    }
    let answer = world
        .call("POST", "/admin/identities", r#"{"traits":{"age":36.5}}"#)
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
}

#[tokio::test]
async fn what_is_no_id_is_answered_alike() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    for (method, path, status) in [
        ("DELETE", "/admin/sessions/whoami".to_owned(), 400),
        ("DELETE", "/admin/sessions/x".to_owned(), 400),
        ("POST", "/admin/sessions/whoami".to_owned(), 405),
        ("GET", "/admin/identities/x/bia/access".to_owned(), 404),
        ("GET", "/admin/identities/x/bia/locks".to_owned(), 404),
        (
            "GET",
            "/admin/identities/x/bia/trusted-browsers".to_owned(),
            404,
        ),
        (
            "DELETE",
            "/admin/identities/x/bia/trusted-browsers".to_owned(),
            404,
        ),
        (
            "DELETE",
            format!("/admin/identities/x/bia/trusted-browsers/{NOBODY}"),
            404,
        ),
        (
            "DELETE",
            format!("/admin/identities/{id}/bia/trusted-browsers/x"),
            400,
        ),
        ("POST", "/admin/bia/hooks/outbox/x/replay".to_owned(), 400),
        (
            "POST",
            "/admin/bia/courier/messages/x/resend".to_owned(),
            400,
        ),
        (
            "DELETE",
            format!("/admin/identities/{id}/credentials/deviceauthn"),
            400,
        ),
        (
            "DELETE",
            "/admin/identities/x/credentials/deviceauthn".to_owned(),
            400,
        ),
        (
            "DELETE",
            format!("/admin/identities/{id}/credentials/deviceauthn?identifier=x"),
            404,
        ),
        (
            "GET",
            "/admin/bia/hooks/outbox?status=failed".to_owned(),
            400,
        ),
        (
            "GET",
            "/admin/bia/hooks/outbox?state=failed".to_owned(),
            200,
        ),
    ] {
        let answer = world.admin(method, &path, &[]).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
    let answer = world.admin("GET", "/admin/sessions/whoami", &[]).await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
}

#[tokio::test]
async fn who_names_too_many_sessions_at_once_is_told_so() {
    let world = World::new().await;
    let body = json!({"action": "delete", "identities": ["x".repeat(6 << 20)]});
    let answer = world
        .call("POST", "/admin/sessions", body.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let error = answer.json()["error"].clone();
    let words = |name: &str| error[name].as_str().unwrap().to_owned();
    assert!(words("message").contains("too large"), "{error}");
    assert!(words("reason").contains("fewer"), "{error}");
}
