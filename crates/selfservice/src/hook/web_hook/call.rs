//! Making a hook's call (hooks.md §4.1), and what its failures mean to a flow (§4.6).

use bia_config::section::hook::WebHook;
use bia_config::section::request::Request;
use bia_jsonnet::{Input, JsonnetError};
use bia_outbound::{Answer, Call, OutboundError, Retry, UnusableCall};
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use uuid::Uuid;

use crate::cx::{App, Runtime};
use crate::problem::Problem;

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 5 * 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("ory-webhook-request-id");
const TRIGGER_ID: HeaderName = HeaderName::from_static("ory-webhook-trigger-id");

/// Why a hook could not be asked. No text holds anything that people sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration names no body.
    #[error("its configuration names no body")]
    NoBody,
    /// What is configured cannot be sent.
    #[error(transparent)]
    Unusable(#[from] UnusableCall),
    /// The Jsonnet gave no body.
    #[error("its body cannot be built: {0}")]
    Body(JsonnetError),
    /// No answer.
    #[error(transparent)]
    NoAnswer(#[from] OutboundError),
}

impl Failure {
    /// What it means to the flow. `name` is how the log calls the hook.
    pub(crate) fn problem(self, name: &str) -> Problem {
        match self {
            Failure::NoAnswer(OutboundError::TimedOut) => Problem::HookTimedOut,
            Failure::NoBody | Failure::Unusable(_) => {
                Problem::Misconfigured(format!("The web hook {name} cannot be called: {self}."))
            }
            other => Problem::Internal(format!("the web hook {name} could not be called: {other}")),
        }
    }
}

/// Asks a web hook. `None` when its Jsonnet said that this time it is not to be asked.
pub(crate) async fn ask(
    app: &App,
    runtime: &Runtime,
    hook: &WebHook,
    ctx: Value,
) -> Result<Option<Answer>, Failure> {
    let body = match &hook.request.body {
        None => return Err(Failure::NoBody),
        Some(snippet) => match app.jsonnet.evaluate_at(snippet, Input::ctx(ctx)).await {
            Ok(body) => body,
            Err(error) if error.is_cancel() => return Ok(None),
            Err(error) => return Err(Failure::Body(error)),
        },
    };
    let trigger = hook.emit_analytics_event.then(Uuid::new_v4);
    send(runtime, &hook.request, &body, trigger).await.map(Some)
}

/// Sends a body, up to three times, for as long as a flow waits for it (`bia.hooks.timeout`). With a trigger's id the other server can tell a repetition from a new call.
pub(crate) async fn send(
    runtime: &Runtime,
    request: &Request,
    body: &Value,
    trigger: Option<Uuid>,
) -> Result<Answer, Failure> {
    let call = Call {
        max_answer_bytes: ANSWER_BYTES,
        ..Call::configured(request, Method::POST, Some(body))?
    };
    let attempt = |_| {
        let mut call = call.clone();
        if let Some(trigger) = trigger {
            call.headers.insert(TRIGGER_ID, header(trigger));
            call.headers.insert(REQUEST_ID, header(Uuid::new_v4()));
        }
        call
    };
    let sent = runtime.outbound.send(Retry::STANDARD, attempt);
    match tokio::time::timeout(runtime.config.bia.hooks.timeout, sent).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(OutboundError::TimedOut.into()),
    }
}

fn header(id: Uuid) -> HeaderValue {
    HeaderValue::from_str(&id.to_string()).unwrap_or(HeaderValue::from_static(""))
}
