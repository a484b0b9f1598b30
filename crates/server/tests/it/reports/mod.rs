//! Public reports about servers of this kind, each as a story with the right end.
//!
//! A file a subject; the table in each says which report is which test, or which recorded scenario of
//! `conformance/must.txt` holds it already.

mod cookies;
mod guessing;
mod hidden_accounts;
mod hooks;
mod login;
mod mfa;
mod recovery;
mod sessions;
mod social;
mod tokens;
mod upkeep;
mod verification;
