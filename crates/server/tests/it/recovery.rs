//! Recovery where somebody asks for what is not there, or asks strangely.

use serde_json::{Value, json};

use crate::world::{World, as_url, schema};

fn recovery() -> Value {
    let mut person = schema("email");
    person["properties"]["traits"]["properties"]["email"] = json!({
        "type": "string",
        "ory.sh/kratos": {"recovery": {"via": "email"}, "verification": {"via": "email"}},
    });
    json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&person)}]},
        "selfservice": {
            "flows": {"recovery": {"enabled": true}, "verification": {"enabled": true}},
            "methods": {"code": {"config": {"max_submissions": 255}}, "link": {"enabled": true}},
        },
        "feature_flags": {"use_continue_with_transitions": true},
    })
}

async fn somebody(world: &World) -> String {
    let body = json!({"schema_id": "default", "traits": {"email": "user-1@example.org"}});
    let made = world
        .call("POST", "/admin/identities", body.to_string())
        .await;
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_that_was_never_sent_opens_nothing_and_unknown_addresses_look_like_known_ones() {
    let world = World::with(recovery()).await;
    somebody(&world).await;
    let mut answers = Vec::new();
    for address in ["user-1@example.org", "user-2@example.org"] {
        let flow = world
            .public("GET", "/self-service/recovery/api", &[])
            .await
            .json();
        let path = format!(
            "/self-service/recovery?flow={}",
            flow["id"].as_str().unwrap()
        );
        let asked = world
            .post(&path, &json!({"method": "code", "email": address}))
            .await;
        let tried = world
            .post(&path, &json!({"method": "code", "code": "x00000"}))
            .await;
        let shape = |value: &Value| value.to_string().replace(address, "ADDRESS").len();
        answers.push((
            asked.status,
            shape(&asked.json()["ui"]),
            tried.status,
            shape(&tried.json()["ui"]),
        ));
    }
    assert_eq!(answers.first(), answers.last());
}

#[tokio::test]
async fn strange_input_is_answered_and_never_a_failure_of_the_server() {
    let world = World::with(recovery()).await;
    for kind in ["recovery", "verification"] {
        for body in [
            json!({"method": "code", "email": "a\u{0}b@example.org"}),
            json!({"method": "code", "email": "\u{0}"}),
            json!({"method": "code", "email": {"a": [1, null]}}),
            json!({"method": ["code"], "email": 7}),
            json!({"method": "code", "code": "9".repeat(100_000)}),
            json!({"method": "link", "token": "\u{0}é"}),
            json!({"token": {"a": 1}}),
            json!({"method": "link", "email": "x".repeat(10_000)}),
            json!({"method": "code", "email": "user-1@example.org", "transient_payload": 3}),
            json!({"method": "code", "email": "\u{202e}@\u{202e}"}),
            json!({}),
        ] {
            let flow = world
                .public("GET", &format!("/self-service/{kind}/api"), &[])
                .await
                .json();
            let path = format!("/self-service/{kind}?flow={}", flow["id"].as_str().unwrap());
            let answer = world.post(&path, &body).await;
            assert!(
                answer.status.as_u16() < 500,
                "{kind} {body}: {}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn strange_choices_of_an_address_are_answered_as_well() {
    let mut settings = recovery();
    settings["feature_flags"]["choose_recovery_address"] = json!(true);
    let world = World::with(settings).await;
    somebody(&world).await;
    for body in [
        json!({"recovery_address": "\u{0}"}),
        json!({"recovery_address": {"a": [1]}}),
        json!({"recovery_address": "x".repeat(10_000)}),
        json!({"screen": "previous", "recovery_address": ["user-1@example.org"]}),
        json!({"recovery_address": "user-1@example.org", "code": "\u{0}"}),
    ] {
        let flow = world
            .public("GET", "/self-service/recovery/api", &[])
            .await
            .json();
        let path = format!(
            "/self-service/recovery?flow={}",
            flow["id"].as_str().unwrap()
        );
        for _ in 0..2 {
            let answer = world.post(&path, &body).await;
            assert!(answer.status.as_u16() < 500, "{body}: {}", answer.body);
        }
    }
}
