//! By which names the data of a message is known: in JSON, and in templates.

use std::collections::BTreeMap;

use bia_model::Channel;
use gotmpl::Value;

use super::{Template, TemplateKind};
use crate::gotmpl::structure::structure;
use crate::gotmpl::value::{from_json, map};

/// A name in JSON and the one in templates.
type Name = (&'static str, &'static str);

/// The variable of the headers of the request that caused a message; not part of its data.
const HEADERS: &str = "UserRequestHeaders";

const TO: Name = ("to", "To");
const IDENTITY: Name = ("identity", "Identity");
const REQUEST_URL: Name = ("request_url", "RequestURL");
const DOMAIN: Name = ("request_url_domain", "RequestURLDomain");
const PAYLOAD: Name = ("transient_payload", "TransientPayload");
const MINUTES: Name = ("expires_in_minutes", "ExpiresInMinutes");
const OAUTH2: Name = ("oauth2_login_request", "OAuth2LoginRequest");

/// The variables of a kind of message (spec courier.md §5.1).
fn names(kind: TemplateKind, via: Channel) -> Vec<Name> {
    use TemplateKind as K;
    let by_sms = via == Channel::Sms;
    let own: &[Name] = match kind {
        K::RecoveryValid => &[("recovery_url", "RecoveryURL"), IDENTITY, MINUTES],
        // The reference's slip, kept because bodies of HTTP deliveries read it.
        K::RecoveryCodeValid if by_sms => {
            &[("verification_code", "RecoveryCode"), IDENTITY, MINUTES]
        }
        K::RecoveryCodeValid => &[("recovery_code", "RecoveryCode"), IDENTITY, MINUTES],
        K::VerificationValid => &[
            ("verification_url", "VerificationURL"),
            IDENTITY,
            MINUTES,
            OAUTH2,
        ],
        K::VerificationCodeValid if by_sms => &[
            ("verification_code", "VerificationCode"),
            IDENTITY,
            MINUTES,
            OAUTH2,
        ],
        K::VerificationCodeValid => &[
            ("verification_code", "VerificationCode"),
            ("verification_url", "VerificationURL"),
            IDENTITY,
            MINUTES,
            OAUTH2,
        ],
        K::LoginCodeValid => &[("login_code", "LoginCode"), IDENTITY, MINUTES, OAUTH2],
        K::RegistrationCodeValid if by_sms => &[
            ("registration_code", "RegistrationCode"),
            IDENTITY,
            MINUTES,
            OAUTH2,
        ],
        K::RegistrationCodeValid => &[
            ("registration_code", "RegistrationCode"),
            ("traits", "Traits"),
            MINUTES,
            OAUTH2,
        ],
        K::VerifiableAddressChanged => &[IDENTITY, ("changed_at", "ChangedAt")],
        K::AuthenticatorKeyAdded => &[IDENTITY, ("added_at", "AddedAt")],
        K::AccountExists => &[("login_url", "LoginURL"), ("recovery_url", "RecoveryURL")],
        K::RecoveryInvalid
        | K::RecoveryCodeInvalid
        | K::VerificationInvalid
        | K::VerificationCodeInvalid => &[],
    };
    let starts_in_flow = !matches!(kind, K::VerifiableAddressChanged | K::AuthenticatorKeyAdded);
    let mut all = vec![TO, PAYLOAD];
    all.extend_from_slice(own);
    all.extend(starts_in_flow.then_some(REQUEST_URL));
    let fills_in_code = starts_in_flow && kind != K::AccountExists;
    all.extend((fills_in_code && by_sms).then_some(DOMAIN));
    all
}

/// The names of the variables that templates of a kind of message can use.
pub(crate) fn variables(kind: TemplateKind, via: Channel) -> Vec<&'static str> {
    let mut all: Vec<&str> = names(kind, via).into_iter().map(|(_, name)| name).collect();
    all.extend(kind.carries_request_headers().then_some(HEADERS));
    all
}

/// The data of a message for its template.
pub(crate) fn data(
    template: &Template,
    request_headers: &BTreeMap<String, Vec<String>>,
) -> Result<Value, serde_json::Error> {
    let json = template.data()?;
    let of = |name: &str| json.get(name).unwrap_or(&serde_json::Value::Null);
    let all = names(template.kind(), template.channel());
    let mut members: Vec<(&str, Value)> = all
        .into_iter()
        .map(|(json_name, name)| (name, converted(json_name, of(json_name))))
        .collect();
    if template.kind().carries_request_headers() {
        let headers = request_headers.iter().map(|(name, values)| {
            let values = values.iter().map(|value| Value::from(value.as_str()));
            (name.as_str(), Value::List(values.collect()))
        });
        members.push((HEADERS, map(headers)));
    }
    Ok(map(members))
}

fn converted(name: &str, json: &serde_json::Value) -> Value {
    if name == MINUTES.0 {
        return Value::Int(json.as_i64().unwrap_or_default());
    }
    if name == OAUTH2.0 && json.is_object() {
        return login_request(json);
    }
    from_json(json)
}

/// What an OAuth2 server asks for: a structure in the reference, whose fields templates name, and `toJson` as the
/// wire does.
fn login_request(json: &serde_json::Value) -> Value {
    let text = |value: &serde_json::Value| Value::from(value.as_str().unwrap_or_default());
    let client = &json["client"];
    let metadata = from_json(&client["metadata"]);
    let client = structure([
        ("ClientID", "client_id", text(&client["client_id"])),
        (
            "ClientName",
            "client_name,omitempty",
            text(&client["client_name"]),
        ),
        (
            "ClientURI",
            "client_uri,omitempty",
            text(&client["client_uri"]),
        ),
        ("LogoURI", "logo_uri,omitempty", text(&client["logo_uri"])),
        ("Metadata", "metadata,omitempty", metadata),
    ]);
    structure([
        ("Challenge", "challenge", text(&json["challenge"])),
        ("Client", "client", client),
    ])
}
