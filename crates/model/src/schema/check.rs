//! What makes a JSON Schema an identity schema, beyond being one (spec/identity.md §2).

use jsonschema::Draft;
use serde_json::Value;

use super::extension::KEYWORD;

/// Formats that a trait with `verification` may have.
const VERIFIABLE_FORMATS: &[&str] = &["email", "tel", "date", "time", "date-time", "no-validate"];

/// The most sentences about one schema.
const MOST_PROBLEMS: usize = 20;

/// The draft that `$schema` names; draft-07 without it.
pub(super) fn draft(schema: &Value) -> Result<Draft, String> {
    let Some(named) = schema.get("$schema") else {
        return Ok(Draft::Draft7);
    };
    let name = named.as_str().unwrap_or_default().trim_end_matches('#');
    match name
        .strip_prefix("https://")
        .or_else(|| name.strip_prefix("http://"))
        .unwrap_or_default()
    {
        "json-schema.org/draft-07/schema" | "json-schema.org/schema" => Ok(Draft::Draft7),
        "json-schema.org/draft-06/schema" => Ok(Draft::Draft6),
        "json-schema.org/draft-04/schema" => Ok(Draft::Draft4),
        "json-schema.org/draft/2019-09/schema" => Ok(Draft::Draft201909),
        "json-schema.org/draft/2020-12/schema" => Ok(Draft::Draft202012),
        _ => Err(format!(
            "$schema names {named}, which is not known. Use \"http://json-schema.org/draft-07/schema#\"."
        )),
    }
}

/// The name under which the validator knows a draft.
pub(super) fn name_of(draft: Draft) -> &'static str {
    match draft {
        Draft::Draft4 => "http://json-schema.org/draft-04/schema#",
        Draft::Draft6 => "http://json-schema.org/draft-06/schema#",
        Draft::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
        Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        _ => "http://json-schema.org/draft-07/schema#",
    }
}

/// Whether it is a JSON Schema at all.
pub(super) fn against_draft(schema: &Value, problems: &mut Vec<String>) {
    match jsonschema::meta::validator_for(schema) {
        Ok(meta) => problems.extend(meta.iter_errors(schema).take(MOST_PROBLEMS).map(|error| {
            format!(
                "At #{} it is no valid JSON Schema: {error}.",
                error.instance_path().as_str()
            )
        })),
        Err(error) => problems.push(format!("It is no valid JSON Schema: {error}.")),
    }
}

/// Whether it describes traits.
pub(super) fn traits(schema: &Value, problems: &mut Vec<String>) {
    let Some(traits) = schema.pointer("/properties/traits") else {
        problems.push("The schema has no properties.traits. Describe the traits there, as an object with properties.".into());
        return;
    };
    if traits.get("type").is_some_and(|kind| kind != "object") {
        problems.push("At #/properties/traits/type \"object\" is expected.".into());
    }
    match traits.get("properties").and_then(Value::as_object) {
        Some(properties) if !properties.is_empty() => {
            for (name, property) in properties {
                verifiable_format(name, property, problems);
            }
        }
        _ => problems
            .push("At #/properties/traits/properties at least one trait is expected.".into()),
    }
}

fn verifiable_format(name: &str, property: &Value, problems: &mut Vec<String>) {
    if !property.is_object() {
        problems.push(format!(
            "At #/properties/traits/properties/{} an object is expected.",
            super::pointer::escape(name)
        ));
        return;
    }
    let verified = property
        .get(KEYWORD)
        .and_then(|extension| extension.get("verification"))
        .is_some();
    let format = property.get("format").and_then(Value::as_str);
    if let Some(format) = format.filter(|format| verified && !VERIFIABLE_FORMATS.contains(format)) {
        problems.push(format!(
            "The trait \"{name}\" is to be verified and has the format \"{format}\". Such a trait may have one of these: {}.",
            VERIFIABLE_FORMATS.join(", ")
        ));
    }
}
