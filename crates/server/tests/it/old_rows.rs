//! Rows as old versions of the reference, or odd clients, have left them. What is expected is what the reference
//! answers on the same rows.

use bia_store::args;
use bia_store::db::Value as Column;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::folk::{MAIL, PASSWORD, person, town};
use crate::world::World;

async fn change(world: &World, sql: &'static str, values: &[Column<'_>]) {
    let mut conn = world.app.store.write().await.unwrap();
    assert!(conn.execute(sql, values).await.unwrap() > 0, "{sql}");
}

async fn somebody(world: &World) -> Uuid {
    let body = person(json!({"email": MAIL}), json!({}));
    world.create(&body).await.parse().unwrap()
}

#[tokio::test]
async fn a_session_whose_row_says_little_is_shown_with_what_it_does_not_say() {
    let world = town(json!({})).await;
    somebody(&world).await;
    let mut ann = Client::app(&world);
    ann.sign_in(MAIL, PASSWORD).await;
    let methods = json!([{"method": "v0.6_legacy_session"}]);
    let sql = "UPDATE sessions SET authentication_methods = $1, aal = $2";
    change(&world, sql, args![&methods, ""]).await;
    change(&world, "DELETE FROM session_devices", &[]).await;
    let shown = json!([{"method": "v0.6_legacy_session", "aal": "", "completed_at": "0001-01-01T00:00:00Z"}]);

    let session = ann.json("/sessions/whoami").await;
    assert_eq!(session["authentication_methods"], shown);
    assert_eq!(session["authenticator_assurance_level"], "aal1");
    assert_eq!(session["devices"], Value::Null);

    let listed = world.admin("GET", "/admin/sessions", &[]).await.json();
    assert_eq!(listed[0]["authentication_methods"], shown);
    assert_eq!(listed[0]["authenticator_assurance_level"], "");
    let path = format!(
        "/admin/sessions/{}?expand=devices",
        session["id"].as_str().unwrap()
    );
    let one = world.admin("GET", &path, &[]).await.json();
    assert_eq!(one["devices"], json!([]));

    change(&world, sql, args![&Value::Null, "aal1"]).await;
    let session = ann.json("/sessions/whoami").await;
    assert_eq!(session["authentication_methods"], Value::Null);
    assert_eq!(session["authenticator_assurance_level"], "aal0");
}

#[tokio::test]
async fn versions_of_credentials_are_those_that_are_stored() {
    let world = town(json!({})).await;
    let keys =
        json!({"webauthn": {"config": {"credentials": [{"id": "AAAA", "public_key": "BBBB"}]}}});
    let body = person(json!({"email": MAIL}), keys);
    let answer = world
        .call("POST", "/admin/identities", body.to_string())
        .await;
    let made = answer.json();
    let versions = |identity: &Value| {
        ["password", "code", "webauthn"]
            .map(|kind| identity["credentials"][kind]["version"].clone())
    };
    assert_eq!(versions(&made), [0, 1, 0], "{}", answer.body);
    let path = format!("/admin/identities/{}", made["id"].as_str().unwrap());
    assert_eq!(
        versions(&world.admin("GET", &path, &[]).await.json()),
        [1, 1, 1]
    );
    let body = person(json!({"email": MAIL}), json!({})).to_string();
    let put = world.call("PUT", &path, body).await.json();
    assert_eq!(versions(&put), [1, 1, 1]);
}

