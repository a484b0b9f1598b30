//! What the methods that write to people share: queueing a message.

use std::collections::BTreeMap;

use bia_courier::{CourierError, Outgoing, Template, UnknownAddress};
use bia_model::Flow;
use bia_store::Conn;
use serde_json::{Map, Value};

use crate::abuse;
use crate::cx::Cx;
use crate::problem::Problem;

/// Queues a message. Nothing is sent before the transaction of `conn` is over, and nothing at all to a text
/// that is no address.
///
/// An address that got too many messages lately gets no more for now, so that nobody can flood it. Whoever asked
/// is answered as always.
pub(crate) async fn enqueue(cx: &Cx, conn: &mut Conn, message: Template) -> Result<(), Problem> {
    if abuse::has_had_enough(cx, conn, &message).await? {
        return Ok(());
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
