//! Why a request was refused: for operators who are asked about one.

use std::collections::{BTreeMap, BTreeSet};

use bia_model::timestamp;
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
    let accounts = accounts(cx, &found).await?;
    let shown_with_account = |refusal: &Refusal| {
        let mut shown = shown(refusal);
        let account = refusal.identity_id.and_then(|id| accounts.get(&id));
        if let (Some(account), Some(members)) = (account, shown.as_object_mut()) {
            members.insert("identity".into(), account.clone());
        }
        shown
    };
    let refusals: Vec<Value> = found.iter().map(shown_with_account).collect();
    Ok(json!({"id": id, "refusals": refusals}))
}

/// How the accounts that refusals were about can sign in; `null` for those that are gone.
async fn accounts(cx: &Cx, refusals: &[Refusal]) -> Result<BTreeMap<Uuid, Value>, Problem> {
    let ids: BTreeSet<Uuid> = refusals.iter().filter_map(|r| r.identity_id).collect();
    let mut conn = cx.read().await?;
    let mut accounts = BTreeMap::new();
    for id in ids {
        let who = bia_store::identity::find(&mut conn, id, Expand::Credentials).await?;
        let account = who.map_or(Value::Null, |who| access::summary(cx, &who));
        accounts.insert(id, account);
    }
    Ok(accounts)
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
