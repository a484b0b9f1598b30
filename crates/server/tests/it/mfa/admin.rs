//! The word of an operator on one identity, and what is told of it.

use http::StatusCode;
use serde_json::{Value, json};

use super::{led_to_enrolment, signed_in_app, staff, world};
use crate::folk::{MAIL, authenticator, person};
use crate::world::World;

async fn access(world: &World, id: &str) -> Value {
    let path = format!("/admin/identities/{id}/bia/access");
    world.admin("GET", &path, &[]).await.json()
}

#[tokio::test]
async fn it_is_kept_shown_changed_and_taken_back() {
    let world = world(json!({}), json!({})).await;
    let mut customer = person(json!({"email": MAIL}), json!({}));
    customer["bia"] = json!({"mfa": "required"});
    let id = world.create(&customer).await;
    let path = format!("/admin/identities/{id}");
    assert_eq!(world.whole(&id).await["bia"], json!({"mfa": "required"}));
    let list = world.admin("GET", "/admin/identities", &[]).await.json();
    assert_eq!(list[0]["bia"], json!({"mfa": "required"}));
    led_to_enrolment(&signed_in_app(&world).await.get("/sessions/whoami").await);

    // A client that does not know of it keeps it, whatever else it writes.
    let put = |bia: Option<Value>| {
        let mut body =
            json!({"schema_id": "default", "state": "active", "traits": {"email": MAIL}});
        if let Some(bia) = bia {
            body["bia"] = bia;
        }
        world.call("PUT", &path, body.to_string())
    };
    for (bia, kept) in [
        (None, json!({"mfa": "required"})),
        (Some(json!({})), json!({"mfa": "required"})),
        (Some(json!({"mfa": "optional"})), json!({"mfa": "optional"})),
        (Some(json!({"mfa": null})), Value::Null),
    ] {
        let answer = put(bia).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.json()["bia"], kept);
        assert_eq!(world.whole(&id).await["bia"], kept);
    }
    let patch = json!([{"op": "add", "path": "/bia", "value": {"mfa": "optional"}}]);
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.json()["bia"], json!({"mfa": "optional"}));
    let patch = json!([{"op": "replace", "path": "/traits/email", "value": MAIL}]);
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.json()["bia"], json!({"mfa": "optional"}));
    let patch = json!([{"op": "remove", "path": "/bia/mfa"}]);
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.json().get("bia"), None);
}

#[tokio::test]
async fn other_words_are_refused_and_change_nothing() {
    let world = world(json!({}), json!({})).await;
    let mut customer = person(json!({"email": MAIL}), json!({}));
    customer["bia"] = json!({"mfa": "optional"});
    let id = world.create(&customer).await;
    let path = format!("/admin/identities/{id}");
    let hostile = [
        json!({"mfa": "REQUIRED"}),
        json!({"mfa": ""}),
        json!({"mfa": true}),
        json!({"mfa": ["required"]}),
        json!({"mfa": {"required": true}}),
        json!({"mfa": "required", "more": 1}),
        json!({"mfa": "required' OR '1'='1"}),
        json!({"mfa": "x".repeat(10_000)}),
        json!(["required"]),
        json!("required"),
        json!(7),
    ];
    for bia in hostile {
        let patch = json!([{"op": "replace", "path": "/bia", "value": bia}]);
        let patched = world.call("PATCH", &path, patch.to_string()).await;
        assert_eq!(patched.status, StatusCode::BAD_REQUEST, "{bia}");
        let body = json!({"schema_id": "default", "traits": {"email": MAIL}, "bia": bia});
        let put = world.call("PUT", &path, body.to_string()).await;
        assert_eq!(put.status, StatusCode::BAD_REQUEST, "{bia}");
        let body =
            json!({"schema_id": "default", "traits": {"email": "user-2@example.org"}, "bia": bia});
        let made = world
            .call("POST", "/admin/identities", body.to_string())
            .await;
        assert_eq!(made.status, StatusCode::BAD_REQUEST, "{bia}");
    }
    assert_eq!(world.whole(&id).await["bia"], json!({"mfa": "optional"}));
}

#[tokio::test]
async fn a_batch_knows_it_too() {
    let world = world(json!({}), json!({})).await;
    let create =
        json!({"schema_id": "default", "traits": {"email": MAIL}, "bia": {"mfa": "required"}});
    let body = json!({"identities": [{"create": create}]});
    let answer = world
        .call("PATCH", "/admin/identities", body.to_string())
        .await
        .json();
    let id = answer["identities"][0]["identity"].as_str().unwrap();
    assert_eq!(world.whole(id).await["bia"], json!({"mfa": "required"}));
}

#[tokio::test]
async fn operators_are_told_which_policy_holds_and_why() {
    let world = world(json!({"methods": ["totp"], "grace": "72h"}), json!({})).await;
    let of_staff = world.create(&staff(authenticator())).await;
    let told = access(&world, &of_staff).await;
    assert_eq!(told["available_aal"], "aal2");
    assert_eq!(told["can_sign_in"], true);
    assert_eq!(told["mfa"]["because"], "rule");
    assert_eq!(told["mfa"]["rule"], 0);
    assert_eq!(told["mfa"]["factors"], json!(["totp"]));
    assert_eq!(told["mfa"]["satisfied"], true);
    assert_eq!(told["mfa"]["grace_seconds"], 72 * 3600);

    let mail = "user-2@example.org";
    let mut customer = person(json!({"email": mail}), json!({}));
    let id = world.create(&customer).await;
    let told = access(&world, &id).await;
    assert_eq!(
        (&told["mfa"]["because"], &told["mfa"]["required"]),
        (&json!("default"), &json!(false))
    );
    customer["bia"] = json!({"mfa": "required"});
    customer["traits"]["email"] = json!("user-3@example.org");
    let id = world.create(&customer).await;
    let told = access(&world, &id).await;
    assert_eq!(
        (&told["mfa"]["because"], &told["mfa"]["required"]),
        (&json!("override"), &json!(true))
    );
    assert_eq!(told["mfa"]["satisfied"], false);

    let nobody = "/admin/identities/00000000-0000-4000-8000-000000000000/bia/access";
    assert_eq!(
        world.admin("GET", nobody, &[]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn where_nothing_is_configured_a_word_waits() {
    let world = World::with(crate::folk::settings(json!({}))).await;
    let mut customer = person(json!({"email": MAIL}), json!({}));
    customer["bia"] = json!({"mfa": "required"});
    let id = world.create(&customer).await;
    let session = signed_in_app(&world).await.json("/sessions/whoami").await;
    assert_eq!(session.get("bia"), None);
    let told = access(&world, &id).await;
    assert_eq!(told["mfa"]["because"], "not_configured");
    assert_eq!(told["mfa"]["override"], "required");
}
