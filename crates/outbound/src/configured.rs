//! Calls as the configuration describes them (`config` of web hooks, `request_config` of channels).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bia_config::Secret;
use bia_config::section::request::{ApiKeyLocation, Request, RequestAuth};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize as _;
use serde_json::Value;

use crate::Call;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Why a configured call cannot be made. No text holds a value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableCall {
    /// `url` is missing.
    #[error("the configuration names no url")]
    Url,
    /// `method` is no HTTP method.
    #[error("the configured method is no HTTP method")]
    Method,
    /// A header cannot be written.
    #[error(
        "the configured header {0:?} cannot be sent: its name or its value has characters that headers cannot have"
    )]
    Header(String),
    /// The configured content type is neither of the two that bodies can have.
    #[error("the configured Content-Type is neither {JSON} nor {FORM}")]
    ContentType,
    /// A form can only be made of an object of texts.
    #[error("the Jsonnet gave no object of texts, which the Content-Type {FORM} needs")]
    Form,
}

impl Call {
    /// A call by its configuration. `default_method` is for one that names no method; `body` is what the
    /// configured Jsonnet gave, `None` for a call without body. TRACE never has one (RFC 9110 §9.3.8).
    ///
    /// The body is JSON unless the configured `Content-Type` says form. Time and size limits are those of
    /// [`Call::new`].
    ///
    /// # Errors
    /// [`UnusableCall`].
    pub fn configured(
        config: &Request,
        default_method: Method,
        body: Option<&Value>,
    ) -> Result<Call, UnusableCall> {
        let url = config.url.clone().ok_or(UnusableCall::Url)?;
        let method = match config.method.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Method::from_bytes(name.as_bytes()).map_err(|_| UnusableCall::Method)?,
            None => default_method,
        };
        let mut call = Call::new(method, url);
        call.headers = headers(config)?;
        if let Some(body) = body.filter(|_| call.method != Method::TRACE) {
            call.body = encoded(&call.headers, body)?.into();
        }
        Ok(call)
    }
}

fn headers(config: &Request) -> Result<HeaderMap, UnusableCall> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        insert(&mut headers, name, value.expose())?;
    }
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    match &config.auth {
        None => {}
        Some(RequestAuth::BasicAuth { user, password }) => {
            insert(&mut headers, AUTHORIZATION.as_str(), &basic(user, password))?;
        }
        Some(RequestAuth::ApiKey {
            name,
            value,
            location: ApiKeyLocation::Header,
        }) => insert(&mut headers, name, value.expose())?,
        Some(RequestAuth::ApiKey {
            name,
            value,
            location: ApiKeyLocation::Cookie,
        }) => {
            let cookie = format!("{name}={}", value.expose());
            insert(&mut headers, COOKIE.as_str(), &cookie)?;
        }
    }
    Ok(headers)
}

fn basic(user: &str, password: &Secret) -> String {
    let credentials = STANDARD.encode(format!("{user}:{}", password.expose()));
    format!("Basic {credentials}")
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), UnusableCall> {
    let unusable = || UnusableCall::Header(name.to_owned());
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| unusable())?;
    // Any of them may be a key: none shows up in a log of the client's.
    value.set_sensitive(true);
    headers.insert(key, value);
    Ok(())
}

fn encoded(headers: &HeaderMap, body: &Value) -> Result<Vec<u8>, UnusableCall> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    match kind {
        Some(JSON) => Ok(pretty(body)),
        Some(FORM) => form(body),
        _ => Err(UnusableCall::ContentType),
    }
}

/// As Jsonnet prints: three blanks a level, and a line break at the end.
fn pretty(body: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    let layout = serde_json::ser::PrettyFormatter::with_indent(b"   ");
    let mut writer = serde_json::Serializer::with_formatter(&mut text, layout);
    if body.serialize(&mut writer).is_err() {
        // A value that was read from JSON can be written as JSON, and a vector takes every byte.
        text = body.to_string().into_bytes();
    }
    text.push(b'\n');
    text
}

