//! Putting messages into the queue.

use std::collections::BTreeMap;

use bia_model::Channel;
use bia_store::Conn;
use bia_store::courier::{self as queue, Message, Status};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::courier::Courier;
use crate::error::CourierError;
use crate::recipient;
use crate::template::Template;
use crate::texts::Part;

/// The width of the subject's column, in characters.
const MAX_SUBJECT_CHARS: usize = 255;

/// A message on its way into the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// What it says, and to whom.
    pub template: Template,
    /// Headers of the request that caused it, which the HTTP channel passes on.
    pub request_headers: BTreeMap<String, Vec<String>>,
}

impl From<Template> for Outgoing {
    fn from(template: Template) -> Outgoing {
        Outgoing {
            template,
            request_headers: BTreeMap::new(),
        }
    }
}

/// Renders a message and stores it as `queued`; gives its id. Nothing is sent here, and nobody is woken: do
/// that when the unit of work is committed, by the handle that the worker listens to.
///
/// Errs when the recipient is no address, when a text does not render, and when the database refuses it.
pub async fn enqueue(
    courier: &Courier,
    conn: &mut Conn,
    now: OffsetDateTime,
    message: &Outgoing,
) -> Result<Uuid, CourierError> {
    let queued = written(courier, now, message).await?;
    queue::insert(conn, &queued).await?;
    Ok(queued.id)
}

async fn written(
    courier: &Courier,
    now: OffsetDateTime,
    message: &Outgoing,
) -> Result<Message, CourierError> {
    let template = &message.template;
    let via = template.channel();
    let addressable = match via {
        Channel::Email => recipient::mailbox(template.recipient()).is_some(),
        Channel::Sms => recipient::is_phone(template.recipient()),
    };
    if !addressable {
        return Err(CourierError::Recipient);
    }
    let kind = template.kind().as_str();
    let broken = |error: askama::Error| CourierError::Template {
        kind,
        reason: error.to_string(),
    };
    let own = |part| courier.texts.own(template, &message.request_headers, part);
    let subject = match via {
        Channel::Email => own(Part::Subject).await?,
        Channel::Sms => None,
    };
    let subject = match subject {
        Some(subject) => subject.trim().replace(char::is_control, " "),
        None => template.subject().map_err(broken)?,
    };
    let body = match own(Part::Plain).await? {
        Some(body) => body,
        None => template.text().map_err(broken)?,
    };
    Ok(Message {
        id: Uuid::new_v4(),
        status: Status::Queued,
        via,
        recipient: template.recipient().to_owned(),
        subject: subject.chars().take(MAX_SUBJECT_CHARS).collect(),
        body,
        template_type: kind.to_owned(),
        template_data: template.data()?,
        request_headers: message.request_headers.clone(),
        channel: via.as_str().to_owned(),
        send_count: 0,
        created_at: now,
        updated_at: now,
    })
}
