use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// One request to another server.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Where to; `http` or `https`.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; empty for none.
    pub body: Bytes,
    /// How long one attempt may take, with its answer.
    pub timeout: Duration,
    /// The longest body that is read.
    pub max_answer_bytes: usize,
    /// Whether the beginning of a body is enough, whether it is longer or breaks off: for callers whom only the status
    /// concerns.
    pub cut_answer: bool,
    /// Whether private networks are closed for this call whatever the configuration says.
    pub public_only: bool,
}

impl Call {
    /// A call with an empty body, 30 s of time and at most 1 MiB of answer.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Call {
        Call {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: Duration::from_secs(30),
            max_answer_bytes: 1024 * 1024,
            cut_answer: false,
            public_only: false,
        }
    }
}

/// What came back, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer. The texts name neither URL nor contents.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address is not one that may be called (`clients.http`).
    #[error("the address is in a network that the configuration does not allow to call")]
    OutOfReach,
    /// It took too long.
    #[error("there was no answer in time")]
    TimedOut,
    /// The connection failed, or broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// More than ten redirects.
    #[error("it was redirected too often")]
    Redirects,
    /// The body is larger than the call allows.
    #[error("the answer is too large")]
    TooLarge,
    /// The last attempt was answered with a status that asked to try again.
    #[error("it answered with status {0} after {1} attempts")]
    GivenUp(u16, u32),
    /// TLS cannot be set up here.
    #[error("outgoing calls cannot be set up: {0}")]
    Setup(String),
}
