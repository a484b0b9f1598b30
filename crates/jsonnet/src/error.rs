use bia_config::fetch::FetchError;
use serde::{Deserialize, Serialize};

/// Why an evaluation gave nothing. No text holds anything of the input, but [`JsonnetError::Raised`], which is the
/// snippet's own.
#[derive(Debug, thiserror::Error)]
pub enum JsonnetError {
    /// The snippet could not be read from where it is.
    #[error("the snippet cannot be read: {0}")]
    Fetch(#[from] FetchError),
    /// The snippet is no Jsonnet; names line and column.
    #[error("the snippet is not valid: {0}")]
    Syntax(String),
    /// The snippet ran `error '…'`; the text is what stood there.
    #[error("the snippet ended with the error {0:?}")]
    Raised(String),
    /// The evaluation failed for another reason; names line and column.
    #[error("the snippet failed: {0}")]
    Failed(String),
    /// It took longer than 1 s.
    #[error("the snippet took longer than a second")]
    TimedOut,
    /// The output is longer than 256 KiB.
    #[error("the snippet gave more than 256 KiB")]
    TooLarge,
    /// The process that evaluates could not be started, or ended (also when it needed too much memory).
    #[error("the process that evaluates Jsonnet ended: {0}")]
    Worker(String),
}

impl JsonnetError {
    /// Whether the snippet asked not to be used, by `error 'cancel'` (hooks.md §4.1).
    #[must_use]
    pub fn is_cancel(&self) -> bool {
        matches!(self, JsonnetError::Raised(text) if text == "cancel")
    }
}

/// What a worker answers.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// JSON text.
    Output(String),
    Syntax(String),
    Raised(String),
    Failed(String),
    TooLarge,
}
