//! Delivery by a request to a web service (spec courier.md §4.2).

use std::time::Duration;

use bia_config::section::request::Request;
use bia_jsonnet::Input;
use bia_outbound::{Answer, Call, OutboundError, Retry};
use bia_store::courier::Message;
use http::Method;
use serde_json::{Value, json};

use crate::courier::Courier;
use crate::error::DeliveryError;

/// How long the service may take. A slow one is asked again later, so that it does not hold up others.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer is read, and of a refusal logged.
const ANSWER_BYTES: usize = 1024;

/// What is said of every failed delivery by HTTP.
const FAILED: &str = "failed to send message via http";

/// How a channel fills the parts of a request that its configuration leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defaults {
    /// A body with the usual members: what `courier.http` has.
    UsualBody,
    /// None: what `courier.channels` have.
    Nothing,
}

/// Asks the service to take a message; once. Any 2xx means that it did.
pub(crate) async fn send(
    courier: &Courier,
    config: &Request,
    defaults: Defaults,
    message: &Message,
    html: Option<String>,
) -> Result<(), DeliveryError> {
    let body = match &config.body {
        Some(snippet) => {
            let input = Input::ctx(context(message, html));
            let evaluated = courier.jsonnet.evaluate_at(snippet, input).await;
            evaluated.map_err(|error| {
                DeliveryError::permanent(FAILED, format!("the body cannot be built: {error}"))
            })?
        }
        None if defaults == Defaults::UsualBody => usual_body(message),
        None => {
            let missing = "the channel's request_config has no body; set it to the address of a Jsonnet snippet";
            return Err(DeliveryError::permanent(FAILED, missing));
        }
    };
    let call = Call::configured(config, Method::GET, Some(&body))
        .map_err(|error| DeliveryError::permanent(FAILED, error.to_string()))?;
    let call = Call {
        timeout: TIMEOUT,
        max_answer_bytes: ANSWER_BYTES,
        cut_answer: true,
        ..call
    };
    match courier.outbound.send(Retry::NEVER, |_| call.clone()).await {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(refused(message, &answer)),
        Err(error @ OutboundError::OutOfReach) => {
            Err(DeliveryError::permanent(FAILED, error.to_string()))
        }
        Err(error) => Err(DeliveryError::temporary(FAILED, error.to_string())),
    }
}

/// What the Jsonnet gets as `ctx`.
fn context(message: &Message, html: Option<String>) -> Value {
    let mut context = json!({
        "recipient": message.recipient,
        "subject": message.subject,
        "body": message.body,
        "template_type": message.template_type,
        "template_data": message.template_data,
        "message_type": message.via.as_str(),
        "request_headers": message.request_headers,
    });
    if let (Some(members), Some(html)) = (context.as_object_mut(), html) {
        members.insert("html_body".into(), html.into());
    }
    context
}

/// The body of mails where the configuration names none; what a message does not have is null.
fn usual_body(message: &Message) -> Value {
    let data = |name: &str| message.template_data.get(name).cloned().unwrap_or_default();
    json!({
        "body": message.body,
        "recipient": message.recipient,
        "recovery_code": data("recovery_code"),
        "recovery_url": data("recovery_url"),
        "subject": message.subject,
        "template_type": message.template_type,
        "to": data("to"),
        "verification_code": data("verification_code"),
        "verification_url": data("verification_url"),
    })
}

fn refused(message: &Message, answer: &Answer) -> DeliveryError {
    let status = answer.status.as_u16();
    tracing::warn!(
        message.id = %message.id, message.channel = message.channel, http.status = status,
        http.answer = without_numbers(&answer.body), "A web service did not take a message."
    );
    DeliveryError::temporary(FAILED, format!("the service answered with status {status}"))
        .with_http_status(status)
}

/// A text for the log: services like to repeat what they were sent, and codes and phone numbers are not to stand there.
fn without_numbers(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if digits.len() > 3 {
            shown.push('#');
        } else {
            shown.push_str(&digits);
        }
        digits.clear();
        shown.push(if c.is_control() { ' ' } else { c });
    }
    shown.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_that_a_service_repeats_are_not_logged() {
        let answer = br#"{"error": 21, "to": "+49301230001", "text": "123456 is your code"}"#;
        assert_eq!(
            without_numbers(answer),
            r##"{"error": 21, "to": "+#", "text": "# is your code"}"##
        );
        assert_eq!(without_numbers(b"a\r\nb 1234"), "a  b #");
    }
}
