//! Sessions as signed tokens for other services (spec: sessions.md §9).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bia_config::fetch::fetch;
use bia_config::section::session::{SubjectSource, TokenTemplate};
use bia_jsonnet::Input;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::LiveSession;
use super::signing_key::{KeyFault, SigningKey};
use crate::cx::Cx;
use crate::identity;
use crate::problem::Problem;

/// How long a key set is used before it is read again (config.md §1.3).
const FRESH: Duration = Duration::from_secs(3600);

/// Why a template cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerFault {
    /// Key sets are secrets and come from files or from the configuration itself.
    #[error("jwks_url is neither a file:// nor a base64:// address")]
    Scheme,
    /// The key set cannot be read.
    #[error("the key set of jwks_url cannot be read")]
    Unreadable,
    /// It cannot be used.
    #[error("the key set of jwks_url cannot be used: {0}")]
    Key(#[from] KeyFault),
}

/// The keys of templates, read when they are first needed.
#[derive(Default)]
pub struct TokenKeysByTemplate {
    read: Mutex<HashMap<String, (Instant, Arc<SigningKey>)>>,
}

impl TokenKeysByTemplate {
    /// The key of a template.
    ///
    /// # Errors
    /// [`TokenizerFault`]; the next call tries again.
    pub async fn of(
        &self,
        name: &str,
        template: &TokenTemplate,
    ) -> Result<Arc<SigningKey>, TokenizerFault> {
        let mut read = self.read.lock().await;
        if let Some((at, key)) = read.get(name)
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(key));
        }
        let url = template.jwks_url.expose();
        if !url.starts_with("file://") && !url.starts_with("base64://") {
            return Err(TokenizerFault::Scheme);
        }
        let set = fetch(url).await.map_err(|_| TokenizerFault::Unreadable)?;
        let key = Arc::new(SigningKey::first_of(&set)?);
        read.insert(name.to_owned(), (Instant::now(), Arc::clone(&key)));
        Ok(key)
    }
}

/// A token for a session by a template.
///
/// # Errors
/// When there is no such template, or it cannot be used for this session.
pub async fn tokenize(cx: &Cx, live: &LiveSession, name: &str) -> Result<String, Problem> {
    let templates = &cx.config().session.whoami.tokenizer.templates;
    let Some(template) = templates.get(name) else {
        return Err(Problem::BadRequest(format!(
            "There is no tokenizer template with the name {name:?}."
        )));
    };
    let key = cx.runtime.token_templates.of(name, template).await;
    let key = key.map_err(|fault| unusable(name, &fault))?;
    let subject = subject(template, live)?;
    let mut claims = base_claims(cx, live, template, &subject);
    if let Some(mapper) = template
        .claims_mapper_url
        .as_deref()
        .filter(|m| !m.is_empty())
    {
        claims.extend(mapped(cx, live, &claims, name, mapper).await?);
        // Whatever a mapper says, a token is about whose session it is.
        claims.insert("sub".into(), subject.into());
    }
    let refused = || {
        Problem::Internal(format!(
            "the key of the tokenizer template {name:?} refuses to sign"
        ))
    };
    key.sign(&claims).ok_or_else(refused)
}

fn unusable(name: &str, fault: &TokenizerFault) -> Problem {
    let reason = format!("The tokenizer template {name:?} cannot be used: {fault}.");
    match fault {
        TokenizerFault::Key(KeyFault::Empty | KeyFault::Algorithm) => Problem::BadRequest(reason),
        _ => Problem::Misconfigured(reason),
    }
}

fn subject(template: &TokenTemplate, live: &LiveSession) -> Result<String, Problem> {
    match template.subject_source {
        SubjectSource::Id => Ok(live.identity.id.to_string()),
        SubjectSource::ExternalId => live.identity.external_id.clone().ok_or_else(|| {
            Problem::BadRequest(
                "The token is to name the identity by its external id, but this one has none."
                    .into(),
            )
        }),
    }
}

fn base_claims(
    cx: &Cx,
    live: &LiveSession,
    template: &TokenTemplate,
    subject: &str,
) -> Map<String, Value> {
    let now = cx.now.unix_timestamp();
    let ttl = i64::try_from(template.ttl.as_secs()).unwrap_or(i64::MAX);
    let mut claims = Map::new();
    claims.insert("jti".into(), json!(Uuid::new_v4()));
    claims.insert("iss".into(), json!(cx.config().serve.public.base_url_text));
    claims.insert("exp".into(), json!(now.saturating_add(ttl)));
    claims.insert("sid".into(), json!(live.session.id));
    claims.insert("nbf".into(), json!(now));
    claims.insert("iat".into(), json!(now));
    claims.insert("sub".into(), json!(subject));
    claims
}

/// What a mapper adds to the claims.
async fn mapped(
    cx: &Cx,
    live: &LiveSession,
    claims: &Map<String, Value>,
    name: &str,
    mapper: &str,
) -> Result<Map<String, Value>, Problem> {
    let session = live
        .session
        .json(true, identity::public_json(cx, &live.identity));
    let input = Input::default()
        .with_ext("session", session)
        .with_ext("claims", Value::Object(claims.clone()));
    let failed = |reason: String| {
        tracing::warn!(
            template = name,
            "The claims of a token cannot be built: {reason}"
        );
        Problem::BadRequest(format!(
            "The claims mapper of the tokenizer template {name:?} failed: {reason}."
        ))
    };
    let output = cx.app.jsonnet.evaluate_at(mapper, input).await;
    match output.map_err(|error| failed(error.to_string()))? {
        Value::Object(mut output) => match output.remove("claims") {
            Some(Value::Object(claims)) => Ok(claims),
            _ => Err(failed("it gave no object under claims".into())),
        },
        _ => Err(failed("it gave no object".into())),
    }
}
