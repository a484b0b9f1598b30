//! What the server itself calls over HTTP: web hooks, message channels, identity providers.
//!
//! One client for all of them, so that the rules are kept everywhere: which addresses may be reached (`clients.http`),
//! how long to wait, how much to read, when to try again. Proxies come from the environment (`HTTPS_PROXY`,
//! `HTTP_PROXY`, `NO_PROXY`), certificates from the system or `SSL_CERT_FILE`.
//!
//! This crate must not know who calls and why. No error it gives holds a URL, a header or a body.

#![warn(missing_docs)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test stops where it fails")
)]

mod address;
mod call;
mod client;
mod configured;
mod exception;
mod resolve;
mod retry;

pub use address::{Reach, allows};
pub use call::{Answer, Call, OutboundError};
pub use client::{Mark, Outbound};
pub use configured::UnusableCall;
pub use retry::Retry;
