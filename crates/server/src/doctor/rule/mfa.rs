//! Rules of `bia.mfa` that are about others than their author meant, or about nobody.

use bia_model::schema::Condition;
use serde_json::{Map, Value, json};

use super::{Case, Diagnosis};

/// The rules' conditions as somebody wrote them.
fn conditions(case: &Case) -> impl Iterator<Item = (usize, &Value)> {
    let rules = case.written_list("bia.mfa.rules").iter().enumerate();
    rules.filter_map(|(index, rule)| Some((index, rule.get("when")?)))
}

fn key(index: usize) -> String {
    format!("bia.mfa.rules[{index}].when")
}

/// A condition, and those that it is put together of.
fn parts(when: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["allOf", "anyOf"].into_iter();
    let inner = lists
        .filter_map(|word| when.get(word)?.as_array())
        .flatten();
    std::iter::once(when).chain(inner)
}

/// What a condition asks of a member of an identity's JSON.
fn about<'w>(part: &'w Value, member: &str) -> Option<&'w Value> {
    part.get("properties")?.get(member)
}

fn snippet(when: &Value) -> String {
    format!("bia:\n  mfa:\n    rules:\n      - when: {when}\n        require: required")
}

/// Conditions on traits or metadata that whoever has none of them fits too: JSON Schema looks at properties only where
/// they are.
pub(super) fn fits_those_without(case: &Case) -> Vec<Diagnosis> {
    let members = ["traits", "metadata_public", "metadata_admin"];
    let wrong = |(index, when): (usize, &Value)| {
        let asked =
            parts(when).flat_map(|part| members.map(|member| (member, about(part, member))));
        let (what, member, schema) = asked
            .filter_map(|(member, schema)| Some((member, schema?)))
            .find_map(|(member, schema)| Some((lets_in(member, schema)?, member, schema)))?;
        let found = case.found("mfa.fits_those_without", &key(index), what);
        let mend = "Say that it is an object, and which members it has to have.";
        let strict = json!({"properties": {member: strict(schema)}});
        Some(
            found
                .why("Properties of a JSON Schema are looked at only where they are. The rule is about people whom nobody meant.")
                .mend(mend, snippet(&strict)),
        )
    };
    conditions(case).filter_map(wrong).collect()
}

/// Whom a condition on a member lets in besides, as a sentence.
fn lets_in(member: &str, schema: &Value) -> Option<String> {
    let asks = |word: &str| match schema.get(word) {
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        _ => false,
    };
    let fits = |value: Value| Condition::compile(schema).is_ok_and(|it| it.holds(&value));
    let may_be_null = member != "traits" && schema.get("type").is_none();
    if may_be_null && (asks("properties") || asks("required")) && fits(Value::Null) {
        return Some(format!(
            "Everybody without {member} fits this condition as well: it is null there, and the condition does not ask for an object."
        ));
    }
    let wanted = wanted(schema);
    (!wanted.is_empty() && fits(json!({}))).then(|| {
        format!(
            "Whoever lacks {} in their {member} fits this condition as well: it is not required.",
            wanted.join(" and ")
        )
    })
}

/// The properties that have to have a certain value.
fn wanted(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let certain = |value: &Value| {
        ["const", "enum", "pattern"]
            .iter()
            .any(|word| value.get(word).is_some())
    };
    let properties = properties.into_iter().flatten();
    properties
        .filter(|(_, value)| certain(value))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The same for nobody but those who have it.
fn strict(schema: &Value) -> Value {
    let mut strict = Map::new();
    strict.insert("type".into(), "object".into());
    strict.extend(schema.as_object().cloned().unwrap_or_default());
    let wanted = wanted(schema);
    if !wanted.is_empty() {
        strict.insert("required".into(), json!(wanted));
    }
    Value::Object(strict)
}

/// Conditions on a schema that no identity can have.
pub(super) fn about_an_unknown_schema(case: &Case) -> Vec<Diagnosis> {
    let known = |name: &str| case.schemas.iter().any(|(id, _)| id == name);
    let wrong = |(index, when): (usize, &Value)| {
        let named = parts(when).filter_map(|part| names(about(part, "schema_id")?));
        let names = named
            .into_iter()
            .find(|names| !names.iter().any(|name| known(name)))?;
        let what = format!("No identity schema is called {}.", names.join(" or "));
        let found = case.found("mfa.unknown_schema", &key(index), what);
        let first = case.schemas.first().map_or("person", |(id, _)| id.as_str());
        let right = json!({"properties": {"schema_id": {"const": first}}});
        Some(
            found
                .why("The rule is about nobody, so that those whom it was made for need no second factor.")
                .mend("Write the id of a schema in identity.schemas.", snippet(&right)),
        )
    };
    conditions(case).filter_map(wrong).collect()
}

/// The only values that a schema lets a text have.
fn names(schema: &Value) -> Option<Vec<&str>> {
    let all = match (schema.get("const"), schema.get("enum")) {
        (Some(one), _) => vec![one.as_str()?],
        (None, Some(Value::Array(list))) => list.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    (!all.is_empty()).then_some(all)
}

/// Rules behind one that is about everybody.
pub(super) fn never_reached(case: &Case) -> Vec<Diagnosis> {
    const SAYS_NOTHING: [&str; 5] = ["$schema", "$id", "$comment", "title", "description"];
    let everybody = |when: &Value| {
        let mut words = when.as_object().into_iter().flat_map(Map::keys);
        words.all(|word| SAYS_NOTHING.contains(&word.as_str()))
    };
    let mut all = conditions(case);
    let Some((first, _)) = all.find(|(_, when)| everybody(when)) else {
        return Vec::new();
    };
    let behind = all.next().map(|(index, _)| {
        let what = format!("The rule is never reached: bia.mfa.rules[{first}] is about everybody.");
        case.found(
            "mfa.never_reached",
            &format!("bia.mfa.rules[{index}]"),
            what,
        )
        .why("The first rule that fits counts, so that what this one asks is asked of nobody.")
        .mend(
            "Put the rule for everybody last, or write it as the default.",
            "bia:\n  mfa:\n    default: required",
        )
    });
    behind.into_iter().collect()
}
