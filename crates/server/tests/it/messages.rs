//! Which messages are written, to whom, and how many.

use bia_store::courier::{self, Message, MessagePage};
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, as_url, schema};

/// A phone number that codes go to, and a mail address that is only to be verified.
fn subscriber() -> String {
    let mut person = schema("phone");
    person["properties"]["traits"]["properties"] = json!({
        "phone": {"type": "string", "format": "tel", "ory.sh/kratos": {
            "credentials": {"code": {"identifier": true, "via": "sms"}}, "verification": {"via": "sms"}, "recovery": {"via": "sms"}}},
        "email": {"type": "string", "format": "email", "ory.sh/kratos": {
            "verification": {"via": "email"}, "recovery": {"via": "email"}}},
    });
    as_url(&person)
}

async fn world(more: Value) -> World {
    let mut settings = json!({
        "identity": {"schemas": [{"id": "default", "url": subscriber()}]},
        "selfservice": {
            "flows": {
                "recovery": {"enabled": true}, "verification": {"enabled": true},
                "registration": {"after": {"code": {"hooks": [{"hook": "session"}]}}},
            },
            "methods": {"code": {"enabled": true, "passwordless_enabled": true}},
        },
        "courier": {"message_retries": 0},
    });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    World::with(settings).await
}

async fn messages(world: &World) -> Vec<Message> {
    let mut conn = world.app.store.read().await.unwrap();
    let page = MessagePage {
        size: 200,
        ..MessagePage::default()
    };
    courier::list(&mut conn, &page).await.unwrap().items
}

async fn flow(world: &World, kind: &str) -> String {
    let path = format!("/self-service/{kind}/api");
    let made = world.public("GET", &path, &[]).await.json();
    format!("/self-service/{kind}?flow={}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn whoever_signs_up_by_text_message_gets_no_mail_as_well() {
    let world = world(json!({})).await;
    let traits = json!({"phone": "+49301230001", "email": "user-1@example.org"});
    let path = flow(&world, "registration").await;
    let asked = world
        .post(&path, &json!({"method": "code", "traits": traits}))
        .await;
    assert_eq!(asked.status, StatusCode::BAD_REQUEST, "{}", asked.body);
    let sent = messages(&world).await;
    let code = sent[0].body.split_whitespace().next().unwrap().to_owned();
    let done = world
        .post(
            &path,
            &json!({"method": "code", "traits": traits, "code": code}),
        )
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let told: Vec<(String, String)> = messages(&world)
        .await
        .into_iter()
        .map(|m| (m.recipient, m.template_type))
        .collect();
    assert_eq!(
        told,
        [(
            "+49301230001".to_owned(),
            "registration_code_valid".to_owned()
        )]
    );
    let addresses = done.json()["identity"]["verifiable_addresses"].clone();
    let state = |via: &str| {
        let all = addresses.as_array().unwrap();
        let one = all.iter().find(|a| a["via"] == via).unwrap();
        (
            one["verified"].as_bool().unwrap(),
            one["status"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(state("sms"), (true, "completed".to_owned()));
    assert_eq!(state("email"), (false, "pending".to_owned()));
}

#[tokio::test]
async fn nobody_can_flood_an_address_and_the_answers_do_not_tell() {
    let world = world(json!({"bia": {"abuse": {"messages_per_address": 5}}})).await;
    let somebody = json!({"schema_id": "default", "traits": {"email": "user-1@example.org"}});
    world
        .call("POST", "/admin/identities", somebody.to_string())
        .await;
    for _ in 0..3 {
        let path = flow(&world, "recovery").await;
        for _ in 0..4 {
            let asked = world
                .post(
                    &path,
                    &json!({"method": "code", "email": "user-1@example.org"}),
                )
                .await;
            assert_eq!(asked.status, StatusCode::OK);
            assert_eq!(asked.json()["ui"]["messages"][0]["id"], 1_060_003);
            world
                .post(
                    &path,
                    &json!({"method": "code", "email": "nobody@example.org"}),
                )
                .await;
        }
    }
    let sent = messages(&world).await;
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|m| m.recipient == "user-1@example.org"));
    world.app.clock.advance(time::Duration::minutes(61));
    let path = flow(&world, "recovery").await;
    world
        .post(
            &path,
            &json!({"method": "code", "email": "user-1@example.org"}),
        )
        .await;
    assert_eq!(messages(&world).await.len(), 6);
}

#[tokio::test]
async fn an_operator_has_a_message_sent_again() {
    let world = world(json!({})).await;
    let somebody = json!({"schema_id": "default", "traits": {"email": "user-1@example.org"}});
    world
        .call("POST", "/admin/identities", somebody.to_string())
        .await;
    let path = flow(&world, "recovery").await;
    world
        .post(
            &path,
            &json!({"method": "code", "email": "user-1@example.org"}),
        )
        .await;
    let id = messages(&world).await[0].id;
    let again = format!("/admin/bia/courier/messages/{id}/resend");
    let waiting = world.call("POST", &again, "").await;
    assert_eq!(waiting.status, StatusCode::CONFLICT, "{}", waiting.body);
    bia_server::courier::beside(&world.app)
        .work_once()
        .await
        .unwrap();
    assert_eq!(messages(&world).await[0].status, courier::Status::Abandoned);
    let sent = world.call("POST", &again, "").await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    assert_eq!(
        (&sent.json()["status"], &sent.json()["send_count"]),
        (&json!("queued"), &json!(0))
    );
    let unknown = "/admin/bia/courier/messages/0b5c1e2a-5f0e-4f54-8a55-3a1c6a9f0001/resend";
    assert_eq!(
        world.call("POST", unknown, "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn broken_templates_and_bodies_are_named_at_start() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let url = |text: &str| format!("base64://{}", STANDARD.encode(text));
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("login_code/valid");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join("sms.body.gotmpl"), "Code:\n{{ .LoginKode }}").unwrap();
    let world = world(json!({"courier": {
        "template_override_path": folder.path(),
        "templates": {"recovery_code": {"valid": {"email": {"subject": url("{{ .To"), "body": {"plaintext": url("{{ .RecoveryCode }}")}}}}},
        "channels": [{"id": "sms", "type": "http", "request_config": {"url": "http://127.0.0.1:9/", "body": url("function(ctx) {")}}],
    }}))
    .await;
    let findings = world.app.runtime.load().courier.findings().await;
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let has = |parts: &[&str]| {
        told.iter()
            .any(|text| parts.iter().all(|part| text.contains(part)))
    };
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(
        has(&[
            "courier.templates.recovery_code.valid.email.subject",
            "line 1"
        ]),
        "{told:#?}"
    );
    assert!(
        has(&["sms.body.gotmpl:2", "there is no variable .LoginKode"]),
        "{told:#?}"
    );
    assert!(
        has(&["courier.channels[0].request_config.body"]),
        "{told:#?}"
    );
}
