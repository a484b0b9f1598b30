//! Why a request was refused: for operators who are asked about one.

use bia_model::{Identity, timestamp};
use bia_store::identity::Expand;
use bia_store::refusal::{self, Asked, MAX_REQUEST_ID, Refusal};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access;
use crate::cx::Cx;
use crate::problem::Problem;
use crate::refusal::with_words;

/// How many refusals are shown at most.
const MOST: u32 = 20;

/// What `GET /admin/bia/explain/{id}` answers: the refusals of requests with this id, or of the flow with this id, newest
/// first, with how the account that each was about can sign in now.
pub async fn explain(cx: &Cx, id: &str) -> Result<Value, Problem> {
    let found = find(cx, id).await?;
    if found.is_empty() {
        return Err(unknown(cx));
    }
    let mut refusals = Vec::new();
    for refusal in &found {
        let mut shown = shown(refusal);
        if let (Some(id), Some(members)) = (refusal.identity_id, shown.as_object_mut()) {
            let who = identity(cx, id).await?;
            members.insert(
                "identity".into(),
                who.map_or(Value::Null, |who| access::summary(cx, &who)),
            );
        }
        refusals.push(shown);
    }
    Ok(json!({"id": id, "refusals": refusals}))
}

/// The last refusals of an identity's requests, newest first.
pub(super) async fn of_identity(cx: &Cx, id: Uuid) -> Result<Vec<Value>, Problem> {
    let mut conn = cx.read().await?;
    let found = refusal::list(&mut conn, Asked::Identity(id), MOST, cx.now).await?;
    Ok(found.iter().map(shown).collect())
}

async fn find(cx: &Cx, id: &str) -> Result<Vec<Refusal>, Problem> {
    if id.len() > MAX_REQUEST_ID || !id.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(Vec::new());
    }
    let mut conn = cx.read().await?;
    let mut found = refusal::list(&mut conn, Asked::Request(id), MOST, cx.now).await?;
    if let (true, Ok(flow)) = (found.is_empty(), Uuid::try_parse(id)) {
        found = refusal::list(&mut conn, Asked::Flow(flow), MOST, cx.now).await?;
    }
    Ok(found)
}

fn unknown(cx: &Cx) -> Problem {
    let explain = cx.config().bia.explain;
    if !explain.enabled {
        let reason = "Nothing is kept of refused requests: bia.explain.enabled is false.";
        return Problem::NotFound(reason.into());
    }
    let hours = explain.keep.as_secs() / 3600;
    Problem::NotFound(format!(
        "Nothing is kept of a request or flow with this id: it was not refused, was refused more than {hours} hours ago, \
         or there were more refused requests at that time than are kept (bia.explain)."
    ))
}

async fn identity(cx: &Cx, id: Uuid) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    Ok(bia_store::identity::find(&mut conn, id, Expand::Credentials).await?)
}

/// A refusal as operators see it: what was kept, with the words of today.
fn shown(refusal: &Refusal) -> Value {
    let mut shown = json!({
        "request_id": refusal.request_id,
        "flow_id": refusal.flow_id,
        "identity_id": refusal.identity_id,
        "time": timestamp::json(refusal.created_at),
    });
    let document = with_words(refusal.document.clone());
    if let (Some(members), Value::Object(document)) = (shown.as_object_mut(), document) {
        members.extend(document);
    }
    shown
}
