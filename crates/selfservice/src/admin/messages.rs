//! What the courier has to send, and has sent (admin.md §11).

use bia_model::timestamp;
use bia_store::courier::{self, Dispatch, Message, MessagePage, Status};
use bia_store::identity::Paged;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cx::Cx;
use crate::problem::Problem;

/// Stands for the text of a message, which may hold a code.
const REDACTED: &str = "<redacted-unless-dev-mode>";

/// A page of the messages that the request's query asks for, newest first.
pub async fn list(
    cx: &Cx,
    after: Option<(OffsetDateTime, Uuid)>,
    size: u32,
) -> Result<Paged<Message>, Problem> {
    let status = cx.request.query("status").map(|text| {
        Status::parse(text).ok_or_else(|| {
            Problem::BadRequest(format!(
                "The status {text:?} does not exist. It is queued, sent, processing or abandoned."
            ))
        })
    });
    let recipient = cx
        .request
        .query("recipient")
        .filter(|r| !r.is_empty())
        .map(str::to_owned);
    let page = MessagePage {
        status: status.transpose()?,
        recipient,
        after,
        size,
    };
    let mut conn = cx.read().await?;
    Ok(courier::list(&mut conn, &page).await?)
}

/// One message with the attempts to deliver it.
pub async fn get(cx: &Cx, id: &str) -> Result<Value, Problem> {
    let id = Uuid::try_parse(id)
        .map_err(|_| Problem::malformed(format!("The id {id:?} is not a UUID.")))?;
    let mut conn = cx.read().await?;
    let message = courier::find(&mut conn, id)
        .await?
        .ok_or_else(|| Problem::NotFound(String::new()))?;
    let dispatches = courier::list_dispatches(&mut conn, id).await?;
    Ok(json(cx, &message, &dispatches))
}

/// Lets a message that was delivered or given up be delivered again; gives it as it is then.
pub async fn resend(cx: &Cx, id: &str) -> Result<Value, Problem> {
    let known = Uuid::try_parse(id);
    let known = known.map_err(|_| Problem::malformed(format!("The id {id:?} is not a UUID.")))?;
    if !courier::requeue(&mut cx.write().await?, known).await? {
        let mut conn = cx.read().await?;
        let found = courier::find(&mut conn, known).await?;
        found.ok_or_else(|| Problem::NotFound(String::new()))?;
        let reason = "The message waits already or is being delivered.";
        return Err(Problem::Conflict(reason.into()));
    }
    cx.app.courier.notify_one();
    get(cx, id).await
}

/// A message as JSON. Its text is shown on development servers only.
pub fn json(cx: &Cx, message: &Message, dispatches: &[Dispatch]) -> Value {
    let text = |text: &str| {
        if cx.config().dev {
            json!(text)
        } else {
            json!(REDACTED)
        }
    };
    let mut members = Map::new();
    members.insert("id".into(), json!(message.id));
    members.insert("status".into(), json!(message.status.as_str()));
    members.insert("type".into(), json!(message.via));
    members.insert("recipient".into(), json!(message.recipient));
    members.insert("body".into(), text(&message.body));
    members.insert("subject".into(), text(&message.subject));
    members.insert("template_type".into(), json!(message.template_type));
    members.insert("channel".into(), json!(message.channel));
    members.insert("send_count".into(), json!(message.send_count));
    if !dispatches.is_empty() {
        members.insert(
            "dispatches".into(),
            dispatches.iter().map(dispatch_json).collect(),
        );
    }
    members.insert("created_at".into(), timestamp::json(message.created_at));
    members.insert("updated_at".into(), timestamp::json(message.updated_at));
    Value::Object(members)
}

fn dispatch_json(dispatch: &Dispatch) -> Value {
    json!({
        "id": dispatch.id,
        "message_id": dispatch.message_id,
        "status": if dispatch.success { "success" } else { "failed" },
        "error": dispatch.error,
        "created_at": timestamp::json(dispatch.created_at),
        "updated_at": timestamp::json(dispatch.updated_at),
    })
}
