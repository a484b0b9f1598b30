//! What happens: the five flows, the methods to prove or keep an identity, the hooks.
//!
//! This crate must not know headers, cookies or status codes: a request comes as [`cx::Request`] and
//! leaves as an [`outcome::Outcome`] or a [`problem::Problem`]; `server` turns both into HTTP.
//! No SQL either: rows come from `bia-store`.

#![warn(missing_docs)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::allow_attributes,
        reason = "tests fail by panicking"
    )
)]

pub mod abuse;
pub mod admin;
pub mod background;
pub mod cipher;
pub mod continuity;
pub mod csrf;
pub mod cx;
pub mod engine;
pub mod exchange;
pub mod flow;
pub mod form;
pub mod hasher;
pub mod headers;
pub mod hook;
pub mod identity;
pub mod method;
pub mod mfa;
pub(crate) mod oauth2;
pub mod outcome;
pub mod problem;
pub mod refusal;
pub mod return_to;
pub mod seal;
pub mod session;
pub mod token;
pub mod trusted_browser;
pub mod turns;
pub mod why;
