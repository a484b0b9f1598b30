//! A request as the flows see it: URL, wishes, credentials, anti-CSRF token, form. The only place that
//! reads headers and cookies for them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use bia_config::Config;
use bia_config::section::abuse::BiaAbuse;
use bia_selfservice::csrf;
use bia_selfservice::cx::{App, Credentials, Cx, Origin, Request, Wants};
use bia_selfservice::engine::Submission;
use bia_selfservice::form::Form;
use bia_selfservice::headers::{Cookies, Headers};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::wire::accept::{self, Negotiated};
use crate::wire::body::{self, Encoding, FieldValue};
use crate::wire::session_cookie::SessionCookie;
use crate::wire::{certain_address, client_address, csrf as csrf_cookie, request_url};
use crate::{cookies, middleware};

/// The context of a request, and what of it only the answer needs.
pub struct Incoming {
    /// What the flows get.
    pub cx: Cx,
    /// The id that the client gave its request.
    pub request_id: Option<String>,
    /// The id that this server gave it, where the client gave none and somebody may ask for it.
    made_id: OnceLock<String>,
    /// Whether the client needs a new anti-CSRF cookie.
    pub csrf_cookie_due: bool,
}

impl Incoming {
    /// What the request is called: by its client, else by this server.
    pub fn id(&self) -> &str {
        let made = || self.made_id.get_or_init(|| Uuid::new_v4().to_string());
        self.request_id.as_deref().unwrap_or_else(|| made())
    }
}

/// Reads a request without its body.
pub fn incoming(app: &Arc<App>, parts: &Parts) -> Incoming {
    let runtime = app.runtime.load_full();
    let now = app.clock.now();
    let config = &runtime.config;
    let pairs = cookie_pairs(&parts.headers);
    let judged = csrf_cookie::CsrfCookie::judge(
        values(
            &pairs,
            &csrf_cookie::cookie_name(&config.serve.public.base_url_text),
        ),
        sent_token(&parts.headers),
    );
    let cookie_token = judged.token().map(str::to_owned);
    let csrf_token = match &cookie_token {
        Some(token) if !judged.needs_new_cookie() => token.clone(),
        _ => csrf::new_token(),
    };
    let request = Request {
        url: request_url::of(parts),
        query: query(parts),
        headers: headers(&parts.headers),
        wants: wants(&parts.headers),
        csrf_cookie: cookie_token,
        csrf_token,
        credentials: credentials(&parts.headers, &pairs, config, now),
        origin: origin(parts, &config.bia.abuse),
        browser_signs: browser_signs(&parts.headers, &pairs),
        cookie_names: telling_cookies(&pairs)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        continuity: continuity(&pairs, config, now),
        method: parts.method.as_str().to_owned(),
        cookies: Cookies::new(pairs.clone()),
        is_get: parts.method == Method::GET,
    };
    let request_id = middleware::request_id::of(&parts.headers).map(str::to_owned);
    let cx = Cx::new(app.clone(), request);
    Incoming {
        cx,
        request_id,
        made_id: OnceLock::new(),
        csrf_cookie_due: judged.needs_new_cookie(),
    }
}

/// Reads a submission: the flow's id from the query, the form from the body, or from the query of a GET.
pub async fn submission(cx: &Cx, headers: &HeaderMap, body: Body) -> Submission {
    let flow = cx.request.query("flow").map(str::to_owned);
    let form = if cx.request.is_get {
        Ok(Form::pairs(cx.request.query.clone()))
    } else {
        read_form(headers, body).await
    };
    let method = form.as_ref().ok().and_then(Form::method).map(str::to_owned);
    cx.effect(|effects| effects.sent_method = method);
    Submission { flow, form }
}

async fn read_form(headers: &HeaderMap, body: Body) -> Result<Form, String> {
    let bytes = axum::body::to_bytes(body, middleware::body::MAX_BODY_BYTES).await;
    let bytes = bytes.map_err(|e| format!("The request body could not be read: {e}."))?;
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let form = body::Form::decode(content_type, &bytes).map_err(|e| e.to_string())?;
    Ok(match form.encoding {
        Encoding::Json => Form::json(
            form.fields
                .into_iter()
                .filter_map(|(k, v)| json_field(k, v))
                .collect(),
        ),
        Encoding::Form => Form::pairs(
            form.fields
                .into_iter()
                .map(|(k, v)| (k, v.as_text().into_owned()))
                .collect(),
        ),
    })
}

