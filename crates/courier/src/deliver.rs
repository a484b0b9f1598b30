//! From a stored message to the channel that it names.

use bia_model::Channel;
use bia_store::courier::Message;

use crate::courier::Courier;
use crate::error::DeliveryError;
use crate::http::{self, Defaults};
use crate::settings::{EmailDelivery, HttpChannel};
use crate::smtp::{self, Letter};
use crate::template::Template;
use crate::texts::Part;

/// What is said of messages that nothing can carry.
const NO_WAY: &str = "the message has no way out of this server";

/// Tries once. `Ok` means that somebody else took responsibility for the message.
pub(crate) async fn deliver(courier: &Courier, message: &Message) -> Result<(), DeliveryError> {
    let channels = &courier.settings.channels;
    if let Some(channel) = channels.iter().find(|c| c.id == message.channel) {
        return by_channel(courier, channel, message).await;
    }
    if message.channel != Channel::Email.as_str() {
        return Err(DeliveryError::permanent(
            NO_WAY,
            format!("no courier channels configured for: {}", message.channel),
        ));
    }
    match &courier.settings.email {
        EmailDelivery::Smtp(smtp) => {
            let html = html_part(courier, message).await;
            smtp::send(smtp, letter(message, html)).await
        }
        EmailDelivery::Http(config) => {
            let html = html_part(courier, message).await;
            http::send(courier, config, Defaults::UsualBody, message, html).await
        }
    }
}

async fn by_channel(
    courier: &Courier,
    channel: &HttpChannel,
    message: &Message,
) -> Result<(), DeliveryError> {
    if channel.kind.as_deref() != Some("http") {
        let told = format!(
            "the channel {} has no type that messages can be sent by; set its type to http",
            channel.id
        );
        return Err(DeliveryError::permanent(NO_WAY, told));
    }
    let html = match message.via {
        Channel::Email => html_part(courier, message).await,
        Channel::Sms => None,
    };
    http::send(courier, &channel.request, Defaults::Nothing, message, html).await
}
fn letter(message: &Message, html: Option<String>) -> Letter<'_> {
    Letter {
        id: message.id,
        recipient: &message.recipient,
        subject: &message.subject,
        text: &message.body,
        html,
    }
}

/// The HTML of a stored mail, rendered from its data as for delivery. `None` for text messages, and for mails
/// whose type or data is not known here: those go out as plain text.
pub async fn html_part(courier: &Courier, message: &Message) -> Option<String> {
    let kind = message.template_type.as_str();
    let rendered = match Template::read(kind, message.via, &message.template_data) {
        Some(Ok(template)) if template.channel() == Channel::Email => {
            html_of(courier, message, &template).await
        }
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("there is no template of this type".to_owned()),
    };
    match rendered {
        Ok(html) => html,
        Err(reason) => {
            tracing::warn!(message.id = %message.id, message.template_type = kind, reason, "A mail goes out without its HTML part.");
            None
        }
    }
}

/// The operator's HTML, else the built-in one.
async fn html_of(
    courier: &Courier,
    message: &Message,
    template: &Template,
) -> Result<Option<String>, String> {
    let own = courier
        .texts
        .own(template, &message.request_headers, Part::Html);
    match own.await {
        Ok(Some(html)) => Ok(Some(html)),
        Ok(None) => template.html().map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
