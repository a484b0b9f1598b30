//! What can be said about a key without a configuration.

use serde_json::Value;

use super::{Key, Kind, nearest, root};

/// What the table of keys says about one key.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyInfo {
    /// The JSON type: `object`, `array`, `string`, `boolean`, `integer`, `number` or `any`.
    pub kind: &'static str,
    /// What it is without being set. Inside lists and maps nothing is filled in.
    pub default: Option<Value>,
    /// The texts that it takes, when they are a few.
    pub choices: Vec<String>,
    /// The form of its text, such as "a duration".
    pub form: Option<&'static str>,
    /// Whether the object that it stands in needs it.
    pub required: bool,
    /// The keys below it.
    pub children: Vec<String>,
}

/// Looks a key up by its path (`selfservice.flows.login.after.hooks[].hook`; an index in the brackets is fine).
///
/// # Errors
/// For a path that does not exist the path of the nearest key that does, if there is one.
pub fn describe(path: &str) -> Result<KeyInfo, Option<String>> {
    let mut key = root();
    let mut so_far = String::new();
    for part in path.split('.') {
        let (name, brackets) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        key = key
            .child(name)
            .ok_or_else(|| nearest(root(), key, &so_far, name))?;
        so_far = super::join(&so_far, name);
        for _ in brackets.matches('[') {
            key = key.element.as_deref().ok_or(None)?;
            so_far.push_str("[]");
        }
    }
    Ok(info(key))
}

/// The names of the keys at the top, in the order of the table.
pub fn top_level_keys() -> Vec<String> {
    root()
        .children
        .iter()
        .map(|(name, _)| name.clone())
        .collect()
}

/// The paths directly below `path`: keys, `[]` for the elements of a list, `*` for any key of a map. None for a path
/// that does not exist.
pub fn keys_below(path: &str) -> Vec<String> {
    let mut key = root();
    for part in path.split('.') {
        let (name, brackets) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        let Some(below) = key.child(name) else {
            return Vec::new();
        };
        key = below;
        for _ in brackets.matches('[') {
            let Some(element) = key.element.as_deref() else {
                return Vec::new();
            };
            key = element;
        }
    }
    let named = key.children.iter().map(|(name, _)| super::join(path, name));
    let element = key.element.iter().map(|_| format!("{path}[]"));
    let member = key.member.iter().map(|_| super::join(path, "*"));
    named.chain(element).chain(member).collect()
}

fn info(key: &Key) -> KeyInfo {
    KeyInfo {
        kind: match key.kind {
            Kind::Object => "object",
            Kind::Array => "array",
            Kind::String => "string",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Any => "any",
        },
        default: key.default.clone(),
        choices: key.choices.clone(),
        form: key.format.map(|format| format.description().0),
        required: key.required,
        children: key.children.iter().map(|(name, _)| name.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_can_be_looked_up_and_slips_lead_to_the_nearest() {
        let lifespan = describe("selfservice.flows.login.lifespan").unwrap();
        assert_eq!(
            (lifespan.kind, lifespan.form),
            ("string", Some("a duration"))
        );
        assert_eq!(lifespan.default, Some("1h".into()));
        let hook = describe("selfservice.flows.registration.after.password.hooks[0].hook").unwrap();
        assert!(hook.required && hook.choices.contains(&"session".to_owned()));
        assert_eq!(
            describe("courier.smtp.headers.X-Own").unwrap().kind,
            "string"
        );
        assert_eq!(describe("sesion.lifespan"), Err(Some("session".to_owned())));
        assert_eq!(describe("dsn[0]"), Err(None));
    }
}
