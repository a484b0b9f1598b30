//! The pages of the API: every operation of a document, with its parameters, body and answers.

use std::fmt::Write as _;

use serde_json::Value;

use super::markdown::{cell, prose};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub(super) fn page(document: &Value, title: &str, path: &str) -> String {
    let said = text(&document["info"]["description"]);
    let mut page = format!(
        "# {title}\n\n{}\n\nThe whole document, with all schemas, is at `{path}` of the server (OpenAPI 3.1).\n\n",
        prose(said)
    );
    let tags = document["tags"].as_array();
    for tag in tags.into_iter().flatten() {
        let name = text(&tag["name"]);
        let _ = write!(
            page,
            "## {name}\n\n{}\n\n",
            prose(text(&tag["description"]))
        );
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                if let Some(operation) = item.get(method).filter(|o| has_tag(o, name)) {
                    page.push_str(&one(document, (method, path), item, operation));
                }
            }
        }
    }
    page
}

fn has_tag(operation: &Value, name: &str) -> bool {
    operation["tags"].get(0).and_then(Value::as_str) == Some(name)
}

fn one(document: &Value, (method, path): (&str, &str), item: &Value, operation: &Value) -> String {
    let mut shown = format!(
        "### {} {path}\n\n{}\n\n{}\n\n",
        method.to_uppercase(),
        prose(text(&operation["summary"])),
        prose(text(&operation["description"])),
    );
    let parameters = [&item["parameters"], &operation["parameters"]];
    let parameters: Vec<&Value> = parameters
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|parameter| resolved(document, parameter))
        .collect();
    if !parameters.is_empty() {
        shown.push_str("| Parameter | In | Type | |\n|---|---|---|---|\n");
    }
    for parameter in parameters {
        let _ = writeln!(
            shown,
            "| `{}` | {} | {} | {} |",
            text(&parameter["name"]),
            text(&parameter["in"]),
            cell(&kind(&parameter["schema"])),
            cell(text(&parameter["description"])),
        );
    }
    let body = resolved(document, &operation["requestBody"]);
    if let Some(content) = body["content"].as_object() {
        let forms: Vec<String> = content
            .iter()
            .map(|(kind_of, said)| format!("`{kind_of}`: {}", cell(&kind(&said["schema"]))))
            .collect();
        let _ = write!(shown, "\nBody: {}\n", forms.join("; "));
    }
    shown.push_str("\n| Status | Answer | Content |\n|---|---|---|\n");
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let answer = resolved(document, answer);
        let content = answer["content"]
            .as_object()
            .and_then(|content| content.values().next());
        let content = content.map_or_else(String::new, |said| cell(&kind(&said["schema"])));
        let _ = writeln!(
            shown,
            "| {status} | {} | {content} |",
            cell(text(&answer["description"]))
        );
    }
    shown.push('\n');
    shown
}

/// What a reference stands for.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

/// A schema in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return format!("`{}`", name.rsplit('/').next().unwrap_or(name));
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", kind(items));
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(all) = schema.get(several).and_then(Value::as_array) {
            return all.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let shown = choices
            .iter()
            .filter_map(Value::as_str)
            .filter(|choice| !choice.is_empty());
        return shown
            .map(|choice| format!("`{choice}`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let name = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    };
    match schema.get("format").and_then(Value::as_str) {
        Some(format) => format!("{name} ({format})"),
        None => name,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
