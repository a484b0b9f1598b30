//! The table of keys against the reference's.

use bia_config::Config;
use serde_json::{Map, Value, json};

use crate::{kit_base, with};

struct Row<'a> {
    path: &'a str,
    kind: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    include_str!("../fixtures/reference-keys.tsv")
        .lines()
        .skip(1)
        .map(|line| {
            let mut columns = line.split('\t');
            Row {
                path: columns.next().unwrap(),
                kind: columns.next().unwrap(),
            }
        })
        .collect()
}

/// A value of another type than the row's.
fn wrong(kind: &str) -> Value {
    match kind {
        "array" | "object" => json!(17),
        _ => json!([{}]),
    }
}

/// `a.b[].*.c` with `value` at its end; what a hook or a credential needs to know its kind is added.
fn tree(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |below, part| {
        let name = part.trim_end_matches("[]");
        let lists = (part.len() - name.len()) / 2;
        let wrapped = (0..lists).fold(below, |below, _| json!([below]));
        let name = match name {
            "*" => "any-name",
            "{userinfo,id_token}" => "userinfo",
            name => name,
        };
        Value::Object(Map::from_iter([(name.to_owned(), wrapped)]))
    })
}

/// The path as a finding names it.
fn named(path: &str) -> String {
    path.replace("[]", "[0]")
        .replace('*', "any-name")
        .replace("{userinfo,id_token}", "userinfo")
}

/// In a hook and in credentials, one key decides which others there are.
fn with_kind(path: &str, mut config: Value) -> Value {
    let set = |config: &mut Value, at: &str, key: &str, kind: &str| {
        let pointer = format!("/{}", named(at).replace("[0]", "/0").replace('.', "/"));
        if let Some(Value::Object(object)) = config.pointer_mut(&pointer) {
            object.entry(key).or_insert(json!(kind));
        }
    };
    if let Some(at) = path.find(".hooks[].") {
        let hook = if path.ends_with(".recipients") {
            "notify_previous_addresses"
        } else {
            "web_hook"
        };
        set(&mut config, &path[..at + ".hooks[]".len()], "hook", hook);
    }
    if let Some(at) = path.find(".auth.config.") {
        let kind = if path.ends_with(".user") || path.ends_with(".password") {
            "basic_auth"
        } else {
            "api_key"
        };
        set(&mut config, &path[..at + ".auth".len()], "type", kind);
    }
    config
}

#[test]
fn every_key_of_the_reference_is_known_with_its_type() {
    let rows = rows();
    assert_eq!(rows.len(), 1211);
    for row in rows.iter().filter(|row| row.kind != "any") {
        let config = with(
            kit_base(),
            with_kind(row.path, tree(row.path, wrong(row.kind))),
        );
        let findings = Config::from_json(config).expect_err(row.path);
        let path = named(row.path);
        let about: Vec<String> = findings
            .iter()
            .filter(|f| f.key == path)
            .map(ToString::to_string)
            .collect();
        assert!(
            about.iter().any(|text| text.contains("but the key takes")),
            "{path}: {about:?}\n{findings}"
        );
        assert!(
            !findings.to_string().contains("no such key"),
            "{path}: {findings}"
        );
    }
}

#[test]
fn keys_of_any_type_are_known() {
    for row in rows().iter().filter(|row| row.kind == "any") {
        let config = with(kit_base(), tree(row.path, json!("free")));
        if let Err(findings) = Config::from_json(config) {
            assert!(
                !findings.to_string().contains("no such key"),
                "{}: {findings}",
                row.path
            );
        }
    }
}
