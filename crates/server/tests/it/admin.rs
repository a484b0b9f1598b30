//! The admin API where the recorded answers of the reference say nothing: calls at the same time, and hostile ones.

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const NOBODY: &str = "9c2f3f0e-5d0b-4a5e-8a6f-0d6f6a1f7a11";

async fn create(world: &World, body: Value) -> Answer {
    world
        .call("POST", "/admin/identities", body.to_string())
        .await
}

async fn note(world: &World) -> String {
    let answer = create(
        world,
        json!({"schema_id": "note", "traits": {"label": "x"}}),
    )
    .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn patch(operations: Value) -> String {
    operations.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_create_the_same_at_once_one_succeeds() {
    let world = World::new().await;
    let body = json!({"schema_id": "note", "external_id": "the-only-one"});
    let answers = join_all((0..16).map(|_| create(&world, body.clone()))).await;
    let with = |status| answers.iter().filter(|a| a.status == status).count();
    assert_eq!(
        (with(StatusCode::CREATED), with(StatusCode::CONFLICT)),
        (1, 15)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_changes_at_the_same_time_none_is_lost() {
    let world = World::new().await;
    let path = format!("/admin/identities/{}", note(&world).await);
    let change = |n: usize| {
        let operations =
            json!([{"op": "add", "path": format!("/metadata_admin/n{n}"), "value": n}]);
        world.call("PATCH", &path, patch(operations))
    };
    for answer in join_all((0..12).map(change)).await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    let whole = world.admin("GET", &path, &[]).await.json();
    assert_eq!(whole["metadata_admin"].as_object().unwrap().len(), 12);
}

#[tokio::test]
async fn a_patch_reaches_neither_secrets_of_others_nor_what_cannot_be_read_again() {
    let world = World::new().await;
    let path = format!("/admin/identities/{}", note(&world).await);
    let before = world.admin("GET", &path, &[]).await.json();
    let deep = "/a".repeat(99);
    let nested = (0..60).fold(json!(1), |inner, _| json!([inner]));
    for operations in [
        json!([{"op": "replace", "path": "", "value": {"credentials": {"oidc": {"type": "oidc"}}}}]),
        json!([{"op": "add", "path": "/credentials/OIDC/x", "value": 1}]),
        json!([{"op": "add", "path": "/credentials/magic", "value": {"type": "magic"}}]),
        json!([{"op": "add", "path": "/credentials/totp", "value": {"type": "password"}}]),
        json!([{"op": "add", "path": format!("/metadata_public{deep}"), "value": nested}]),
        json!([{"op": "add", "path": "/metadata_public/0/1/99999999/2", "value": 1}]),
        json!([{"op": "replace", "path": "/external_id", "value": "x".repeat(65)}]),
        json!([{"op": "replace", "path": "/created_at", "value": "yesterday"}]),
        json!([{"op": "replace", "path": "/traits", "value": null}]),
        json!([{"op": "remove", "path": "/schema_id"}]),
    ] {
        let answer = world.call("PATCH", &path, patch(operations.clone())).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{operations}: {}",
            answer.body
        );
    }
    assert_eq!(world.admin("GET", &path, &[]).await.json(), before);
}

#[tokio::test]
async fn bad_input_is_the_client_s_fault_everywhere() {
    let world = World::new().await;
    let id = note(&world).await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let deep_traits = format!("{{\"traits\":{deep}}}");
    let bodies = [
        "",
        "null",
        "[]",
        "{",
        "1",
        "\"x\"",
        "{\"identities\":[null]}",
        "{\"action\":5}",
        &deep,
        &deep_traits,
        "\u{0}",
    ];
    let places = [
        ("POST", "/admin/identities".to_owned()),
        ("PATCH", "/admin/identities".to_owned()),
        ("PUT", format!("/admin/identities/{id}")),
        ("PATCH", format!("/admin/identities/{id}")),
        ("POST", "/admin/sessions".to_owned()),
        ("POST", "/admin/recovery/code".to_owned()),
        ("POST", "/admin/recovery/link".to_owned()),
        ("PATCH", format!("/admin/sessions/{NOBODY}/extend")),
        (
            "DELETE",
            format!("/admin/identities/{id}/credentials/password?identifier=%00"),
        ),
        (
            "GET",
            "/admin/identities?page_token=%00%ff&page_size=99999999999999999999".to_owned(),
        ),
        (
            "GET",
            "/admin/identities?page=99999999999999999999&per_page=1".to_owned(),
        ),
        (
            "GET",
            "/admin/identities?credentials_identifier=%00".to_owned(),
        ),
        ("GET", "/admin/identities/by/external/%00".to_owned()),
        ("GET", "/admin/identities/%ff".to_owned()),
        (
            "GET",
            format!("/admin/identities/{id}/sessions?page=-5&per_page=99999999999"),
        ),
        (
            "GET",
            "/admin/sessions?page_token=aWQ9eA&active=true".to_owned(),
        ),
        (
            "GET",
            "/admin/courier/messages?page_token=====&recipient=%00".to_owned(),
        ),
    ];
    for (method, path) in &places {
        for body in bodies {
            let answer = world.call(method, path, body.to_owned()).await;
            assert!(
                !answer.status.is_server_error(),
                "{method} {path} {body:.20}: {} {}",
                answer.status,
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn a_password_that_cannot_be_imported_is_refused_before_anything_is_stored() {
    let world = World::new().await;
    let long = "x".repeat(5000);
    for password in [
        json!({}),
        json!({"hashed_password": "plain"}),
        json!({"hashed_password": "$2b$31$OyqDIprB8XMhQX1Bcks7w.rjdxwWOUp/RDRcjNEvkgKzMphDD0kd."}),
        json!({"hashed_password": "$sha256-crypt$rounds=50000000$salt$hash"}),
        json!({"password": long}),
        json!({"password": ["x"]}),
    ] {
        let body = json!({"schema_id": "note", "external_id": "refused", "credentials": {"password": {"config": password}}});
        let answer = create(&world, body.clone()).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{body:.200}: {}",
            answer.body
        );
    }
    let answer = world
        .admin("GET", "/admin/identities/by/external/refused", &[])
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

async fn create_batch(world: &World, items: &[Value]) -> Answer {
    let items: Vec<Value> = items.iter().map(|item| json!({"create": item})).collect();
    let body = json!({"identities": items}).to_string();
    world.call("PATCH", "/admin/identities", body).await
}

#[tokio::test]
async fn of_a_batch_what_can_be_made_is_made_and_the_rest_is_told_at_its_place() {
    let world = World::new().await;
    let note = |id: &str| json!({"schema_id": "note", "external_id": id});
    create(&world, note("b")).await;
    let batch = [note("a"), note("b"), note("c"), note("a"), note("d")];
    let answer = create_batch(&world, &batch).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let answer = answer.json();
    let items = answer["identities"].as_array().unwrap();
    let actions: Vec<&str> = items
        .iter()
        .map(|i| i["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["create", "error", "create", "error", "create"]);
    for (item, external_id) in [(0, "a"), (2, "c"), (4, "d")] {
        let path = format!("/admin/identities/by/external/{external_id}");
        let found = world.admin("GET", &path, &[]).await.json();
        assert_eq!(found["id"], items[item]["identity"]);
    }
    for alone in ["a", "b"] {
        let answer = create_batch(&world, &[note(alone)]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    }
}

#[tokio::test]
async fn an_import_that_cannot_be_read_refuses_the_whole_batch() {
    let world = World::new().await;
    let note = |id: &str| json!({"schema_id": "note", "external_id": id});
    let mut keyless = note("keyless");
    let key = json!({"id": "AQ==", "public_key": "AQ=="});
    keyless["credentials"] = json!({"passkey": {"config": {"credentials": [key]}}});
    let answer = create_batch(&world, &[note("first"), keyless, note("last")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let listed = world.admin("GET", "/admin/identities", &[]).await.json();
    assert_eq!(listed, json!([]));
    // The code in the body is another one than that of the answer, as the reference's is.
    let answer = world.call("PATCH", "/admin/identities", "{").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["error"]["code"], 500);
}

#[tokio::test]
async fn credentials_of_other_methods_are_read_as_strictly() {
    let world = World::new().await;
    let key = json!({"id": "AQ==", "public_key": "AQ=="});
    for credentials in [
        json!({"oidc": {"config": {"providers": [{"provider": "a", "subject": "b", "organization": "no-uuid"}]}}}),
        json!({"oidc": {"config": {"providers": {}}}}),
        json!({"saml": {"config": {"providers": [{"initial_id_token": "x"}]}}}),
        json!({"totp": {"config": {"secret": "x"}}}),
        json!({"lookup_secret": {"config": {"codes": [{"code": 1}]}}}),
        json!({"webauthn": {"config": {"credentials": [{"id": "not base64!"}]}}}),
        json!({"webauthn": {"config": {"credentials": [{"colour": "red"}]}}}),
        json!({"passkey": {"config": {"credentials": [key]}}}),
        json!({"passkey": {"config": {"credentials": [key], "user_handle": "/w=="}}}),
        json!({"passkey": {"config": {"credentials": [], "user_handle": "YQ=="}}}),
    ] {
        let answer = create(
            &world,
            json!({"schema_id": "note", "credentials": credentials}),
        )
        .await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{credentials}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_second_import_adds_keys_and_replaces_the_one_of_the_same_id() {
    let world = World::new().await;
    let import = |keys: Value| json!({"schema_id": "note", "credentials": {"webauthn": {"config": {"credentials": keys}}}});
    let first = create(
        &world,
        import(json!([{"id": "AQ==", "display_name": "old"}])),
    )
    .await
    .json();
    let path = format!("/admin/identities/{}", first["id"].as_str().unwrap());
    let both = import(json!([{"id": "AQ==", "display_name": "new"}, {"id": "Ag=="}]));
    assert_eq!(
        world.call("PUT", &path, both.to_string()).await.status,
        StatusCode::OK
    );
    let shown = world
        .admin("GET", &format!("{path}?include_credential=webauthn"), &[])
        .await
        .json();
    let keys = shown["credentials"]["webauthn"]["config"]["credentials"]
        .as_array()
        .unwrap()
        .clone();
    let names: Vec<&Value> = keys.iter().map(|k| &k["display_name"]).collect();
    assert_eq!(names, [&json!("new"), &json!("")]);
}
