//! What is kept, on SQLite, PostgreSQL, CockroachDB and MySQL/MariaDB.
//!
//! The only crate that speaks SQL. It knows rows, not rules: no HTTP, no flows, no hashing of
//! passwords, no mail. Every statement is one portable text; what the databases do differently
//! stands in `db/`. Every query of a data table filters by the network id that the connection carries;
//! as `(nid = $n) IS TRUE` where no index that begins with it may be used: SQLite has no statistics
//! and would take the one network for a selective value.
//!
//! A [`Tx`] is one unit of work and is rolled back when it is dropped. Nothing slow (hashing, mail,
//! HTTP) happens while one is open: on SQLite it holds the only writer.

#![warn(missing_docs)]
#![cfg_attr(
    test,
    expect(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test stops where it fails"
    )
)]

pub mod abuse;
pub mod cleanup;
pub mod code;
pub mod continuity;
pub mod copy;
pub mod courier;
pub mod db;
pub mod error;
pub mod exchange;
pub mod flow;
mod gathered;
pub mod hook_outbox;
pub mod identity;
pub mod mfa;
pub mod migrate;
pub mod network;
pub mod phones;
pub mod refusal;
pub mod search;
pub mod session;
pub mod trusted_browser;
pub mod used_step;

pub use db::{Conn, Dialect, Dsn, DsnError, PoolOptions, Store, StoreError, Tx, Unique};
