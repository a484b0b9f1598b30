//! Security keys and passkeys, as a server sees them: the answers of a key in, a verified key or a verified use
//! of one out (W3C Web Authentication Level 3, sections 7.1 and 7.2). Each check names its step.
//!
//! This crate knows nothing of flows, accounts or storage. It keeps no state: the caller makes the challenge,
//! remembers it, and sees to it that it is answered once.
//!
//! Everything that is read here comes from strangers. It is bounded before it is read ([`MAX_ANSWER_BYTES`],
//! [`MAX_KEY_ID_BYTES`]), CBOR may nest no deeper than a handful of levels, and nothing here panics.

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

mod algorithm;
mod answer;
mod attestation;
mod authentication;
mod authenticator_data;
mod cbor;
mod client_data;
mod fault;
mod key;
mod registration;
#[cfg(any(test, feature = "soft-key"))]
pub mod soft_key;
#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use authentication::{Assertion, Counter, StoredKey, Use};
pub use authenticator_data::Flags;
pub use client_data::Expected;
pub use fault::{Fault, Unreadable};
pub use key::PublicKey;
pub use registration::{Creation, NewKey};

/// The longest answer that is read, in bytes of JSON. An attestation with a chain of certificates has some 10 KiB.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The longest name of a key, in bytes (section 7.1, step 26).
pub const MAX_KEY_ID_BYTES: usize = 1023;
