//! Recovery where many ask at the same time, and where they ask strangely.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, as_url, schema};

/// As many as there are connections to the database, and more.
const RIVALS: usize = 20;

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

/// A server whose database is a file, so that requests are served beside each other.
async fn shared() -> (Arc<World>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!("sqlite://{}", folder.path().join("bia.sqlite").display());
    (Arc::new(World::on(&dsn, recovery()).await), folder)
}

async fn somebody(world: &World) -> String {
    let body = json!({"schema_id": "default", "traits": {"email": "user-1@example.org"}});
    let made = world
        .call("POST", "/admin/identities", body.to_string())
        .await;
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn sessions_of(world: &World, identity: &str) -> usize {
    let path = format!("/admin/identities/{identity}/sessions");
    let listed = world.admin("GET", &path, &[]).await;
    listed.json().as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_redeem_one_code_at_the_same_time_one_gets_in() {
    let (world, _folder) = shared().await;
    let identity = somebody(&world).await;
    let asked = json!({"identity_id": identity, "flow_type": "api"});
    let made = world
        .call("POST", "/admin/recovery/code", asked.to_string())
        .await
        .json();
    let flow = made["recovery_link"]
        .as_str()
        .unwrap()
        .rsplit('=')
        .next()
        .unwrap()
        .to_owned();
    let rivals: Vec<_> = (0..RIVALS)
        .map(|_| {
            let (world, code) = (Arc::clone(&world), made["recovery_code"].clone());
            let path = format!("/self-service/recovery?flow={flow}");
            tokio::spawn(async move {
                world
                    .post(&path, &json!({"method": "code", "code": code}))
                    .await
                    .status
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for rival in rivals {
        statuses.push(rival.await.unwrap());
    }
    let let_in = statuses
        .iter()
        .filter(|status| **status == StatusCode::OK)
        .count();
    let refused = statuses
        .iter()
        .filter(|status| **status == StatusCode::BAD_REQUEST)
        .count();
    assert_eq!((let_in, refused), (1, RIVALS - 1), "{statuses:?}");
    assert_eq!(sessions_of(&world, &identity).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_follow_one_link_at_the_same_time_one_gets_in() {
    let (world, _folder) = shared().await;
    let identity = somebody(&world).await;
    let asked = json!({"identity_id": identity});
    let made = world
        .call("POST", "/admin/recovery/link", asked.to_string())
        .await;
    let link = made.json()["recovery_link"].as_str().unwrap().to_owned();
    let path = link
        .trim_start_matches("http://public.example.org")
        .to_owned();
    let rivals: Vec<_> = (0..RIVALS)
        .map(|_| {
            let (world, path) = (Arc::clone(&world), path.clone());
            tokio::spawn(async move { world.public("GET", &path, &[]).await })
        })
        .collect();
    let mut let_in = 0;
    for rival in rivals {
        let answer = rival.await.unwrap();
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let cookies = answer.headers.get_all("set-cookie");
        let_in += cookies
            .iter()
            .filter(|c| c.to_str().unwrap().starts_with("ory_kratos_session="))
            .count();
    }
    assert_eq!(let_in, 1);
    assert_eq!(sessions_of(&world, &identity).await, 1);
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
