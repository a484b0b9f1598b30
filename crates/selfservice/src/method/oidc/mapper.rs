//! From claims to an identity: the operator's Jsonnet (spec: oidc.md §2).

use bia_config::section::oidc::OidcProvider;
use bia_jsonnet::{Input, JsonnetError};
use bia_model::{Channel, Identity};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::claims::Claims;
use crate::cx::Cx;
use crate::problem::Problem;

/// What a mapper made.
pub(super) struct Mapped {
    pub(super) traits: Map<String, Value>,
    pub(super) metadata_public: Option<Value>,
    pub(super) metadata_admin: Option<Value>,
    verified: Vec<(Channel, String)>,
}

/// Runs a provider's mapper. `current` is the identity that there is already.
///
/// # Errors
/// [`Problem::Misconfigured`] or [`Problem::Internal`] where the mapper is to blame, [`Problem::BadRequest`] where it
/// lists verified addresses that are none.
pub(super) async fn map(
    cx: &Cx,
    provider: &OidcProvider,
    claims: &Claims,
    current: Option<&Identity>,
) -> Result<Mapped, Problem> {
    let output = run(cx, provider, claims, current).await.map_err(|error| {
        tracing::error!(provider = provider.id, %error, "a mapper of claims failed");
        Problem::Misconfigured(format!(
            "The mapper of the provider {:?} failed.",
            provider.id
        ))
    })?;
    read(&output)
}

/// What a provider's mapper makes of the claims.
pub(super) async fn run(
    cx: &Cx,
    provider: &OidcProvider,
    claims: &Claims,
    current: Option<&Identity>,
) -> Result<Value, JsonnetError> {
    let input = Input::default()
        .with_ext("claims", claims.to_json())
        .with_ext("identity", seen(current));
    let snippets = &cx.app.jsonnet;
    snippets.evaluate_at(&provider.mapper_url, input).await
}

fn seen(current: Option<&Identity>) -> Value {
    let or_empty = |value: Option<&Value>| {
        value
            .filter(|v| !v.is_null())
            .cloned()
            .unwrap_or_else(|| json!({}))
    };
    json!({
        "traits": or_empty(current.map(|i| &i.traits)),
        "metadata_public": or_empty(current.and_then(|i| i.metadata_public.as_ref())),
        "metadata_admin": or_empty(current.and_then(|i| i.metadata_admin.as_ref())),
    })
}

/// Reads what a mapper made.
pub(super) fn read(output: &Value) -> Result<Mapped, Problem> {
    let part = |name: &str| output.get("identity").and_then(|i| i.get(name));
    let Some(Value::Object(traits)) = part("traits") else {
        return Err(Problem::Internal(
            "a mapper gave no object identity.traits".into(),
        ));
    };
    let metadata = |name: &str| match part(name) {
        None => Ok(None),
        Some(object @ Value::Object(_)) => Ok(Some(object.clone())),
        Some(_) => Err(Problem::Misconfigured(format!(
            "The mapper's identity.{name} is not an object."
        ))),
    };
    Ok(Mapped {
        metadata_public: metadata("metadata_public")?,
        metadata_admin: metadata("metadata_admin")?,
        verified: verified(part("verified_addresses"))?,
        traits: traits.clone(),
    })
}

fn verified(list: Option<&Value>) -> Result<Vec<(Channel, String)>, Problem> {
    let wrong = || {
        Problem::BadRequest(
            "What the provider says about verified addresses cannot be used: it is not a list of addresses.".into(),
        )
    };
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let one = |entry: &Value| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let via = Channel::parse(text("via")?)?;
        let value = text("value")?.trim();
        Some((
            via,
            if via == Channel::Email {
                value.to_lowercase()
            } else {
                value.to_owned()
            },
        ))
    };
    let list = list.as_array().ok_or_else(wrong)?;
    list.iter()
        .map(|entry| one(entry).ok_or_else(wrong))
        .collect()
}

impl Mapped {
    /// Marks the identity's addresses that the provider has verified.
    pub(super) fn verify(&self, identity: &mut Identity, now: OffsetDateTime) {
        for address in &mut identity.verifiable_addresses {
            let is_this =
                |(via, value): &(Channel, String)| *via == address.via && *value == address.value;
            if !address.verified && self.verified.iter().any(is_this) {
                address.verify(now);
            }
        }
    }
}

/// `over` laid over `base`: members of objects one by one, everything else as a whole.
pub(super) fn overlay(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (name, value) in over {
        match (base.get_mut(name), value) {
            (Some(Value::Object(base)), Value::Object(over)) => overlay(base, over),
            // An object that a form made for a group of empty fields says nothing; the reference keeps it all the same.
            (Some(_), Value::Object(over)) if over.is_empty() => {}
            _ => {
                base.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_was_typed_is_laid_over_what_was_mapped() {
        let mut base =
            object(json!({"email": "a@example.org", "name": {"first": "Ada", "last": "Lovelace"}}));
        overlay(
            &mut base,
            &object(json!({"name": {"first": "Augusta"}, "age": 36, "address": {}})),
        );
        let expected = json!({"email": "a@example.org", "name": {"first": "Augusta", "last": "Lovelace"}, "age": 36, "address": {}});
        assert_eq!(Value::Object(base), expected);
    }

    #[test]
    fn each_part_has_to_be_of_its_kind() {
        let with = |more: Value| {
            let mut identity = object(json!({"traits": {}}));
            identity.extend(object(more));
            read(&json!({ "identity": identity }))
        };
        assert!(with(json!({})).is_ok());
        assert!(matches!(
            read(&json!({"identity": {}})),
            Err(Problem::Internal(_))
        ));
        assert!(matches!(
            with(json!({"traits": ["a"]})),
            Err(Problem::Internal(_))
        ));
        assert!(matches!(
            with(json!({"metadata_admin": "text"})),
            Err(Problem::Misconfigured(_))
        ));
        for list in [
            json!("text"),
            json!([{"via": "email"}]),
            json!([{"via": "pigeon", "value": "x"}]),
        ] {
            assert!(matches!(
                with(json!({"verified_addresses": list})),
                Err(Problem::BadRequest(_))
            ));
        }
        let mapped = with(
            json!({"verified_addresses": [{"via": "email", "value": " User-1@Example.org "}]}),
        )
        .unwrap();
        assert_eq!(
            mapped.verified,
            [(Channel::Email, "user-1@example.org".to_owned())]
        );
    }
}
