//! Calls to providers: bounded, with answers that are JSON; and what is remembered of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bia_outbound::{Answer, Call, OutboundError, Retry};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use jsonwebtoken::jwk::JwkSet;
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::cx::Cx;
use crate::problem::Problem;

/// How long a provider may take to answer a call.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer of a provider.
const MAX_BYTES: usize = 1024 * 1024;

/// How long a provider's documents are used before they are asked for again.
const FRESH: Duration = Duration::from_secs(600);

/// How long keys are used at least: a token with an unknown key does not make the server ask again and again.
const KEYS_STAY: Duration = Duration::from_secs(5);

const DOCUMENTS: usize = 256;

/// What a provider says about itself (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Discovery {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) code_challenge_methods_supported: Vec<String>,
    pub(super) token_endpoint_auth_methods_supported: Vec<String>,
}

type Kept<T> = (Instant, Arc<T>);

/// What is remembered of providers. One per configuration.
pub struct Remembered {
    discoveries: Cache<String, Kept<Discovery>>,
    keys: Cache<String, Kept<JwkSet>>,
}

impl Default for Remembered {
    fn default() -> Remembered {
        Remembered {
            discoveries: Cache::new(DOCUMENTS),
            keys: Cache::new(DOCUMENTS),
        }
    }
}

/// A request to a provider.
pub(super) struct Ask {
    method: Method,
    url: Result<Url, Problem>,
    headers: HeaderMap,
    body: String,
    public_only: bool,
}

impl Ask {
    /// A GET.
    pub(super) fn get(url: &str) -> Ask {
        Ask::new(Method::GET, url)
    }

    /// A POST of a form.
    pub(super) fn post(url: &str, form: &[(&str, &str)]) -> Ask {
        let mut ask = Ask::new(Method::POST, url);
        ask.body = crate::return_to::query(form);
        ask.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// A POST of JSON.
    pub(super) fn post_json(url: &str, body: &Value) -> Ask {
        let mut ask = Ask::new(Method::POST, url);
        ask.body = body.to_string();
        ask.header(header::CONTENT_TYPE, "application/json")
    }

    fn new(method: Method, url: &str) -> Ask {
        let url = Url::parse(url)
            .map_err(|_| Problem::Misconfigured("An address of the provider is not a URL.".into()));
        let ask = Ask {
            method,
            url,
            headers: HeaderMap::new(),
            body: String::new(),
            public_only: false,
        };
        ask.header(header::ACCEPT, "application/json")
    }

    /// With a header. A value that cannot be one is left out: the provider will say what it lacks.
    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Ask {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        self
    }

    /// With an access token.
    pub(super) fn bearer(self, token: &str) -> Ask {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// Never to a private network, whatever is configured.
    pub(super) fn public_only(mut self) -> Ask {
        self.public_only = true;
        self
    }

    /// The answer, whatever its status.
    pub(super) async fn send(self, cx: &Cx) -> Result<Answer, Problem> {
        let url = self.url?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let call = Call {
            headers: self.headers,
            body: self.body.into(),
            timeout: TIMEOUT,
            max_answer_bytes: MAX_BYTES,
            public_only: self.public_only,
            ..Call::new(self.method, url)
        };
        let answer = cx
            .runtime
            .outbound
            .send(Retry::NEVER, |_| call.clone())
            .await;
        answer.map_err(|error| unreachable(&host, &error))
    }

    /// The JSON object that is answered with 200.
    pub(super) async fn json(self, cx: &Cx) -> Result<Map<String, Value>, Problem> {
        match self.value(cx).await? {
            Value::Object(object) => Ok(object),
            _ => Err(garbage()),
        }
    }

    /// The JSON that is answered with 200.
    pub(super) async fn value(self, cx: &Cx) -> Result<Value, Problem> {
        let answer = self.send(cx).await?;
        if answer.status != StatusCode::OK {
            return Err(refused(answer.status));
        }
        serde_json::from_slice(&answer.body).map_err(|_| garbage())
    }
}

fn unreachable(host: &str, error: &OutboundError) -> Problem {
    tracing::warn!(host, %error, "a provider could not be called");
    Problem::Upstream(format!("The provider could not be reached: {error}."))
}

/// What is said of a status that was not expected.
pub(super) fn refused(status: StatusCode) -> Problem {
    Problem::Upstream(format!(
        "The provider answered with status {}, where 200 was expected.",
        status.as_u16()
    ))
}

/// What is said of an answer that makes no sense.
pub(super) fn garbage() -> Problem {
    Problem::Upstream("The provider's answer is not what it should be.".into())
}

/// What the provider at an issuer says about itself.
///
/// # Errors
/// [`Problem::Misconfigured`]: there is no such provider at the configured address.
pub(super) async fn discover(cx: &Cx, issuer: &str) -> Result<Arc<Discovery>, Problem> {
    let remembered = &cx.runtime.providers.discoveries;
    if let Some((at, known)) = remembered.get(issuer)
        && at.elapsed() < FRESH
    {
        return Ok(known);
    }
    let at = Instant::now();
    let url = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let found = Ask::get(&url).value(cx).await.map_err(|problem| {
        Problem::Misconfigured(format!(
            "The provider at {issuer} cannot be asked about itself. {}",
            sentence(&problem)
        ))
    })?;
    let found: Discovery = serde_json::from_value(found).map_err(|_| not_a_provider(issuer))?;
    if found.issuer != issuer
        || found.authorization_endpoint.is_empty()
        || found.token_endpoint.is_empty()
    {
        return Err(not_a_provider(issuer));
    }
    let found = Arc::new(found);
    remembered.insert(issuer.to_owned(), (at, Arc::clone(&found)));
    Ok(found)
}

fn sentence(problem: &Problem) -> String {
    match problem {
        Problem::Upstream(reason) | Problem::Misconfigured(reason) => reason.clone(),
        _ => String::new(),
    }
}

fn not_a_provider(issuer: &str) -> Problem {
    Problem::Misconfigured(format!(
        "What is at {issuer} does not describe a provider with that issuer. Check issuer_url."
    ))
}

/// The keys at an address. `missing` says that those remembered do not have the one that is needed.
pub(super) async fn keys(cx: &Cx, url: &str, missing: bool) -> Result<Arc<JwkSet>, Problem> {
    let remembered = &cx.runtime.providers.keys;
    let long_enough = if missing { KEYS_STAY } else { FRESH };
    if let Some((at, known)) = remembered.get(url)
        && at.elapsed() < long_enough
    {
        return Ok(known);
    }
    let at = Instant::now();
    let mut found = Ask::get(url).json(cx).await?;
    let keys = found.shift_remove("keys").unwrap_or_default();
    let Value::Array(keys) = keys else {
        return Err(garbage());
    };
    // Keys of kinds that are not known here are passed over.
    let keys = keys
        .into_iter()
        .filter_map(|key| serde_json::from_value(key).ok());
    let found = Arc::new(JwkSet {
        keys: keys.collect(),
    });
    remembered.insert(url.to_owned(), (at, Arc::clone(&found)));
    Ok(found)
}
