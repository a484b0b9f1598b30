//! What can go wrong on the way into the queue, and on the way out of it.

use bia_store::StoreError;
use serde_json::{Value, json};

/// A message did not get into the queue. Texts carry no address and no code.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The recipient cannot be written to: not an address, or longer than its column.
    #[error(
        "the recipient is not an address that a message can be sent to; correct the identity's address"
    )]
    Recipient,
    /// A built-in text does not render.
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
}

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
        let mut told = json!({"permanent": self.permanent});
        if let (Some(told), Some(status)) = (told.as_object_mut(), self.smtp_status) {
            told.insert("smtp_status".into(), status.into());
        }
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
    fn a_long_answer_of_a_server_is_cut_between_characters() {
        let error = DeliveryError::permanent("x", "é".repeat(2000));
        assert!(error.message.len() <= MAX_MESSAGE_BYTES + '…'.len_utf8());
        assert!(error.message.ends_with("é…"));
    }
}
