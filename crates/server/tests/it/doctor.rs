//! `bia doctor` on databases and servers.

use std::process::Command;

use bia_config::Sources;
use bia_server::doctor::{database, examine};
use serde_json::{Value, json};

use crate::running::Running;
use crate::world::{World, as_url, settings};

fn schema(traits: Value, required: &[&str]) -> Value {
    as_url(&json!({
        "$id": "https://example.org/person.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": traits, "required": required}},
    }))
    .into()
}

fn text(marks: Value) -> Value {
    json!({"type": "string", "ory.sh/kratos": marks})
}

fn with_schema(schema: &Value) -> Value {
    json!({"identity": {"schemas": [{"id": "default", "url": schema}]}})
}

#[tokio::test]
async fn identities_that_a_schema_has_left_behind_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!(
        "sqlite://{}/db.sqlite?_fk=true&mode=rwc",
        folder.path().display()
    );
    let login = json!({"credentials": {"password": {"identifier": true}}});
    let before = schema(
        json!({"nick": text(login.clone()), "email": text(login.clone())}),
        &[],
    );
    let world = World::on(&dsn, with_schema(&before)).await;
    for n in 0..3 {
        let identity = json!({
            "schema_id": "default",
            "traits": {"nick": format!("nick-{n}"), "email": format!("user-{n}@example.org")},
            "credentials": {"password": {"config": {"password": "correct-horse-battery-42"}}},
        });
        world.create(&identity).await;
    }
    let looked = async |schema: &Value| {
        let mut settings = settings(with_schema(schema));
        settings["dsn"] = json!(dsn);
        let sources = Sources {
            built_in: Some(settings.into()),
            ..Sources::default()
        };
        let examined = examine(&sources).await;
        let findings = database::look(&examined.case.unwrap()).await.findings;
        let told = findings.into_iter().map(|found| (found.rule, found.what));
        told.collect::<Vec<_>>()
    };
    assert_eq!(looked(&before).await, []);
    let after = schema(
        json!({"nick": {"type": "string"}, "email": text(login), "name": {"type": "string"}}),
        &["email", "name"],
    );
    let told = looked(&after).await;
    let rules: Vec<&str> = told.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(
        rules,
        [
            "identities.required_trait",
            "identities.orphaned_identifier"
        ],
        "{told:?}"
    );
    assert!(
        told.iter()
            .all(|(_, what)| what.starts_with("3 identities")),
        "{told:?}"
    );
    assert!(told[0].1.contains("traits.name"), "{told:?}");
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let mut conn = world.app.store.write().await.unwrap();
    conn.execute(
        "UPDATE identities SET traits = $1 WHERE traits LIKE '%nick-1%'",
        bia_store::args![deep.as_str()],
    )
    .await
    .unwrap();
    drop(conn);
    let told = looked(&before).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "identities.unreadable");
    let what = &told[0].1;
    assert!(what.contains("table identities, column traits"), "{what}");
}

#[test]
fn an_address_that_the_server_does_not_know_of_is_found_through_the_proxy() {
    let running = Running::start(json!({}));
    let probe = format!("http://127.0.0.1:{}/", running.public);
    let told = probed(&running, &probe);
    let findings = told["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|found| found["rule"] == "probe.base_url");
    let found = found.unwrap_or_else(|| panic!("{told:#}"));
    assert!(
        found["place"].as_str().unwrap().starts_with("bia.json"),
        "{found}"
    );
    assert!(
        found["what"]
            .as_str()
            .unwrap()
            .contains("http://public.example.org"),
        "{found}"
    );
    assert!(
        found["snippet"].as_str().unwrap().contains(&probe),
        "{found}"
    );
}

/// What the doctor tells who asks through `url`.
fn probed(running: &Running, url: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_bia"))
        .args([
            "doctor", "-c", "bia.json", "--format", "json", "--probe", url,
        ])
        .current_dir(running.folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_prefix_that_the_proxy_leaves_on_and_a_proxy_that_is_not_there_are_found() {
    let running = Running::start(json!({}));
    let base = format!("http://127.0.0.1:{}", running.public);
    for (url, rule, words) in [
        (
            format!("{base}/identity/"),
            "probe.path_prefix",
            "take the prefix /identity away",
        ),
        (
            "http://127.0.0.1:9/".to_owned(),
            "probe.unreachable",
            "Check name, port",
        ),
    ] {
        let told = probed(&running, &url);
        let probes: Vec<&Value> = told["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|found| {
                found["rule"]
                    .as_str()
                    .is_some_and(|rule| rule.starts_with("probe."))
            })
            .collect();
        let [found] = probes[..] else {
            panic!("{told:#}");
        };
        assert_eq!(found["rule"], rule);
        assert!(found.to_string().contains(words), "{found}");
    }
}
