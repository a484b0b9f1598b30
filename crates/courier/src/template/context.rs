//! What each message's text is made of, by the names that `template_data` has (spec courier.md §5.1).
//!
//! None of these types has a `Debug`: they hold codes, links and people's data.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::macros::format_description;

/// A link that recovers an account.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryValid {
    /// Mail address.
    pub to: String,
    /// The link, absolute.
    pub recovery_url: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the link works.
    #[serde(default)]
    pub expires_in_minutes: i64,
}

/// Something was asked for an address that no account has.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct UnknownAddress {
    /// Mail address.
    pub to: String,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
}

/// A code that recovers an account, by mail.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryCodeValid {
    /// Mail address.
    pub to: String,
    /// The code.
    pub recovery_code: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
}

/// A link that verifies an address.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationValid {
    /// Mail address.
    pub to: String,
    /// The link, absolute.
    pub verification_url: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the link works.
    #[serde(default)]
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// A code that verifies an address, by mail.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationCodeValid {
    /// Mail address.
    pub to: String,
    /// A link that carries the code, absolute.
    #[serde(default)]
    pub verification_url: String,
    /// The code.
    pub verification_code: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// A code that signs in, by mail.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct LoginCodeValid {
    /// Mail address.
    pub to: String,
    /// The code.
    pub login_code: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// A code that completes a sign-up, by mail.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistrationCodeValid {
    /// Mail address.
    pub to: String,
    /// The traits that were given.
    #[serde(default)]
    pub traits: Value,
    /// The code.
    pub registration_code: String,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// The account's addresses changed; goes to an address that it had before.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifiableAddressChanged {
    /// Mail address or phone number.
    pub to: String,
    /// The identity's public JSON after the change.
    #[serde(default)]
    pub identity: Value,
    /// RFC 3339, UTC.
    #[serde(default)]
    pub changed_at: String,
    /// Null: the reference never fills it.
    #[serde(default)]
    pub transient_payload: Value,
}

/// An authenticator was added to the account.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthenticatorKeyAdded {
    /// Mail address or phone number.
    pub to: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// RFC 3339, UTC.
    #[serde(default)]
    pub added_at: String,
    /// Null: the reference never fills it.
    #[serde(default)]
    pub transient_payload: Value,
}

/// Somebody tried to sign up with an address that an account has; goes to that address. It says nothing of the account,
/// and nothing of what was typed but the address.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountExists {
    /// Mail address or phone number.
    pub to: String,
    /// Where a sign-in begins.
    #[serde(default)]
    pub login_url: String,
    /// Where a recovery begins; empty where there is none.
    #[serde(default)]
    pub recovery_url: String,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
}

/// A code that recovers an account, by text message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryCodeSms {
    /// Phone number.
    pub to: String,
    /// The code. Its JSON name is the reference's slip, kept because bodies of HTTP deliveries read it.
    #[serde(rename = "verification_code")]
    pub recovery_code: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// Its host name without the port; may be empty.
    #[serde(default)]
    pub request_url_domain: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
}

/// A code that verifies a phone number, by text message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationCodeSms {
    /// Phone number.
    pub to: String,
    /// The code.
    pub verification_code: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// Its host name without the port; may be empty.
    #[serde(default)]
    pub request_url_domain: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// A code that signs in, by text message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct LoginCodeSms {
    /// Phone number.
    pub to: String,
    /// The code.
    pub login_code: String,
    /// The identity's public JSON.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// Its host name without the port; may be empty.
    #[serde(default)]
    pub request_url_domain: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// A code that completes a sign-up, by text message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistrationCodeSms {
    /// Phone number.
    pub to: String,
    /// The code.
    pub registration_code: String,
    /// The traits that were given. The reference calls them `identity` here.
    #[serde(default)]
    pub identity: Value,
    /// The URL that started the flow.
    #[serde(default)]
    pub request_url: String,
    /// Its host name without the port; may be empty.
    #[serde(default)]
    pub request_url_domain: String,
    /// What the client sent along, an object.
    #[serde(default, with = "object")]
    pub transient_payload: Value,
    /// For how long the code works.
    #[serde(default)]
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// What messages with a code have in common, whatever the code is for and however it travels. See the
/// constructors of [`Template`](super::Template).
#[derive(Clone, Default, PartialEq)]
pub struct CodeMessage {
    /// Mail address or phone number.
    pub to: String,
    /// The code.
    pub code: String,
    /// The identity's public JSON; for a sign-up the traits object.
    pub identity: Value,
    /// The URL that started the flow.
    pub request_url: String,
    /// What the client sent along, an object; null counts as an empty one.
    pub transient_payload: Value,
    /// For how long the code works: whole minutes of the method's lifespan.
    pub expires_in_minutes: i64,
    /// The OAuth2 client that the person is on the way to.
    pub oauth2_login_request: Option<OAuth2LoginRequest>,
}

