//! Texts from templates and facts.

use serde_json::{Map, Value};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::Message;

/// A template with its `{name}` placeholders filled, first from `extra`, then from `context`.
///
/// One pass: braces in a value are never taken for a placeholder. An unknown placeholder stays as
/// it is, so that a mistake in a translation is seen.
pub fn fill(template: &str, context: &Map<String, Value>, extra: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let found = after
            .split_once('}')
            .and_then(|(name, tail)| value_of(name, context, extra).map(|value| (value, tail)));
        match found {
            Some((value, tail)) => {
                text.push_str(&value);
                rest = tail;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn value_of(name: &str, context: &Map<String, Value>, extra: &[(&str, &str)]) -> Option<String> {
    let derived = extra
        .iter()
        .find(|(key, _)| *key == name)
        .map(|(_, text)| (*text).to_owned());
    derived.or_else(|| context.get(name).map(plain))
}

/// A JSON value as people read it: a list with commas, a string without quotation marks.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A time as the context of a message has it: RFC 3339 in UTC, without trailing zeros.
pub(super) fn rfc3339(at: OffsetDateTime) -> String {
    let text = at.to_offset(UtcOffset::UTC).format(&Rfc3339);
    // Only a year outside 0..=9999 has no RFC 3339 form; the seconds are then still right.
    text.unwrap_or_else(|_| at.unix_timestamp().to_string())
}

/// Messages as values of another message's context.
pub(super) fn as_values(messages: &[Message]) -> Vec<Value> {
    messages
        .iter()
        .map(|message| serde_json::to_value(message).unwrap_or_default())
        .collect()
}

/// The backup codes as one text; a used one shows only that it was used.
pub(super) fn lookup_codes(secrets: &[Message]) -> String {
    let code = |message: &Message| {
        let secret = message
            .context
            .as_ref()
            .and_then(|context| context.get("secret"));
        secret.map_or_else(|| "used".to_owned(), plain)
    };
    secrets.iter().map(code).collect::<Vec<_>>().join(", ")
}

/// The ways into an account, by credential type and provider, as the end of "Sign in to it …".
pub(super) fn ways_in(types: &[String], providers: &[String]) -> String {
    let mut ways: Vec<String> = types
        .iter()
        .filter_map(|kind| match kind.as_str() {
            "password" => Some("with your password"),
            "code" => Some("with a code that we send you"),
            "webauthn" => Some("with your security key"),
            "passkey" => Some("with your passkey"),
            "oidc" | "saml" if providers.is_empty() => Some("with the account you linked to it"),
            _ => None,
        })
        .map(str::to_owned)
        .collect();
    ways.extend(
        providers
            .iter()
            .map(|provider| format!("with {}", capitalized(provider))),
    );
    match ways.pop() {
        None => "as you did before".to_owned(),
        Some(only) if ways.is_empty() => only,
        Some(last) => format!("{} or {last}", ways.join(", ")),
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
