//! Making a hook's call (hooks.md §4.1), and what its failures mean to a flow (§4.6).

use bia_config::section::hook::WebHook;
use bia_config::section::request::Request;
use bia_jsonnet::{Input, JsonnetError};
use bia_outbound::{Answer, Call, OutboundError, Retry, UnusableCall};
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use uuid::Uuid;

use super::signature;
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

/// What a web hook is sent. `None` when its Jsonnet said that this time it is not to be asked.
pub(crate) async fn body(app: &App, hook: &WebHook, ctx: Value) -> Result<Option<Value>, Failure> {
    let Some(snippet) = &hook.request.body else {
        return Err(Failure::NoBody);
    };
    match app.jsonnet.evaluate_at(snippet, Input::ctx(ctx)).await {
        Ok(body) => Ok(Some(body)),
        Err(error) if error.is_cancel() => Ok(None),
        Err(error) => Err(Failure::Body(error)),
    }
}

/// Asks a web hook. `None` when its Jsonnet said that this time it is not to be asked.
pub(crate) async fn ask(
    app: &App,
    runtime: &Runtime,
    hook: &WebHook,
    ctx: Value,
) -> Result<Option<Answer>, Failure> {
    let Some(body) = body(app, hook, ctx).await? else {
        return Ok(None);
    };
    let event = Event {
        id: Uuid::new_v4(),
        has_trigger: hook.emit_analytics_event,
        is_kept: false,
    };
    let sent = send(app, runtime, &hook.request, &body, event, Retry::STANDARD).await;
    sent.map(Some)
}

/// What a call tells of. The id is the same in all its repetitions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    /// Whether it is named as the reference names it, in headers that no signature covers.
    pub(crate) has_trigger: bool,
    /// Whether it is told until it was taken, and named even if calls are not signed.
    pub(crate) is_kept: bool,
}

/// Sends a body, for as long as a flow waits for it (`bia.hooks.timeout`). By the event's id the other server can tell
/// a repetition from a new call.
pub(crate) async fn send(
    app: &App,
    runtime: &Runtime,
    request: &Request,
    body: &Value,
    event: Event,
    retry: Retry,
) -> Result<Answer, Failure> {
    let hooks = &runtime.config.bia.hooks;
    let call = Call {
        max_answer_bytes: ANSWER_BYTES,
        ..Call::configured(request, Method::POST, Some(body))?
    };
    let attempt = |_| {
        let mut call = call.clone();
        if event.has_trigger {
            call.headers.insert(TRIGGER_ID, header(event.id));
            call.headers.insert(REQUEST_ID, header(Uuid::new_v4()));
        }
        if event.is_kept || !hooks.signing_secrets.is_empty() {
            let now = app.clock.now();
            signature::add(&mut call.headers, hooks, event.id, now, &call.body);
        }
        call
    };
    let sent = runtime.outbound.send(retry, attempt);
    match tokio::time::timeout(hooks.timeout, sent).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(OutboundError::TimedOut.into()),
    }
}

fn header(id: Uuid) -> HeaderValue {
    HeaderValue::from_str(&id.to_string()).unwrap_or(HeaderValue::from_static(""))
}
