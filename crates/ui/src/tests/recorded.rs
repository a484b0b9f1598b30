//! The flows that the reference sent, as recorded for the wire tests.

use bia_model::flow::FlowKind;
use bia_model::ui::{Attributes, Ui};
use serde_json::Value;

use super::{forms, page};

/// Every `ui` in a recorded answer.
fn uis(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            if members.get("nodes").is_some_and(Value::is_array) && members.contains_key("action") {
                found.push(value.clone());
            }
            members.values().for_each(|member| uis(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| uis(item, found)),
        _ => {}
    }
}

/// Recorded script calls are kept as objects; the pages do not use them.
fn without_scripts(mut ui: Value) -> Value {
    for node in ui["nodes"].as_array_mut().unwrap() {
        let attributes = node["attributes"].as_object_mut().unwrap();
        attributes.remove("onclick");
        attributes.remove("onload");
        if attributes
            .get("nonce")
            .is_some_and(|nonce| !nonce.is_string())
        {
            attributes.insert("nonce".into(), "x".into());
        }
    }
    ui
}

fn kind(ui: &Ui) -> FlowKind {
    let path = ui.action.split('?').next().unwrap_or_default();
    FlowKind::ALL
        .into_iter()
        .find(|kind| path.ends_with(kind.as_str()))
        .unwrap_or(FlowKind::Verification)
}

fn recorded() -> Vec<(String, Ui)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/golden");
    let mut flows = Vec::new();
    for area in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(area.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let mut found = Vec::new();
            uis(
                &serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap(),
                &mut found,
            );
            for ui in found {
                let ui = serde_json::from_value(without_scripts(ui))
                    .unwrap_or_else(|e| panic!("{path:?}: {e}"));
                flows.push((path.display().to_string(), ui));
            }
        }
    }
    flows
}

fn shows(html: &str, attribute: &str, name: &str) -> bool {
    let escaped = name
        .replace('&', "&#38;")
        .replace('"', "&#34;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('\'', "&#39;");
    html.contains(&format!("{attribute}=\"{escaped}\""))
}

#[test]
fn every_recorded_flow_is_shown_whole() {
    let flows = recorded();
    assert!(flows.len() > 700, "only {} flows were found", flows.len());
    for (path, ui) in flows {
        let html = page(kind(&ui), &ui);
        for node in &ui.nodes {
            let told = match &node.attributes {
                Attributes::Input(input) => shows(&html, "name", &input.name) || ui.method == "GET",
                _ => shows(&html, "id", node.id()),
            };
            assert!(told, "{path}: {} is not shown in {html}", node.id());
        }
        let messages = ui
            .messages
            .iter()
            .chain(ui.nodes.iter().flat_map(|node| &node.messages));
        for message in messages {
            assert!(
                html.contains(&format!("ui/message/{}\"", message.id)),
                "{path}: {} is not told",
                message.id
            );
        }
    }
}

#[test]
fn no_form_of_a_recorded_flow_names_two_methods_at_once() {
    for (path, ui) in recorded() {
        for form in forms(&page(kind(&ui), &ui)) {
            let hidden = form
                .matches("<input type=\"hidden\" name=\"method\"")
                .count();
            let buttons = form.matches("name=\"method\" value=\"").count() - hidden;
            assert!(hidden == 0 || buttons <= 1, "{path}: {form}");
            assert!(
                ui.method == "GET"
                    || form.contains("name=\"csrf_token\"")
                    || ui.find("csrf_token").is_none(),
                "{path}"
            );
        }
    }
}