fn form(body: &Value) -> Result<Vec<u8>, UnusableCall> {
    let fields = body.as_object().ok_or(UnusableCall::Form)?;
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for name in names {
        let value = match fields.get(name) {
            Some(Value::String(text)) => text.as_str(),
            // The reference reads null as an empty text.
            Some(Value::Null) | None => "",
            Some(_) => return Err(UnusableCall::Form),
        };
        form.append_pair(name, value);
    }
    Ok(form.finish().into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(config: Value, body: Value) -> Result<Call, UnusableCall> {
        let config: Request = serde_json::from_value(config).unwrap();
        Call::configured(&config, Method::POST, Some(&body))
    }

    fn header<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
        call.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn a_call_carries_json_and_its_key_where_the_configuration_wants_it() {
        let made = call(
            json!({
                "url": "https://sms.example.org/send", "method": "PUT", "headers": {"X-Shop": "1"},
                "auth": {"type": "api_key", "config": {"name": "X-Key", "value": "k-1", "in": "header"}},
            }),
            json!({"to": "+49301230001"}),
        )
        .unwrap();
        assert_eq!((made.method.as_str(), made.url.path()), ("PUT", "/send"));
        assert_eq!(made.body, "{\n   \"to\": \"+49301230001\"\n}\n");
        assert_eq!(header(&made, "content-type"), Some("application/json"));
        assert_eq!(
            (header(&made, "x-shop"), header(&made, "x-key")),
            (Some("1"), Some("k-1"))
        );
        let cookie =
            json!({"type": "api_key", "config": {"name": "key", "value": "k-1", "in": "cookie"}});
        let made = call(
            json!({"url": "https://sms.example.org/", "auth": cookie}),
            json!({}),
        )
        .unwrap();
        assert_eq!(
            (made.method.as_str(), header(&made, "cookie")),
            ("POST", Some("key=k-1"))
        );
        let basic = json!({"type": "basic_auth", "config": {"user": "u", "password": "p"}});
        let made = call(
            json!({"url": "https://sms.example.org/", "auth": basic}),
            json!({}),
        )
        .unwrap();
        assert_eq!(header(&made, "authorization"), Some("Basic dTpw"));
    }

    #[test]
    fn a_form_is_made_of_texts_only() {
        let config = json!({"url": "https://sms.example.org/", "headers": {"content-type": FORM}});
        let made = call(
            config.clone(),
            json!({"To": "+49301230001", "Body": "a b&c", "X": null}),
        )
        .unwrap();
        assert_eq!(made.body, "Body=a+b%26c&To=%2B49301230001&X=");
        for body in [
            json!({"n": 1}),
            json!(["a"]),
            json!("a"),
            json!({"a": {"b": "c"}}),
        ] {
            assert_eq!(call(config.clone(), body).unwrap_err(), UnusableCall::Form);
        }
        let xml =
            json!({"url": "https://sms.example.org/", "headers": {"Content-Type": "text/xml"}});
        assert_eq!(call(xml, json!({})).unwrap_err(), UnusableCall::ContentType);
    }

    #[test]
    fn what_cannot_be_sent_is_said_without_repeating_it() {
        let check = |config: Value, expected: UnusableCall| {
            let error = call(config, json!({})).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
            assert_eq!(error, expected);
        };
        check(json!({}), UnusableCall::Url);
        check(
            json!({"url": "https://a.example/", "method": "GET IT"}),
            UnusableCall::Method,
        );
        check(
            json!({"url": "https://a.example/", "headers": {"X-A": "hunter2\r\nX-B: 1"}}),
            UnusableCall::Header("X-A".into()),
        );
        let key = json!({"type": "api_key", "config": {"name": "a b", "value": "hunter2"}});
        check(
            json!({"url": "https://a.example/", "auth": key}),
            UnusableCall::Header("a b".into()),
        );
    }
}
