//! The vendors that no recorded scenario shows, since the reference calls them past every proxy: how each logs somebody
//! in, by the answers of its documentation (`answers.json`). The others are in the scenarios of `oidc_vendors` and
//! `oidc_providers`.
//!
//! Their sites are played by a proxy that answers for them. Proxies are configured by the environment, so each story is
//! told in a process of its own.

mod web;

use std::process::Command;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::client::{Client, parameter};
use crate::world::{World, as_url};
use web::Web;

/// Which vendor the process at hand tells of.
const TOLD: &str = "VENDOR_THAT_IS_TOLD_OF";

fn answers() -> Map<String, Value> {
    serde_json::from_str(include_str!("answers.json")).unwrap()
}

#[tokio::test]
async fn each_vendor_logs_somebody_in_by_the_answers_of_its_documentation() {
    for (name, vendor) in answers() {
        let web = Web::start(vendor["sites"].as_object().unwrap().clone()).await;
        let program = std::env::current_exe().unwrap();
        let story = tokio::task::spawn_blocking({
            let (proxy, name) = (web.proxy.clone(), name.clone());
            move || {
                Command::new(program)
                    .args([
                        "--exact",
                        "vendors::one_vendor_logs_somebody_in",
                        "--ignored",
                        "--nocapture",
                    ])
                    .env_remove("NO_PROXY")
                    .envs([("HTTPS_PROXY", proxy.as_str()), (TOLD, &name)])
                    .env(
                        "SSL_CERT_FILE",
                        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/vendors/ca.pem"),
                    )
                    .output()
                    .unwrap()
            }
        });
        let told = story.await.unwrap();
        let said = String::from_utf8_lossy(&told.stdout) + String::from_utf8_lossy(&told.stderr);
        assert!(
            told.status.success() && said.contains("1 passed"),
            "{name}: {said}"
        );
        for (site, words) in vendor["sent"].as_object().unwrap() {
            let calls = web.calls(site);
            assert_eq!(
                calls.len(),
                2,
                "{name}: {site} is asked once at sign-up and once at login"
            );
            for word in words.as_array().unwrap() {
                let word = word.as_str().unwrap();
                assert!(
                    calls.iter().all(|call| call.contains(word)),
                    "{name}, {site}: {word} in {calls:?}"
                );
            }
        }
    }
}

fn settings(name: &str) -> Value {
    let mapper = "local c = std.extVar('claims'); {identity: {traits: {email: c.email}, metadata_public: \
        {[k]: c[k] for k in std.objectFields(c) if k != 'raw_claims'}}}";
    let entry = json!({
        "id": "acme", "provider": name, "client_id": "client-1", "client_secret": "secret-1",
        "mapper_url": format!("base64://{}", STANDARD.encode(mapper)), "scope": ["email"],
    });
    let schema = json!({"$id": "https://example.org/p.json", "type": "object", "properties": {"traits": {
        "type": "object", "properties": {"email": {"type": "string"}},
    }}});
    json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]},
        "selfservice": {
            "methods": {"oidc": {"enabled": true, "config": {"providers": [entry]}}},
            "flows": {"registration": {"after": {"oidc": {"hooks": [{"hook": "session"}]}}}},
        },
    })
}

#[tokio::test]
#[ignore = "it is told by a process that has a proxy"]
async fn one_vendor_logs_somebody_in() {
    let name = std::env::var(TOLD).unwrap();
    let vendor = answers()[&name].clone();
    let world = World::with(settings(&name)).await;
    // The first time signs up, the second time signs in.
    for _ in 0..2 {
        let mut browser = Client::browser(&world);
        let flow = browser.begin("login", "").await;
        let away = browser
            .submit(&flow, json!({"method": "oidc", "provider": "acme"}))
            .await;
        let to = away.header("location").unwrap().to_owned();
        assert!(
            to.starts_with(&format!("{}?", vendor["authorize"].as_str().unwrap())),
            "{to}"
        );
        let state = parameter(&to, "state").unwrap();
        let back = parameter(&to, "redirect_uri").unwrap();
        let mut back = url::Url::parse(&back).unwrap();
        back.query_pairs_mut().append_pair("state", &state);
        for (key, value) in vendor["callback"].as_object().unwrap() {
            back.query_pairs_mut()
                .append_pair(key, value.as_str().unwrap());
        }
        let answer = browser.get(back.as_str()).await;
        let session = browser.json("/sessions/whoami").await;
        assert_eq!(
            session["authentication_methods"][0]["method"], "oidc",
            "{answer:?}"
        );
        for (claim, value) in vendor["claims"].as_object().unwrap() {
            assert_eq!(
                &session["identity"]["metadata_public"][claim], value,
                "{claim}"
            );
        }
    }
    let all = world
        .admin("GET", "/admin/identities?include_credential=oidc", &[])
        .await
        .json();
    let identifier = format!("acme:{}", vendor["identifier"].as_str().unwrap());
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(
        all[0]["credentials"]["oidc"]["identifiers"],
        json!([identifier])
    );
}
