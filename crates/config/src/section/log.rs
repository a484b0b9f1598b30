//! `log`: what the server writes about itself.

use serde::Deserialize;

use super::non_empty;

/// `log`. As at start for the life of the process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Log {
    /// What is logged.
    pub level: LogLevel,
    /// Whether the log shows what it otherwise hides.
    pub leak_sensitive_values: bool,
    /// What stands for hidden values; `None` for the built-in text.
    #[serde(deserialize_with = "non_empty")]
    pub redaction_text: Option<String>,
    /// How lines look.
    pub format: LogFormat,
}

/// The least severe event that is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the log's own")]
pub enum LogLevel {
    Trace,
    Debug,
    #[default]
    Info,
    Warning,
    Error,
    Fatal,
    Panic,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Text,
}
