//! What the methods that write to people share: queueing a message.

use std::collections::BTreeMap;

use bia_courier::{CourierError, Outgoing, Template, UnknownAddress};
use bia_model::Flow;
use bia_store::Conn;
use serde_json::{Map, Value};
use time::Duration;

use crate::cx::Cx;
use crate::problem::Problem;

/// How far back messages to one address are counted.
const COUNTED: Duration = Duration::hours(1);

/// Queues a message. Nothing is sent before the transaction of `conn` is over, and nothing at all to a text
/// that is no address.
///
/// An address that got too many messages lately gets no more for now, so that nobody can flood it. Whoever asked
/// is answered as always.
pub(crate) async fn enqueue(cx: &Cx, conn: &mut Conn, message: Template) -> Result<(), Problem> {
    let most = i64::from(cx.config().bia.abuse.messages_per_address);
    if most > 0 {
        let since = cx.now - COUNTED;
        let recipient = message.recipient();
        if bia_store::courier::count_since(conn, recipient, since).await? >= most {
            tracing::warn!(
                message.template_type = message.kind().as_str(),
                "A message is not sent: its address got {most} in the last hour, which is the most that bia.abuse.messages_per_address allows."
            );
            return Ok(());
        }
    }
    let allowed = &cx.config().clients.web_hook.header_allowlist;
    let request_headers = match message.kind().carries_request_headers() {
        true => cx.request.headers.allowed(allowed),
        false => BTreeMap::new(),
    };
    let message = Outgoing {
        template: message,
        request_headers,
    };
    match bia_courier::enqueue(&cx.runtime.courier, conn, cx.now, &message).await {
        Ok(_) => Ok(()),
        Err(CourierError::Recipient) => {
            tracing::warn!(
                "A message was not written: its recipient is no address. A schema may allow such texts."
            );
            Ok(())
        }
        Err(error) => Err(Problem::Internal(error.to_string())),
    }
}

/// The client's own data that a message carries.
pub(crate) fn payload(flow: &Flow) -> Value {
    flow.transient_payload
        .clone()
        .unwrap_or_else(|| Value::Object(Map::new()))
}

/// What a message says to an address that nobody here has.
pub(crate) fn unknown(flow: &Flow, address: &str) -> UnknownAddress {
    UnknownAddress {
        to: address.to_owned(),
        request_url: flow.request_url.clone(),
        transient_payload: payload(flow),
    }
}

/// A lifespan as messages tell it.
pub(crate) fn minutes(lifespan: std::time::Duration) -> i64 {
    i64::try_from(lifespan.as_secs() / 60).unwrap_or(i64::MAX)
}
