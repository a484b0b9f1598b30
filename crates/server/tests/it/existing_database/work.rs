//! What is read and written there goes on as before.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use http::StatusCode;
use serde_json::{Value, json};

use super::place::Filled;
use crate::client::Client;

pub(super) async fn only_tables_of_its_own_are_added(place: &Filled) {
    let taken = place.migrate().await;
    assert_eq!((taken[0].number, taken[0].name), (1, "reference"));
    assert!(place.migrate().await.is_empty());
    let world = place.world().await;
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    assert_eq!(all.as_array().unwrap().len(), 10);
}

pub(super) async fn messages_and_addresses_are_as_they_were(place: &Filled) {
    let world = place.world().await;
    let ann = world.whole(place.of(1)["id"].as_str().unwrap()).await;
    assert_eq!(
        ann["traits"],
        json!({"email": "user-1@example.org", "name": "Ann Ünder", "visits": 3})
    );
    assert_eq!(
        ann["metadata_public"],
        json!({"plan": "gold", "since": 2019.5, "tags": ["ä", null]})
    );
    assert_eq!(ann["metadata_admin"], json!({"note": "ring \"twice\""}));
    assert_eq!(ann["verifiable_addresses"][0]["verified"], true);
    assert_eq!(ann["verifiable_addresses"][0]["status"], "completed");
    let late = world.whole(place.of(9)["id"].as_str().unwrap()).await;
    assert_eq!(late["verifiable_addresses"][0]["verified"], false);
    let inactive = world.whole(place.of(8)["id"].as_str().unwrap()).await;
    assert_eq!(
        (&inactive["state"], &inactive["external_id"]),
        (&json!("inactive"), &json!("crm-8"))
    );

    let all = world
        .admin("GET", "/admin/courier/messages", &[])
        .await
        .json();
    let all = all.as_array().unwrap();
    let with = |status: &str| all.iter().filter(|m| m["status"] == status).count();
    assert_eq!((all.len(), with("sent"), with("queued")), (9, 8, 1));
    let waiting = all.iter().find(|m| m["status"] == "queued").unwrap();
    assert_eq!(waiting["recipient"], "user-9@example.org");
    assert_eq!(waiting["template_type"], "recovery_code_valid");
}

pub(super) async fn people_are_edited_and_sign_up(place: &Filled) {
    let world = place.world().await;
    let id = place.of(2)["id"].as_str();
    assert!(
        id.is_none(),
        "somebody with a second factor is edited by address"
    );
    let token = place.of(2)["token"].as_str().unwrap();
    let me = world
        .public("GET", "/sessions/whoami", &[("x-session-token", token)])
        .await
        .json();
    let path = format!(
        "/admin/identities/{}",
        me["identity"]["id"].as_str().unwrap()
    );
    let before = world.admin("GET", &path, &[]).await.json();
    let patch = json!([{"op": "add", "path": "/traits/name", "value": "Two"}]);
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let after = world.admin("GET", &path, &[]).await.json();
    assert_eq!(after["traits"]["name"], "Two");
    for kept in [
        "credentials",
        "verifiable_addresses",
        "recovery_addresses",
        "created_at",
    ] {
        assert_eq!(
            without_times(&after[kept]),
            without_times(&before[kept]),
            "{kept}"
        );
    }

    let mut browser = Client::browser(&world);
    let flow = browser.begin("registration", "").await;
    let body = json!({"method": "password", "password": "a-new-horse-battery-44", "traits": {"email": "user-11@example.org"}});
    let answer = browser.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(
        form_of(browser.cookie("ory_kratos_session")),
        form_of(place.of(1)["cookie"].as_str().unwrap())
    );
}

fn without_times(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "updated_at" && *name != "version")
            .map(|(name, member)| (name.clone(), without_times(member)))
            .collect(),
        Value::Array(items) => items.iter().map(without_times).collect(),
        other => other.clone(),
    }
}

/// What a cookie consists of: digits of a time, the length of what is sealed as far as it is fixed, that of its mark.
fn form_of(cookie: &str) -> (usize, bool, usize) {
    let bytes = URL_SAFE.decode(cookie).unwrap();
    let mut parts = bytes.splitn(3, |b| *b == b'|');
    let mut part = || parts.next().unwrap();
    let (time, sealed, mark) = (part(), part(), part());
    assert!(time.iter().all(u8::is_ascii_digit));
    (time.len(), URL_SAFE.decode(sealed).is_ok(), mark.len())
}
