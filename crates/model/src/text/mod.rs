//! Every message that a client may get: number, slug, kind, context and English text.
//!
//! The only place with message ids. Numbers, kinds and context keys are the contract with clients
//! (`spec/messages.tsv`, and `own.tsv` for those of our own); the texts are ours, except the few that clients compare to the letter.
//! Each emitted message has one constructor, named by its slug; [`CATALOGUE`] lists them all, so
//! that a translation can be keyed by id.
//!
//! Must not know nodes, flows or HTTP.

mod catalogue;
mod label;
mod login;
mod own;
mod recovery;
mod registration;
mod render;
mod repeated;
mod settings;
mod validation;
mod verification;

#[cfg(test)]
mod tests;

pub use catalogue::{CATALOGUE, Entry, entry};
pub use label::*;
pub use login::*;
pub use own::*;
pub use recovery::*;
pub use registration::*;
pub use render::fill;
pub use repeated::{shortened, with_short_quotes};
pub use settings::*;
pub use validation::*;
pub use verification::*;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a message is about; decides how a page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    /// A label or a notice.
    Info,
    /// Something was wrong with what was sent.
    Error,
    /// Something is done.
    Success,
}

impl MessageType {
    /// The spelling on the wire: `info`, `error` or `success`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Error => "error",
            Self::Success => "success",
        }
    }
}

/// One message, as it goes to the client: of a form, of a field, or a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The number that clients know it by. Web hooks may send numbers that are not in [`CATALOGUE`].
    pub id: u32,
    /// The sentence for people.
    pub text: String,
    /// Label or notice, error, or success.
    pub r#type: MessageType,
    /// The machine-readable facts behind the text; left out of the JSON when there are none.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub context: Option<Map<String, Value>>,
}

impl Message {
    /// Whether the message says that something was wrong.
    pub fn is_error(&self) -> bool {
        self.r#type == MessageType::Error
    }
}

fn is_empty(context: &Option<Map<String, Value>>) -> bool {
    context.as_ref().is_none_or(Map::is_empty)
}
