//! What can go wrong on the way into the queue, and on the way out of it.

use bia_store::StoreError;
use serde_json::{Map, Value, json};

/// A message did not get into the queue. Texts carry no address and no code.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The recipient cannot be written to: not an address, or longer than its column.
    #[error(
        "the recipient is not an address that a message can be sent to; correct the identity's address"
    )]
    Recipient,
    /// A text does not render, the built-in one or the operator's.
    #[error("the text of a {kind} message does not render: {reason}")]
    Template {
        /// The template type.
        kind: &'static str,
        /// What the renderer says.
        reason: String,
    },
    /// The template's data cannot be written as JSON.
    #[error("the data of a message cannot be stored as JSON: {0}")]
    Data(#[from] serde_json::Error),
    /// The database refused it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One attempt to deliver a message failed. Kept with the message for administrators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct DeliveryError {
    reason: &'static str,
    message: String,
    permanent: bool,
    smtp_status: Option<u16>,
    http_status: Option<u16>,
}

/// Statuses by which a web service refuses what may be taken another time: it was slow (408), it is in the middle of
/// something (409, 423), it takes no early data (425), it has had enough for now (429). For 422 the reference's own
/// answers are on record: it asks again.
const NOT_FINAL: [u16; 6] = [408, 409, 422, 423, 425, 429];

/// The longest part of a server's answer that is kept, in bytes.
const MAX_MESSAGE_BYTES: usize = 1024;

impl DeliveryError {
    /// An attempt that may succeed another time.
    pub(crate) fn temporary(reason: &'static str, message: impl Into<String>) -> DeliveryError {
        DeliveryError {
            reason,
            message: shortened(message.into()),
            permanent: false,
            smtp_status: None,
            http_status: None,
        }
    }

    /// An attempt that will fail again until somebody changes something.
    pub(crate) fn permanent(reason: &'static str, message: impl Into<String>) -> DeliveryError {
        DeliveryError {
            permanent: true,
            ..DeliveryError::temporary(reason, message)
        }
    }

    /// Adds the mail server's reply code; 5yz is permanent (RFC 5321 §4.2.1).
    pub(crate) fn with_smtp_status(self, status: u16) -> DeliveryError {
        DeliveryError {
            smtp_status: Some(status),
            permanent: status >= 500,
            ..self
        }
    }

    /// Adds the status by which a web service refused the message.
    pub(crate) fn with_http_status(self, status: u16) -> DeliveryError {
        DeliveryError {
            http_status: Some(status),
            permanent: (400..500).contains(&status) && !NOT_FINAL.contains(&status),
            ..self
        }
    }

    /// Whether the message is given up without another attempt: the service understood the request and will not
    /// take it. What mail servers refuse for good is tried again as the reference does; some of them take it then.
    pub fn is_final(&self) -> bool {
        self.permanent && self.http_status.is_some()
    }

    /// Whether another attempt is of no use before somebody changes something.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// The reply code of the mail server, where it gave one.
    pub fn smtp_status(&self) -> Option<u16> {
        self.smtp_status
    }

    /// The `error` object of a dispatch (spec courier.md §1); what the reference does not tell is under `bia`.
    pub fn json(&self) -> Value {
        let mut told = Map::from_iter([("permanent".to_owned(), self.permanent.into())]);
        told.extend(
            self.smtp_status
                .map(|s| ("smtp_status".to_owned(), s.into())),
        );
        told.extend(
            self.http_status
                .map(|s| ("http_status".to_owned(), s.into())),
        );
        json!({
            "code": 500,
            "status": "Internal Server Error",
            "reason": self.reason,
            "message": self.message,
            "bia": told,
        })
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > MAX_MESSAGE_BYTES {
        text.truncate(text.floor_char_boundary(MAX_MESSAGE_BYTES));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatch_tells_whether_trying_again_helps() {
        let full = DeliveryError::temporary("failed to send email via smtp", "mailbox full")
            .with_smtp_status(452);
        assert!(!full.is_permanent());
        let unknown = DeliveryError::temporary("failed to send email via smtp", "no such user")
            .with_smtp_status(550);
        assert_eq!(
            unknown.json(),
            json!({"code": 500, "status": "Internal Server Error", "reason": "failed to send email via smtp",
                   "message": "no such user", "bia": {"permanent": true, "smtp_status": 550}})
        );
    }

    #[test]
    fn a_service_refuses_for_good_by_4xx_but_those_that_pass() {
        let is_final = |status| {
            let error = DeliveryError::temporary("failed to send message via http", "no");
            error.with_http_status(status).is_final()
        };
        for status in [400, 401, 403, 404, 410, 413, 451] {
            assert!(is_final(status), "{status}");
        }
        for status in [301, 408, 422, 429, 500, 502, 503] {
            assert!(!is_final(status), "{status}");
        }
    }

    #[test]
    fn a_long_answer_of_a_server_is_cut_between_characters() {
        let error = DeliveryError::permanent("x", "é".repeat(2000));
        assert!(error.message.len() <= MAX_MESSAGE_BYTES + '…'.len_utf8());
        assert!(error.message.ends_with("é…"));
    }
}