fn json_field(name: String, value: FieldValue) -> Option<(String, serde_json::Value)> {
    match value {
        FieldValue::Json(value) => Some((name, value)),
        FieldValue::Text(text) => Some((name, text.into())),
    }
}

fn query(parts: &Parts) -> Vec<(String, String)> {
    let raw = parts.uri.query().unwrap_or_default();
    url::form_urlencoded::parse(raw.as_bytes())
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect()
}

fn headers(sent: &HeaderMap) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in sent {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.add(name.as_str(), value);
    }
    headers
}

fn wants(headers: &HeaderMap) -> Wants {
    Wants {
        json: accept::is_json_client(headers),
        html: accept::is_html_client(headers),
        json_rather_than_html: accept::negotiated_redirect(headers) == Negotiated::Json,
    }
}

/// All cookies of the request, as they came.
fn cookie_pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|line| cookie::Cookie::split_parse(line).filter_map(Result::ok))
        .map(|c| (c.name().to_owned(), c.value().to_owned()))
        .collect()
}

fn values<'p>(pairs: &'p [(String, String)], name: &str) -> impl Iterator<Item = &'p str> {
    pairs
        .iter()
        .filter(move |(k, _)| k == name)
        .map(|(_, v)| v.as_str())
        .collect::<Vec<_>>()
        .into_iter()
}

fn sent_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(csrf_cookie::CSRF_HEADER)
        .and_then(|v| v.to_str().ok())
}

/// The credentials in their order (sessions.md §3): header, session cookie, bearer token.
fn credentials(
    headers: &HeaderMap,
    pairs: &[(String, String)],
    config: &Config,
    now: OffsetDateTime,
) -> Credentials {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .filter(|v| !v.is_empty())
    };
    let codec = cookies::session_codec(config);
    let cookie =
        values(pairs, codec.name()).find_map(|value| SessionCookie::decode(&codec, value, now));
    let bearer = text("authorization").and_then(bearer_token);
    let header_token = text("x-session-token").map(str::to_owned);
    let cookie_token = cookie.as_ref().map(|c| c.session_token.clone());
    let from_cookie = header_token.is_none() && cookie_token.is_some();
    Credentials {
        token: header_token
            .or_else(|| cookie_token.clone())
            .or_else(|| bearer.clone()),
        from_cookie,
        cookie_expires_at: cookie.and_then(|c| c.expires_at),
        cookie_token,
        bearer,
    }
}

fn bearer_token(value: &str) -> Option<String> {
    let mut words = value.split(' ');
    let (scheme, token) = (words.next()?, words.next()?);
    (words.next().is_none() && scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
        .then(|| token.to_owned())
}

fn origin(parts: &Parts, abuse: &BiaAbuse) -> Origin {
    let client = client_address::of(parts);
    let asked = abuse.counts_origins() || abuse.exempts();
    let certain = || certain_address::of(parts, |proxy| abuse.trusts(proxy));
    Origin {
        ip_address: client.ip_address,
        user_agent: client.user_agent,
        location: client.location,
        client: asked.then(certain).flatten(),
    }
}

/// What shows that a request comes from a browser (flows.md §6): an Origin, or cookies that no proxy sets.
fn browser_signs(headers: &HeaderMap, pairs: &[(String, String)]) -> Vec<String> {
    let mut signs = Vec::new();
    if headers.get(header::ORIGIN).is_some_and(|v| !v.is_empty()) {
        signs.push("it has an Origin header".to_owned());
    }
    let cookies = telling_cookies(pairs);
    if !cookies.is_empty() {
        signs.push(format!("it has cookies ({})", cookies.join(", ")));
    }
    signs
}

/// The names of the cookies that no proxy sets.
fn telling_cookies(pairs: &[(String, String)]) -> Vec<&str> {
    let of_a_proxy = |name: &str| ["__cf", "_cf", "cf_"].iter().any(|p| name.starts_with(p));
    pairs
        .iter()
        .map(|(k, _)| k.as_str())
        .filter(|name| !of_a_proxy(name))
        .collect()
}

fn continuity(
    pairs: &[(String, String)],
    config: &Config,
    now: OffsetDateTime,
) -> Vec<HashMap<String, String>> {
    let codec = cookies::continuity_codec(config);
    values(pairs, codec.name())
        .filter_map(|value| codec.decode(value, now))
        .map(|found| found.into_iter().collect())
        .collect()
}