#[tokio::test]
async fn an_old_security_key_is_shown_and_stored_as_a_new_one() {
    let world = town(json!({})).await;
    let keys =
        json!({"webauthn": {"config": {"credentials": [{"id": "AAAA", "public_key": "BBBB"}]}}});
    let id = world.create(&person(json!({"email": MAIL}), keys)).await;
    let old = json!({"credentials": [{"id": "AAAA", "public_key": "BBBB"}]});
    let key = "UPDATE identity_credentials SET config = $1, version = 0 WHERE identity_credential_type_id = $2";
    let webauthn: Uuid = "6b213fa0-e6ad-46cb-8878-b088d2ce2e3c".parse().unwrap();
    change(&world, key, args![&old, webauthn]).await;
    let path = format!("/admin/identities/{id}?include_credential=webauthn");
    let shown = world.admin("GET", &path, &[]).await.json()["credentials"]["webauthn"].clone();
    assert_eq!(shown["version"], 1);
    assert_eq!(shown["config"]["credentials"][0]["is_passwordless"], false);
    assert!(shown["config"]["user_handle"].is_string());
    // A change of something else leaves the row alone or stores all of the new version, never one without the other.
    let patch = json!([{"op": "add", "path": "/metadata_public", "value": {"a": 1}}]);
    let answer = world
        .call(
            "PATCH",
            &format!("/admin/identities/{id}"),
            patch.to_string(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let mut conn = world.app.store.read().await.unwrap();
    let sql =
        "SELECT config, version FROM identity_credentials WHERE identity_credential_type_id = $1";
    let row = conn.fetch_one(sql, args![webauthn]).await.unwrap();
    let mut columns = row.columns("identity_credentials");
    let (config, version): (Value, i64) = (columns.json().unwrap(), columns.take().unwrap());
    assert_eq!(
        version == 1,
        config.get("user_handle").is_some(),
        "{config}"
    );
}

#[tokio::test]
async fn an_identity_that_cannot_be_read_is_named_to_operators_and_breaks_no_list() {
    let world = town(json!({})).await;
    let id = somebody(&world).await;
    let other = world
        .create(&person(json!({"email": "user-2@example.org"}), json!({})))
        .await;
    let deep = "[".repeat(200) + &"]".repeat(200);
    let sql = "UPDATE identities SET traits = $1 WHERE id = $2";
    change(&world, sql, &[Column::Json(deep.into()), id.into()]).await;
    let listed = world.admin("GET", "/admin/identities", &[]).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    let listed = listed.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["id"], other);
    let one = world
        .admin("GET", &format!("/admin/identities/{id}"), &[])
        .await;
    assert_eq!(one.status, StatusCode::INTERNAL_SERVER_ERROR);
    let error = one.json()["error"].clone();
    assert_eq!(
        error["details"],
        json!({"table": "identities", "column": "traits", "id": id})
    );
    assert!(
        error["reason"].as_str().unwrap().contains("column traits"),
        "{error}"
    );
}

#[tokio::test]
async fn who_signs_in_to_an_account_that_cannot_be_read_is_told_that_waiting_does_not_help() {
    let world = town(json!({"bia": {"help": true}})).await;
    let id = somebody(&world).await;
    let deep = "[".repeat(200) + &"]".repeat(200);
    let sql = "UPDATE identities SET traits = $1 WHERE id = $2";
    change(&world, sql, &[Column::Json(deep.into()), id.into()]).await;
    let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let error = answer.json()["error"].clone();
    let reason = error["reason"].as_str().unwrap();
    assert!(reason.contains("cannot be read"), "{error}");
    assert!(!reason.contains("traits"), "{error}");
    let docs = error["bia"]["docs"].as_str().unwrap();
    assert!(docs.ends_with("/stored_value_unreadable"), "{error}");
}

/// The reference shows such states as they are, and lets nobody in by them.
#[tokio::test]
async fn somebody_with_a_state_that_nobody_knows_is_inactive_until_an_operator_says_otherwise() {
    for state in ["", "asleep"] {
        let world = town(json!({})).await;
        let id = somebody(&world).await;
        let path = format!("/admin/identities/{id}");
        let sql = "UPDATE identities SET state = $1 WHERE id = $2";
        change(&world, sql, args![state, id]).await;

        assert_eq!(world.whole(&id.to_string()).await["state"], "inactive");
        let listed = world.admin("GET", "/admin/identities", &[]).await.json();
        assert_eq!(listed[0]["state"], "inactive");
        let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);

        let patch = json!([{"op": "add", "path": "/metadata_public", "value": {"a": 1}}]);
        let answer = world.call("PATCH", &path, patch.to_string()).await;
        assert_eq!(answer.json()["state"], "inactive", "{}", answer.body);
        let body = json!({"schema_id": "default", "traits": {"email": MAIL}, "state": "active"});
        let answer = world.call("PUT", &path, body.to_string()).await;
        assert_eq!(answer.json()["state"], "active", "{}", answer.body);
        let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

/// The reference shows the channel as it is, and makes the address anew with the next change of the identity.
#[tokio::test]
async fn addresses_of_a_channel_that_nobody_knows_are_read_by_their_look_and_written_anew() {
    let world = town(json!({})).await;
    let id = somebody(&world).await;
    let shown = world.whole(&id.to_string()).await;
    for sql in [
        "UPDATE identity_verifiable_addresses SET via = 'phone', verified = true",
        "UPDATE identity_recovery_addresses SET via = 'phone'",
    ] {
        change(&world, sql, &[]).await;
    }
    let odd = world.whole(&id.to_string()).await;
    for list in ["verifiable_addresses", "recovery_addresses"] {
        assert_eq!(odd[list][0]["via"], "email");
        assert_eq!(odd[list][0]["id"], shown[list][0]["id"]);
    }
    let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);

    let patch = json!([{"op": "add", "path": "/metadata_public", "value": {"a": 1}}]);
    let path = format!("/admin/identities/{id}");
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let mended = world.whole(&id.to_string()).await;
    assert_eq!(mended["verifiable_addresses"][0]["verified"], true);
    let mut conn = world.app.store.read().await.unwrap();
    for sql in [
        "SELECT via FROM identity_verifiable_addresses",
        "SELECT via FROM identity_recovery_addresses",
    ] {
        let rows = conn.fetch_all(sql, &[]).await.unwrap();
        let via: Vec<String> = rows.iter().map(|row| row.only("x").unwrap()).collect();
        assert_eq!(via, ["email"], "{sql}");
    }
}

/// Wrapped base64: the reference imports it with its line breaks, and passes over them.
#[tokio::test]
async fn a_stored_hash_with_line_breaks_in_it_verifies() {
    let world = town(json!({})).await;
    somebody(&world).await;
    // Of the word "password".
    let config = json!({"hashed_password": "$md5$X03MO1qn\nZdYdgyfeuILPmQ==\r\n"});
    let sql = "UPDATE identity_credentials SET config = $1 WHERE identity_credential_type_id = $2";
    let password: Uuid = "78c1b41d-8341-4507-aa60-aff1d4369670".parse().unwrap();
    change(&world, sql, args![&config, password]).await;
    let answer = Client::app(&world).sign_in(MAIL, "password").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn a_code_that_go_calls_unused_can_be_used() {
    let world = town(json!({})).await;
    let codes = json!({"lookup_secret": {"config": {"codes": [{"code": "aaaaaaaa", "used_at": "0001-01-01T00:00:00Z"}]}}});
    let id = world.create(&person(json!({"email": MAIL}), codes)).await;
    let path = format!("/admin/identities/{id}?include_credential=lookup_secret");
    let shown = world.admin("GET", &path, &[]).await.json();
    let config = &shown["credentials"]["lookup_secret"]["config"];
    assert_eq!(
        config["recovery_codes"][0]["used_at"],
        Value::Null,
        "{config}"
    );
}