/// An OAuth2 login that a flow is part of.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct OAuth2LoginRequest {
    /// The challenge.
    pub challenge: String,
    /// Who asked for the login.
    pub client: OAuth2Client,
}

/// The OAuth2 client that asked for a login, as far as messages show it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OAuth2Client {
    /// Its id.
    pub client_id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_name: String,
    /// Its home page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_uri: String,
    /// Its logo.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub logo_uri: String,
    /// Anything its operator keeps with it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub metadata: Value,
}

impl From<CodeMessage> for RecoveryCodeValid {
    fn from(m: CodeMessage) -> Self {
        let CodeMessage {
            to,
            code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
            ..
        } = m;
        RecoveryCodeValid {
            to,
            recovery_code: code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
        }
    }
}

impl VerificationCodeValid {
    /// With the link that carries the code.
    pub fn new(m: CodeMessage, verification_url: String) -> Self {
        let CodeMessage {
            to,
            code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request,
        } = m;
        VerificationCodeValid {
            to,
            verification_url,
            verification_code: code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request,
        }
    }
}

impl From<CodeMessage> for LoginCodeValid {
    fn from(m: CodeMessage) -> Self {
        let CodeMessage {
            to,
            code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request,
        } = m;
        LoginCodeValid {
            to,
            login_code: code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request,
        }
    }
}

impl From<CodeMessage> for RegistrationCodeValid {
    fn from(m: CodeMessage) -> Self {
        let CodeMessage {
            to,
            code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request,
        } = m;
        RegistrationCodeValid {
            to,
            traits: identity,
            registration_code: code,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request,
        }
    }
}

impl From<CodeMessage> for RecoveryCodeSms {
    fn from(m: CodeMessage) -> Self {
        let request_url_domain = domain(&m.request_url);
        let CodeMessage {
            to,
            code,
            identity,
            request_url,
            transient_payload,
            expires_in_minutes,
            ..
        } = m;
        RecoveryCodeSms {
            to,
            recovery_code: code,
            identity,
            request_url,
            request_url_domain,
            transient_payload,
            expires_in_minutes,
        }
    }
}

macro_rules! sms_from_code {
    ($context:ident, $code:ident) => {
        impl From<CodeMessage> for $context {
            fn from(m: CodeMessage) -> Self {
                $context {
                    request_url_domain: domain(&m.request_url),
                    to: m.to,
                    $code: m.code,
                    identity: m.identity,
                    request_url: m.request_url,
                    transient_payload: m.transient_payload,
                    expires_in_minutes: m.expires_in_minutes,
                    oauth2_login_request: m.oauth2_login_request,
                }
            }
        }
    };
}

sms_from_code!(VerificationCodeSms, verification_code);
sms_from_code!(LoginCodeSms, login_code);
sms_from_code!(RegistrationCodeSms, registration_code);

macro_rules! with_lifetime {
    ($($context:ident),*) => {
        $(impl $context {
            /// For how long it works, in words.
            pub(super) fn lifetime(&self) -> String {
                in_words(self.expires_in_minutes)
            }
        })*
    };
}

with_lifetime!(
    RecoveryValid,
    RecoveryCodeValid,
    VerificationValid,
    VerificationCodeValid,
    LoginCodeValid,
    RegistrationCodeValid,
    RecoveryCodeSms,
    VerificationCodeSms,
    LoginCodeSms,
    RegistrationCodeSms
);

impl VerifiableAddressChanged {
    /// When it changed, in words.
    pub(super) fn when(&self) -> String {
        date_in_words(&self.changed_at)
    }
}

impl AuthenticatorKeyAdded {
    /// When it was added, in words.
    pub(super) fn when(&self) -> String {
        date_in_words(&self.added_at)
    }
}

/// Whole hours and days are said as such: "1 hour", "90 minutes", "2 days".
fn in_words(minutes: i64) -> String {
    let (count, unit) = match minutes {
        m if m >= 2880 && m % 1440 == 0 => (m / 1440, "day"),
        m if m >= 60 && m % 60 == 0 => (m / 60, "hour"),
        m if m >= 1 => (m, "minute"),
        _ => return "less than a minute".to_owned(),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// "25 November 2026, 18:06 UTC"; a text that is no RFC 3339 time stays as it is.
fn date_in_words(text: &str) -> String {
    let format =
        format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    let at: Option<OffsetDateTime> = bia_model::timestamp::parse(text);
    at.and_then(|at| at.format(format).ok())
        .unwrap_or_else(|| text.to_owned())
}

/// The host name of a URL without the port; empty when there is none.
fn domain(url: &str) -> String {
    url::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Objects that are written as `{}` when there is nothing in them.
mod object {
    use super::*;

    pub(super) fn serialize<S: Serializer>(value: &Value, s: S) -> Result<S::Ok, S::Error> {
        if value.is_null() {
            Map::new().serialize(s)
        } else {
            value.serialize(s)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Value, D::Error> {
        Value::deserialize(d)
    }
}
