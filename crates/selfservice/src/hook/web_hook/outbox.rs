//! Hooks whose answer does not matter, when no call may be lost (`bia.hooks.outbox`): what is to be sent is stored with
//! what it tells of, and sent afterwards by a [worker](OutboxWorker), again and again until it was taken.

mod worker;

use bia_config::Config;
use bia_config::section::hook::WebHook;
use bia_jsonnet::JsonnetError;
use bia_model::Flow;
use bia_store::hook_outbox::{self, CallState, HookCall};
use bia_store::{Conn, StoreError};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use worker::OutboxWorker;

use super::call::{self, Failure};
use super::context::{Told, context};
use crate::cx::Cx;

/// The longest texts that the store takes, in characters.
const TEXT_CHARS: usize = 255;

/// How often a snippet is tried.
const RENDERINGS: usize = 3;

/// Whether the calls of a hook go through the outbox.
pub(in crate::hook) fn takes(cx: &Cx, hook: &WebHook) -> bool {
    hook.response.ignore && cx.config().bia.hooks.outbox
}

/// What a hook is to be told, to be stored with that. `None` when its Jsonnet says that it is not to be told this time,
/// or gives no body; that is logged, as of other hooks whose answer does not matter.
pub(in crate::hook) async fn written(
    cx: &Cx,
    hook: &WebHook,
    flow: &Flow,
    told: Told<'_>,
) -> Option<HookCall> {
    let ctx = Value::Object(context(cx, flow, told));
    let name = super::name(hook);
    match rendered(cx, hook, ctx).await {
        Ok(body) => Some(HookCall {
            id: Uuid::new_v4(),
            hook: reference(hook),
            name: name.chars().take(TEXT_CHARS).collect(),
            body: body?,
            state: CallState::Waiting,
            attempts: 0,
            last_error: String::new(),
            due_at: cx.now,
            created_at: cx.now,
            updated_at: cx.now,
        }),
        Err(failure) => {
            tracing::error!(
                hook = name,
                "A web hook is not told of something: {failure}"
            );
            None
        }
    }
}

/// What a hook is sent. A snippet that fails when the machine is short of breath works the next time.
async fn rendered(cx: &Cx, hook: &WebHook, ctx: Value) -> Result<Option<Value>, Failure> {
    for _ in 1..RENDERINGS {
        match call::body(&cx.app, hook, ctx.clone()).await {
            Err(Failure::Body(
                JsonnetError::TimedOut | JsonnetError::Worker(_) | JsonnetError::Fetch(_),
            )) => {}
            other => return other,
        }
    }
    call::body(&cx.app, hook, ctx).await
}

/// Stores calls. After the commit, [`wake`] has them made at once.
pub(crate) async fn store(conn: &mut Conn, calls: &[HookCall]) -> Result<(), StoreError> {
    for call in calls {
        hook_outbox::insert(conn, call).await?;
    }
    Ok(())
}

/// Has calls that were stored made at once.
pub(crate) fn wake(cx: &Cx, calls: &[HookCall]) {
    if !calls.is_empty() {
        cx.app.hook_calls.notify_one();
    }
}

/// What finds a hook in the configuration again: its id, else where it is called, as a hash, for a URL may hold a key.
fn reference(hook: &WebHook) -> String {
    match hook.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) if id.chars().count() < TEXT_CHARS - 3 => format!("id:{id}"),
        Some(id) => format!("sha256:{}", hex::encode(Sha256::digest(id))),
        None => {
            let url = hook.request.url.as_ref().map_or("", |url| url.as_str());
            let method = hook.request.method.as_deref().unwrap_or_default();
            let place = format!("{method}\0{url}");
            format!("sha256:{}", hex::encode(Sha256::digest(place)))
        }
    }
}

/// The hook of a reference; `None` when the configuration has none any more.
fn find<'c>(config: &'c Config, wanted: &str) -> Option<&'c WebHook> {
    let mut hooks = super::super::web_hooks(config.selfservice.flows.hooks());
    hooks.find(|hook| reference(hook) == wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hook(config: Value) -> WebHook {
        serde_json::from_value(config).unwrap()
    }

    #[test]
    fn a_hook_is_found_by_its_id_or_else_by_its_address_which_is_not_shown() {
        let named = json!({"id": "crm", "url": "https://a.example.org/", "method": "POST"});
        let moved = json!({"id": "crm", "url": "https://b.example.org/", "method": "PUT"});
        assert_eq!(reference(&hook(named.clone())), "id:crm");
        assert_eq!(reference(&hook(named)), reference(&hook(moved)));
        let url = |url: &str| reference(&hook(json!({"url": url, "method": "POST"})));
        assert_eq!(
            url("https://a.example.org/?key=1"),
            url("https://a.example.org/?key=1")
        );
        assert_ne!(
            url("https://a.example.org/?key=1"),
            url("https://a.example.org/?key=2")
        );
        assert!(!url("https://a.example.org/?key=1").contains("key"));
        let long = json!({"id": "x".repeat(300), "url": "https://a.example.org/"});
        assert!(reference(&hook(long)).len() < TEXT_CHARS);
    }
}
