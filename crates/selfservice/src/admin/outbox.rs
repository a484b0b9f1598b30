//! Calls of web hooks in the outbox (`bia.hooks.outbox`): what waits, what was given up, and calling again.

use bia_model::timestamp;
use bia_store::hook_outbox::{self, CallPage, CallState, HookCall};
use bia_store::identity::Paged;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cx::Cx;
use crate::problem::Problem;

/// A page of the calls that the request's query asks for (`state`), newest first.
pub async fn list(
    cx: &Cx,
    after: Option<(OffsetDateTime, Uuid)>,
    size: u32,
) -> Result<Paged<HookCall>, Problem> {
    if cx.request.query("status").is_some() {
        let reason =
            "The outbox is asked by state, not by status: ?state=waiting, delivered or failed.";
        return Err(Problem::BadRequest(reason.into()));
    }
    let state = cx.request.query("state").filter(|text| !text.is_empty());
    let state = state.map(|text| {
        CallState::parse(text).ok_or_else(|| {
            Problem::BadRequest(format!(
                "The state {text:?} does not exist. It is waiting, delivered or failed."
            ))
        })
    });
    let page = CallPage {
        state: state.transpose()?,
        after,
        size,
    };
    let mut conn = cx.read().await?;
    Ok(hook_outbox::list(&mut conn, page).await?)
}

/// Lets a call that was given up, or delivered, be made again under its old id; gives it as it is then.
pub async fn replay(cx: &Cx, id: &str) -> Result<Value, Problem> {
    let known = Uuid::try_parse(id);
    let known = known.map_err(|_| Problem::malformed(format!("The id {id:?} is not a UUID.")))?;
    let replayed = hook_outbox::replay(&mut cx.write().await?, known, cx.now).await?;
    let mut conn = cx.read().await?;
    let found = hook_outbox::find(&mut conn, known).await?;
    let call =
        found.ok_or_else(|| Problem::NotFound("There is no such call in the outbox.".into()))?;
    if !replayed {
        let reason = "The call waits already, or is being made.";
        return Err(Problem::Conflict(reason.into()));
    }
    cx.app.hook_calls.notify_one();
    Ok(json(cx, &call))
}

/// A call as JSON. What is sent is shown on development servers only.
pub fn json(cx: &Cx, call: &HookCall) -> Value {
    let mut shown = json!({
        "id": call.id,
        "hook": call.name,
        "state": call.state.as_str(),
        "attempts": call.attempts,
        "last_error": Some(&call.last_error).filter(|reason| !reason.is_empty()),
        "next_attempt_at": (call.state == CallState::Waiting).then(|| timestamp::json(call.due_at)),
        "created_at": timestamp::json(call.created_at),
        "updated_at": timestamp::json(call.updated_at),
    });
    if let (true, Some(members)) = (cx.config().dev, shown.as_object_mut()) {
        members.insert("body".into(), call.body.clone());
    }
    shown
}
