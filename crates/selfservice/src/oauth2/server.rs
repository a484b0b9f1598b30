//! Calls to the OAuth2 server's admin API: two of them (oauth2.md §1).

use std::time::Duration;

use bia_model::Session;
use bia_outbound::{Answer, Call, OutboundError, Retry};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Value, json};
use url::Url;

use crate::cx::Cx;
use crate::problem::Problem;

/// How long somebody waits for it, over all attempts.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest part of its explanations that is told.
const HINT_CHARS: usize = 300;

/// Its address. A challenge makes no sense without one.
pub(super) fn url(cx: &Cx) -> Result<&Url, Problem> {
    cx.config().oauth2_provider.url.as_ref().ok_or_else(|| {
        Problem::Misconfigured(
            "A login_challenge came, but oauth2_provider.url is not set. Set it to the admin address of the OAuth2 server.".into(),
        )
    })
}

/// The login request of a challenge.
pub(super) async fn fetch(cx: &Cx, challenge: &str) -> Result<Value, Problem> {
    let call = call(cx, Method::GET, "", challenge, String::new())?;
    let answer = send(cx, call).await.map_err(|error| failed(false, error))?;
    if !answer.status.is_success() {
        return Err(refused(false, &answer));
    }
    match serde_json::from_slice(&answer.body) {
        Ok(request @ Value::Object(_)) => Ok(request),
        _ => Err(garbled(false)),
    }
}

/// Says who signed in, and how. Gives where the browser goes.
pub(super) async fn accept(cx: &Cx, challenge: &str, session: &Session) -> Result<String, Problem> {
    let body = acceptance(cx, session).to_string();
    let call = call(cx, Method::PUT, "/accept", challenge, body)?;
    let answer = send(cx, call).await.map_err(|error| failed(true, error))?;
    if !answer.status.is_success() {
        return Err(refused(true, &answer));
    }
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match said["redirect_to"].as_str() {
        Some(url) if !url.is_empty() => Ok(url.to_owned()),
        _ => Err(garbled(true)),
    }
}

fn acceptance(cx: &Cx, session: &Session) -> Value {
    let methods = &session.authentication_methods;
    let amr: Vec<&str> = methods.iter().map(|m| m.method.as_str()).collect();
    let settings = &cx.config().session;
    json!({
        "subject": session.identity_id,
        "identity_provider_session_id": session.id,
        "remember": settings.cookie.persistent,
        "remember_for": settings.lifespan.as_secs(),
        "amr": amr,
    })
}

fn call(
    cx: &Cx,
    method: Method,
    then: &str,
    challenge: &str,
    body: String,
) -> Result<Call, Problem> {
    let mut url = url(cx)?.clone();
    let path = format!(
        "{}/admin/oauth2/auth/requests/login{then}",
        url.path().trim_end_matches('/')
    );
    url.set_path(&path);
    url.set_query(None);
    url.query_pairs_mut()
        .append_pair("login_challenge", challenge);
    Ok(Call {
        headers: headers(cx, !body.is_empty())?,
        body: body.into(),
        timeout: Duration::from_secs(10),
        ..Call::new(method, url)
    })
}

fn headers(cx: &Cx, has_body: bool) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for (name, value) in &cx.config().oauth2_provider.headers {
        let unusable = || {
            Problem::Misconfigured(format!(
                "The header {name:?} of oauth2_provider.headers cannot be sent."
            ))
        };
        let value = value.expose();
        let parsed = HeaderName::try_from(name).map_err(|_| unusable())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| unusable())?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    if has_body {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Ok(headers)
}

async fn send(cx: &Cx, call: Call) -> Result<Answer, OutboundError> {
    let sent = cx.runtime.outbound.send(Retry::STANDARD, |_| call.clone());
    match tokio::time::timeout(PATIENCE, sent).await {
        Ok(answer) => answer,
        Err(_) => Err(OutboundError::TimedOut),
    }
}

fn failed(accepting: bool, error: OutboundError) -> Problem {
    let status = match error {
        OutboundError::GivenUp(status, _) => Some(status),
        _ => None,
    };
    tracing::warn!(%error, accepting, "The OAuth2 server could not be asked.");
    Problem::OAuth2 {
        accepting,
        status,
        hint: None,
    }
}

fn garbled(accepting: bool) -> Problem {
    failed(
        accepting,
        OutboundError::Connection("the answer is not what such a server says".into()),
    )
}

fn refused(accepting: bool, answer: &Answer) -> Problem {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let hint = ["error_hint", "error_description"]
        .iter()
        .find_map(|name| said[*name].as_str())
        .map(|text| text.chars().take(HINT_CHARS).collect());
    let status = answer.status.as_u16();
    tracing::warn!(
        status,
        accepting,
        "The OAuth2 server refused a login challenge."
    );
    Problem::OAuth2 {
        accepting,
        status: Some(status),
        hint,
    }
}
