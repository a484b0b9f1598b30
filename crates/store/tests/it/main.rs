//! The store's contract, the same on each database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod abuse;
mod copying;
mod databases;
mod hook_outbox;
mod identities;
mod messages;
mod mfa;
mod migrations;
mod people;
mod place;
mod remembered;
mod seam;
mod search;
mod sessions;
mod shapes;
mod short_lived;
mod tables;
mod trusted_browser;
