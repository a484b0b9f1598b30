//! HTTP, the `bia` binary, and what runs the process.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a test stops where it fails"
    )
)]

mod admin;
pub mod cli;
mod cookies;
pub mod courier;
pub mod doctor;
pub mod envelope;
pub mod error;
pub mod explain;
pub mod extract;
mod help;
pub mod identity_schemas;
pub mod json;
pub mod listen;
pub mod log;
pub mod metrics;
pub mod middleware;
mod openapi;
pub mod reference;
mod refusal;
pub mod reload;
pub mod respond;
pub mod route;
pub mod search;
pub mod start;
pub mod trace;
pub mod version;
pub mod wire;
