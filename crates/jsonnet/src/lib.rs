//! Jsonnet: bodies of web hooks and of message channels, mappers of claims.
//!
//! Snippets are an operator's, but what they are given comes from anybody. So they are evaluated in processes of their
//! own, started from the same binary (`bia jsonnet`), with bounds on time (1 s), output (256 KiB) and address space
//! (2 GiB), without imports, files, network or environment (config.md §13).
//!
//! This crate must not know flows, databases or requests: it is given JSON and gives JSON.

#![warn(missing_docs)]
#![cfg_attr(
    test,
    expect(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test stops where it fails"
    )
)]

mod error;
mod evaluate;
mod format;
mod input;
mod lint;
mod pool;
mod snippet;
mod source;
mod worker;

pub use error::JsonnetError;
pub use evaluate::check;
pub use format::format;
pub use input::Input;
pub use lint::lint;
pub use pool::{Command, Jsonnet};
pub use worker::serve_worker;

/// The longest output of an evaluation, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 256 * 1024;
