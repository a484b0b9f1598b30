//! The hook `web_hook`: another server is told of a flow, and may stop it or change its identity
//! (spec: hooks.md §4).

mod answer;
pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod outbox;
mod signature;

use std::sync::Arc;

use bia_config::section::hook::WebHook;
use bia_model::{Flow, Identity};
use bia_outbound::Answer;
use http::StatusCode;
use serde_json::Value;

use self::answer::Change;
use self::context::{Told, context};
use crate::cx::Cx;
use crate::method::Refusal;
use crate::problem::Problem;
use crate::why::Why;

/// Whether what a hook answers is looked at, so that in registration and settings it runs before
/// anything is stored, and otherwise after.
pub(super) fn decides(hook: &WebHook) -> bool {
    hook.response.parse || hook.can_interrupt
}

/// A change of the identity that a hook asked for.
pub(super) struct Asked {
    change: Change,
    name: String,
}

impl Asked {
    /// Makes the change. The identity's schema is to be applied afterwards where it is stored.
    pub(super) fn apply(self, cx: &Cx, identity: &mut Identity) -> Result<(), Problem> {
        let Asked { change, name } = self;
        change
            .apply(identity, cx.now)
            .map_err(|reason| Problem::Internal(format!("the web hook {name}: {reason}")))
    }
}

/// Calls a hook and waits for its answer, unless that is to be ignored. Errs with the messages of a hook
/// that stops the flow.
pub(super) async fn run(
    cx: &Cx,
    hook: &WebHook,
    flow: &Flow,
    told: Told<'_>,
) -> Result<Option<Asked>, Refusal> {
    if outbox::takes(cx, hook) {
        write_down(cx, hook, flow, told).await?;
        return Ok(None);
    }
    let ctx = Value::Object(context(cx, flow, told));
    if hook.response.ignore {
        run_beside(cx, hook, ctx);
        return Ok(None);
    }
    let asked = call::ask(&cx.app, &cx.runtime, hook, ctx).await;
    let Some(answer) = asked.map_err(|failure| {
        tracing::warn!(
            hook = name(hook),
            "A web hook could not be called: {failure}"
        );
        cx.because_of(Why::HookFailed, name(hook));
        failure.problem(name(hook))
    })?
    else {
        return Ok(None);
    };
    let judged = judge(hook, &answer);
    match &judged {
        Err(Refusal::Form(_)) => cx.because_of(Why::HookInterrupted, name(hook)),
        Err(Refusal::Problem(_)) => cx.because_of(Why::HookFailed, name(hook)),
        Ok(_) => {}
    }
    judged
}

/// Puts a call into the outbox that tells of nothing that is stored now.
async fn write_down(cx: &Cx, hook: &WebHook, flow: &Flow, told: Told<'_>) -> Result<(), Problem> {
    let call = outbox::written(cx, hook, flow, told).await;
    let calls = call.as_slice();
    if !calls.is_empty() {
        outbox::store(&mut cx.write().await?, calls).await?;
        outbox::wake(cx, calls);
    }
    Ok(())
}

fn judge(hook: &WebHook, answer: &Answer) -> Result<Option<Asked>, Refusal> {
    let status = answer.status;
    if status.as_u16() >= 400 {
        let messages = if decides(hook) {
            answer::messages(&answer.body)
        } else {
            None
        };
        let refused = || {
            Problem::HookFailed(format!(
                "A web hook of this server answered with status {}.",
                status.as_u16()
            ))
        };
        return Err(messages.map_or_else(|| refused().into(), Refusal::Form));
    }
    if !hook.response.parse || status != StatusCode::OK {
        return Ok(None);
    }
    let name = name(hook).to_owned();
    let change = answer::change(&answer.body)
        .map_err(|reason| Problem::Internal(format!("the web hook {name}: {reason}")))?;
    Ok(change.map(|change| Asked { change, name }))
}

/// Calls a hook whose answer does not matter, while the flow goes on.
fn run_beside(cx: &Cx, hook: &WebHook, ctx: Value) {
    let (app, runtime, called) = (Arc::clone(&cx.app), Arc::clone(&cx.runtime), hook.clone());
    let started = cx.app.background.start(async move {
        match call::ask(&app, &runtime, &called, ctx).await {
            Ok(Some(answer)) if answer.status.as_u16() >= 400 => tracing::warn!(
                hook = name(&called),
                http.status = answer.status.as_u16(),
                "A web hook answered with an error, which is ignored as configured."
            ),
            Ok(_) => {}
            Err(failure) => tracing::warn!(
                hook = name(&called),
                "A web hook could not be called: {failure}"
            ),
        }
    });
    if !started {
        tracing::error!(
            hook = name(hook),
            "A web hook was not called: too many calls whose answer is ignored are waiting for theirs."
        );
    }
}

/// How the log calls a hook: by its id, else by its host, never by its whole address.
fn name(hook: &WebHook) -> &str {
    let host = || hook.request.url.as_ref().and_then(|url| url.host_str());
    hook.id
        .as_deref()
        .filter(|id| !id.is_empty())
        .or_else(host)
        .unwrap_or("without a url")
}
